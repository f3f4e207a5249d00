"""`tongxing hub clear` as a person uses it: results whole or not at all, every refusal in words."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from clearing_world import bus, ride, signed, write_rows, write_rules

import tongxing.clearing.writing
from tongxing.cli import run

Change = Callable[[Path], None]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rules, one small file of rides, and what came of clearing it."""
    folder = tmp_path_factory.mktemp("clear")
    write_rules(folder / "rules")
    write_rows(folder / "rides.parquet", signed([ride(1), bus(2), ride(1), ride(3, issuer=77)]))
    assert run([*_line(folder), "--memory", "512MiB"]) == 0
    return folder


def _line(folder: Path, out: str = "out", **more: str) -> list[str]:
    found = ["hub", "clear", str(folder / "rides.parquet"), "--rules", str(folder / "rules")]
    return [*found, "--out", str(folder / out), "--threads", "1", *more.values()]


def _error(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> tuple[int, dict[str, str]]:
    capsys.readouterr()
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().err.splitlines()[-1])


def test_the_directory_holds_every_document_and_names_them(given: Path) -> None:
    manifest = json.loads((given / "out" / "manifest.json").read_text("utf-8"))
    there = {
        path.relative_to(given / "out").as_posix()
        for path in (given / "out").rglob("*")
        if path.is_file()
    }
    assert there == {*manifest["files"], "manifest.json"}
    assert manifest["by_status"] == {"accepted": 2, "rejected": 2}
    assert manifest["inputs"][0]["name"] == "rides.parquet"
    window = "W20260318"
    for name in ("positions.csv", "postings.csv", "pairs.csv", "instructions.csv"):
        assert f"{window}/{name}" in there
    assert {f"{window}/statements/ACQ-990100.{end}" for end in ("csv", "zh.txt", "en.txt")} <= there
    with duckdb.connect() as base:
        rows = base.execute(
            "SELECT file, row, status, code, bearer, of_file, of_row FROM read_parquet(?)",
            [str(given / "out" / "verdicts.parquet")],
        ).fetchall()
    name = "rides.parquet"
    assert rows == [
        (name, 2, "rejected", "1002", "nobody", name, 0),
        (name, 3, "rejected", "1006", "acquirer", None, None),
    ]
    positions = (given / "out" / window / "positions.csv").read_text("utf-8").splitlines()
    assert positions[1:3] == ["ACQ-990100,0,450,-450", "ACQ-990200,0,180,-180"]


def test_clearing_again_compares_byte_for_byte(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trusted = ["--trusted", str(given)]
    assert run([*_line(given), "--check", *trusted]) == 0
    shutil.copytree(given / "out", given / "changed")
    place = given / "changed" / "W20260318" / "positions.csv"
    place.write_bytes(place.read_bytes().replace(b"450", b"451"))
    code, told = _error(capsys, [*_line(given, "changed"), "--check", *trusted])
    assert (code, told["code"]) == (1, "CLEARING_DIFFERS")
    assert "positions.csv" in told["message_en"]


@pytest.mark.parametrize("trusted", [["--trusted", "."], []], ids=["trusted", "a stranger's"])
def test_a_name_with_brackets_is_a_name_and_no_pattern(
    given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: list[str]
) -> None:
    """``day[1].parquet`` would else be ``day1.parquet``, which lies beside it."""
    shutil.copy(given / "rides.parquet", tmp_path / "day[1].parquet")
    write_rows(tmp_path / "day1.parquet", signed([bus(9)]))
    monkeypatch.chdir(tmp_path)
    line = ["hub", "clear", "day[1].parquet", "--rules", str(given / "rules"), "--out", "out[1]"]
    assert run([*line, *trusted, "--threads", "1"]) == 0
    manifest = json.loads((tmp_path / "out[1]" / "manifest.json").read_text("utf-8"))
    assert manifest["by_status"] == {"accepted": 2, "rejected": 2}


def test_a_row_without_an_amount_is_rejected_and_stops_nothing(given: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rides.parquet", signed([ride(1), bus(2, charge_fen=None)]))
    shutil.copytree(given / "rules", tmp_path / "rules")
    assert run([*_line(tmp_path), "--trusted", str(path.parent)]) == 0
    codes = (tmp_path / "out" / "codes.csv").read_text(encoding="utf-8").splitlines()
    assert codes[-1] == "W20260318,ACQ-990200,ISS-990200,rejected,1006,acquirer,1,0"


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _other(path: Path) -> None:
    path.write_text("no parquet at all", encoding="ascii")


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-40] ^= 0xFF
    path.write_bytes(bytes(content))


def _column(sql: str) -> Change:
    def change(path: Path) -> None:
        with duckdb.connect() as base:
            base.execute(f"CREATE TABLE t AS SELECT * {sql} FROM read_parquet('{path}')")
            base.execute(f"COPY t TO '{path}' (FORMAT parquet)")

    return change


BAD_FILES: list[tuple[str, Change, str]] = [
    ("cut", _cut, "FILE_TRUNCATED"),
    ("empty", lambda path: path.write_bytes(b"") and None, "FILE_EMPTY"),
    ("no Parquet", _other, "PARQUET_BROKEN"),
    ("a flipped footer", _flipped, "PARQUET_BROKEN"),
    ("a column too few", _column("EXCLUDE (card)"), "CLEARING_COLUMN"),
    ("a column too many", _column(", 1 AS bonus"), "PARQUET_UNKNOWN"),
    ("an amount in yuan", _column("REPLACE (charge_fen / 100.0 AS charge_fen)"), "PARQUET_TYPE"),
]


@pytest.mark.parametrize(
    ("change", "code"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_a_bad_file_leaves_nothing_behind(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, code: str
) -> None:
    shutil.copytree(given / "rules", tmp_path / "rules")
    shutil.copy(given / "rides.parquet", tmp_path)
    change(tmp_path / "rides.parquet")
    exit_code, told = _error(capsys, _line(tmp_path))
    assert told["code"] == code
    assert exit_code == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rides.parquet", "rules"]


BAD_RULES: list[tuple[str, Change, str]] = [
    ("no rulebook", lambda path: (path / "rulebook.toml").unlink(), "CLEARING_RULES_MISSING"),
    ("no members", lambda path: (path / "members.csv").unlink(), "CLEARING_RULES_MISSING"),
    ("a misspelt table", lambda path: (path / "denied.csv").touch(), "CLEARING_RULES_UNKNOWN"),
    ("a card twice", lambda path: _append(path / "deny.csv", "3104000300000000007,1,2,3,,"), "x"),
    (
        "a fare below zero",
        lambda path: _append(path / "fares.csv", "990100,2020-01-01,,0,3,4,-1,"),
        "x",
    ),
    ("half a row", lambda path: _append(path / "lines.csv", "31,M9"), "x"),
    (
        "a weight too large",
        lambda path: _append(path / "splits.csv", f"990100,T1,2020-01-01,,,7,8,OP1,{10**17}"),
        "x",
    ),
]


def _append(path: Path, line: str) -> None:
    path.write_text(path.read_text("utf-8") + line + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "code"), [row[1:] for row in BAD_RULES], ids=[row[0] for row in BAD_RULES]
)
def test_bad_rules_are_named(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, code: str
) -> None:
    shutil.copytree(given / "rules", tmp_path / "rules")
    shutil.copy(given / "rides.parquet", tmp_path)
    change(tmp_path / "rules")
    exit_code, told = _error(capsys, _line(tmp_path))
    assert (exit_code, told["code"]) == (3, "CLEARING_RULES" if code == "x" else code)
    assert not (tmp_path / "out").exists()


SAID = [
    ("a word for a number", lambda text: text.replace("\n1,", "\nx,", 1), "number “x” ≠ INTEGER"),
    ("a column of another name", lambda text: text.replace("kind", "sort", 1), "member_id, sort,"),
]


@pytest.mark.parametrize(
    ("change", "said"), [row[1:] for row in SAID], ids=[row[0] for row in SAID]
)
def test_a_bad_cell_is_told_in_the_houses_words_and_not_the_engines(
    given: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[str], str],
    said: str,
) -> None:
    shutil.copytree(given / "rules", tmp_path / "rules")
    shutil.copy(given / "rides.parquet", tmp_path)
    members = tmp_path / "rules" / "members.csv"
    members.write_text(change(members.read_text("utf-8")), "utf-8")
    exit_code, told = _error(capsys, _line(tmp_path))
    assert (exit_code, told["code"]) == (3, "CLEARING_RULES")
    assert said in str(told["message_zh"]) and "Error" not in str(told["message_en"])


def test_a_full_disk_leaves_nothing_behind(
    given: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tongxing.clearing.writing, "write_whole", full)
    code, told = _error(capsys, [*_line(given, "full"), "--trusted", str(given)])
    assert told["code"] == "DISK_FULL"
    assert code != 0
    assert not [path for path in given.iterdir() if "full" in path.name]


def test_results_are_never_written_over(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = _error(capsys, _line(given))
    assert (code, told["code"]) == (5, "CLEARING_OUT")
