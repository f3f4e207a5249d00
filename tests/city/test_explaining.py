"""Why a trip cost what it did: told to its passenger, with its history and where the money went."""

import gzip

import msgspec
import pytest
from explaining_desk import CLOSE_S, DUE_S, Desk, a_commute, a_strange_day

from street import (
    CARD,
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
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Manifest, Record, Share, VerdictFile, seal, unseal
from tongxing.messages.records import Verdict
from tongxing.storage import Database


@pytest.fixture
def desk(database: Database, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(database, capsys)


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


def test_what_is_told_follows_when_only_the_words_change(database: Database, desk: Desk) -> None:
    """A gate gave a transfer that the city could not know of yet; then the first leg comes in."""
    city, tap = open_city(database), Taps()
    bus = tap("09:00", PURSE, "ride", "", line="bus-149", mode="bus", taken=0)
    send(city, bus)
    before = desk.json(str(bus.ref))
    assert before["trip"]["remark"] == "FARE_DIFFERS"
    assert [line["kind"] for line in before["lines"]] == ["base", "percent", "gate_difference"]
    send(
        city,
        tap("08:00", PURSE, "entry", "chaotianmen", taken=0),
        tap("08:40", PURSE, "exit", "shapingba", taken=450),
        at="23:30",
    )
    after = desk.json(str(bus.ref), "--audit")
    assert after["trip"]["remark"] == ""
    assert [line["kind"] for line in after["lines"]] == ["base", "transfer"]
    assert [change["delta_fen"] for change in after["changes"]] == [0], "no money moved"
    assert after["audit"]["result"] == "same"
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
