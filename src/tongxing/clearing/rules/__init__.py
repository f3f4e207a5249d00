"""The rules of a clearing run: a directory of dated tables, read strictly and made ready for joins.

Every number, list and price of a run stands there; nothing of it in code. docs/clearing.md
describes the tables.
"""

from tongxing.clearing.rules.model import Basis, Rules
from tongxing.clearing.rules.reading import read_rules

__all__ = ["Basis", "Rules", "read_rules"]
