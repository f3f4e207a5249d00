"""Cases worked out by hand from the texts of the requirements, held to the real rules."""

import json
from pathlib import Path

import pytest

from tongxing.cli import run

FILE = Path(__file__).parent / "gate_cases_own.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.req("R-100", "R-104", "R-105", "R-110", "R-111", "R-113", "R-115", "R-116", "R-117")
@pytest.mark.req("R-133", "R-134", "R-135", "R-144", "R-145", "R-158", "R-159", "R-160", "R-163")
def test_every_case_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["entry", "check", str(FILE), "--lang", "en"]) == 0
    assert f"{len(CASES)} of {len(CASES)} cases hold" in capsys.readouterr().out
    assert len(CASES) >= 50 and all(one["requirements"] for one in CASES)


def test_the_other_answer_holds_for_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = {"open": "closed", "informative": "closed", "closed": "open"}
    turned = [
        {**one, "then": {"gate": others[one["then"]["gate"]]}}
        for one in CASES
        if "gate" in one["then"]
    ]
    file = tmp_path / "turned.json"
    file.write_text(json.dumps({"cases": turned}), encoding="utf-8")
    assert run(["entry", "check", str(file), "--lang", "en"]) == 1
    assert f"0 of {len(turned)} cases hold" in capsys.readouterr().out


def test_a_side_that_a_gate_does_not_have_is_not_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "side.json"
    case = {"id": "X", "given": {"medium": "card"}, "then": {"gate": "open"}}
    case["when"] = {"where": "key station", "side": "roof"}
    file.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    assert run(["entry", "check", str(file), "--lang", "en"]) == 2
    assert "roof" in capsys.readouterr().out
