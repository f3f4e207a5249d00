"""From a member to the hub: the registers that its records are judged by, each version whole.

What an entry says holds for the days it names, so a register tells of the past too and its versions
only ever rise. Whose it is says the signature: terminals are an acquirer's, numbers, cards and
losses an issuer's, the list of cities the hub's own. A city's deny lists and tariffs reach the hub
as the same sealed messages that its gates get.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

from tongxing.messages.lists import Second

_Name = Annotated[str, Meta(pattern=r"^[!-~]{1,64}$")]
_Version = Annotated[int, Meta(ge=1, le=2**53)]
_City = Annotated[str, Meta(pattern="^[1-9][0-9]{5}$")]
_Digits = Annotated[str, Meta(pattern="^[0-9]{1,19}$")]


class TerminalEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A terminal and where it stands ("" for any operator or line), from its first day to its last
    (None while it is in use). One that moved has an entry for each place."""

    terminal_id: _Name
    operator: str
    line: str
    first_on: date
    last_on: date | None = None


class TerminalRegister(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of all of an acquirer's terminals."""

    version: _Version
    published_s: Second
    terminals: list[TerminalEntry]


class NumberEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The beginning of the numbers of an issuer's cards (its BIN), first and last day as above."""

    prefix: _Digits
    first_on: date
    last_on: date | None = None


class NumberRegister(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of all beginnings of an issuer's card numbers."""

    version: _Version
    published_s: Second
    numbers: list[NumberEntry]


class CardRange(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Numbers of cards that were issued, from one to another of the same length (both included),
    from a day on. `expires_on` is the last day on which they are good, None without an end;
    `schemes` are those that their kind is a card of, none where the issuer does not say."""

    first_no: _Digits
    last_no: _Digits
    issued_on: date
    expires_on: date | None = None
    schemes: list[_Name] = []


def unfit_range(ranges: Sequence[CardRange]) -> str:
    """What of ranges cannot be right, "" for nothing: numbers are of one length and rise, days too,
    and no two ranges share a number."""
    for one in ranges:
        is_span = len(one.first_no) == len(one.last_no) and one.first_no <= one.last_no
        ends_early = one.expires_on is not None and one.expires_on < one.issued_on
        if not is_span or ends_early:
            return f"{one.first_no}-{one.last_no}"
    in_order = sorted(ranges, key=lambda one: (len(one.first_no), one.first_no))
    for one, after in pairwise(in_order):
        if len(one.first_no) == len(after.first_no) and after.first_no <= one.last_no:
            return f"{one.first_no}-{one.last_no}, {after.first_no}-{after.last_no}"
    return ""


class CardEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A card or account with which it is otherwise than with its range: closed from a moment on (0
    for never) until one (0 while it is), or good until another day than its range's."""

    medium_no: _Name
    closed_s: Second = 0
    reopened_s: Second = 0
    expires_on: date | None = None


class CardRegister(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of what an issuer says of its cards: ranges, and the exceptions from them, so
    that cards by the million need no row. `is_complete` says that a card's number outside all
    ranges is none of its own; else such a number says nothing."""

    version: _Version
    published_s: Second
    is_complete: bool
    ranges: list[CardRange]
    cards: list[CardEntry]


class LossEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A medium whose loss was reported, when, and when it was found again (0 while it is lost).
    `is_anonymous` marks a card without a name, which nobody can report."""

    medium_no: _Name
    reported_s: Second
    is_anonymous: bool = False
    found_s: Second = 0


class LossRegister(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of all losses of an issuer's media that a ride may still be judged by."""

    version: _Version
    published_s: Second
    losses: list[LossEntry]


class CityEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A city whose cards others take: the day it joined, the day it left (None while listed)."""

    city: _City
    joined_on: date
    left_on: date | None = None


class CityRegister(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the list of cities."""

    version: _Version
    published_s: Second
    cities: list[CityEntry]


Register = TerminalRegister | NumberRegister | CardRegister | LossRegister | CityRegister
