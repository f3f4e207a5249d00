"""`tongxing bench clear`: one line, and nothing of the compiler's time in it."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tongxing.clearing import measuring
from tongxing.clearing.engines.duck import COMPILED_FROM_ROWS
from tongxing.clearing.invented import SMALL
from tongxing.clearing.measuring import Figures, make_rows
from tongxing.cli import run

ROWS = 12_000
WRONG = 2
"""Of rows 11, 9,984, 19,957 … a code is wrong on purpose."""


def test_clearing_is_told_with_its_reference_after_a_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rehearsal has the same rules and rows, and compiles whatever their number; that is left
    out here, for compiling takes its time."""
    monkeypatch.setattr(measuring, "COMPILED_FROM", 5_000)
    runs: list[tuple[bytes, int, object]] = []
    alone = measuring._alone

    def heard(folder: Path, *orders: Any) -> Figures:
        with duckdb.connect() as base:
            seen = base.execute(f"SELECT count(*) FROM '{folder}/*.parquet'").fetchone()
        assert seen is not None
        runs.append(((folder / "rules" / "members.csv").read_bytes(), seen[0], orders[-1]))
        return alone(folder, *orders[:-1], COMPILED_FROM_ROWS)

    monkeypatch.setattr(measuring, "_alone", heard)
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
    rules = (rows / str(ROWS) / "rules" / "members.csv").read_bytes()
    assert runs == [(rules, 5_000, 0), (rules, ROWS, COMPILED_FROM_ROWS)]
    assert [path.name for path in rows.iterdir()] == [str(ROWS)], "nothing else is left there"
