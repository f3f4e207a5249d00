"""Legacy media (M1): how long they are taken, how much they may claim, what nobody does with them.

An M1 card can be copied and its balance rewritten with a cheap phone, so nothing it says proves
anything. What follows from that is dated data (``data/legacy.toml``), read strictly, and the same
for a gate, a city and a counter. This module must never look at a medium's own word, or at a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.dated import Table, in_force, said
from tongxing.kernel.reasons import Refusal, all_reasons

Trust = Literal["proven", "legacy_untrusted"]
"""What a medium can prove: ``proven`` has keys of its own (a CPU card, a signed code);
``legacy_untrusted`` has none that anybody still trusts (M1), so its content is only a claim."""

LEGACY: Trust = "legacy_untrusted"

LegacyAction = Literal["bind", "top_up", "refund", "upgrade_in_place", "become_replacement"]
"""What somebody may want to do with a medium besides riding: bind it to an account, add money to
it, pay its money out, turn it into a CPU card in place, hand it out as somebody's new card."""

EVERYBODY = ("", "")
TERMS_KEPT_MAX = 4_096


class LegacyTerms(Struct, frozen=True, kw_only=True):
    """What holds on a day for the legacy media of one scheme and issuing city.

    `accepted_until` is the last day on which gates take them, None where no end is set. Amounts are
    fen. `source` and `certain` are those of the narrowest table that said anything.
    """

    accepted_until: date | None
    balance_max_fen: int
    charge_max_fen: int
    source: str
    certain: bool

    def accepts_on(self, day: date) -> bool:
        """Whether gates still take such a medium on that day; the last day is a good day."""
        return self.accepted_until is None or day <= self.accepted_until


class _Row(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    scheme: str
    city: str
    from_day: date
    source: str
    certain: bool
    accepted_until: date | UnsetType = UNSET
    balance_max_fen: int | UnsetType = UNSET
    charge_max_fen: int | UnsetType = UNSET


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    terms: list[_Row]
    refused: dict[LegacyAction, str]


@dataclass(frozen=True, slots=True)
class LegacyBook:
    """All terms and refusals as read; never changes."""

    rows: tuple[_Row, ...]
    refused: Mapping[LegacyAction, str]

    def terms(self, scheme: str, city: str, day: date) -> LegacyTerms:
        """What holds on a day for the media of a scheme that a city issued (its division code).

        Before the first table for all, that one holds: old media did not become safe by age.
        """
        return _terms(self.rows, scheme, city, day)

    def objection(self, action: LegacyAction, trust: Trust, where: str = "") -> Refusal | None:
        """Why `action` must not be done with a medium of this trust; None where nothing speaks
        against it. Whoever binds, pays in, pays out or exchanges a medium asks here first."""
        if trust != LEGACY or action not in self.refused:
            return None
        return Refusal(self.refused[action], where)


def read_legacy(content: bytes) -> LegacyBook:
    """The book from a file.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or misspelt field or action,
    an amount that is not above zero, two tables of one owner and day, no table for all, or a reason
    that is not on the list: a mistake in it must fail at the start and never open a gate.
    """
    found = msgspec.toml.decode(content, type=_File)
    owners = [(row.scheme, row.city, row.from_day) for row in found.terms]
    if len(set(owners)) != len(owners):
        raise ValueError("two tables of one scheme, city and day")
    amounts = [
        amount for row in found.terms for amount in (row.balance_max_fen, row.charge_max_fen)
    ]
    if any(amount is not UNSET and amount <= 0 for amount in amounts):
        raise ValueError("an amount is not above zero")
    unknown = sorted(set(found.refused.values()) - set(all_reasons()))
    if unknown:
        raise ValueError(f"no such reasons: {unknown}")
    rows = tuple(sorted(found.terms, key=lambda row: row.from_day))
    _terms(rows, "", "", date.max)
    return LegacyBook(rows, found.refused)


@cache
def load_legacy() -> LegacyBook:
    """The book of this package's data, read once."""
    return read_legacy(legacy_file())


def legacy_file() -> bytes:
    """The file that the project comes with."""
    return files("tongxing.network").joinpath("data/legacy.toml").read_bytes()


def legacy_objection(action: LegacyAction, trust: Trust, where: str = "") -> Refusal | None:
    """The one question that every service asks before it touches a medium: see
    `LegacyBook.objection`, over this package's data."""
    return load_legacy().objection(action, trust, where)


@lru_cache(maxsize=TERMS_KEPT_MAX)
def _terms(rows: tuple[_Row, ...], scheme: str, city: str, day: date) -> LegacyTerms:
    tables = [Table((row.scheme, row.city), row.from_day, said(row, LegacyTerms)) for row in rows]
    owners = (EVERYBODY, (scheme, ""), ("", city), (scheme, city))
    merged = {"accepted_until": None, **in_force(tables, owners, day)}
    return msgspec.convert(merged, LegacyTerms)
