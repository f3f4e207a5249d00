"""What we find against what the file expects: every difference with its place and both values.

Lists are compared by what their items are about, not by where they stand. Three things are labels
and no money: the number of a journal, the number of an instruction, and the remark `why`. A member
that had nothing in a window may be left out, a pair whose fee is nothing too, and on which side
nothing stands is not asked.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from msgspec import Struct

Values = Mapping[str, Any]
MISSING = "–"


class Difference(Struct, frozen=True):
    """One value that is not as expected. `expected` and `found` are plain values; `MISSING` stands
    where one side has nothing at all."""

    what: str
    expected: Any
    found: Any


class Comparison(Struct, frozen=True):
    """How many values of each section were compared, and all differences."""

    compared: dict[str, int]
    differences: list[Difference]

    @property
    def agrees(self) -> bool:
        return not self.differences


def compare(expected: Values, found: Values) -> Comparison:
    """Compare section by section; a section on one side only is a difference."""
    differences: list[Difference] = []
    compared: dict[str, int] = {}
    for section in dict.fromkeys([*found, *expected]):
        if section not in expected:
            differences.append(Difference(section, MISSING, "computed"))
        elif section not in found:
            differences.append(Difference(section, "given", MISSING))
        else:
            left = _plain(section, expected[section])
            right = _plain(section, found[section])
            for name in _idle(section, right) - left.keys():
                del right[name]
            compared[section] = len(right)
            _differ(section, left, right, differences)
    return Comparison(compared, differences)


def _plain(section: str, value: Any) -> dict[str, Any]:
    """A section as one mapping from place to value. What is not of the section's form is kept whole
    under its own name, so that it differs."""
    shape = _SHAPES.get(section)
    if shape is None:
        return value if isinstance(value, dict) else {"": value}
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return {"": value}
    plain: dict[str, Any] = {}
    for item in value:
        place = name = shape(item)
        number = 1
        while place in plain:
            number += 1
            place = f"{name} #{number}"
        plain[place] = _without_labels(section, item)
    return plain


def _idle(section: str, plain: Values) -> set[str]:
    """Members, or pairs, with nothing in a section that counts them."""
    counted = _NOTHING_WHEN_ZERO.get(section, ())
    return {
        name for name, item in plain.items() if counted and not any(item[key] for key in counted)
    }


_EXACT_FEE = ".exact_fee"
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_DECIMALS = 2

_NOTHING_WHEN_ZERO: Mapping[str, tuple[str, ...]] = {
    "positions": ("gross_debit", "gross_credit"),
    "bp_report": ("income", "pay", "test_income", "test_pay"),
    "float_true_up": ("true_up",),
    "fees": ("fee",),
}


def _differ(place: str, left: Any, right: Any, found: list[Difference]) -> None:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            inner = f"{place}.{key}" if key else place
            if key not in right:
                found.append(Difference(inner, left[key], MISSING))
            elif key not in left:
                found.append(Difference(inner, MISSING, right[key]))
            else:
                _differ(inner, left[key], right[key], found)
    elif not (_is_rounded(left, right) if place.endswith(_EXACT_FEE) else _is_same(left, right)):
        found.append(Difference(place, left, right))


def _is_same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and left == right


def _is_rounded(left: Any, right: Any) -> bool:
    """Whether a number in words is the exact one, or that rounded to two decimals or more."""
    if not isinstance(left, str) or not _NUMBER.fullmatch(left):
        return False
    places = len(left.partition(".")[2])
    away = abs(Fraction(left) - Fraction(right))
    return not away or (places >= _DECIMALS and 2 * away <= Fraction(1, 10**places))


def _lines(lines: Any) -> Any:
    """The lines of a journal by account and side: how one fen is told in two lines is no matter,
    how much stands where is."""
    try:
        sums: dict[str, int] = {}
        for line in lines:
            if set(line) != {"entity", "account", "debit", "credit"}:
                return lines
            for side, short in (("debit", "Dr"), ("credit", "Cr")):
                fen = line[side]
                if type(fen) is not int or fen < 0:
                    return lines
                if fen:
                    account = f"{short} {line['entity']}:{line['account']}"
                    sums[account] = sums.get(account, 0) + fen
    except (TypeError, KeyError):
        return lines
    return sums


def _journal_name(item: Values) -> str:
    """What a journal is about. Payments are named by who pays whom on which day, for their
    reference is a number."""
    kind = str(item.get("kind"))
    if kind not in _PAYMENTS:
        return f"{kind} {item.get('ref')}"
    lines = item.get("lines")
    parties = {
        str(line.get("entity"))
        for line in (lines if isinstance(lines, list) else [])
        if isinstance(line, dict)
    }
    return f"{kind} {' '.join(sorted(parties))} {str(item.get('at'))[:10]}"


_PAYMENTS = ("SETTLE_IN", "SETTLE_OUT", "OPERATOR_PAYOUT", "OPERATOR_RECOVERY")


def _without_labels(section: str, item: Values) -> Any:
    plain = {key: value for key, value in item.items() if key not in _LABELS.get(section, ())}
    balanced, side = _SIDES.get(section, ("", ""))
    if balanced and plain.get(balanced) == 0:
        plain.pop(side, None)
    if section == "journals":
        plain["lines"] = _lines(plain.get("lines"))
        if str(plain.get("kind")) in _PAYMENTS:
            plain.pop("ref", None)
    return plain


def _by(*keys: str) -> Callable[[Values], str]:
    return lambda item: " ".join(str(item.get(key)) for key in keys)


_SHAPES: Mapping[str, Callable[[Values], str]] = {
    "results": _by("record_id"),
    "paired_trips": _by("entry", "exit"),
    "fees": _by("acquirer", "issuer"),
    "journals": _journal_name,
    "pending": _by("ref"),
    "positions": _by("participant"),
    "bp_report": _by("org"),
    "settlement_instructions": _by("phase", "debtor", "creditor"),
    "operator_payouts": _by("phase", "debtor", "creditor"),
    "float_true_up": _by("issuer"),
}

_SIDES: Mapping[str, tuple[str, str]] = {
    "positions": ("net", "side"),
    "bp_report": ("reserve_change", "sign"),
}

_LABELS: Mapping[str, tuple[str, ...]] = {
    "journals": ("journal_id",),
    "pending": ("why",),
    "settlement_instructions": ("instruction_id",),
    "operator_payouts": ("instruction_id",),
}
