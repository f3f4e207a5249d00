"""Postings as values: built, checked and compared without any database."""

from collections import defaultdict
from datetime import date
from typing import NamedTuple


class Line(NamedTuple):
    """One line of a posting: whose books, which account, how much (debit +, credit -)."""

    entity: str
    account: str
    amount_fen: int


class Posting(NamedTuple):
    """A balanced set of lines with two dates: when it happened and which day's books it is in.

    `posting_id` is made from content by the caller (kernel.ids.digest), so that posting the same
    thing twice is one posting. `source` names what it is about: a trip, a window, a top-up.
    """

    posting_id: str
    kind: str
    occurred_s: int
    booked_on: date
    source: str
    lines: tuple[Line, ...]


def debit(entity: str, account: str, amount_fen: int) -> Line:
    """`amount_fen` on the debit side; a negative amount turns to the credit side."""
    return Line(entity, account, amount_fen)


def credit(entity: str, account: str, amount_fen: int) -> Line:
    """`amount_fen` on the credit side; a negative amount turns to the debit side."""
    return Line(entity, account, -amount_fen)


def unbalanced_entities(posting: Posting) -> dict[str, int]:
    """What is left over per entity; empty for a posting that may be written (truth 1)."""
    totals: dict[str, int] = defaultdict(int)
    for line in posting.lines:
        totals[line.entity] += line.amount_fen
    return {entity: total for entity, total in totals.items() if total}
