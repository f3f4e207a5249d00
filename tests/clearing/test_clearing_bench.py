"""`tongxing bench clear`: one line, and nothing of the compiler's time in it."""

import json
from pathlib import Path

import pytest

from tongxing.clearing.engines.compiled.machine import can_compile
from tongxing.clearing.invented import SMALL
from tongxing.clearing.measuring import make_rows
from tongxing.cli import run

ROWS = 12_000
WRONG = 2
"""Of rows 11, 9,984, 19,957 … a code is wrong on purpose."""


def test_clearing_is_told_with_its_reference_after_a_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rows = tmp_path / "rows"
    make_rows(rows / str(ROWS), ROWS, lambda _: None, SMALL)
    words = ["--rows", str(ROWS), "--folder", str(rows), "--tac", "on", "--lang", "en"]
    assert run(["bench", "clear", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["bench"], told["rows"], told["tac_wrong"]) == ("clear", ROWS, WRONG)
    assert told["ratio"] == pytest.approx(told["figure"] / told["reference"], abs=0.001)
    assert told["steps"].keys() == {
        "rules", "tables", "purses", "duplicates", "rows", "marks", "money", "writing",
    }  # fmt: skip
    kept = list((tmp_path / "cache").rglob("*.loop-*.nbc"))
    assert len(kept) == can_compile(), "the rehearsal has compiled, the run itself is too small to"
    assert [path.name for path in rows.iterdir()] == [str(ROWS)], "nothing else is left there"
