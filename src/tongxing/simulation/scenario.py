"""What is simulated, as data: which cities, which kinds of passengers, their wallets and habits.

A kind is a share of a city's passengers, the wallets they carry and the journeys of their day; the
numbers stand in data/*.toml. No city, share or habit may stand in code.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

DATA = "tongxing.simulation.data"

Role = Literal["home", "work", "centre", "same"]
"""Ends of a journey: the passenger's own stations, a busy one of the day, or where it began."""


class Journey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One journey of a kind's day.

    `at` is a China wall-clock time that may run past 24:00, or ``+90``: so many minutes after the
    journey before. `legs` are ways of travelling; `stay_min` keeps the passenger inside longer.
    """

    at: str
    legs: list[str]
    spread_min: int = 30
    start: Role = "home"
    end: Role = "work"
    share_bp: int = 10_000
    workdays_only: bool = False
    stay_min: int = 0


class Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of passenger: `share` is a weight among the kinds of its city; `wallets` are weights.

    Shares in basis points: `forget_out_bp` of the rides have no tap at the end, `twice_bp` of the
    taps are followed by another one, `switch_bp` of the rides begin with one medium and end with
    the other. `month_so_far_fen` and `rides_so_far` are this month's travel before the first day.
    """

    id: str
    zh: str
    en: str
    share: int
    wallets: dict[str, int]
    journeys: list[Journey]
    forget_out_bp: int = 0
    twice_bp: int = 60
    switch_bp: int = 0
    reported_lost: bool = False
    month_so_far_fen: tuple[int, int] = (0, 0)
    rides_so_far: tuple[int, int] = (0, 0)
    opening_fen: tuple[int, int] | None = None


class Wallet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a passenger carries: the media of one issuer on one purse or one account."""

    issuer: str
    scheme: str
    funding: Literal["purse", "account"]
    media: list[Literal["card", "code"]]
    opening_fen: tuple[int, int]
    product: str = "ordinary"


class CityScenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One city's travel: how its people move, and who they are."""

    code: str
    share: int
    rail_trip_m: int
    interchange_weight: int
    vehicles_per_line: int
    lanes_per_side: int
    month_counter: str
    counties: list[str] = []
    placeholder_fares_fen: dict[str, int] = {}
    kinds: list[Kind]


class Issuing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a city's card company numbers its media: number beginnings by scheme and kind."""

    code: str
    number_prefixes: dict[str, str]


class Movement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast people move: speeds in metres per hour, the rest in seconds."""

    rail_speed_mph: int
    rail_fixed_s: int
    bus_speed_mph: int
    bus_fixed_s: int
    other_ride_s: int
    dawdle_s: int
    walk_s: tuple[int, int]
    headway_s: int


class Rhythm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often sites upload, the intake works, lists go out; and the clock after the close."""

    station_upload_s: int
    vehicle_upload_s: int
    intake_every_s: int
    receipt_after_s: int
    deny_list_every_s: int
    travel_opens_s: int
    close_after_cut_s: int
    record_files_after_cut_s: list[int]


class Declares(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Passengers who state the end of a ride themselves; shares are in basis points."""

    share_bp: int
    after_days: tuple[int, int]
    hours: tuple[int, int]
    untimed_bp: int
    implausible_bp: int


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Passengers who go to a counter; `silent_bp` of them cannot say where the ride led."""

    share_bp: int
    after_days: tuple[int, int]
    hours: tuple[int, int]
    silent_bp: int


class GatesOpen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One station per city that lets its passengers out without a tap on the n-th day."""

    day: int
    minutes: int
    free: bool
    said_after_min: int


class HalfTrips(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of rides without their last tap."""

    declares: Declares
    counter: Counter
    open_gates: GatesOpen


class RealMedia(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Passengers with real cards and codes: `share_bp` of all, in basis points. A code may be used
    for rides of at most `code_limit_fen`, each display for `code_validity_s`."""

    share_bp: int
    code_limit_fen: int
    code_validity_s: int


class Defaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is when nobody says otherwise."""

    seed: int
    date: str
    days: int
    passengers: int
    faults: str
    settle_days_max: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything the simulation is told, read once."""

    defaults: Defaults
    movement: Movement
    rhythm: Rhythm
    half_trips: HalfTrips
    real_media: RealMedia
    cities: tuple[CityScenario, ...]
    issuing: dict[str, Issuing]
    wallets: dict[str, Wallet]

    def city(self, code: str) -> CityScenario:
        """Raises KeyError for a city nobody travels in."""
        for city in self.cities:
            if city.code == code:
                return city
        raise KeyError(code)

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.defaults.date)

    @property
    def members(self) -> tuple[str, ...]:
        """Every city with books: those travelled in and those that only issue, by code."""
        return tuple(sorted(self.issuing))


class _RunFile(Struct, frozen=True, forbid_unknown_fields=True):
    defaults: Defaults
    movement: Movement
    rhythm: Rhythm
    real_media: RealMedia
    cities: list[str]


class _MediaFile(Struct, frozen=True, forbid_unknown_fields=True):
    issuing: list[Issuing]
    wallet: dict[str, Wallet]


@cache
def load_scenario() -> Scenario:
    """The scenario of data/*.toml. Raises msgspec.ValidationError for a file that does not fit."""
    run = msgspec.convert(_read("run.toml"), _RunFile)
    media = msgspec.convert(_read("media.toml"), _MediaFile)
    cities = tuple(
        msgspec.convert(_read(f"city_{code}.toml"), CityScenario) for code in sorted(run.cities)
    )
    for city in cities:
        for kind in city.kinds:
            unknown = sorted(set(kind.wallets) - set(media.wallet))
            if unknown:
                raise ValueError(f"{city.code}/{kind.id}: unknown wallets {unknown}")
    return Scenario(
        defaults=run.defaults,
        movement=run.movement,
        rhythm=run.rhythm,
        real_media=run.real_media,
        half_trips=msgspec.convert(_read("half_trips.toml"), HalfTrips),
        cities=cities,
        issuing={issuing.code: issuing for issuing in media.issuing},
        wallets=media.wallet,
    )


def _read(name: str) -> dict[str, object]:
    return tomllib.loads(files(DATA).joinpath(name).read_text(encoding="utf-8"))
