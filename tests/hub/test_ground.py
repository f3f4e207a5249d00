"""Admission and split on the real networks: lists by date, real tariffs, operators by metres."""

from datetime import date

import pytest
from hub_world import RULES
from msgspec.structs import replace

from tongxing.fares import CityFares, RideFacts, load_city_fares
from tongxing.hub import Member, NetworkGround
from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case
from tongxing.hub.rows import Row
from tongxing.hub.split import share_totals
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import all_reasons
from tongxing.messages import Record, TapRef
from tongxing.network import load_registry

BEIJING, CHONGQING = "110000", "500000"
DAY = date(2026, 3, 17)
GROUND = NetworkGround(load_registry())
MEMBERS = {
    f"{kind}-{city}": Member(f"{kind}-{city}", name, city, city, city)
    for city in (BEIJING, CHONGQING)
    for kind, name in (("ISS", "issuer"), ("ACQ", "acquirer"))
}


def metro_ride(
    origin: str, destination: str, city: str = BEIJING, issuer: str = CHONGQING
) -> Record:
    """A T-Union card of the issuer's city on the metro, priced as its city would."""
    fares = load_city_fares(city)
    entered_s = at(DAY, 9)
    tariff = fares.tariff_at(entered_s)
    line = next(name for name in fares.network.stations[destination].lines)
    record = Record(
        record_id="t1.1",
        trip_id="t1",
        revision=1,
        acquirer=f"ACQ-{city}",
        issuer=f"ISS-{issuer}",
        medium_no="3105000000000000001",
        medium_kind="card",
        scheme="t_union",
        funding="purse",
        city=city,
        place=city,
        mode="rail",
        operator=fares.network.lines[line].operator,
        line=line,
        origin=origin,
        destination=destination,
        entered_s=entered_s,
        exited_s=entered_s + 2_400,
        how="both_taps",
        fare_fen=0,
        charge_fen=0,
        delta_fen=0,
        tariff=tariff.name,
        deny_list_version=1,
        taps=[TapRef("G-1", 1, 1), TapRef("G-2", 1, 1)],
    )
    fare_fen = base_fen(fares, record)
    return replace(record, fare_fen=fare_fen, charge_fen=fare_fen, delta_fen=fare_fen)


def base_fen(fares: CityFares, record: Record) -> int:
    facts = RideFacts(mode="rail", origin=record.origin, destination=record.destination)
    base = fares.base_fare(fares.tariff_at(record.entered_s), facts)
    assert base is not None
    return base.fare_fen


def judged(record: Record) -> Judgement:
    case = Case(
        sender=MEMBERS[f"ACQ-{BEIJING}"],
        members=MEMBERS,
        suspended=frozenset(),
        rules=RULES,
        ground=GROUND,
        received_s=record.exited_s + 3_600,
        known={},
        holders={},
    )
    (found,) = judge([Row(1, record.record_id, b"", record)], case)
    return found


def test_a_visitor_s_ride_is_recomputed_and_accepted() -> None:
    found = judged(metro_ride("guomao", "xizhimen"))
    assert (found.status, found.codes, found.detail) == ("accepted", ("0000",), "")
    assert sum(share.share_fen for share in found.shares) == 400


# what is changed on a ride from Guomao to Xizhimen                         its verdict
CHANGES: list[tuple[str, dict[str, object], str]] = [
    ("another fare", {"fare_fen": 500, "charge_fen": 500, "delta_fen": 500}, "held 1007"),
    ("another tariff", {"tariff": "110000-20070101"}, "held 1007"),
    ("no such station costs the most", {"destination": "atlantis"}, "held 1007"),
    ("a card of Chongqing's own scheme", {"scheme": "local:500000"}, "rejected 1015"),
    ("an issuer that is not in the scheme", {"scheme": "city_union"}, "held 1017"),
    ("a scheme nobody knows", {"scheme": "moon"}, "rejected 1015"),
    ("a line that is not there", {"line": "line-0"}, "held 1012"),
    ("another company's line", {"operator": "OP-CQ-RAIL"}, "held 1012"),
]


@pytest.mark.parametrize(("what", "change", "verdict"), CHANGES, ids=[row[0] for row in CHANGES])
def test_what_does_not_fit_the_ground_is_found(
    what: str, change: dict[str, object], verdict: str
) -> None:
    found = judged(replace(metro_ride("guomao", "xizhimen"), **change))
    assert f"{found.status} {found.code}" == verdict


@pytest.mark.req("R-219")
def test_a_trade_is_judged_by_the_list_in_force_that_day() -> None:
    """Tianjin joined the City Union on 19 October 2013: a Shanghai card the day before waits, one
    of that day is taken, whenever the record arrives."""
    record = replace(
        metro_ride("guomao", "xizhimen"), scheme="city_union", place="120000", mode="bus", line=""
    )
    before = GROUND.acceptance(record, "310000", date(2013, 10, 18))
    assert RULES.code_of_refusal(before) == "1017"
    assert GROUND.acceptance(record, "310000", date(2013, 10, 19)) == ""


@pytest.mark.req("R-213")
def test_a_bus_line_without_the_mark_does_not_take_the_card() -> None:
    """In Hechuan only part of the bus lines are converted to T-Union: the line's mark decides."""
    lines = load_city_fares(CHONGQING).network.lines
    marked = next(line for line in lines.values() if "t_union" in line.schemes)
    record = replace(
        metro_ride("guomao", "xizhimen"), city=CHONGQING, place=marked.place, mode="bus"
    )
    assert GROUND.acceptance(replace(record, line=marked.id), BEIJING, DAY) == ""
    unmarked = GROUND.acceptance(replace(record, line="bus-without-mark"), BEIJING, DAY)
    assert (unmarked, RULES.code_of_refusal(unmarked)) == ("LINE_NOT_CONVERTED", "1017")


def test_the_rulebook_names_reasons_of_the_list() -> None:
    assert set(RULES.acceptance) - {"otherwise"} <= set(all_reasons())


def test_a_ride_over_several_operators_is_split_by_metres() -> None:
    """The basis says the whole path; its metres are those the fare was priced over."""
    record = metro_ride("guomao", "xizhimen")
    basis = GROUND.split_basis(record)
    fares = load_city_fares(BEIJING)
    path = fares.path("guomao", "xizhimen", record.entered_s)
    assert path is not None and basis.kind == "path"
    assert sum(leg.metres for leg in basis.legs) == path.metres
    expected: dict[str, int] = {}
    for portion in path.portions:
        expected[portion.operator] = expected.get(portion.operator, 0) + portion.metres
    assert dict(basis.weights) == expected
    assert fares.tariff_at(record.entered_s).name in basis.version


def test_the_airport_line_keeps_its_own_fare() -> None:
    record = metro_ride("changpingxishankou", "terminal-3")
    found = judged(record)
    basis = found.basis
    assert basis is not None and [leg.fare_fen for leg in basis.legs] == [700, 2_500]
    airport_operator = basis.legs[1].stretches[0].operator
    shares = share_totals(found.shares)
    assert sum(shares.values()) == record.charge_fen == 3_200
    assert shares[airport_operator] >= 2_500


def test_half_trips_belong_whole_to_the_tapped_line() -> None:
    half = replace(metro_ride("guomao", "xizhimen"), how="missing_exit", destination="")
    basis = GROUND.split_basis(half)
    assert (basis.kind, basis.weights) == ("line", ((half.operator, 1),))


def test_nothing_in_a_record_can_trip_the_ground() -> None:
    """Unknown cities, modes, stations, and times without a tariff get answers, never errors."""
    record = metro_ride("guomao", "xizhimen")
    for change in (
        {"city": "000000"},
        {"mode": "balloon"},
        {"line": "?", "origin": "?", "destination": "?"},
        {"line": "", "origin": "", "destination": ""},
        {"entered_s": 1_420_100_000, "exited_s": 1_420_100_000},
        {"how": "missing_exit", "origin": ""},
        {"how": "missing_entry", "destination": ""},
        {"origin": "xizhimen"},
    ):
        odd = replace(record, **change)
        judged(odd)
        GROUND.fare_fen(odd)
        GROUND.highest_charge_fen(odd)
        assert GROUND.split_basis(odd).weights
        assert isinstance(GROUND.operators(odd), frozenset)


def test_overtime_may_stand_above_the_fare_and_nothing_else() -> None:
    """A stay beyond the limit is charged on top of the fare; one fen more than that is held."""
    record = metro_ride("guomao", "xizhimen")
    long_stay = replace(record, exited_s=record.entered_s + 10 * 3_600)
    most_fen = GROUND.highest_charge_fen(long_stay)
    assert most_fen is not None and most_fen > record.fare_fen
    assert judged(replace(long_stay, charge_fen=most_fen, delta_fen=most_fen)).status == "accepted"
    above = replace(long_stay, charge_fen=most_fen + 1, delta_fen=most_fen + 1)
    assert judged(above).code == "1007"
    assert judged(replace(record, charge_fen=most_fen, delta_fen=most_fen)).code == "1007"
