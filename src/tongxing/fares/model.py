"""What goes into a price and what comes out of it: rides, riders, fare state, quotes.

All of it is immutable and can be written as JSON, because the state travels with a medium and a
quote is evidence. These types must never know a tariff or a city.
"""

from typing import Literal

from msgspec import Struct

Missing = Literal["", "exit", "entry"]
Values = dict[str, int | str]


class RideFacts(Struct, frozen=True, kw_only=True):
    """What the taps say about one ride. Station ids of the city's network, "" for unknown.

    A ride of a single tap (flat bus, lift) has its one moment in `entered_s`; `exited_s` is 0 or
    the same. `missing` names the half of a half trip that was never tapped; of a missing exit,
    `exited_s` is when its money fell due (0: at the entry). `metres` and `slow_metres` are what a
    meter on board counted (taxi); -1 where none did.
    """

    mode: str
    line: str = ""
    vehicle: str = ""
    place: str = ""
    origin: str = ""
    destination: str = ""
    entered_s: int = 0
    exited_s: int = 0
    missing: Missing = ""
    metres: int = -1
    slow_metres: int = 0


class Rider(Struct, frozen=True, kw_only=True):
    """Who rides, as the medium says it: kind of medium, product, scheme and issuing city."""

    medium_kind: str = "card"
    product: str = "ordinary"
    scheme: str = ""
    issuer: str = ""
    issuer_is_local: bool = True


class Counter(Struct, frozen=True, array_like=True):
    """What one medium (or account) paid, and how often it rode, in one period, for one counter.

    `month` is the key of the period: yyyymm of a month, yyyymmdd of the first day of a week or of
    the day. `name` is ``<city>.<counter>``, with ``:week`` or ``:day`` where no month is meant and
    ``@account`` where an account's media count together.
    """

    name: str
    month: int
    paid_fen: int
    rides: int


class Anchor(Struct, frozen=True, array_like=True):
    """The last leg that may still give a transfer relief to the next one.

    `city` is the division code, so that a leg in one city never relieves one in another.
    `paid_fen` is what the leg paid (-1 in states written before that was kept).
    """

    city: str
    mode: str
    line: str
    vehicle: str
    nominal_fen: int
    entered_s: int
    exited_s: int
    paid_fen: int = -1


class Pack(Struct, frozen=True, array_like=True):
    """A ride pack a medium holds: its name with its city, its end (included), rides left."""

    name: str
    until_s: int
    rides_left: int


class FareState(Struct, frozen=True, omit_defaults=True):
    """All that pricing remembers of one medium. ``FareState()`` is a medium never used."""

    counters: tuple[Counter, ...] = ()
    anchor: Anchor | None = None
    packs: tuple[Pack, ...] = ()


class PriceLine(Struct, frozen=True):
    """One step of a price: what it is, the rule behind it, its fen (0 for a mere remark)."""

    kind: str
    rule: str
    amount_fen: int
    values: Values


class Quote(Struct, frozen=True):
    """The price of a ride: fare before reliefs, charge taken, and the lines that add up to it."""

    fare_fen: int
    charge_fen: int
    lines: tuple[PriceLine, ...]
    state: FareState
    tariff: str


class FarePortion(Struct, frozen=True):
    """The part of a base fare that one fare system asks for; metres are -1 where none count."""

    system: str
    rule: str
    fare_fen: int
    metres: int


class BaseFare(Struct, frozen=True):
    """The fare before any relief: its portions, and the price lines that say so."""

    portions: tuple[FarePortion, ...]
    lines: tuple[PriceLine, ...]
    fare_fen: int
