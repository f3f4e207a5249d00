"""However taps travel, the money ends the same: drawn days, drawn arrivals, the cut at three."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from street import CARD, CHONGQING, CODE, DAY, PURSE, VISITOR, Taps, moment, open_city, send
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.proofs import prove_city
from tongxing.city.riding import NEW_STATE, fold, order_key
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import business_day_end
from tongxing.messages import Tap, TapRef
from tongxing.messages.taps import TapKind
from tongxing.storage import Database

FARES = load_city_fares(CHONGQING)
STATIONS = ["chaotianmen", "shapingba", "xiaoshizi", "daping"]
LINES = ["bus-149", "bus-151", "bus-181"]
MEDIA = {"account": (CARD, CODE), "purse": (PURSE,), "visitor": (VISITOR,)}
DAYS_APART = 4


@dataclass(frozen=True)
class Presented:
    """A tap to be made: minutes after four in the morning of the first day, by which medium."""

    minute: int
    medium: int
    kind: TapKind
    where: int
    taken: int


@dataclass(frozen=True)
class Arrival:
    """Which taps come in one upload, and which of the two days are closed before it."""

    taps: tuple[int, ...]
    closed: int


presented = st.builds(
    Presented,
    minute=st.integers(0, 2 * 24 * 60 - 61),
    medium=st.integers(0, 1),
    kind=st.sampled_from(["entry", "entry", "exit", "exit", "ride"]),
    where=st.integers(0, 3),
    taken=st.sampled_from([0, 180, 450]),
)


@st.composite
def arrivals(draw: st.DrawFn, taps: int) -> list[Arrival]:
    """Every tap at least once, some of them again, in any order, before and after the closings."""
    order = draw(st.permutations(range(taps)))
    again = draw(st.lists(st.sampled_from(order), max_size=4))
    whole = [*order, *again]
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    closed = sorted(draw(st.lists(st.integers(0, 2), min_size=len(pieces), max_size=len(pieces))))
    return [Arrival(tuple(dict.fromkeys(p)), c) for p, c in zip(pieces, closed, strict=True) if p]


def _rising(taps: Sequence[Tap]) -> list[Tap]:
    """The same taps, the terminals as they were drawn, the numbers of each rising as its device's
    do: a batch of any other order is refused whole (B65)."""
    numbered = iter(sorted(taps, key=lambda tap: tap.ref.seq))
    of: dict[str, list[Tap]] = {tap.ref.terminal_id: [] for tap in taps}
    for tap in numbered:
        of[tap.ref.terminal_id].append(tap)
    return [of[tap.ref.terminal_id].pop(0) for tap in taps]


class Copies:
    """One city in which the same two days happen to several riders, told in different order."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.city: City = open_city(database)
        self._numbers = count(1)
        self._day = DAY

    def live(
        self, kind: str, day: Sequence[Presented], tellings: Sequence[list[Arrival]]
    ) -> list[object]:
        """What the books say in the end of a rider of this kind, for each telling."""
        first = self._day
        self._day += timedelta(days=DAYS_APART)
        names = [f"{kind}-{next(self._numbers):06d}" for _ in tellings]
        if kind != "visitor":
            openings = [self._opening(kind, name) for name in names]
            self.city.open_riders(openings, moment("03:00", first))
        taps = [self._taps(name, kind, day, first) for name in names]
        for closed in (0, 1, 2):
            for name_taps, telling in zip(taps, tellings, strict=True):
                for arrival in telling:
                    if arrival.closed == closed:
                        chosen = _rising([name_taps[index] for index in arrival.taps])
                        told_s = moment(f"{27 + 24 * closed}:01", first)
                        seen_s = max(tap.time_s for tap in chosen)  # none comes before it happened
                        send(self.city, *chosen, at=max(told_s, seen_s + 60))
            if closed < 2:
                over = first + timedelta(days=closed)
                self.city.close_day(over, business_day_end(over))
        return [self._books(name, kind) for name in names]

    @staticmethod
    def _opening(kind: str, name: str) -> RiderOpening:
        if kind == "purse":
            medium = MediumOpening(f"{name}-0", "card", f"local:{CHONGQING}", "ordinary")
            return RiderOpening(f"{name}-0", (medium,), 50_000, purse=True)
        media = tuple(
            MediumOpening(f"{name}-{number}", medium, f"local:{CHONGQING}", "ordinary")
            for number, medium in enumerate(("card", "code"))
        )
        return RiderOpening(name, media, 50_000)

    @staticmethod
    def _taps(name: str, kind: str, day: Sequence[Presented], first: date) -> list[Tap]:
        make, found = Taps(), []
        for one in day:
            which = one.medium % len(MEDIA[kind])
            on_bus = one.kind == "ride"
            tap = make(
                moment("04:00", first) + 60 * one.minute,
                MEDIA[kind][which],
                one.kind,
                "" if on_bus else STATIONS[one.where],
                mode="bus" if on_bus else "rail",
                line=LINES[one.where % len(LINES)] if on_bus else "",
                taken=one.taken,
            )
            ref = TapRef(f"{name}-{tap.ref.terminal_id}", 1, tap.ref.seq)
            found.append(msgspec.structs.replace(tap, ref=ref, medium_no=f"{name}-{which}"))
        return found

    def _books(self, name: str, kind: str) -> object:
        rider = name if kind == "account" else f"{name}-0"
        with self.database.connect(f"city_{CHONGQING}") as connection:
            trips = connection.execute(
                "SELECT how, origin, destination, entered_s, exited_s, fare_fen, charge_fen,"
                " remark, tariff, right(medium_no, 1), lines FROM trip"
                " WHERE rider_id = %s AND how <> 'void' ORDER BY entered_s, order_key, lines",
                (rider,),
            ).fetchall()
            money = connection.execute(
                "SELECT balance_fen, held_fen FROM rider WHERE rider_id = %s", (rider,)
            ).fetchone()
            waiting = connection.execute(
                "SELECT missing, station, time_s, held_fen FROM half_trip WHERE rider_id = %s"
                " ORDER BY time_s, station, missing",
                (rider,),
            ).fetchall()
            deltas = connection.execute(
                "SELECT coalesce(sum(delta_fen), 0)::bigint FROM trip_revision JOIN trip"
                " USING (trip_id) WHERE rider_id = %s",
                (rider,),
            ).fetchone()
        return trips, money, waiting, deltas


@pytest.mark.req("R-403")
@pytest.mark.parametrize("kind", list(MEDIA))
def test_any_order_and_any_repetition_give_the_same_charges(kind: str, database: Database) -> None:
    copies = Copies(database)

    # A counter-example is not made smaller: each attempt is two more days of a real city.
    @settings(max_examples=20, deadline=None, database=None, phases=[Phase.generate])
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        day = data.draw(
            st.lists(presented, min_size=1, max_size=9, unique_by=lambda one: one.minute)
        )
        in_order = sorted(range(len(day)), key=lambda index: day[index].minute)
        told_well = [Arrival(tuple(in_order), 0)]
        told_badly = data.draw(arrivals(len(day)))
        well, badly = copies.live(kind, day, [told_well, told_badly])
        assert badly == well

    holds()
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert [one.name for one in prove_city(cursor, CHONGQING) if not one.holds] == []
    copies.city.close()


# --- the cut at three -----------------------------------------------------------------------------

# Entry and exit of an account's card: how the trips came about, and how many halves wait.
CUTS = """
    02:00:00  02:59:59   both_taps   0
    02:59:58  02:59:59   both_taps   0
    02:59:59  03:00:00   -           2
    02:00:00  03:00:01   -           2
    03:00:00  03:00:01   both_taps   0
    03:00:00  26:59:59   both_taps   0
    03:00:00  27:00:00   -           2
    23:59:59  24:00:00   both_taps   0
    23:30:00  26:59:59   both_taps   0
    23:30:00  27:00:00   -           2
"""


@pytest.mark.parametrize("row", CUTS.strip().splitlines())
def test_an_accounts_ride_is_whole_only_inside_its_business_day(row: str) -> None:
    entry, exit_, hows, waiting = row.split()
    tap = Taps()
    taps = [tap(entry, CARD, "entry", "chaotianmen"), tap(exit_, CARD, "exit", "shapingba")]
    folded = fold(NEW_STATE, taps, FARES, 0)
    assert [trip.how for trip in folded.trips] == [how for how in [hows] if how != "-"]
    assert len(folded.state.pending) == int(waiting)


@pytest.mark.parametrize(
    ("closed_s", "open_", "waiting"),
    [(business_day_end(DAY) - 1, True, 0), (business_day_end(DAY), False, 1)],
)
def test_an_open_entry_ends_with_its_business_day_and_not_a_second_before(
    closed_s: int, open_: bool, waiting: int
) -> None:
    taps = [Taps()("23:30", CARD, "entry", "chaotianmen")]
    folded = fold(NEW_STATE, taps, FARES, closed_s)
    assert (folded.state.open is not None, len(folded.state.pending)) == (open_, waiting)


@pytest.mark.parametrize("exit_", ["02:59:59", "03:00:00", "05:00:00"])
def test_a_purse_keeps_its_entry_over_the_cut(exit_: str) -> None:
    tap = Taps()
    taps = [
        tap("02:30", PURSE, "entry", "chaotianmen", taken=0),
        tap(exit_, PURSE, "exit", "shapingba", taken=450),
    ]
    assert [trip.how for trip in fold(NEW_STATE, taps, FARES, 0).trips] == ["both_taps"]


@pytest.mark.req("R-403")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(presented, min_size=2, max_size=14, unique_by=lambda one: one.minute),
    st.integers(0, 14),
)
def test_a_fold_may_rest_at_any_tap_and_go_on(day: list[Presented], cut: int) -> None:
    """Folding in two goes, as a city does from batch to batch, changes nothing."""
    taps = sorted(Copies._taps("r", "account", day, DAY), key=order_key)
    whole = fold(NEW_STATE, taps, FARES, 0)
    first = fold(NEW_STATE, taps[:cut], FARES, 0)
    second = fold(first.state, taps[cut:], FARES, 0)
    assert [*first.trips, *second.trips] == whole.trips
    assert second.state == whole.state
