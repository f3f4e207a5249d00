"""Worked days: nine by hand agree to the fen, and every change of an expected value is seen."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hand_days import DAYS, file_of, written

from tongxing.cli import run
from tongxing.hub.day import compare, invariants, outcome_of_day, read_day
from tongxing.hub.day.comparing import Difference
from tongxing.hub.day.model import WorkedDay

AT_NIGHT = "2026-03-19T01:00:00"


@pytest.fixture(autouse=True)
def orders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each day by hand is tried in two hundred orders once, when it is checked in Chinese, and in
    four by whatever else looks at it."""
    is_whole = request.node.originalname == "test_a_day_by_hand_agrees_with_the_engine"
    if not (is_whole and request.node.callspec.params["language"] == "zh"):
        monkeypatch.setattr(invariants, "ORDERS", 4)


def day_of(name: str) -> WorkedDay:
    found = read_day(file_of(name).read_bytes(), name)
    assert isinstance(found, WorkedDay)
    return found


def outcome(day: WorkedDay) -> dict[str, Any]:
    found = outcome_of_day(day)
    assert isinstance(found, dict)
    return found


@cache
def by_hand(name: str) -> dict[str, Any]:
    """What the engine makes of a day by hand as it stands: worked out once, and only read."""
    return outcome(day_of(name))


@pytest.mark.parametrize("name", DAYS)
def test_the_files_are_what_was_worked_out_by_hand(name: str) -> None:
    assert file_of(name).read_text(encoding="utf-8") == written(DAYS[name]())


@pytest.mark.parametrize("name", DAYS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_day_by_hand_agrees_with_the_engine(
    name: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["hub", "check", str(file_of(name)), "--lang", language]) == 0
    told = capsys.readouterr().out
    assert ("全部相符" if language == "zh" else "Everything agrees") in told


@pytest.mark.parametrize("name", DAYS)
def test_journals_and_payments_also_stand_in_the_order_of_the_file(name: str) -> None:
    """Numbers are labels; for the days by hand even they are the same, but for later windows, whose
    journals a person may list in another order."""
    day = day_of(name)
    found, expected = by_hand(name), day.expected
    count = expected["journals_in_day"]
    kinds = [journal["kind"] for journal in found["journals"][:count]]
    assert kinds == [journal["kind"] for journal in expected["journals"][:count]]
    for section in ("settlement_instructions", "operator_payouts"):
        assert found[section] == expected[section]


def changed(name: str, **changes: Any) -> dict[str, Any]:
    """What the engine makes of a day by hand with some things in it changed, by record or by key
    of its rules."""
    plain = json.loads(file_of(name).read_bytes())
    records = {record["record_id"]: record for record in plain["inputs"]["records"]}
    for key, values in changes.items():
        (records[key] if key in records else plain["config"].setdefault(key, {})).update(values)
    found = read_day(msgspec.json.encode(plain), name)
    assert isinstance(found, WorkedDay), found
    return outcome(found)


def result_of(record_id: str, found: dict[str, Any]) -> dict[str, Any]:
    (result,) = (item for item in found["results"] if item["record_id"] == record_id)
    return dict(result)


def test_a_discounted_fare_is_rounded_half_up() -> None:
    for gross, paid in ((505, 455), (515, 464)):  # 454.5 and 463.5
        found = changed("worked_day", gross_fare={"S1-S9": gross}, R001={"amount_paid": paid})
        assert result_of("R001", found)["expected_paid"] == paid
        assert result_of("R001", found)["code"] == "0000"


def test_the_days_of_terminals_are_calendar_days() -> None:
    """01:30 on the 18th is still of the business day of the 17th."""
    night = {"tap_time": "2026-03-18T01:30:00", "terminal_id": "V-NEW"}
    for days, code in (
        ({"last_on": "2026-03-17"}, "1012"),
        ({"last_on": "2026-03-18"}, "0000"),
        ({"first_on": "2026-03-18"}, "0000"),
        ({"first_on": "2026-03-19"}, "1012"),
    ):
        terminals = {"V-NEW": {"acquirer": "ACQ-B", **days}}
        result = result_of("R006", changed("worked_day", terminals=terminals, R006=night))
        assert (result["code"], result["lag_days"]) == (code, 1), days


def with_more(name: str, key: str, *items: dict[str, Any]) -> dict[str, Any]:
    """What the engine makes of a day by hand in which more happened: items of a list of inputs."""
    plain = json.loads(file_of(name).read_bytes())
    plain["inputs"].setdefault(key, []).extend(items)
    found = read_day(msgspec.json.encode(plain), name)
    assert isinstance(found, WorkedDay), found
    return outcome(found)


def records_of(name: str) -> list[dict[str, Any]]:
    return list(json.loads(file_of(name).read_bytes())["inputs"]["records"])


def test_half_taps_name_no_terminal_and_are_asked_for_none() -> None:
    used = {record["terminal_id"]: record["acquirer"] for record in records_of("worked_day")}
    terminals = {name: {"acquirer": acquirer} for name, acquirer in used.items()}
    found = changed("worked_day", terminals=terminals)
    assert found == by_hand("worked_day")


def test_a_row_of_another_city_is_refused_alone() -> None:
    found = changed("worked_day", R001={"city": "B"})
    assert result_of("R001", found)["code"] == "1006"
    assert result_of("R002", found)["code"] == "0000"


@pytest.mark.parametrize(
    ("other", "first", "second"),
    [
        ({}, "0000", "1002"),  # the same ride once more
        ({"amount_paid": 170}, "1020", "1007"),  # held at once for its amount; its counter as well
        ({"tap_time": "2026-03-17T09:02:44"}, "1020", "1020"),
        ({"card_no": "3104200000000000001", "card_counter": 90}, "0000", "0000"),
    ],
)
def test_only_the_same_purchase_is_a_copy(other: dict[str, Any], first: str, second: str) -> None:
    """One number of one terminal again: with the same card and counter but another content it is a
    fork, which holds both; with another card it is another ride."""
    (ride,) = (item for item in records_of("worked_day") if item["record_id"] == "R004")
    came = {"file_id": "ACQB-20260318-0009", "received_at": "2026-03-18T08:40:00"}
    again = {**ride, **came, "record_id": "R004X", **other}
    found = with_more("worked_day", "records", again)
    assert result_of("R004X", found)["code"] == second
    assert result_of("R004", found)["code"] == first


def test_what_was_disproven_first_is_not_posted_when_somebody_proves_it_later() -> None:
    told = [
        {"record_id": "R008", "at": "2026-03-19T10:00:00", "proves": False},
        {"record_id": "R008", "at": "2026-03-20T10:00:00", "proves": True},
    ]
    found = with_more("worked_day", "evidence", *told)
    (held,) = (item for item in found["pending"] if item["ref"] == "R008")
    assert (held["state"], held["resolved_at"]) == ("VOIDED", "2026-03-19T10:00:00")
    assert ("TRIP", "R008") not in {(item["kind"], item["ref"]) for item in found["journals"]}
    assert all(found["invariants"].values())


def test_of_two_purchases_under_one_counter_only_one_may_stand_in_the_end() -> None:
    """K03 was netted, and its money goes back on the 15th; K04 has the same counter. K05 is proven,
    so K06 beside it is one too many."""
    name = "S1 no two accepted records share a natural key"
    for record_id, holds in (("K04", True), ("K06", False)):
        told = {"record_id": record_id, "at": "2026-05-16T09:00:00", "proves": True}
        assert with_more("forks", "evidence", told)["invariants"][name] is holds


def test_a_doubted_row_that_is_proven_freezes_the_other_purchase_of_its_counter() -> None:
    """R001 was netted on the 18th; R001X, without a TAC, has the same counter and is proven."""
    (ride,) = (item for item in records_of("worked_day") if item["record_id"] == "R001")
    other = {"record_id": "R001X", "file_id": "X", "terminal_seq": 2001, "tac": None}
    plain = json.loads(file_of("worked_day").read_bytes())
    plain["inputs"]["records"].append({**ride, **other, "received_at": "2026-03-18T11:00:00"})
    plain["inputs"]["evidence"] = [{"record_id": "R001X", "at": AT_NIGHT, "proves": True}]
    day = read_day(msgspec.json.encode(plain), "day")
    assert isinstance(day, WorkedDay)
    found = outcome(day)
    assert (result_of("R001X", found)["code"], result_of("R001", found)["code"]) == ("1001", "0000")
    told = {(item["kind"], item["ref"]): item["at"] for item in found["journals"]}
    assert told["TRIP", "R001X"] == told["CHARGEBACK_TO_ESCROW", "FORK-R001"] == AT_NIGHT
    assert told["DISPUTE_WON_BY_ISSUER", "FORK-R001"] == "2026-03-29T12:00:00"
    assert all(found["invariants"].values())


def test_a_top_up_after_the_cut_off_is_of_the_window_of_its_moment() -> None:
    for at, in_day in (("11:59:59", True), ("12:00:00", False)):
        more = {"topup_id": "T2", "issuer": "ISS-A", "account_id": "X1", "amount": 700}
        more["at"] = f"2026-03-18T{at}"
        found, before = with_more("worked_day", "topups", more), by_hand("worked_day")
        assert found["journals_in_day"] - before["journals_in_day"] == in_day
        grown = [
            now["customer_liability"] - then["customer_liability"]
            for now, then in zip(found["float_true_up"], before["float_true_up"], strict=True)
        ]
        assert grown == [700 * in_day, 0]
        bank = found["balances_after_epilogue"]["ISS-A:bank_float"]
        assert bank - before["balances_after_epilogue"]["ISS-A:bank_float"] == 700


def test_each_window_that_is_paid_on_one_day_makes_the_float_right_for_itself() -> None:
    """Two windows of a holiday are paid on 8 October. H05, in the second, becomes a ride of ISS-A
    away from home: its fee of 1.80, to 2, of which the issuer keeps 1."""
    card = {"card_no": "3104200000000000004", "card_counter": 78, "balance_before": 5_820}
    found = changed("holiday", H05={**card, "amount_paid": 180})
    assert result_of("H05", found)["code"] == "0000"
    floats = [
        (item["kind"], item["ref"], item["at"], max(line["debit"] for line in item["lines"]))
        for item in found["journals"]
        if item["kind"].startswith("FLOAT_")
    ]
    at = "2026-10-08T17:00:00"
    assert floats == [
        ("FLOAT_TRUE_UP", "ISS-A", at, 11),
        ("FLOAT_SWEEP", "ISS-B", at, 1),
        ("FLOAT_SWEEP", "ISS-A", at, 1),
    ]
    assert [item["true_up"] for item in found["float_true_up"]] == [11, -1]
    assert found["invariants"]["I8 float bank = customer liability for each issuer"]


def test_the_worked_day_in_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """32 journals with 198 lines, 28.44 in and 24.31 out, 13 fen of fees for the hub."""
    assert run(["hub", "check", str(file_of("worked_day")), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["agrees"] is True and told["differences"] == []
    assert told["compared"]["journals"] == 32
    assert told["compared"]["invariants"] == 21
    found = by_hand("worked_day")
    assert sum(len(journal["lines"]) for journal in found["journals"]) == 198
    legs = found["settlement_instructions"]
    assert sum(leg["amount"] for leg in legs if leg["phase"] == 1) == 2844
    assert sum(leg["amount"] for leg in legs if leg["phase"] == 2) == 2431
    assert found["balances_after_epilogue"]["HUB:settle_bank"] == 13


def test_a_fee_of_nothing_may_stand_or_not_and_an_exact_fee_may_be_rounded() -> None:
    """The pair of 800 fen asks 0.0984 fen at 123 ppm, so its fee is 0."""
    day = day_of("worked_day")
    found = outcome(day)
    fee_of = {(fee["acquirer"], fee["issuer"]): fee for fee in found["fees"]}
    at_home = fee_of["ACQ-A", "ISS-A"]
    assert (at_home["base"], at_home["exact_fee"], at_home["fee"]) == (1530, "0.00", 0)
    with_it = {**day.expected, "fees": [*day.expected["fees"], {**at_home}]}
    assert compare(with_it, found).agrees
    with_it["fees"][-1]["base"] = 1531
    assert [item.what for item in compare(with_it, found).differences] == ["fees.ACQ-A ISS-A.base"]

    config = msgspec.structs.replace(day.config, fee_cross_city_ppm=123)
    found = outcome(msgspec.structs.replace(day, config=config))
    (pair,) = (fee for fee in found["fees"] if (fee["acquirer"], fee["base"]) == ("ACQ-A", 800))
    assert (pair["exact_fee"], pair["fee"]) == ("0.0984", 0)
    for told, agrees in (
        ("0.0984", True),
        ("0.098", True),
        ("0.10", True),
        ("0.09", False),
        ("0.0985", False),
        ("0.1", False),
        ("1e-1", False),
        (0.0984, False),
    ):
        rounded = {"fees": [{**pair, "exact_fee": told}]}
        assert compare(rounded, {"fees": [pair]}).agrees is agrees, told


def scalars(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where every single value of an expectation stands."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from scalars(part, (*path, key))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from scalars(part, (*path, place))
    else:
        yield path


_MAY_LACK_IDLE = {
    "positions": ("gross_debit", "gross_credit"),
    "bp_report": ("income", "pay", "test_income", "test_pay"),
    "float_true_up": ("true_up",),
    "fees": ("fee",),
}
_LABELS = {"journal_id", "instruction_id"}
_PAYMENT_KINDS = {"SETTLE_IN", "SETTLE_OUT", "OPERATOR_PAYOUT", "OPERATOR_RECOVERY"}


def is_needed(section: str, item: Any) -> bool:
    """Whether an item of a list may not be left out: that of a member that had nothing may."""
    return any(item[key] for key in _MAY_LACK_IDLE[section]) if section in _MAY_LACK_IDLE else True


def is_label(expected: dict[str, Any], path: tuple[str | int, ...]) -> bool:
    """The numbers of journals and instructions, also where a payment's journal refers to one; and
    the side on which nothing stands."""
    if path[-1] in _LABELS:
        return True
    if path[0] in ("positions", "bp_report") and path[-1] in ("side", "sign"):
        item = expected[path[0]][path[1]]
        return item.get("net", item.get("reserve_change")) == 0
    is_ref = path[0] == "journals" and path[-1] == "ref"
    return is_ref and expected["journals"][path[1]]["kind"] in _PAYMENT_KINDS


@pytest.mark.parametrize("name", DAYS)
def test_no_expected_value_can_change_unseen(name: str) -> None:
    """Every value of the file, one after the other: a fen more, another word, a truth denied."""
    expected = day_of(name).expected
    found = msgspec.json.decode(msgspec.json.encode(by_hand(name)))
    assert compare(expected, found).agrees
    seen = 0
    for path in scalars(expected):
        if is_label(expected, path):
            continue
        holder: Any = expected
        for step in path[:-1]:
            holder = holder[step]
        value = holder[path[-1]]
        holder[path[-1]] = (
            not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else "?"
        )
        assert not compare(expected, found).agrees, path
        holder[path[-1]] = value
        seen += 1
    assert seen > 300


@pytest.mark.parametrize("name", DAYS)
def test_nothing_expected_can_be_missing_or_too_much(name: str) -> None:
    day = day_of(name)
    found = by_hand(name)
    for section, value in day.expected.items():
        without = {key: part for key, part in day.expected.items() if key != section}
        assert Difference(section, "–", "computed") in compare(without, found).differences
        if isinstance(value, list) and value:
            needed = [item for item in value if is_needed(section, item)]
            less_one = [[item for item in value if item is not one] for one in needed[-1:]]
            for changed in (*less_one, [*value, value[0]]):
                assert not compare({**day.expected, section: changed}, found).agrees, section
        if isinstance(value, dict) and value:
            less = dict(list(value.items())[1:])
            more = {**value, "somebody": 1}
            for other in (less, more):
                assert not compare({**day.expected, section: other}, found).agrees, section
    assert not compare({**day.expected, "weather": "rain"}, found).agrees


def test_a_difference_is_shown_with_both_values(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = file_of("worked_day").read_text(encoding="utf-8")
    changed = tmp_path / "changed.json"
    changed.write_text(text.replace('"net": 1888', '"net": 1889'), encoding="utf-8")
    assert run(["hub", "check", str(changed), "--lang", "en"]) == 1
    line = next(
        line for line in capsys.readouterr().out.splitlines() if "positions.ISS-A.net" in line
    )
    assert "1889" in line and "1888" in line
    assert run(["hub", "check", str(changed), "--lang", "zh"]) == 1
    assert "不符之处：1" in capsys.readouterr().out
    assert run(["hub", "check", str(changed), "--json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert difference == {"what": "positions.ISS-A.net", "expected": 1889, "found": 1888}


def test_lines_may_stand_in_any_order_and_no_fen_may_move() -> None:
    day = day_of("worked_day")
    found = outcome(day)
    for journal in day.expected["journals"]:
        journal["lines"].reverse()
    assert compare(day.expected, found).agrees
    line = day.expected["journals"][2]["lines"][0]
    line["debit"], line["credit"] = line["credit"], line["debit"]
    (first, second) = compare(day.expected, found).differences
    assert first.what.startswith("journals.TRIP R001.lines.")
    assert second.what.startswith("journals.TRIP R001.lines.")


def test_a_member_with_nothing_may_be_left_out() -> None:
    day = day_of("halves")
    found = outcome(day)
    for section, key in (("positions", "participant"), ("bp_report", "org")):
        expected = [item for item in day.expected[section] if item[key] != "ISS-B"]
        assert len(expected) == 3
        assert compare({**day.expected, section: expected}, found).agrees
        lost = [item for item in day.expected[section] if item[key] != "ACQ-B"]
        assert not compare({**day.expected, section: lost}, found).agrees
