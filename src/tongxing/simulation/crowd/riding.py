"""Rides without gates: taps of people who go to work by card and home by code, in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from msgspec.structs import replace

from tongxing.fares import CityFares, load_city_fares
from tongxing.kernel.clock import at, calendar_date
from tongxing.messages import Tap, TapBatch, TapRef, seal
from tongxing.messages.taps import BATCH_TAPS_MAX, TapKind, account_token
from tongxing.network.transport import Line
from tongxing.simulation.keys import signing_key
from tongxing.simulation.seeds import stream

SITE = "CROWD-1"
RIDE_S = 1_500
_STOPS_MOST = 8
_WORK_DAYS = 5
_MORNING, _EVENING = 7, 17
_RUSH_S = 7_200


@dataclass(frozen=True, slots=True)
class Traveller:
    """An account, and its card."""

    account: str
    card: str
    scheme: str
    product: str


@dataclass(frozen=True, slots=True)
class _Way:
    """From one station of a rail line to another of the same line."""

    line: Line
    origin: str
    destination: str


class Rides:
    """Makes the taps of one city's travellers and seals them. Each has its way to work, the same
    each day; `name` keeps the identities of taps of different makers apart."""

    def __init__(self, city: str, seed: int, name: str) -> None:
        self._city, self._seed, self._name = city, seed, name
        self._key = signing_key(seed, SITE)
        self._fares: CityFares = load_city_fares(city)
        network = self._fares.network
        self._lines = [
            line
            for line in network.lines.values()
            if line.mode == "rail" and not line.single_tap and not line.fare_system
        ] or [line for line in network.lines.values() if line.mode == "rail"]
        self._seq = 0

    def tap(self, one: Traveller, kind: TapKind, at_s: int, by_card: bool, home: bool) -> Tap:
        """An entry or exit on the way to work, or home from it."""
        way = self._way(one)
        begins = (kind == "entry") != home
        self._seq += 1
        return Tap(
            ref=TapRef(f"{SITE}-{self._name}", 1, self._seq),
            time_s=at_s,
            kind=kind,
            city=self._city,
            place=way.line.place,
            mode=way.line.mode,
            operator=way.line.operator,
            line="",
            station=way.origin if begins else way.destination,
            medium_no=one.card if by_card else account_token(one.account),
            medium_kind="card" if by_card else "code",
            scheme=one.scheme,
            issuer=self._city,
            product=one.product,
            funding="account",
            outcome="opened",
            tariff=self._fares.tariff_at(at_s).id,
            deny_list_version=0,
        )

    def sealed(self, taps: Sequence[Tap]) -> bytes:
        """A batch as a site sends it."""
        return seal(TapBatch(site=SITE, taps=list(taps)), self._key)

    def _way(self, one: Traveller) -> _Way:
        draw = stream(self._seed, "crowd-way", one.account)
        line = draw.choice(self._lines)
        last = len(line.stations) - 1
        start = draw.randrange(last)
        stop = min(last, start + draw.randint(1, _STOPS_MOST))
        return _Way(line, line.stations[start], line.stations[stop])


def work_days(now_s: int, months: int) -> list[date]:
    """The Mondays to Fridays of so many calendar months, the last of them up to yesterday."""
    today = calendar_date(now_s)
    months_since_zero = today.year * 12 + today.month - months
    day = date(months_since_zero // 12, months_since_zero % 12 + 1, 1)
    found = []
    while day < today:
        if day.weekday() < _WORK_DAYS:
            found.append(day)
        day += timedelta(days=1)
    return found


def _as_they_happened(taps: Sequence[Tap]) -> list[Tap]:
    """Taps of one terminal by time, numbered anew in that order, with the numbers they have."""
    refs = sorted((tap.ref for tap in taps), key=lambda ref: ref.seq)
    by_time = sorted(taps, key=lambda tap: tap.time_s)
    return [replace(tap, ref=ref) for tap, ref in zip(by_time, refs, strict=True)]


def history(
    city: str, seed: int, now_s: int, months: int, people: Sequence[Traveller]
) -> Iterator[bytes]:
    """Sealed batches, day by day: to work by card, home by code."""
    rides = Rides(city, seed, "history")
    for day in work_days(now_s, months):
        taps = []
        for one in people:
            draw = stream(seed, "crowd-day", one.account, day)
            for hour, by_card in ((_MORNING, True), (_EVENING, False)):
                at_s = at(day, hour) + draw.randrange(_RUSH_S)
                taps.append(rides.tap(one, "entry", at_s, by_card, not by_card))
                taps.append(rides.tap(one, "exit", at_s + RIDE_S, by_card, not by_card))
        taps = _as_they_happened(taps)
        for start in range(0, len(taps), BATCH_TAPS_MAX):
            yield rides.sealed(taps[start : start + BATCH_TAPS_MAX])
