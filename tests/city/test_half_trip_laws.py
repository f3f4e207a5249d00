"""Whatever is said of half trips, whenever: the same money, explained, never below nought."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from random import Random

import msgspec
import pytest
from half_trip_world import proofs_hold
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from street import CARD, CHONGQING, CODE, DAY, Taps, moment, open_city, send
from tongxing.city import MediumOpening, RiderOpening, healing
from tongxing.city.half_trips import Kind, Resolution, newest
from tongxing.city.riding import NEW_STATE, Folded, fold, order_key
from tongxing.city.terms import half_trip_terms
from tongxing.fares import PriceLine, load_city_fares
from tongxing.kernel.clock import business_date, business_day_end
from tongxing.messages import Tap, TapRef
from tongxing.messages.taps import TapKind
from tongxing.storage import Database

FARES, TERMS = load_city_fares(CHONGQING), half_trip_terms(CHONGQING)
STATIONS = ["chaotianmen", "shapingba", "xiaoshizi", "daping"]
DAYS_APART = 4
TWO_DAYS_M = 2 * 24 * 60


@dataclass(frozen=True)
class Presented:
    """A tap: minutes after three in the morning of the first day, card or code, what and where."""

    minute: int
    medium: int
    kind: TapKind
    where: int


@dataclass(frozen=True)
class Said:
    """A resolution of the tap of that number: `where` -1 names no station."""

    tap: int
    kind: Kind
    where: int
    minutes: int
    amount_fen: int
    decided: int


presented = st.builds(
    Presented,
    minute=st.integers(0, TWO_DAYS_M - 1),
    medium=st.integers(0, 1),
    kind=st.sampled_from(["entry", "entry", "exit", "exit", "ride"]),
    where=st.integers(0, 3),
)
days = st.lists(presented, min_size=1, max_size=9, unique_by=lambda one: one.minute)
said = st.builds(
    Said,
    tap=st.integers(0, 8),
    kind=st.sampled_from(["declared", "habitual", "disruption", "staff", "median", "maximum",
                          "cleared"]),
    where=st.integers(0, 3),
    minutes=st.integers(0, 400),
    amount_fen=st.integers(0, 900),
    decided=st.integers(0, 3),
)  # fmt: skip
sayings = st.lists(said, max_size=6)


def taps_of(name: str, day: Sequence[Presented], first_s: int) -> list[Tap]:
    """The taps of a rider; each from a terminal of its own, so that copies do not meet."""
    make, found = Taps(), []
    for number, one in enumerate(day, 1):
        on_bus = one.kind == "ride"
        tap = make(
            first_s + 60 * one.minute,
            (CARD, CODE)[one.medium],
            one.kind,
            "" if on_bus else STATIONS[one.where],
            mode="bus" if on_bus else "rail",
            line="bus-401" if on_bus else "",
        )
        ref = TapRef(f"{name}-{number}", 1, 1)
        found.append(msgspec.structs.replace(tap, ref=ref, medium_no=f"{name}-{one.medium}"))
    return found


def resolutions_of(name: str, taps: Sequence[Tap], saying: Sequence[Said]) -> list[Resolution]:
    """What is said of those taps that can be half a trip."""
    found = []
    for number, one in enumerate(saying):
        tap = taps[one.tap % len(taps)]
        if tap.kind == "ride":
            continue
        sign = -1 if tap.kind == "exit" else 1
        names_none = one.kind in ("median", "maximum", "cleared")
        station = (
            ""
            if names_none or (one.kind == "disruption" and one.where % 2)
            else STATIONS[one.where]
        )
        found.append(
            Resolution(
                request_id=f"{name}-{number}",
                tap=tap.ref,
                kind=one.kind,
                station=station,
                time_s=tap.time_s + sign * 60 * one.minutes,
                amount_fen=one.amount_fen if one.kind == "median" else 0,
                decided_s=moment("03:00") + one.decided,
                decided_by="somebody",
            )
        )
    return found


def folded(taps: Sequence[Tap], resolutions: Sequence[Resolution], closed_s: int = 0) -> Folded:
    ordered = sorted(taps, key=order_key)
    return fold(NEW_STATE, ordered, FARES, closed_s, None, newest(resolutions), TERMS)


# --- the fold -------------------------------------------------------------------------------------


@pytest.mark.req("R-006", "R-010")
@settings(max_examples=100, deadline=None)
@given(days, sayings)
def test_every_charge_is_explained_and_none_is_below_nought(
    day: list[Presented], saying: list[Said]
) -> None:
    taps = taps_of("r", day, moment("03:00"))
    for trip in folded(taps, resolutions_of("r", taps, saying)).trips:
        assert trip.charge_fen == sum(line.amount_fen for line in trip.lines) >= 0
        assert trip.entered_s <= trip.exited_s
        assert trip.how != "cleared" or trip.charge_fen == 0


@pytest.mark.req("R-011")
@settings(max_examples=100, deadline=None)
@given(days, sayings)
def test_every_tap_is_in_one_trip_or_waits_or_is_open(
    day: list[Presented], saying: list[Said]
) -> None:
    taps = taps_of("r", day, moment("03:00"))
    for closed_s in (0, moment("75:00")):
        found = folded(taps, resolutions_of("r", taps, saying), closed_s)
        seen = Counter(ref for trip in found.trips for ref in trip.taps)
        seen.update(half.tap.ref for half in found.state.pending)
        if found.state.open is not None:
            seen[found.state.open.tap.ref] += 1
        assert seen == Counter(tap.ref for tap in taps)


@pytest.mark.req("R-011")
@settings(max_examples=100, deadline=None)
@given(days, sayings)
def test_what_is_said_never_parts_two_taps_that_belong_together(
    day: list[Presented], saying: list[Said]
) -> None:
    taps = taps_of("r", day, moment("03:00"))
    pairs = [
        {trip.taps for trip in folded(taps, heard).trips if len(trip.taps) == 2}
        for heard in ([], resolutions_of("r", taps, saying))
    ]
    assert pairs[0] == pairs[1]


@settings(max_examples=100, deadline=None)
@given(days, sayings, st.randoms())
def test_the_order_in_which_it_was_said_does_not_show(
    day: list[Presented], saying: list[Said], chance: Random
) -> None:
    taps = taps_of("r", day, moment("03:00"))
    heard = resolutions_of("r", taps, saying)
    again = [*heard, *heard]
    chance.shuffle(again)
    assert folded(taps, heard) == folded(taps, again)


@settings(max_examples=100, deadline=None)
@given(days, sayings)
def test_a_fold_may_start_again_at_any_checkpoint(day: list[Presented], saying: list[Said]) -> None:
    taps = sorted(taps_of("r", day, moment("03:00")), key=order_key)
    heard = newest(resolutions_of("r", taps, saying))
    whole = fold(NEW_STATE, taps, FARES, 0, None, heard, TERMS)
    for start, state in whole.checkpoints:
        rest = [tap for tap in taps if business_date(tap.time_s) >= start]
        again = fold(state, rest, FARES, 0, start, heard, TERMS)
        assert again.state == whole.state
        assert again.trips == [trip for trip in whole.trips if trip.completed_on >= start]


@pytest.mark.parametrize(
    ("bus_s", "order"),
    [
        (-1, ["single_tap", "declared"]),
        (0, ["single_tap", "declared"]),
        (1, ["declared", "single_tap"]),
    ],
)
def test_a_stated_end_has_its_place_among_the_taps(bus_s: int, order: list[str]) -> None:
    """After the taps of its second, before all later ones."""
    day = [Presented(300, 0, "entry", 0), Presented(360, 0, "ride", 0)]
    entry, bus = taps_of("r", day, moment("03:00"))
    heard = resolutions_of("r", [entry], [Said(0, "declared", 1, 60, 0, 0)])
    assert heard[0].time_s == bus.time_s
    moved = msgspec.structs.replace(bus, time_s=bus.time_s + bus_s)
    assert [trip.how for trip in folded([entry, moved], heard).trips] == order


# --- the books ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Telling:
    """In which order taps (by number) and resolutions (below nought) come in, and what of it
    before the first, the second and no close of a day."""

    events: tuple[tuple[int, ...], ...]


@st.composite
def tellings(draw: st.DrawFn, taps: int, saying: int) -> Telling:
    order = draw(st.permutations(range(taps)))
    again = draw(st.lists(st.sampled_from(order), max_size=3))
    events = [*order, *again]
    for number in range(saying):
        events.insert(draw(st.integers(0, len(events))), -1 - number)
    first, second = sorted(draw(st.tuples(*[st.integers(0, len(events))] * 2)))
    return Telling((tuple(events[:first]), tuple(events[first:second]), tuple(events[second:])))


class Books:
    """One city in which the same days and sayings come to several accounts in another order."""

    def __init__(self, database: Database) -> None:
        self.database, self.city = database, open_city(database)
        self._numbers, self._day = count(1), DAY

    def live(
        self, day: list[Presented], saying: list[Said], tellings: Sequence[Telling]
    ) -> list[object]:
        first, self._day = self._day, self._day + timedelta(days=DAYS_APART)
        names = [f"t{next(self._numbers):06d}" for _ in tellings]
        self.city.open_riders([self._opening(name) for name in names], moment("03:00", first))
        taps = [taps_of(name, day, moment("03:00", first)) for name in names]
        heard = [
            resolutions_of(name, found, saying) for name, found in zip(names, taps, strict=True)
        ]
        for closed in (0, 1, 2):
            for index, telling in enumerate(tellings):
                self._tell(names[index], taps[index], heard[index], telling.events[closed])
            if closed < 2:
                over = first + timedelta(days=closed)
                self.city.close_day(over, business_day_end(over))
        for index, _ in enumerate(tellings):  # what was said before its tap had come
            self._tell(names[index], taps[index], heard[index], range(-len(heard[index]), 0))
        return [self._outcome(name) for name in names]

    def _tell(
        self, name: str, taps: list[Tap], heard: list[Resolution], events: Sequence[int]
    ) -> None:
        by_ref = {tap.ref: tap for tap in taps}
        for event in events:
            if event >= 0:
                send(self.city, taps[event], at=taps[event].time_s + 1)
            elif -event <= len(heard):
                self._say(name, by_ref[heard[-1 - event].tap], heard[-1 - event])

    def _say(self, name: str, tap: Tap, one: Resolution) -> None:
        """Say it once, and only of a tap that has come in."""
        with self.city._transaction() as cursor:
            known = cursor.execute(
                "SELECT (SELECT count(*) FROM tap WHERE terminal_id = %s),"
                " (SELECT count(*) FROM half_trip_resolution WHERE request_id = %s)",
                (tap.ref.terminal_id, one.request_id),
            ).fetchone()
            if known == (1, 0):
                healing.apply(cursor, CHONGQING, FARES, [(name, tap, one)], tap.time_s)

    @staticmethod
    def _opening(name: str) -> RiderOpening:
        media = tuple(
            MediumOpening(f"{name}-{number}", kind, f"local:{CHONGQING}", "ordinary")
            for number, kind in enumerate(("card", "code"))
        )
        return RiderOpening(name, media, 50_000)

    def _outcome(self, name: str) -> object:
        with self.database.connect(f"city_{CHONGQING}") as connection:
            found = connection.execute(
                "SELECT how, origin, destination, entered_s, exited_s, fare_fen, charge_fen,"
                " right(medium_no, 1), lines FROM trip WHERE rider_id = %s AND how <> 'void'"
                " ORDER BY order_key",
                (name,),
            ).fetchall()
            money = connection.execute(
                "SELECT balance_fen, held_fen, pending_fen FROM rider WHERE rider_id = %s", (name,)
            ).fetchone()
            waiting = connection.execute(
                "SELECT missing, station, time_s, held_fen FROM half_trip WHERE rider_id = %s"
                " ORDER BY time_s",
                (name,),
            ).fetchall()
        return [(*row, paid(lines)) for *row, lines in found], money, waiting


def paid(lines: str) -> list[tuple[str, str, int]]:
    """The lines that are money: what a counter stood at may be told as it was when first priced."""
    found = msgspec.json.decode(lines, type=list[PriceLine])
    return [(one.kind, one.rule, one.amount_fen) for one in found if one.kind != "count"]


@pytest.mark.req("R-403", "R-012")
def test_any_order_of_taps_and_sayings_gives_the_same_books(database: Database) -> None:
    books = Books(database)

    # A counter-example is not made smaller: each attempt is two more days of a real city.
    @settings(max_examples=12, deadline=None, database=None, phases=[Phase.generate])
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        day, saying = data.draw(days), data.draw(sayings)
        in_order = sorted(range(len(day)), key=lambda index: day[index].minute)
        plain = Telling((tuple(in_order), (), ()))
        mixed = data.draw(tellings(len(day), len(saying)))
        well, badly = books.live(day, saying, [plain, mixed])
        assert badly == well

    holds()
    proofs_hold(database)
    books.city.close()
