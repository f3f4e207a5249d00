"""`tongxing hub export --compare`: a window of which something stands apart, laid beside what was
cleared of it, in words and to the fen."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from tongxing.clearing.exporting.desk import APART_HEAD
from tongxing.clearing.exporting.documents import HEADS, INSTRUCTIONS, PAIRS, POSITIONS
from tongxing.cli import run

WINDOW, ACQ, ISS, OP = "W20260318", "ACQ-500000", "ISS-110000", "OP-CQ-RAIL"
BY_RULES = "accepted 0000 cardholder"
# Two rides of 1000, whose fee of 10 is shared 5, 3, 2: the issuer pays 1000 - 5, the acquirer gets
# 1000 - 5 - 2. What stands apart: 200 goes back, so the fee of 800 is 4, 2, 2; and of cases 300 are
# taken from the acquirer, and the issuer pays a fee of 10.
CLEARED = {
    POSITIONS: [f"{ACQ},0,993,-993", f"{ISS},995,0,995"],
    PAIRS: [f"{ACQ},{ISS},yes,2,1000,10,5,3,2,{OP},1000,10"],
}
SETTLED = {
    POSITIONS: [f"{ACQ},300,794,-494", f"{ISS},806,0,806"],
    PAIRS: [f"{ACQ},{ISS},yes,3,800,8,4,2,2,{OP},800,8"],
}
APART = [
    f"{WINDOW},revision,0000,,{ACQ},{ISS},1,-200,1,-200",
    f"{WINDOW},case_chargeback,,,{ACQ},{ISS},1,300,1,300",
    f"{WINDOW},case_error_fee,,,{ACQ},{ISS},1,10,1,10",
]


class Laid(NamedTuple):
    """An export and what was cleared of it."""

    export: Path
    results: Path


def sheet(path: Path, head: Sequence[str], rows: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\r\n".join([",".join(head), *rows, ""]), encoding="utf-8", newline="")


def verdicts(path: Path, *, cleared: str) -> None:
    """A file of one row's verdict, as ``status codes bearer``."""
    status, code, bearer = cleared.split()
    with duckdb.connect() as base:
        base.execute(
            "CREATE TABLE told AS SELECT 'a.parquet' AS file, 1 AS row, 't1.1' AS record_id,"
            " ? AS status, ? AS codes, ? AS bearer", [status, code, bearer],
        )  # fmt: skip
        base.execute(f"COPY told TO '{path}' (FORMAT parquet)")


@pytest.fixture
def laid(tmp_path: Path) -> Laid:
    found = Laid(tmp_path / "export", tmp_path / "results")
    for folder, sides in ((found.export / "settled", SETTLED), (found.results, CLEARED)):
        for name in (POSITIONS, PAIRS, INSTRUCTIONS):
            sheet(folder / WINDOW / name, HEADS[name], sides.get(name, []))
    sheet(found.export / "apart.csv", APART_HEAD, APART)
    shares = ("window", "acquirer", "issuer", "operator", "share_fen")
    sheet(found.export / "apart_shares.csv", shares, [f"{WINDOW},{ACQ},{ISS},{OP},-200"])
    one = {"windows": [{"window": WINDOW, "state": "settled"}], "files": {"rows/a.parquet": "1"}}
    other = {"inputs": [{"name": "a.parquet", "sha256": "1"}]}
    (found.export / "manifest.json").write_text(json.dumps(one), encoding="utf-8")
    (found.results / "manifest.json").write_text(json.dumps(other), encoding="utf-8")
    verdicts(found.export / "records.parquet", cleared=BY_RULES)
    verdicts(found.results / "verdicts.parquet", cleared=BY_RULES)
    return found


def said(capsys: pytest.CaptureFixture[str], laid: Laid, *more: str, ends: int = 0) -> str:
    line = ["hub", "export", str(laid.export), "--compare", str(laid.results), *more]
    assert run(line) == ends
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def put(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")


def test_whose_position_differs_is_told_with_by_how_much(
    laid: Laid, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, laid, "--lang", "en")
    assert f"{WINDOW} {ACQ} -4.94 -9.93 4.99" in told
    assert f"{WINDOW} {ISS} 8.06 9.95 -1.89" in told
    assert "因不在行中的款项而不同的头寸" in said(capsys, laid, "--lang", "zh")
    shifted = json.loads(said(capsys, laid, "--json"))["shifted"]
    assert [(one["member"], one["settled_fen"] - one["cleared_fen"]) for one in shifted] == [
        (ACQ, 499), (ISS, -189),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("side", "old", "new", "by"),
    [
        ("settled", "806,0,806", "1806,0,1806", "position of ISS-110000 18.06 8.06 10.00"),
        ("settled", "300,794,-494", "300,795,-495", "position of ACQ-500000 -4.95 -4.94 -0.01"),
        ("cleared", "995,0,995", "990,0,990", "position of ISS-110000 8.06 8.01 0.05"),
    ],
)
def test_a_position_that_nothing_apart_explains_is_a_difference(
    laid: Laid, capsys: pytest.CaptureFixture[str], side: str, old: str, new: str, by: str
) -> None:
    folder = laid.export / "settled" if side == "settled" else laid.results
    put(folder / WINDOW / POSITIONS, old, new)
    assert f"{WINDOW} {by}" in said(capsys, laid, "--lang", "en", ends=1)
    (one,) = json.loads(said(capsys, laid, "--json", ends=1))["differences"]
    assert one["kind"] == "position" and one["what"] in by


def test_what_differs_is_told_in_words(laid: Laid, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts(laid.results / "verdicts.parquet", cleared="rejected 1005 acquirer")
    put(laid.export / "settled" / WINDOW / PAIRS, "yes,3,800,", "yes,3,801,")
    english = said(capsys, laid, "--lang", "en", ends=1)
    assert "accepted: 0000 " in english and "borne by the passenger" in english
    assert "rejected: 1005 too late; borne by the acquirer" in english
    assert f"{ACQ} <- {ISS} 3 records, 8.01 yuan 3 records, 8.00 yuan 0.01" in english
    chinese = said(capsys, laid, "--lang", "zh", ends=1)
    assert "拒绝：1005 " in chinese and "承担：收单方" in chinese and "3 笔，8.01 元" in chinese


def test_rows_of_a_window_in_order_are_told_by_column(
    laid: Laid, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet(laid.export / "apart.csv", APART_HEAD, [])
    english = said(capsys, laid, "--lang", "en", ends=1)
    assert f"member {ISS}, to pay 8.06, net 8.06" in english
    assert "across cities yes, records 3, charged 8.00, fee 0.08" in english
    assert f"机构 {ISS}、应付 8.06、净额 8.06" in said(capsys, laid, "--lang", "zh", ends=1)
