"""Why a trip cost what it did: found by what one has in hand, told to its passenger, audited."""

import gzip
import json
from pathlib import Path

import msgspec
import pytest

from street import (
    CARD,
    CHONGQING,
    CITY_KEY,
    CODE,
    DAY,
    HUB_KEY,
    KEYS,
    PURSE,
    VISITOR,
    Taps,
    moment,
    open_city,
    send,
)
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.cli import run
from tongxing.fares import Counter, FareState, load_city_fares
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Manifest, Record, Share, VerdictFile, seal, unseal
from tongxing.messages.records import Verdict
from tongxing.storage import Database

CLOSE_S = business_day_end(DAY)
DUE_S = CLOSE_S + 7 * 86_400
"""When the clock decides about a half trip of DAY."""
Found = tuple[int, str, str]


class Desk:
    """Someone at the command line, with the books of one database."""

    def __init__(self, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = database
        self._capsys = capsys

    def ask(self, *words: str, lang: str = "en") -> Found:
        """Exit code, what was said, and what was complained about."""
        self._capsys.readouterr()
        line = ["fares", "explain", *words, "--dsn", self.database.dsn, "--lang", lang]
        code = run(line)
        return code, *self._capsys.readouterr()

    def json(self, *words: str) -> dict[str, object]:
        code, out, err = self.ask(*words, "--json")
        assert err == "", err
        found: dict[str, object] = json.loads(out)
        assert (found["audit"] is None) or (found["audit"]["result"] == "same") == (code == 0)
        return found

    def refusal(self, *words: str) -> tuple[int, str]:
        code, out, err = self.ask(*words)
        assert out == ""
        return code, err

    def trips(self) -> list[tuple[str, str]]:
        """Every trip of the city, with how it came about."""
        with self.database.connect(f"city_{CHONGQING}") as connection:
            rows = connection.execute("SELECT trip_id, how FROM trip ORDER BY entered_s").fetchall()
        return [(str(trip_id), str(how)) for trip_id, how in rows]

    def change(self, statement: str) -> None:
        """What nobody may do: write in the books by hand."""
        with self.database.connect(f"city_{CHONGQING}") as connection:
            connection.execute(statement.encode())


@pytest.fixture
def desk(database: Database, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(database, capsys)


def a_commute(database: Database) -> City:
    """Rail to Shapingba, then a bus within the hour."""
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
        tap("09:00", CARD, "ride", "", line="bus-149", mode="bus"),
    )
    return city


def a_strange_day(database: Database) -> City:
    """Everything that can become of a tap in one day, told in disorder."""
    city, tap = open_city(database), Taps()
    late_exit = tap("07:40", CODE, "exit", "shapingba")
    early_exit, its_entry = (
        tap("12:40", CARD, "exit", "shapingba"),
        tap("12:00", CARD, "entry", "chaotianmen"),
    )
    send(city, early_exit)
    send(
        city,
        tap("07:00", CODE, "entry", "chaotianmen"),
        tap("08:50", CARD, "ride", "", line="bus-149", mode="bus"),
        tap("13:00", CARD, "ride", "", line="nowhere", mode="bus"),
        tap("09:00", PURSE, "entry", "chaotianmen", taken=0),
        tap("09:30", PURSE, "exit", "shapingba", taken=440),
        tap("10:00", VISITOR, "entry", "chaotianmen", taken=0),
        tap("10:30", VISITOR, "exit", "shapingba", taken=450),
        tap("20:00", CODE, "entry", "chaotianmen"),
        tap("21:00", CARD, "entry", "chaotianmen", outcome="MEDIUM_DENIED"),
    )
    send(city, its_entry, late_exit)
    city.close_day(DAY, CLOSE_S)
    return city


# --- what the passenger reads ---------------------------------------------------------------------


@pytest.mark.req("R-006", "R-401")
def test_a_passenger_reads_why_in_both_languages(database: Database, desk: Desk) -> None:
    a_commute(database).close()
    (rail, _), (bus, _) = desk.trips()
    code, chinese, _ = desk.ask(rail, lang="zh")
    assert code == 0
    for words in (
        "朝天门 → 沙坪坝 · 轨道交通 · 2026-03-17 08:00:00 – 2026-03-17 08:40:00 · 完整（进出）",
        "号码 500000******0001",
        "基本票价 5.00 元：朝天门→沙坪坝，计价里程 16.308 公里",
        "9折优惠，减 0.50 元（规则 CQ-CARD-9",
        "2026-03 轨道累计：0.00 元 → 4.50 元，第 1 次",
        "实扣 4.50 元（票价 5.00 元）",
        "（本机有此版本）",
        "推断，非官方公布",
        "重庆轨道交通 2025-07-25 公告",
        "首次计价",
        "尚未报送",
    ):
        assert words in chinese, words
    english = desk.ask(bus)[1]
    for words in (
        "Transfer: 20 min after your last leg (rail, fare 5.00 yuan), 2.00 yuan off",
        "Charge 0.00 yuan (fare 2.00 yuan)",
        "one fare for every ride",
    ):
        assert words in english, words
    assert CARD not in chinese + english


def test_the_sum_runs_from_line_to_line_up_to_the_charge(database: Database, desk: Desk) -> None:
    a_strange_day(database).close()
    for trip_id, _ in desk.trips():
        found = desk.json(trip_id)
        sums = [line["sum_fen"] for line in found["lines"]]
        amounts = [line["amount_fen"] for line in found["lines"]]
        assert sums == [sum(amounts[: count + 1]) for count in range(len(amounts))]
        assert (sums or [0])[-1] == found["trip"]["charge_fen"]
        for line in found["lines"]:
            assert line["zh"] and line["en"] and line["zh"] != line["en"]
            assert (line["counter"] is not None) == (line["kind"] == "count")


def test_json_masks_the_number_wherever_it_stands(database: Database, desk: Desk) -> None:
    a_strange_day(database).close()
    for trip_id, _ in desk.trips():
        for words in ((trip_id,), (trip_id, "--audit")):
            told = "".join(desk.ask(*words, "--json")[1:]) + "".join(desk.ask(*words)[1:])
            assert "*****" in told
            assert not any(number in told for number in (CARD, CODE, PURSE, VISITOR))


# --- the history of a charge ----------------------------------------------------------------------


def changes(desk: Desk, how: str) -> list[tuple[int, list[str], int, list[str]]]:
    """Revision, why, delta and the taps that came, of the one trip that is `how` now."""
    [trip_id] = [trip_id for trip_id, now in desk.trips() if now == how]
    return [
        (one["revision"], one["why"], one["delta_fen"], [tap["tap"] for tap in one["taps_came"]])
        for one in desk.json(trip_id)["changes"]
    ]


def test_a_late_exit_is_named_with_the_time_it_came(database: Database, desk: Desk) -> None:
    city, tap = open_city(database), Taps()
    entry, exit_ = (
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
    )
    send(city, entry)
    city.close_day(DAY, CLOSE_S)
    assert city.resolve_due(DUE_S) == 1
    send(city, exit_, at=DUE_S + 600)
    assert changes(desk, "both_taps") == [
        (1, ["first"], 900, [str(entry.ref)]),
        (2, ["taps", "ends"], -450, [str(exit_.ref)]),
    ]
    told = desk.ask(str(entry.ref), "--audit")
    assert told[0] == 0
    assert f"tap {exit_.ref} came in 2026-03-25 03:10:00" in told[1]
    assert "its ends changed" in told[1]
    city.close()


def test_an_earlier_ride_that_comes_late_is_said_to_be_the_cause(
    database: Database, desk: Desk
) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("09:00", CARD, "ride", "", line="bus-149", mode="bus"))
    send(
        city,
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
        at="23:30",
    )
    assert [change[:3] for change in changes(desk, "single_tap")] == [
        (1, ["first"], 180),
        (2, ["memory"], -180),
    ]
    city.close()


def test_a_withdrawn_trip_says_so_and_passes_its_audit(database: Database, desk: Desk) -> None:
    city, tap = open_city(database), Taps()
    send(city, exit_ := tap("08:40", CARD, "exit", "shapingba"))
    assert city.resolve_due(DUE_S) == 1
    send(city, tap("08:00", CARD, "entry", "chaotianmen"), at=DUE_S + 600)
    assert [change[:2] for change in changes(desk, "void")] == [(1, ["first"]), (2, ["void"])]
    [void] = [trip_id for trip_id, how in desk.trips() if how == "void"]
    code, told, _ = desk.ask(void, "--audit")
    assert code == 0
    assert "This trip was withdrawn and costs nothing" in told
    assert desk.json(str(exit_.ref))["trip"]["how"] == "both_taps", "the tap leads to what stands"
    city.close()


def test_record_file_and_verdict_follow_the_money(database: Database, desk: Desk) -> None:
    city = a_commute(database)
    made = city.record_file(moment("30:00"))
    assert made is not None
    opened = unseal(made[0], Manifest, KEYS)
    assert not isinstance(opened, Refusal)
    manifest = opened[1]
    records = [
        msgspec.json.decode(row, type=Record) for row in gzip.decompress(made[1]).splitlines()
    ]
    (rail, _), (bus, _) = desk.trips()
    assert "not judged yet" in desk.ask(rail)[1]
    verdicts = [
        Verdict(
            record_id=one.record_id,
            status="accepted",
            code="0000",
            shares=[Share("OP-CQ-RAIL", one.delta_fen)],
        )
        if one.trip_id == rail
        else Verdict(record_id=one.record_id, status="rejected", code="1001", bearer="acquirer")
        for one in records
    ]
    body = VerdictFile(
        file_id=manifest.file_id, window_id="W-2026-03-18", file_code="OK", verdicts=verdicts
    )
    assert city.apply_verdicts(seal(body, HUB_KEY), moment("31:00")) is None
    told = desk.ask(rail)[1]
    for words in (manifest.file_id, "2026-03-18 06:00:00", "W-2026-03-18", "0000"):
        assert words in told, words
    [change] = desk.json(bus)["changes"]
    assert (change["verdict"]["code"], change["verdict"]["bearer"]) == ("1001", "acquirer")
    city.close()
    assert CITY_KEY.sender == manifest.sender.replace("ACQ", "CITY")


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
        ("T-shapingba-exit/ffffffffffffffff/9999999999", 4, "TAP_UNKNOWN"),
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
