"""Amounts as people type them, read into whole fen; and what is not one."""

import re

from tongxing.kernel.reasons import Refusal

_AMOUNT = re.compile(r"(?:¥|￥)?\s*([0-9]{1,7})(?:\.([0-9]{1,2}))?(?:\s*元)?")


def read_amount(text: str) -> int | Refusal:
    """``50``, ``¥12.5`` or ``12.50 元`` in fen. Refuses AMOUNT_UNREADABLE."""
    found = _AMOUNT.fullmatch(text.strip().replace(",", ""))
    if found is None:
        return Refusal("AMOUNT_UNREADABLE", "amount")
    fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    return fen if fen > 0 else Refusal("AMOUNT_UNREADABLE", "amount")
