"""Double entry in whole fen, for as many entities as a house keeps books for.

Lines are only ever added. A debit is positive, a credit negative, and every posting adds up to
zero within each entity it touches. No file here knows cities, fares or members.
"""

from tongxing.ledger.postings import Line, Posting, credit, debit, unbalanced_entities

__all__ = ["Line", "Posting", "credit", "debit", "unbalanced_entities"]
