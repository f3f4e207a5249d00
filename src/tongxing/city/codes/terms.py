"""The rules of ride codes: how long, how many, for whom, and which kinds there are.

They are dated data (``city/data/ride_codes.toml``), read strictly; no number of these stands here.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Protocol, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.clock import calendar_date
from tongxing.kernel.dated import Table, below, in_force, said

_ORDINARY_KIND = 0
_EVERYONE = ""
_CUSTOM_MARK = b"C"
_NUMBER_MAX = 255


class CodeTerms(Struct, frozen=True, kw_only=True):
    """The numbers of one city on one day; ``ride_codes.toml`` says what each means."""

    authorised_s: int
    authorised_new_s: int
    new_account_s: int
    renew_before_s: int
    validity_s: int
    refresh_s: int
    limit_fen: int
    devices_max: int
    new_devices_max: int
    new_devices_s: int
    nonce_s: int
    nonces_max: int
    level_min: int
    min_trip_s: int
    deny_lag_s: int

    def length_s(self, opened_s: int, now_s: int) -> int:
        """How long an authorisation of an account opened at `opened_s` lasts."""
        is_new = now_s - opened_s < self.new_account_s
        return self.authorised_new_s if is_new else self.authorised_s

    def renew_from_s(self, issued_s: int, ends_s: int) -> int:
        """From when the next one is asked for: never before half of this one is over."""
        return ends_s - min(self.renew_before_s, (ends_s - issued_s) // 2)

    def most_lost_fen(self, covered_fen: int, open_s: int) -> int:
        """What a phone can ride for at most while its authorisation lasts another `open_s`.

        The smaller of two: as many of the shortest rides as fit, each at the limit; or what the
        account covers (`covered_fen`, balance and agreed limit) and the rides that fit between the
        account's end of money and the last gate's hearing of it.
        """
        by_time = _rides(open_s, self.min_trip_s) * self.limit_fen
        by_money = max(0, covered_fen) + _rides(self.deny_lag_s, self.min_trip_s) * self.limit_fen
        return min(by_time, by_money)


class CodeKind(Struct, frozen=True, kw_only=True):
    """One kind of code that a city's accounts can show: its name, the number by which it is known
    in the code itself, whether a gold frame is around it, whether a card must be bound."""

    name: str
    number: int
    gold: bool
    needs_card: bool

    @property
    def custom(self) -> bytes:
        """The issuer's own field of such a code (2 bytes): a mark, and the number."""
        return _CUSTOM_MARK + bytes((self.number,))


class _TermsRow(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    city: str
    from_day: date
    source: str
    authorised_s: int | UnsetType = UNSET
    authorised_new_s: int | UnsetType = UNSET
    new_account_s: int | UnsetType = UNSET
    renew_before_s: int | UnsetType = UNSET
    validity_s: int | UnsetType = UNSET
    refresh_s: int | UnsetType = UNSET
    limit_fen: int | UnsetType = UNSET
    devices_max: int | UnsetType = UNSET
    new_devices_max: int | UnsetType = UNSET
    new_devices_s: int | UnsetType = UNSET
    nonce_s: int | UnsetType = UNSET
    nonces_max: int | UnsetType = UNSET
    level_min: int | UnsetType = UNSET
    min_trip_s: int | UnsetType = UNSET
    deny_lag_s: int | UnsetType = UNSET


class _KindRow(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    city: str
    from_day: date
    name: str
    number: int
    gold: bool
    needs_card: bool
    source: str


class _Products(Struct, frozen=True, forbid_unknown_fields=True):
    city: str
    products: dict[str, int]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    terms: list[_TermsRow]
    types: list[_KindRow]
    kinds: list[_Products]


class _Dated(Protocol):
    @property
    def city(self) -> str: ...

    @property
    def from_day(self) -> date: ...


Row = TypeVar("Row", bound=_Dated)


class CodeRules(Struct, frozen=True):
    """What holds in one city on one day."""

    terms: CodeTerms
    kinds: tuple[CodeKind, ...]
    products: Mapping[str, int]

    def kind(self, name: str) -> CodeKind | None:
        """The kind of code of a name, None when there is none here."""
        return next((kind for kind in self.kinds if kind.name == name), None)

    def kind_in(self, custom: bytes) -> CodeKind | None:
        """The kind that a code's own field names; None for another issuer's field."""
        return next((kind for kind in self.kinds if kind.custom == custom), None)

    def account_type(self, product: str) -> int:
        """The account type of a product; that of an ordinary one where no table names it."""
        return self.products.get(product, _ORDINARY_KIND)


def code_rules(city: str, time_s: int) -> CodeRules:
    """What holds in a city (its division code) at an instant."""
    return _rules(city, calendar_date(time_s))


@cache
def _rules(city: str, day: date) -> CodeRules:
    content = files("tongxing.city").joinpath("data", "ride_codes.toml").read_bytes()
    return read_code_rules(content, city, day)


def read_code_rules(content: bytes, city: str, day: date) -> CodeRules:
    """A city's rules on a day, from the file. Before the first table for every city, that holds.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or missing number, one that is
    not above zero, two tables of one city and day, and two kinds of one name or number.
    """
    file = msgspec.toml.decode(content, type=_File)
    tables = [Table(row.city, row.from_day, said(row, CodeTerms)) for row in file.terms]
    merged = in_force(tables, (_EVERYONE, city), day)
    if below(merged, 1):
        raise ValueError("a number is not above zero")
    terms = msgspec.convert(merged, CodeTerms)
    products = {
        name: number
        for owner in (_EVERYONE, city)
        for table in file.kinds
        if table.city == owner
        for name, number in table.products.items()
    }
    return CodeRules(terms, _kinds(file.types, city, day), products)


def _begun(rows: Sequence[Row], owner: str, day: date) -> list[Row]:
    """The rows of an owner in force by a day, oldest first; its first ones before all days."""
    of_owner = sorted((row for row in rows if row.city == owner), key=lambda row: row.from_day)
    begun = [row for row in of_owner if row.from_day <= day]
    return begun or (of_owner[:1] if owner == _EVERYONE else [])


def _kinds(rows: Sequence[_KindRow], city: str, day: date) -> tuple[CodeKind, ...]:
    begun = _begun(rows, city, day) or _begun(rows, _EVERYONE, day)
    newest = begun[-1].from_day
    kinds = tuple(
        CodeKind(name=row.name, number=row.number, gold=row.gold, needs_card=row.needs_card)
        for row in begun
        if row.from_day == newest
    )
    for field in ("name", "number"):
        if len({getattr(kind, field) for kind in kinds}) != len(kinds):
            raise ValueError(f"two kinds of code of one {field}")
    if any(not 0 < kind.number <= _NUMBER_MAX for kind in kinds):
        raise ValueError("the number of a kind has one byte")
    return kinds


def _rides(span_s: int, shortest_s: int) -> int:
    return -(-max(0, span_s) // shortest_s)
