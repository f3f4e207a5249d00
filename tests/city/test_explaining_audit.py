"""Why a trip cost what it did: priced again for an auditor, and found by what one has in hand."""

from pathlib import Path

import pytest
from explaining_desk import CLOSE_S, DUE_S, Desk, a_commute, a_strange_day

from street import (
    CARD,
    CHONGQING,
    CITY_KEY,
    DAY,
    KEYS,
    Taps,
    moment,
    open_city,
    send,
)
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.cli import run
from tongxing.fares import Counter, FareState, load_city_fares
from tongxing.storage import Database


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Commands find the one city of the books by themselves, or none."""
    return empty_database


@pytest.fixture
def desk(database: Database, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(database, capsys)


# --- the audit ------------------------------------------------------------------------------------


@pytest.mark.req("R-403")
def test_every_trip_of_a_strange_day_can_be_priced_again(database: Database, desk: Desk) -> None:
    city = a_strange_day(database)
    assert city.resolve_due(DUE_S) == 1
    city.close()
    hows = [how for _, how in desk.trips()]
    assert {"single_tap", "both_taps", "median"} <= set(hows)
    for trip_id, how in desk.trips():
        found = desk.json(trip_id, "--audit")["audit"]
        different = [
            check for check in (*found["lines"], *found["facts"]) if check["result"] != "same"
        ]
        assert different == [], (trip_id, how)
        assert found["facts"] and found["taps"] > 0


def test_counters_that_were_taken_over_are_where_the_audit_begins(
    database: Database, desk: Desk
) -> None:
    state = FareState(counters=(Counter(f"{CHONGQING}.rail", 202603, 20_000, 60),))
    city = City(CHONGQING, database, CITY_KEY, KEYS, load_city_fares(CHONGQING))
    medium = MediumOpening(CARD, "card", f"local:{CHONGQING}", "ordinary", state)
    city.open_riders([RiderOpening("a1", (medium,), 10_000)], moment("03:00"))
    tap = Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CARD, "exit", "shapingba"))
    [(trip_id, _)] = desk.trips()
    audit = desk.json(trip_id, "--audit")["audit"]
    assert audit["result"] == "same"
    assert audit["state_before"]["counters"] == [
        {"name": f"{CHONGQING}.rail", "month": 202603, "paid_fen": 20_000, "rides": 60}
    ]
    assert "500000.rail 202603 paid 200.00 yuan in 60 rides" in desk.ask(trip_id, "--audit")[1]
    city.close()


def test_the_state_before_is_that_of_the_leg_before(database: Database, desk: Desk) -> None:
    a_commute(database).close()
    (rail, _), (bus, _) = desk.trips()
    nothing = {"counters": [], "anchor": None, "packs": []}
    assert desk.json(rail, "--audit")["audit"]["state_before"] == nothing
    anchor = desk.json(bus, "--audit")["audit"]["state_before"]["anchor"]
    assert (anchor["mode"], anchor["nominal_fen"], anchor["exited_s"]) == (
        "rail", 500, moment("08:40"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE trip SET lines = replace(lines, '-50', '-60')", "price line"),
        ("UPDATE trip SET lines = replace(lines, '_bp\":9000', '_bp\":8000')", "price line"),
        ("UPDATE trip SET lines = '[]'", "price line"),
        ("UPDATE trip SET charge_fen = charge_fen + 1", "charge"),
        ("UPDATE trip SET fare_fen = fare_fen + 1", "fare"),
        ("UPDATE trip SET destination = 'daping'", "to"),
        ("UPDATE trip SET exited_s = exited_s + 1", "left"),
        ("UPDATE trip SET how = 'void'", "kind of trip"),
        ("UPDATE trip_revision SET record = replace(record, '\"delta_fen\":4', '\"delta_fen\":5')",
         "sum of the records"),
        ("DELETE FROM tap WHERE station = 'shapingba'", "kind of trip"),
    ],
)  # fmt: skip
def test_what_was_written_by_hand_is_found(
    statement: str, what: str, database: Database, desk: Desk
) -> None:
    a_commute(database).close()
    rail = desk.trips()[0][0]
    assert desk.ask(rail, "--audit")[0] == 0
    desk.change(f"{statement} WHERE trip_id = '{rail}'" if "WHERE" not in statement else statement)
    code, told, _ = desk.ask(rail, "--audit")
    assert code == 1
    rows = [row for row in told.splitlines() if "DIFFERENT" in row]
    assert any(f"│ {what} " in row for row in rows), rows
    assert "differ: the price in the books is not what the taps give" in told


def test_a_counter_that_moved_later_is_told_apart_from_a_wrong_price(
    database: Database, desk: Desk
) -> None:
    """A ride of the same month comes in late: this trip's price is the same, its counter is not."""
    a_commute(database).close()
    rail = desk.trips()[0][0]
    desk.change(
        "UPDATE trip SET lines = replace(replace(lines, '\"before_fen\":0', '\"before_fen\":7'),"
        " '\"after_fen\":450', '\"after_fen\":457')"
    )
    code, told, _ = desk.ask(rail, "--audit")
    assert code == 0
    assert "Lines that now rest on another counter or leg than when booked: 1." in told
    results = [check["result"] for check in desk.json(rail, "--audit")["audit"]["lines"]]
    assert results == ["same", "same", "moved"]


def test_a_tariff_that_is_not_held_here_cannot_be_audited(database: Database, desk: Desk) -> None:
    a_commute(database).close()
    rail = desk.trips()[0][0]
    held = desk.json(rail)["tariff"]
    assert held["held"] and held["name"] == held["in_force"]
    desk.change("UPDATE trip SET tariff = '500000-20250730/00000000'")
    code, told, _ = desk.ask(rail, "--audit")
    assert code == 1
    assert "500000-20250730/00000000 (not held here; the version held for that time is" in told
    assert "so this is no audit" in told
    assert desk.ask(rail)[0] == 0, "without --audit it is only said"


# --- finding it -----------------------------------------------------------------------------------


def test_a_trip_is_found_by_its_beginning_its_record_or_a_tap(
    database: Database, desk: Desk
) -> None:
    a_commute(database).close()
    rail = desk.trips()[0][0]
    for name in (rail[:8], rail.upper(), f" {rail} ", f"{rail}.1", "T-shapingba-exit/1/1"):
        assert desk.json(name)["trip"]["trip_id"] == rail, name


def test_a_beginning_of_several_trips_lists_them(database: Database, desk: Desk) -> None:
    a_commute(database).close()
    (rail, _), (bus, _) = desk.trips()
    twin = rail[:8] + bus[8:]
    desk.change(f"UPDATE trip SET trip_id = '{twin}' WHERE trip_id = '{bus}'")
    code, told = desk.refusal(rail[:8])
    assert code == 4
    assert "TRIP_AMBIGUOUS" in told
    assert rail in told and twin in told and "¥4.50" in told
    assert desk.json(rail[:8] + rail[8:12])["trip"]["trip_id"] == rail


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("0000", 4, "TRIP_UNKNOWN"),
        ("f" * 32, 4, "TRIP_UNKNOWN"),
        ("T-nowhere/1/1", 4, "TAP_UNKNOWN"),
        ("T-shapingba-exit/1/9", 4, "TAP_UNKNOWN"),
        ("T-shapingba-exit/7fffffffffffffff/9999999999", 4, "TAP_UNKNOWN"),
        ("T-shapingba-exit/ffffffffffffffff/9999999999", 2, "TRIP_NAME"),
        ("abc", 2, "TRIP_NAME"),
        ("not a trip", 2, "TRIP_NAME"),
        ("f" * 33, 2, "TRIP_NAME"),
        ("", 2, "TRIP_NAME"),
    ],
)
def test_what_is_no_trip_is_one_clear_line(
    name: str, code: int, reason: str, database: Database, desk: Desk
) -> None:
    a_commute(database).close()
    found, told = desk.refusal(name)
    assert (found, told.count("\n")) == (code, 1)
    assert f"error {reason}: " in told


def test_a_tap_that_no_trip_rests_on_says_why(database: Database, desk: Desk) -> None:
    city, tap = open_city(database), Taps()
    refused = tap("08:00", CARD, "entry", "chaotianmen", outcome="MEDIUM_DENIED")
    waiting = tap("08:01", CARD, "entry", "chaotianmen")
    send(city, refused, waiting)
    for ref, reason in ((refused.ref, "MEDIUM_DENIED"), (waiting.ref, "OPEN")):
        code, told = desk.refusal(str(ref))
        assert code == 4
        assert f"error TAP_WITHOUT_TRIP: Tap {ref} is kept ({reason})" in told
    city.close()


def test_books_of_a_city_whose_fares_are_not_here_are_not_guessed_at(
    database: Database, desk: Desk
) -> None:
    a_commute(database).close()
    rail = desk.trips()[0][0]
    desk.change(f"ALTER SCHEMA city_{CHONGQING} RENAME TO city_990001")
    code, told = desk.refusal(rail)
    assert code == 4
    assert "error FARES_NO_CITY: There is no fare data for 990001" in told


def test_half_a_trip_that_waits_is_not_priced_yet(database: Database, desk: Desk) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen"))
    city.close_day(DAY, CLOSE_S)
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute("SELECT trip_id FROM half_trip").fetchone()
    assert row is not None
    for name in (row[0], row[0][:6]):
        code, told = desk.refusal(name)
        assert code == 5
        assert f"error TRIP_WAITS: Trip {name} is only half known and not priced yet" in told
    city.close()


def test_without_books_there_is_nothing_to_explain(
    database: Database, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.refusal("0000")[0] == 4
    assert "NOTHING_TO_PROVE" in desk.refusal("0000")[1]
    assert run(["fares", "explain", "0000", "--home", str(tmp_path / "none")]) == 4
    assert "NOTHING_TO_PROVE" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
