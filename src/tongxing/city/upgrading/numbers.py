"""A typed card number: any form of its kind is accepted, only a wrong one is refused (R-106).

The answer depends on the digits alone, so that it tells nothing of whose number it is. Where one
digit is missing or too many that is said, and where the number is found is one look-up away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.city.upgrading.data_forms import Kind
from tongxing.kernel.reasons import Refusal
from tongxing.network.numbers import clean_number


@dataclass(frozen=True, slots=True)
class NumberHelp:
    """How to find a number: how many digits it can have with which beginning, where it is printed,
    and who can read it; the last are keys of the catalogue."""

    kind: str
    forms: tuple[tuple[int, str], ...]
    printed: str
    lookup: tuple[str, ...]


def number_help(kind: Kind) -> NumberHelp:
    """How the holder of a kind finds its number (R-106, R-151)."""
    return NumberHelp(
        kind=kind.name,
        forms=tuple((form.length, form.begins) for form in kind.forms),
        printed=f"printed.{kind.printed}",
        lookup=tuple(f"lookup.{name}" for name in kind.lookup),
    )


def read_number(kind: Kind, text: str) -> str | Refusal:
    """The digits of a number of this kind.

    Refuses NUMBER_EMPTY, NUMBER_FULL_WIDTH and NUMBER_NOT_DIGITS as every card number is refused,
    UPGRADE_NUMBER_NOT_TYPED for a kind without numbers, UPGRADE_NUMBER_SHORT and
    UPGRADE_NUMBER_LONG for one digit, UPGRADE_NUMBER_LENGTH, and UPGRADE_NUMBER_BEGINS for a number
    that cannot begin so.
    """
    if not kind.typed:
        return Refusal("UPGRADE_NUMBER_NOT_TYPED", kind.name)
    digits = clean_number(text)
    if isinstance(digits, Refusal):
        return Refusal(digits.code, kind.name)
    of_length = [form for form in kind.forms if form.length == len(digits)]
    if not of_length:
        return _length_refusal(kind, len(digits))
    if not any(digits.startswith(form.begins) for form in of_length):
        begins = _listed(sorted({form.begins for form in of_length}))
        return Refusal("UPGRADE_NUMBER_BEGINS", kind.name, {"begins": begins})
    return digits


def _length_refusal(kind: Kind, length: int) -> Refusal:
    lengths = sorted({form.length for form in kind.forms})
    code = "UPGRADE_NUMBER_LENGTH"
    if length + 1 in lengths:
        code = "UPGRADE_NUMBER_SHORT"
    elif length - 1 in lengths:
        code = "UPGRADE_NUMBER_LONG"
    return Refusal(code, kind.name, {"length": length, "lengths": _listed(lengths)})


def _listed(values: Sequence[object]) -> str:
    return " / ".join(str(value) for value in values)
