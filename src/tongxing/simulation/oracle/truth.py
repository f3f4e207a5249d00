"""What the oracle is told and what it answers: the truth list and the expected charges.

The truth list is the simulation's own record of what really happened: every presentation that a
gate opened to, once, in the order of time. It knows nothing of lost, doubled or late uploads. This
module holds values only; it never prices anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Tapped = Literal["single_tap", "both_taps", "paired_by_account", "missing_exit", "missing_entry"]
Stated = Literal["declared", "habitual", "median", "disruption", "staff", "cleared"]
How = Tapped | Stated
RulingKind = Stated | Literal["maximum"]
TapKey = tuple[str, int]
"""A tap by its medium number and second: nobody taps one medium twice in a second."""


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """One presentation that a gate really opened to; refused ones are not in the list.

    `kind` is ``entry`` or ``exit`` where a ride has two ends, ``ride`` where one tap is all of it.
    `account` is the real-name account, "" for the anonymous purse of a card. `station` is the
    station or stop id of the city's network, `place` the six-digit code of the reader's district.
    """

    time_s: int
    kind: str
    city: str
    place: str
    mode: str
    line: str
    station: str
    vehicle: str
    passenger: str
    account: str
    medium_no: str
    medium_kind: str
    product: str
    scheme: str
    issuer: str
    funding: str

    @property
    def payer(self) -> str:
        """Whose money pays: the account behind the medium, or the purse that the medium is."""
        return self.account if self.funding == "account" else self.medium_no

    @property
    def key(self) -> TapKey:
        """What others call this tap by."""
        return self.medium_no, self.time_s


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a half trip of an account was ended: by whom, where and when its missing end was.

    `station` is the missing end, "" where none is stated; `time_s` its time, which a median and
    the maximum do not have. `amount_fen` is a median's price.
    """

    kind: RulingKind
    station: str = ""
    time_s: int = 0
    amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class Saying:
    """What a passenger, or staff at a counter, say of a half trip of an account.

    `known_s` is the second of the tap that is known. `station` is the other end; "" at the counter
    when the passenger cannot tell. `time_s` is its time, None where nobody remembers it. Counters
    are asked on later days only.
    """

    request_id: str
    payer: str
    known_s: int
    station: str
    time_s: int | None
    said_s: int
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class OpenGates:
    """A notice: passengers could leave (or come) without a tap at a station for some time. `free`
    is whether rides of which no habit tells the way cost nothing."""

    request_id: str
    city: str
    station: str
    from_s: int
    until_s: int
    free: bool
    said_s: int


@dataclass(frozen=True, slots=True)
class Close:
    """A close of a business day: it ran at `closed_s`, and days are over up to `over_s`."""

    closed_s: int
    over_s: int


@dataclass(frozen=True, slots=True)
class Held:
    """A half trip of an account that nobody has ended yet: the highest fare is held, not taken."""

    payer: str
    city: str
    medium_no: str
    known_s: int
    missing: Literal["exit", "entry"]
    held_fen: int


@dataclass(frozen=True, slots=True)
class OpeningCounters:
    """A medium's month so far when the truth list begins (a migrated card, a run cut in two).

    `month` is ``yyyymm``. `rail_spend_fen` and `rail_rides` are per counter, and a counter is
    named by its city: the same card has one in every city it travels in. Counters of another month
    than the first charge's are forgotten, as any counter is on the 1st.
    """

    month: int
    rail_spend_fen: Mapping[str, int] = field(default_factory=dict)
    rail_rides: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExpectedRide:
    """What one ride should have cost, and why.

    `fare_fen` is the price before any relief and without a surcharge, `charge_fen` what should have
    been taken. `why` names the rules that made the charge, for whoever compares it with the
    engine's explanation. `charged_s` is the moment the money falls due: the exit tap, the single
    tap, the tap that collects a half trip, its stated end, or the end of the business day.
    """

    medium_no: str
    account: str
    first_tap_s: int
    how: How
    fare_fen: int
    charge_fen: int
    why: str
    city: str
    charged_s: int


@dataclass(frozen=True, slots=True)
class Expected:
    """Every expected ride, ordered by first tap and medium, the sums per payer, and what is held.

    A payer is an account id for account media and a medium number for purse media. A payer whose
    rides were all free is in the mapping with 0; one of whom money is only held is not in it.
    `accepted` are the sayings that should have held, by their request ids.
    """

    rides: tuple[ExpectedRide, ...]
    by_payer_fen: Mapping[str, int]
    held: tuple[Held, ...] = ()
    accepted: frozenset[str] = frozenset()
