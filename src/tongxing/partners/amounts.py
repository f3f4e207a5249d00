"""Yuan as partners write them, to whole fen and back: digits, one point, two digits, nothing else.

A partner's text is hostile input. Exponents, signs, spaces, separators, full-width digits and a
third decimal are refused, never rounded.
"""

import re

_YUAN = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?")


def fen_of(text: str) -> int | None:
    """Whole fen of ``12.5``, ``12.50`` or ``12``; None for everything else."""
    found = _YUAN.fullmatch(text)
    if found is None:
        return None
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def yuan_of(amount_fen: int) -> str:
    """``12.50`` of 1250. Raises ValueError below zero: no partner takes such an amount."""
    if amount_fen < 0:
        raise ValueError("an amount for a partner is never negative")
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"
