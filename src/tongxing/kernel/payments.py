"""A payment that is sent again: its new name, its new hour, and the bank's reason for the old one.

Hub and city name it alike. A bank executes one identification once, so of two houses that send the
same payment again at the same time only one moves money.
"""

import re
from functools import cache

from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.kernel.workdays import is_workday

RETURNED_ONLY = "RRTN"
"""The reason of a return that the bank gives none for: the code of a return itself."""
DUPLICATE = "AM05"
"""The status reason of an order whose identification the bank has seen: the other one counts."""
_AGAIN = re.compile(r"(.+-\d+)R(\d+)")


def successor_id(payment_id: str) -> str:
    """``W20260318-0003`` sent again is ``W20260318-0003R1``, and that one ``W20260318-0003R2``."""
    again = _AGAIN.fullmatch(payment_id)
    if again is None:
        return f"{payment_id}R1"
    return f"{again[1]}R{int(again[2]) + 1}"


def first_id(payment_id: str) -> str:
    """The payment that was sent first, of one that was sent again; else itself."""
    again = _AGAIN.fullmatch(payment_id)
    return payment_id if again is None else again[1]


def next_due_s(due_s: int, now_s: int) -> int:
    """The same hour of the next bank day that has not come to it yet."""
    while due_s <= now_s or not is_workday(calendar_date(due_s)):
        due_s += DAY_S
    return due_s


def reason_text(code: str, language: str) -> str:
    """A reason of the external code sets of ISO 20022 in words; a code without words, and none, as
    it is."""
    found = _reasons().entries.get(code)
    return code if found is None else f"{found[language]} ({code})"


@cache
def _reasons() -> Catalogue:
    return load_catalogue("tongxing.kernel", "bank_reasons.toml")


def is_person(name: str) -> bool:
    """Whether a text can name the person who decides: 1 to 64 visible characters of ASCII, without
    a space."""
    return 0 < len(name) <= 64 and name.isascii() and name.isprintable() and " " not in name


def is_same_person(name: str, other: str) -> bool:
    """Whether two names that people gave for themselves are one person's: ``li`` and ``LI`` are, so
    that nobody is the second of two persons by the case of a letter."""
    return name.casefold() == other.casefold()
