"""What a decision is made from, and what it comes to: plain values, nothing that can act."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import Struct

from tongxing.deciding.recent import RecentTaps
from tongxing.deciding.token import MediumToken
from tongxing.entry import Holders, Lane, Place, Policy
from tongxing.entry.asking import ASKING
from tongxing.fares import CityFares, PriceLine
from tongxing.messages import PurseFacts
from tongxing.messages.taps import TapKind
from tongxing.network.legacy import LegacyBook, load_legacy
from tongxing.network.registry import Registry

Role = Literal["entry", "exit", "ride", "board", "alight"]

KIND_OF: dict[Role, TapKind] = {
    "entry": "entry",
    "board": "entry",
    "ride": "ride",
    "exit": "exit",
    "alight": "exit",
}
ENDING_ROLES: tuple[Role, ...] = ("exit", "alight")
OPEN = "OPEN"
HALF_TRIP_COLLECTED = "HALF_TRIP_COLLECTED"


@dataclass(frozen=True, slots=True)
class ValidatorFacts:
    """Where and what a validator is; part of its configuration, it changes only when it moves.

    `role` says which side of a ride it stands on: `entry`/`exit` at a gate line, `board`/`alight`
    on a vehicle that is tapped twice, `ride` where one tap is all of it. With `one_head` people
    board and alight at the same reader, and `role` is what somebody does who has not boarded yet.
    """

    terminal_id: str
    city: str
    place: str
    mode: str
    operator: str
    line: str
    station: str
    vehicle: str
    role: Role
    one_head: bool = False


@dataclass(frozen=True, slots=True)
class GateRules:
    """An operator's limits, in seconds and fen.

    `clock_skew_s` is how far the clock of a phone, or of another gate, may be ahead. A second touch
    at the same place within `double_tap_s` is the same passenger; on a vehicle where one tap is the
    whole ride the time is shorter (`ride_double_tap_s`), since people pay for a companion by
    tapping again. `overnight_s` is how long a ride may take that runs past the end of its business
    day. `aboard_s_max` is how long somebody may be aboard a vehicle with one reader: a boarding
    before that was never ended. `balance_max_fen`: no purse of either scheme may hold more.
    """

    clock_skew_s: int = 90
    code_life_s_max: int = 86_400
    double_tap_s: int = 30
    ride_double_tap_s: int = 3
    overnight_s: int = 4 * 3600
    aboard_s_max: int = 3 * 3600
    entry_age_s_max: int = 400 * 86_400
    balance_max_fen: int = 100_000


RULES = GateRules()


@dataclass(frozen=True, slots=True)
class EntryLane:
    """Where a terminal stands, as an entry policy sees it, and what kind of lane it is."""

    place: Place
    lane: Lane = field(default_factory=Lane)


@dataclass(frozen=True, slots=True)
class EntryAtGate:
    """A policy that a site was given, whom it asks about holders, and its terminals' lanes; a
    terminal that stands nowhere here is an automatic lane of its line and station."""

    policy: Policy
    holders: Holders
    lanes: Mapping[str, EntryLane] = field(default_factory=dict)


class Denied(Protocol):
    """One version of a city's deny list, asked medium by medium."""

    @property
    def version(self) -> int:
        """Which version it is; 0 before the first."""
        ...

    def reason(self, medium_no: str) -> str:
        """Why this medium is denied, "" where it is not."""
        ...

    def notice(self, medium_no: str) -> str:
        """What a lane that opens to it is to say beside, "" for nothing."""
        ...


@dataclass(frozen=True, slots=True)
class GateContext:
    """What the gate knows at the moment of a tap; `recent` is what its site has just opened to,
    `legacy` says how long and how far old media are taken, and `entry` is the condition of entry,
    None where there is none. `mode` is how the city has ordered passengers to be treated
    (`orders`)."""

    fares: CityFares
    registry: Registry
    deny: Denied
    now_s: int
    rules: GateRules = RULES
    recent: RecentTaps = field(default_factory=RecentTaps)
    legacy: LegacyBook = field(default_factory=load_legacy)
    entry: EntryAtGate | None = None
    mode: str = "normal"


class Decision(Struct, frozen=True, kw_only=True):
    """The gate's answer: open or refuse, exactly one reason, and what becomes of the medium.

    `token_after` is what must be written to the medium (the token itself when nothing changes).
    `charge_fen` is the price of the ride that ends here, `half_trip_fen` what was collected for an
    earlier ride without an exit; `lines` explain both. `needed_fen` is what the purse would have
    had to hold, when it did not. `note` is a further reason code to show beside an open lane;
    `values` fill the reason's text. `holders` is who has to be asked while it is `pending`.
    """

    outcome: Literal["opened", "refused"]
    reason: str
    kind: TapKind
    token_after: MediumToken
    tariff: str
    purse: PurseFacts | None = None
    charge_fen: int = 0
    half_trip_fen: int = 0
    needed_fen: int = 0
    lines: tuple[PriceLine, ...] = ()
    note: str = ""
    values: Mapping[str, object] = {}
    holders: Holders | None = None

    @property
    def opened(self) -> bool:
        """Whether the lane may open."""
        return self.outcome == "opened"

    @property
    def pending(self) -> bool:
        """Whether it is none yet: the holder has to be asked about, and the medium comes again.
        Nothing is written of it, and no lane hears it."""
        return self.reason == ASKING
