"""`tongxing entry check`: cases held to the real rules, wrong ones found, nothing guessed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tongxing.cli import run

KEY = {"where": "key station", "lane": "auto", "date": "2022-05-30"}
BUS = {"where": "bus line 14", "date": "2022-05-30"}
SOLD = {"where": "any station after start"}
UPGRADED = {"medium": "card", "upgraded": True, "health": "ok"}
PROMPT = "未查到健康码信息，请您尽快授权升级"
Case = dict[str, dict[str, object]]


def case(given: object, when: object, **then: object) -> Case:
    assert isinstance(given, dict) and isinstance(when, dict)
    return {"given": given, "when": when, "then": then}


def single(**given: object) -> dict[str, object]:
    return {"action": "buy_single", **given}


RIGHT: dict[str, Case] = {
    "age 0": case({**UPGRADED, "result_age_days": 0}, KEY, gate="open", same_flow_as_before=True),
    "age 2": case({**UPGRADED, "result_age_days": 2}, KEY, gate="open", prompt=None),
    "age 3": case({**UPGRADED, "result_age_days": 3}, KEY, gate="closed", staff_action="劝返"),
    "no result": case({"medium": "code", "upgraded": True}, KEY, gate="closed", debit=0),
    "bad result": case({**UPGRADED, "health": "red"}, KEY, gate="closed", entry_record=False),
    "not upgraded": case(
        {"medium": "code", "upgraded": False}, KEY, gate="closed", prompt_text=PROMPT, debit=0
    ),
    "manual, checked": case(
        {"medium": "card", "upgraded": False, "manual_check": "ok"},
        {**KEY, "lane": "manual"},
        gate="open",
        entry_record=True,
    ),
    "manual, failed": case(
        {"medium": "card", "upgraded": False, "manual_check": "failed"},
        {**KEY, "lane": "manual"},
        gate="closed",
        staff_action="劝返",
    ),
    "manual, unchecked": case(
        {"medium": "card", "upgraded": False}, {**KEY, "lane": "manual"}, gate="closed"
    ),
    "other station": case(
        {"medium": "card", "upgraded": False}, {**KEY, "where": "any other station"}, gate="open"
    ),
    "named station": case(
        {"medium": "card", "upgraded": False}, {**KEY, "where": "建国门"}, gate="closed"
    ),
    "day before": case(
        {"medium": "card", "upgraded": False}, {**KEY, "date": "2022-05-27"}, gate="open"
    ),
    "before all": case(
        {"medium": "card", "upgraded": False},
        {**KEY, "date": "2022-05-22"},
        gate="open",
        same_flow_as_before=True,
    ),
    "after the end": case(
        {"medium": "card", "upgraded": False}, {**KEY, "date": "2022-12-05"}, gate="open"
    ),
    "senior": case(
        {"medium": "senior_card", "upgraded": None},
        KEY,
        gate="open if result ok",
        auto_upgraded=True,
    ),
    "senior, age 3": case(
        {"medium": "senior_card", "upgraded": None, "health": "ok", "result_age_days": 3},
        KEY,
        gate="closed",
        staff_action="劝返",
    ),
    "bus": case({**UPGRADED, "result_age_days": 5}, BUS, gate="informative", informative=True),
    "bus, other line": case({"medium": "card"}, {**BUS, "where": "bus line 2"}, checked=False),
    "bus, slow 345": case(
        {"medium": "card"}, {**BUS, "where": "345慢车"}, gate="open", checked=True
    ),
    "down, closed": case(
        {**UPGRADED, "provider": "down", "site_policy": "closed"}, KEY, gate="closed"
    ),
    "down, open": case({**UPGRADED, "provider": "down", "site_policy": "open"}, KEY, gate="open"),
    "down, manual": case(
        {**UPGRADED, "provider": "down", "site_policy": "manual"}, KEY, reason="manual_lane"
    ),
    "forged": case({**UPGRADED, "attestation": "forged"}, KEY, reason="ENTRY_MANUAL_LANE"),
    "expired": case({**UPGRADED, "attestation": "expired"}, KEY, gate="closed"),
    "foreign": case({**UPGRADED, "attestation": "other_city"}, KEY, gate="closed"),
    "paper": case({"medium": "paper ticket"}, KEY, gate="closed", reason="manual_lane"),
    "single": case(single(id_number="given", health="ok"), SOLD, result="sold"),
    "single, no id": case(single(id_number=None), SOLD, result="refused", reason="id_required"),
    "single, wrong id": case(
        single(id_number="110101199003070000", health="ok"), SOLD, reason="id_invalid"
    ),
    "single, unchecked": case(single(id_number="given"), SOLD, reason="check_required"),
    "single, red": case(
        single(id_number="given", health="red"), SOLD, result="refused", reason="check_failed"
    ),
    "single, before": case(single(id_number=None), {"where": "before start"}, result="sold"),
    "single, day before": case(single(id_number=None), {"date": "2022-05-27"}, result="sold"),
    "collected": case(
        {"action": "collect_single", "id_number": None},
        SOLD,
        result="refused",
        reason="id_required",
    ),
    "welfare": case(
        {"action": "exchange_welfare", "id_number": "given", "health": "ok"},
        SOLD,
        result="exchanged",
    ),
    "e-single": case({"action": "buy_e_single"}, SOLD, result="refused", reason="suspended"),
    "e-single, before": case({"action": "buy_e_single"}, {"date": "2022-05-27"}, result="sold"),
    "e-refund": case({"action": "refund_e_single", "used": False}, {}, result="refunded"),
    "e-refund, used": case(
        {"action": "refund_e_single", "used": True}, {}, result="refused", reason="used"
    ),
    "e-refund, elsewhere": case(
        {"action": "refund_e_single", "used": False, "channel": "cash"},
        {},
        result="refused",
        reason="original_channel_only",
    ),
    "link first": case({"linked": []}, {"action": "link", "card": "nfc"}, result="ok"),
    "link second nfc": case(
        {"linked": ["physical", "nfc"]},
        {"action": "link", "card": "nfc"},
        result="refused",
        reason="one_nfc_per_person",
    ),
    "link second physical": case(
        {"linked": ["physical"]},
        {"action": "link", "card": "physical"},
        result="refused",
        reason="one_physical_per_person",
    ),
    "link, one digit short": case(
        {"linked": []},
        {"action": "link", "card": "physical", "number": "100012345678901"},
        reason="wrong_number",
    ),
    "link, short type": case(
        {"linked": []},
        {"action": "link", "card": "physical", "number": "1000" + "1" * 12},
        result="ok",
    ),
    "fifth": case({"agent_done": 4}, {"action": "link_for_other"}, result="ok"),
    "sixth": case(
        {"agent_done": 5}, {"action": "link_for_other"}, result="refused", reason="agent_limit_5"
    ),
    "top-up": case(
        {"card": "new nfc", "first_topup": True, "id": "given"},
        {"date": "2022-06-01"},
        result="ok",
        linked=True,
        manual_upgrade_needed=False,
    ),
    "top-up, no id": case(
        {"card": "new physical", "first_topup": True, "id": None},
        {"date": "2022-06-01"},
        result="refused",
        reason="id_required",
    ),
    "top-up, in May": case(
        {"card": "new physical", "first_topup": True, "id": None},
        {"date": "2022-05-31"},
        result="ok",
        linked=False,
    ),
    "top-up, old card": case(
        {"card": "old physical", "first_topup": True, "id": None},
        {"date": "2022-06-02"},
        result="ok",
        linked=False,
    ),
    "code in June": case({"action": "register_code"}, {"date": "2022-06-01"}, linked=True),
    "code in May": case({"action": "register_code"}, {"date": "2022-05-31"}, linked=False),
    "179 days": case(
        {"card": "普通卡 physical", "held_days": 179},
        {"action": "open_card_code"},
        result="refused",
        reason="held_less_than_180",
    ),
    "180 days": case(
        {"card": "普通卡 physical", "held_days": 180}, {"action": "open_card_code"}, result="ok"
    ),
    "student": case(
        {"card": "学生卡", "held_days": 400}, {"action": "open_card_code"}, reason="card_type"
    ),
    "virtual": case(
        {"card": "普通卡 nfc", "held_days": 400}, {"action": "open_card_code"}, reason="card_type"
    ),
    "second card": case(
        {"linked": 1}, {"action": "link_second_card"}, result="refused", reason="one_card_only"
    ),
}

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def checked(content: object, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "cases.json"
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")
        code = run(["entry", "check", str(file), "--lang", "en", *options])
        told = capsys.readouterr()
        return code, told.out, told.err

    return checked


def cases(*found: Case) -> dict[str, object]:
    numbered = [{"id": f"T-{number}", **one} for number, one in enumerate(found, start=1)]
    return {"note": "ours", "cases": numbered}


@pytest.mark.req("R-100", "R-102", "R-103", "R-106", "R-113", "R-121", "R-122", "R-155", "R-157")
def test_all_of_them_hold_in_both_languages(check: Check) -> None:
    titled = [{"id": name, "title": name, **one} for name, one in RIGHT.items()]
    code, out, err = check({"cases": titled})
    assert (code, err) == (0, ""), out
    assert len(out.splitlines()) == len(RIGHT) + 1
    assert out.endswith(f"{len(RIGHT)} of {len(RIGHT)} cases hold\n")
    code, out, _ = check({"cases": titled}, "--lang", "zh")
    assert code == 0 and f"{len(RIGHT)} 例中 {len(RIGHT)} 例相符" in out


def wrong(value: object) -> object:
    """Something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    others = {
        "open": "closed",
        "informative": "closed",
        "ok": "refused",
        "sold": "refused",
        "refunded": "refused",
    }
    return others.get(str(value), "open" if value != "open" else "closed")


@pytest.mark.parametrize("name", RIGHT)
def test_each_wrong_expectation_of_each_case_is_found(check: Check, name: str) -> None:
    one = RIGHT[name]
    changed = [
        {**one, "then": {**one["then"], key: wrong(value)}} for key, value in one["then"].items()
    ]
    code, out, _ = check(cases(*changed))
    assert code == 1
    assert out.count("DIFFERS") == len(changed) and f"0 of {len(changed)}" in out


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({"age": "result"}, {"debit": False}),
        ({}, {"prompt_text": PROMPT + "。"}),
        ({}, {"prompt": None}),
        ({}, {"reason": None}),
        ({}, {"reason": "no_such_reason"}),
        ({}, {"gate": "OPEN"}),
        ({}, {"staff_action": "劝返"}),
        ({}, {"prompt_voice": False}),
    ],
)
def test_nearly_right_is_wrong(
    check: Check, given: dict[str, object], then: dict[str, object]
) -> None:
    one = case({"medium": "card", "upgraded": False}, KEY, **then)
    code, out, _ = check(cases(one))
    assert code == 1 and "DIFFERS" in out


def test_a_result_that_fits_another_desk_does_not_hold(check: Check) -> None:
    sold = case({"linked": []}, {"action": "link", "card": "nfc"}, result="sold")
    refunded = case(single(id_number="given", health="ok"), SOLD, result="refunded")
    assert check(cases(sold, refunded))[0] == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"cases": {}}',
        '{"cases": []}',
        '{"cases": [{"id": "A"}]}',
        '{"cases": [{"id": "A", "then": {}}]}',
        '{"cases": [{"id": 1, "then": {"gate": "open"}}]}',
        '{"cases": [{"id": "A", "thn": {}, "then": {"gate": "open"}}]}',
        '{"cases": [{"id": "A", "given": [], "then": {"gate": "open"}}]}',
        '{"cases": [{"id":"A","then":{"gate":"open"}},{"id":"A","then":{"gate":"open"}}]}',
        '{"cases": [{"id": "A", "then": {"gate": "open"}}',
    ],
)
def test_a_malformed_file_is_refused_in_one_line(check: Check, content: str) -> None:
    code, out, err = check(content)
    assert (code, out) == (2, "") and "ENTRY_CASES_MALFORMED" in err and err.count("\n") == 1


def test_bytes_that_are_no_text_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.json"
    file.write_bytes(b"\xff\xfe\x00\x01")
    assert run(["entry", "check", str(file), "--lang", "en"]) == 2
    assert run(["entry", "check", str(tmp_path / "none.json"), "--lang", "en"]) != 0
    assert "FILE_NOT_FOUND" in capsys.readouterr().err


UNKNOWN: dict[str, Case] = {
    "no kind": case({"colour": "red"}, {}, gate="open"),
    "action": case({"action": "fly"}, {}, result="ok"),
    "action of no text": case({"action": 7}, {}, result="ok"),
    "medium": case({"medium": "library card"}, KEY, gate="open"),
    "left over": case({**UPGRADED, "weather": "rain"}, KEY, gate="open"),
    "expects more": case(UPGRADED, KEY, gate="open", applause=True),
    "reason of no desk": case({"medium": "card"}, KEY, result="ok"),
    "nowhere": case(UPGRADED, {"lane": "auto"}, gate="open"),
    "place": case(UPGRADED, {**KEY, "where": "!"}, gate="open"),
    "lane": case(UPGRADED, {**KEY, "lane": "fast"}, gate="open"),
    "health": case({**UPGRADED, "health": "purple"}, KEY, gate="open"),
    "age": case({**UPGRADED, "result_age_days": "two"}, KEY, gate="open"),
    "age below zero": case({**UPGRADED, "result_age_days": -1}, KEY, gate="open"),
    "age of truth": case({**UPGRADED, "result_age_days": True}, KEY, gate="open"),
    "date": case(UPGRADED, {**KEY, "date": "2022-02-30"}, gate="open"),
    "time": case(UPGRADED, {**KEY, "time": "25:00"}, gate="open"),
    "twice": case({**UPGRADED, "lane": "auto"}, KEY, gate="open"),
    "city": case({**UPGRADED, "city": "Atlantis"}, KEY, gate="open"),
    "no tariff": case(UPGRADED, {**KEY, "date": "1999-01-01"}, gate="open"),
    "held": case({"card": "普通卡", "held_days": None}, {"action": "open_card_code"}, result="ok"),
    "linked": case({"linked": 3}, {"action": "link", "card": "nfc"}, result="ok"),
    "card": case({"linked": []}, {"action": "link", "card": "yacht"}, result="ok"),
    "before 卡码": case(
        {"card": "普通卡", "held_days": 180},
        {"action": "open_card_code", "date": "2024-01-01"},
        result="ok",
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_case_that_is_not_understood_never_looks_as_if_it_held(check: Check, name: str) -> None:
    code, out, err = check(cases(UNKNOWN[name], RIGHT["age 0"]))
    assert code == 2 and "ENTRY_CASES_UNKNOWN" in err and "T-1" in err
    assert "NOT CLEAR" in out and "1 of 2 cases hold" in out


def test_as_json_each_case_says_what_differs(check: Check) -> None:
    bad = {**RIGHT["age 3"], "then": {"gate": "open"}}
    code, out, _ = check(cases(RIGHT["age 0"], bad), "--json")
    told = json.loads(out)
    assert code == 1 and (told["held"], told["total"]) == (1, 2)
    assert told["cases"][1]["differences"] == [
        {"what": "gate", "expected": "open", "found": "closed"}
    ]
