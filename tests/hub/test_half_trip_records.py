"""Half trips at the hub: each has its code, its fare is checked, its path is split."""

from collections.abc import Mapping
from datetime import date

import pytest
from hub_world import RULES
from msgspec.structs import replace

from tongxing.city.charging import BookedTrip, revisions
from tongxing.city.half_trips import Kind, Resolution
from tongxing.city.riding import NEW_STATE, fold
from tongxing.city.terms import half_trip_terms
from tongxing.fares import load_city_fares
from tongxing.hub import Member, NetworkGround
from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case, Standing
from tongxing.hub.rows import Row
from tongxing.kernel.clock import at, business_day_end
from tongxing.messages import Record, Tap, TapRef
from tongxing.messages.taps import TapKind
from tongxing.network import load_registry

CITY, DAY = "500000", date(2026, 3, 17)
FARES = load_city_fares(CITY)
NOTHING: Mapping[str, Standing] = {}
GROUND = NetworkGround(load_registry())
MEMBERS = {
    f"{kind}-{CITY}": Member(f"{kind}-{CITY}", name, CITY, CITY, CITY)
    for kind, name in (("ISS", "issuer"), ("ACQ", "acquirer"))
}


def tap(kind: TapKind, station: str) -> Tap:
    line = FARES.network.stations[station].lines[0]
    return Tap(
        ref=TapRef("G-1", 1, 1),
        time_s=at(DAY, 8),
        kind=kind,
        city=CITY,
        place=CITY,
        mode="rail",
        operator=FARES.network.lines[line].operator,
        line=line,
        station=station,
        medium_no="4000000000000001",
        medium_kind="card",
        scheme=f"local:{CITY}",
        issuer=CITY,
        product="ordinary",
        funding="account",
        outcome="opened",
        tariff=FARES.tariff_at(at(DAY, 8)).name,
        deny_list_version=1,
    )


def record(kind: Kind, station: str = "", amount_fen: int = 0, known: TapKind = "entry") -> Record:
    """What a city presents of a half trip that was resolved so."""
    first = tap(known, "chaotianmen" if known == "entry" else "shapingba")
    sign = 1 if known == "entry" else -1
    said = Resolution(
        request_id="r",
        tap=first.ref,
        kind=kind,
        station=station,
        time_s=first.time_s + sign * 2_400,
        amount_fen=amount_fen,
        decided_s=first.time_s + 86_400,
        decided_by="somebody",
    )
    closed_s = business_day_end(DAY)
    terms = half_trip_terms(CITY)
    [trip] = fold(NEW_STATE, [first], FARES, closed_s, None, {first.ref: said}, terms).trips
    [revision] = revisions([trip], {}, CITY)
    return revision.record


def rows_of(records: list[Record]) -> list[Row]:
    return [Row(number, one.record_id, b"", one) for number, one in enumerate(records, start=1)]


def case_of(
    days: int, known: Mapping[str, Standing], holders: Mapping[str, str] | None = None
) -> Case:
    """A file of the city that comes so many days after the ride."""
    return Case(
        sender=MEMBERS[f"ACQ-{CITY}"],
        members=MEMBERS,
        suspended=frozenset(),
        rules=RULES,
        ground=GROUND,
        received_s=at(DAY, 12) + days * 86_400,
        known=known,
        holders=holders or {},
    )


def judged(one: Record, days: int = 1, known: Mapping[str, Standing] = NOTHING) -> Judgement:
    [found] = judge(rows_of([one]), case_of(days, known))
    return found


@pytest.mark.parametrize(
    ("kind", "station", "known", "code", "basis"),
    [
        ("declared", "shapingba", "entry", "0011", "path"),
        ("declared", "chaotianmen", "exit", "0011", "path"),
        ("habitual", "shapingba", "entry", "0012", "path"),
        ("disruption", "shapingba", "entry", "0012", "path"),
        ("disruption", "", "entry", "0012", "line"),
        ("median", "", "entry", "0012", "line"),
        ("median", "", "exit", "0012", "line"),
        ("maximum", "", "entry", "0012", "line"),
        ("maximum", "", "exit", "0012", "line"),
        ("staff", "shapingba", "entry", "0013", "path"),
        ("cleared", "", "entry", "0013", "line"),
        ("cleared", "", "exit", "0013", "line"),
    ],
)
def test_each_way_to_complete_a_half_trip_is_accepted_with_its_code(
    kind: Kind, station: str, known: TapKind, code: str, basis: str
) -> None:
    one = record(kind, station, 500 if kind == "median" else 0, known)
    found = judged(one)
    assert (found.status, found.code) == ("accepted", code), found.detail
    assert found.basis is not None and found.basis.kind == basis
    assert sum(share.share_fen for share in found.shares) == one.charge_fen


def test_what_the_clock_decides_after_a_week_is_late_and_not_too_late() -> None:
    found = judged(record("median", "", 500), days=9)
    assert (found.status, found.codes) == ("accepted", ("0012", "0015"))


@pytest.mark.parametrize(
    ("one", "changes"),
    [
        (record("median", "", 901), {}),
        (record("cleared"), {"charge_fen": 100, "delta_fen": 100}),
        (record("cleared"), {"fare_fen": 500, "charge_fen": 500, "delta_fen": 500}),
        (record("disruption"), {"fare_fen": 500, "charge_fen": 500, "delta_fen": 500}),
        (record("declared", "shapingba"), {"fare_fen": 600}),
        (record("staff", "shapingba"), {"destination": "xiaoshizi"}),
    ],
)
def test_an_amount_that_no_rule_gives_is_held(one: Record, changes: dict[str, int]) -> None:
    assert judged(replace(one, **changes)).code == "1007"


def told_again(station: str) -> tuple[Record, Record]:
    """What a city presents of a half trip that cost the median, 5.00 yuan, and again once its true
    exit has come."""
    first = tap("entry", "chaotianmen")
    said = Resolution(
        request_id="r",
        tap=first.ref,
        kind="median",
        amount_fen=500,
        decided_s=first.time_s + 8 * 86_400,
        decided_by="clock",
        station="",
        time_s=first.time_s,
    )
    exit_ = replace(
        tap("exit", station), ref=TapRef("G-2", 1, 1), station=station, time_s=first.time_s + 2_400
    )
    closed_s, terms = business_day_end(DAY), half_trip_terms(CITY)
    resolutions = {first.ref: said}
    [half] = fold(NEW_STATE, [first], FARES, closed_s, None, resolutions, terms).trips
    [median] = revisions([half], {}, CITY)
    [whole] = fold(NEW_STATE, [first, exit_], FARES, closed_s, None, resolutions, terms).trips
    booked = BookedTrip(half.trip_id, 1, half.charge_fen, half.fingerprint(), "", "", "")
    [revised] = revisions([whole], {half.trip_id: booked}, CITY)
    return median.record, revised.record


@pytest.mark.parametrize(
    ("station", "days", "status", "codes"),
    [
        ("xiaoshizi", 20, "accepted", ("0015",)),
        ("xiaoshizi", 56, "accepted", ("0015",)),
        ("jiangbei-airport-t3", 10, "accepted", ("0015",)),
        ("jiangbei-airport-t3", 11, "rejected", ("1005",)),
    ],
)
def test_what_a_late_exit_changes_goes_back_for_weeks_and_is_asked_for_ten_days(
    station: str, days: int, status: str, codes: tuple[str, ...]
) -> None:
    """As worked days play it (`hand_late.py`), by the same admission."""
    median, revised = told_again(station)
    assert revised.record_id == f"{median.trip_id}.2"
    assert (revised.delta_fen < 0) == (station == "xiaoshizi")
    standing = judged(median, days=8).standing
    assert standing is not None
    found = judged(revised, days, known={median.record_id: standing})
    assert (found.status, found.codes) == (status, codes), found.detail
    moved_fen = sum(share.share_fen for share in found.shares)
    assert moved_fen == (revised.delta_fen if status == "accepted" else 0)


@pytest.mark.parametrize(
    ("station", "days", "fate"),
    [
        ("xiaoshizi", 20, "accepted"),
        ("xiaoshizi", 60, "accepted"),
        ("xiaoshizi", 61, "rejected"),
        ("jiangbei-airport-t3", 10, "accepted"),
        ("jiangbei-airport-t3", 11, "rejected"),
    ],
)
def test_a_late_entry_makes_no_ride_free_that_costs_no_more_than_was_taken(
    station: str, days: int, fate: str
) -> None:
    """An exit alone cost the median, 5.00 yuan; with its entry it is another trip, whose first
    revision stands in the place of what is withdrawn."""
    exit_ = tap("exit", "shapingba")
    exit_ = replace(exit_, station="shapingba", time_s=exit_.time_s + 2_400)
    entry = replace(tap("entry", station), ref=TapRef("G-2", 1, 1), station=station)
    said = Resolution(
        request_id="r",
        tap=exit_.ref,
        kind="median",
        amount_fen=500,
        decided_s=exit_.time_s + 8 * 86_400,
        decided_by="clock",
        station="",
        time_s=exit_.time_s,
    )
    closed_s, terms, said_of = business_day_end(DAY), half_trip_terms(CITY), {exit_.ref: said}
    [half] = fold(NEW_STATE, [exit_], FARES, closed_s, None, said_of, terms).trips
    [median] = revisions([half], {}, CITY)
    trips = fold(NEW_STATE, [entry, exit_], FARES, closed_s, None, said_of, terms).trips
    booked = BookedTrip(half.trip_id, 1, 500, half.fingerprint(), "", "", median.encoded)
    void, whole = (one.record for one in revisions(trips, {half.trip_id: booked}, CITY))
    assert (void.how, void.delta_fen, whole.revision) == ("void", -500, 1)
    standing = judged(median.record, days=8).standing
    assert standing is not None
    known = {standing.record_id: standing}
    holders = dict.fromkeys(standing.claims, standing.trip_id)
    answers = {
        found.row.record_id: found
        for found in judge(rows_of([void, whole]), case_of(days, known, holders))
    }
    assert answers[void.record_id].status == ("rejected" if days > 60 else "accepted")
    assert answers[whole.record_id].status == fate
