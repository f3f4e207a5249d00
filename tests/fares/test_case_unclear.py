"""`tongxing fares check`: a case that is not understood fails, says why, and harms no other."""

import pytest
from case_desk import COMMUTE, case, check

from tongxing.cli import run


@pytest.mark.parametrize(
    ("strange", "said"),
    [
        (case("Chongqing", [COMMUTE | {"colour": "red"}], [{"charge_fen": 450}]), "colour"),
        (case("Chongqing", [COMMUTE | {"base": "5.00"}], [{"charge_fen": 450}]), "base"),
        (case("Chongqing", [COMMUTE], [{"charge_fen": 450}, {}]), "2 expectations"),
        (case("Atlantis", [COMMUTE], [{"charge_fen": 450}]), "Atlantis"),
        (case("Chongqing", [COMMUTE | {"t": "25 o'clock"}], [{"charge_fen": 450}]), "25 o'clock"),
        (case("Beijing", [{"from": "土橋", "to": "国贸"}], [{"charge_fen": 1}]), "土桥?"),
        (case("Chongqing", [{"mode": "taxi"}], [{"charge_fen": 1}]), "FARES_NO_METER"),
        (case("Chongqing", [COMMUTE], [{"charge_fen": 450}], state_before={"x": 1}), "x"),
        (case("Chongqing", [], []), "$.events"),
        (case("Chongqing", [COMMUTE | {"repeat": 0}], [{"charge_fen": 450}]), "repeat"),
        (case("Chongqing", [COMMUTE | {"repeat": 10**9}], [{"charge_fen": 450}]), "repeat"),
        (case("Chongqing", [COMMUTE | {"minutes_after": -1}], [{"charge_fen": 450}]), "minutes"),
        (case("Chongqing", [COMMUTE], [{"charge_fen": 450}], kind="ride"), "$.kind"),
        (case("Chongqing", [COMMUTE], [{"note": "?"}]), "nothing is expected"),
        (case("Chongqing", [COMMUTE], {"totl_fen": 0}), "nothing is expected"),
        (
            case(
                "Chongqing",
                [COMMUTE],
                [{"charge_fen": 450}],
                state_before={"card 2026-13 rail spend fen": 1},
            ),
            "2026-13",
        ),
        (
            case(
                "Chongqing", [COMMUTE], [{"charge_fen": 450}], state_before={"rides this month": -1}
            ),
            "rides this month -1",
        ),
        (
            case("Chongqing", [{"base": 500, "t": "9999-12-31T23:59"}], [{"charge_fen": 450}]),
            "9999-12-31",
        ),
        (
            case("Chongqing", [{"base": 500, "t": "0001-01-01T00:00"}], [{"charge_fen": 450}]),
            "0001-01-01",
        ),
        (case("Chongqing", [{"base": 500, "mode": "sedan"}], [{"charge_fen": 500}]), "mode sedan"),
        (
            case("Ningbo", [{"base": 500, "mode": "bus", "scope": "moon"}], [{"charge_fen": 300}]),
            "scope moon",
        ),
        (case("Beijing", [{"from": "土桥"}], [{"charge_fen": 900}]), "name both from and to"),
        (
            case(
                "Beijing",
                [{"mode": "bus", "action": "board", "line_km": 4, "board_km": 5}],
                [{"charge_fen": 0}],
            ),
            "board_km 5",
        ),
    ],
)
def test_a_case_that_is_not_understood_fails_alone(tmp_path, capsys, strange, said):
    good = case("Chongqing", [COMMUTE], [{"charge_fen": 450}])
    code, out = check(tmp_path, capsys, [strange, good])
    assert code == 1 and "1 of 2 cases hold" in out and said in out


def test_what_is_not_understood_and_what_differs_is_told_in_chinese_too(tmp_path, capsys):
    strange = case("Chongqing", [COMMUTE | {"t_out": "2026-03-10T09:00"}], [{"charge_fen": 1}])
    runs = case("Chongqing", [COMMUTE | {"repeat": 2}], {"total_fen": 900, "full": 1})
    code, out = check(tmp_path, capsys, [strange, runs], "--lang", "zh")
    assert code == 1
    assert "t_out 2026-03-10T09:00：早于进站 2026-03-10T09:10" in out
    assert "各费率的乘次：实得 [2]，应为 [1]" in out


def test_a_charge_that_was_not_found_out_is_shown_and_not_compared(tmp_path, capsys):
    unknown = case("Chongqing", [COMMUTE], [{"charge_fen": None, "note": "not found"}])
    code, out = check(tmp_path, capsys, [unknown])
    assert code == 0 and "4.50" in out and "=" not in out


def test_a_file_without_cases_proves_nothing(tmp_path, capsys):
    code, out = check(tmp_path, capsys, [])
    assert code == 1 and "0 of 0 cases hold" in out


def test_a_file_that_is_no_case_file_is_refused(tmp_path, capsys):
    path = tmp_path / "cases.json"
    path.write_text("{", encoding="utf-8")
    assert run(["fares", "check", str(path)]) != 0
    assert "FARES_FILE" in capsys.readouterr().err


def test_a_tariff_that_cannot_be_read_is_refused(tmp_path, capsys):
    path = tmp_path / "own.toml"
    path.write_text('city = "990001"\n', encoding="utf-8")
    cases = tmp_path / "cases.json"
    cases.write_text('{"cases": []}', encoding="utf-8")
    assert run(["fares", "check", str(cases), "--tariff", str(path)]) != 0
    assert "FARES_TARIFF_FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("event", "more", "said"),
    [
        (COMMUTE | {"medium": "cardx"}, {}, "medium cardx (card, code, cash)"),
        (COMMUTE, {"rider": "turist"}, "rider turist"),
        (COMMUTE | {"rider": "nobody"}, {}, "rider nobody"),
        (COMMUTE | {"scheme": "T-Union", "visitor": True}, {}, "scheme T-Union"),
        (COMMUTE | {"base": None, "dist_m": -1}, {}, "dist_m -1"),
        (COMMUTE | {"dist_m": 4000}, {}, "stands without dist_m"),
        (COMMUTE | {"t_out": "2026-03-10T09:00"}, {}, "before"),
        ({"action": "buy_pack", "pack": "CQ-MONTH"}, {}, "pack CQ-MONTH"),
    ],
)
def test_a_slip_of_the_pen_is_no_ordinary_card(tmp_path, capsys, event, more, said):
    event = {key: value for key, value in event.items() if value is not None}
    code, out = check(tmp_path, capsys, [case("Chongqing", [event], [{"charge_fen": 1}], **more)])
    assert code == 1 and "not understood" in out and said in out


def test_events_of_one_medium_stand_in_the_order_of_time(tmp_path, capsys):
    earlier = COMMUTE | {"t": "2026-03-10T08:00"}
    second = {"charge_fen": 450}
    found = case("Chongqing", [COMMUTE, earlier], [{}, second])
    assert "order of time" in check(tmp_path, capsys, [found])[1]
    apart = case("Chongqing", [COMMUTE, earlier | {"card": "two"}], [{}, second])
    assert check(tmp_path, capsys, [apart])[0] == 0
