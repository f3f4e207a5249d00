"""`tongxing hub split`: make, explain, what-if, check, in both languages and with bad input."""

import json
from pathlib import Path

import pytest
from acc_world import parameters_text

from tongxing.cli import run
from tongxing.hub.acc import read_table
from tongxing.hub.acc.checking import check_rows
from tongxing.hub.acc.table import SplitTable, parse_row, seal_table, write_table
from tongxing.kernel.reasons import Refusal
from tongxing.network.service import service_text
from tongxing.network.transport import load_network

CHONGQING = "500000"


KEPT = ("rail-1", "rail-2", "rail-3", "rail-bitong")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chongqing's facts with all rail lines closed but a few: small enough to be made often."""
    path = tmp_path_factory.mktemp("facts") / "service.toml"
    rail = [line.id for line in load_network(CHONGQING).lines.values() if line.mode == "rail"]
    closed = [
        f'[[closing]]\nline = "{line}"\nfrom_day = 2023-01-18\nsource = "assumed"\n'
        for line in rail
        if line not in KEPT
    ]
    path.write_text(service_text(CHONGQING) + "\n" + "\n".join(closed), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(facts: Path) -> Path:
    """The small table of 17 March 2026, made by the command."""
    path = facts.parent / "chongqing.split"
    line = ("make", "重庆", "--on", "2026-03-17", "--service", facts, "--out", path)
    assert split(*line) == 0
    return path


def table_in(path: Path) -> SplitTable:
    found = read_table(path.read_bytes())
    assert not isinstance(found, Refusal)
    return found


def split(*words: object) -> int:
    return run(["hub", "split", *(str(word) for word in words)])


def answer(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    capsys.readouterr()
    assert split(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert split(*words, "--json") != 0
    return str(json.loads(capsys.readouterr().err)["code"])


@pytest.mark.slow
def test_a_whole_city(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any two stations of Chongqing's main network have a row; all rows follow from the header."""
    path = tmp_path / "whole.split"
    assert split("make", "重庆", "--on", "2026-03-17", "--out", path) == 0
    assert "100 %" in capsys.readouterr().err
    table = table_in(path)
    header = table.header
    assert (header.city, header.valid_until, header.replaces) == (CHONGQING, None, "")
    stops = {at for one in header.tracks if one.system == "urban" for at in one.stations}
    pairs = len(stops) * (len(stops) - 1) // 2
    assert sum(row.key[0] == 0 for row in table.rows()) == pairs == 31_878
    assert check_rows(table) is None


def test_made_again_checked_and_made_a_third_time(
    made: Path, facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, "check", made, "--again", "--service", facts)
    assert told["version"] == table_in(made).header.version
    assert split("check", made, "--lang", "zh") == 0
    assert f"清分表 {told['version']} 无误" in capsys.readouterr().out


def test_a_fare_is_explained_in_both_languages(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, "explain", "--table", made, "大坪", "guanyinqiao", "--fare", 401)
    assert sum(part["fen"] for part in told["parts"]) == 401
    assert sum(path["ppm"] for path in told["paths"]) == 1_000_000
    for language, words in (("zh", ("路径", "大坪", "3号线")), ("en", ("Paths", "Line 3"))):
        line = ("explain", "--table", made, "daping", "观音桥", "--fare", 401, "--lang", language)
        assert split(*line) == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in words)


TRIPS = "entered,origin,destination,fare_fen\n2026-03-17 08:10,daping,shapingba,300\n"


def test_trips_of_a_file_are_split_by_two_tables(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trips = tmp_path / "trips.csv"
    trips.write_text(TRIPS + "2026-03-17 09:00,atlantis,shapingba,200\n", encoding="utf-8")
    line = ("what-if", "--table", made, "--now", made, "--trips", trips)
    told = answer(capsys, *line)
    assert told["before"] == told["after"] == {"OP-CQ-RAIL": 300}
    assert (told["trips"], told["changed"], told["left_out_fen"]) == (1, 0, 200)
    assert split(*line, "--lang", "zh") == 0
    assert "重庆市轨道交通" in capsys.readouterr().out
    trips.write_text(TRIPS.splitlines()[0] + "\n", encoding="utf-8")
    assert refused(capsys, *line) == "SPLIT_TRIPS_NONE"


BAD_TRIPS = [
    ("origin,destination,fare_fen\na,b,1\n", "SPLIT_TRIPS_FILE"),
    ("", "SPLIT_TRIPS_FILE"),
    (TRIPS + "2026-03-17 09:00,daping\n", "SPLIT_TRIPS_FILE"),
    (TRIPS + "2026-03-17 09:00,daping,shapingba,300,5\n", "SPLIT_TRIPS_FILE"),
    (TRIPS + '2026-03-17 09:00,"daping\n', "SPLIT_TRIPS_FILE"),
    (TRIPS + "yesterday,daping,shapingba,300\n", "ARG_INVALID"),
    (TRIPS + "2026-03-17 09:00,daping,shapingba,3.00\n", "ARG_INVALID"),
    (TRIPS + "2026-03-17 09:00,daping,shapingba,３００\n", "ARG_INVALID"),
]


@pytest.mark.parametrize(("text", "code"), BAD_TRIPS)
def test_a_file_of_trips_that_cannot_be_is_refused(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: str
) -> None:
    trips = tmp_path / "trips.csv"
    trips.write_text(text, encoding="utf-8")
    line = ("what-if", "--table", made, "--now", made, "--trips", trips)
    assert refused(capsys, *line) == code
    trips.write_bytes("entered,车站".encode("gbk"))
    assert refused(capsys, *line) == "SPLIT_TRIPS_FILE"


def test_what_if_needs_a_day_or_trips_with_a_table(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.split"
    table = table_in(made)
    other.write_bytes(write_table(seal_table(replaced(table, city="110000"), table.rows())))
    trips = tmp_path / "trips.csv"
    trips.write_text(TRIPS, encoding="utf-8")
    for line in (
        ("--table", made),
        ("--table", made, "--trips", trips),
        ("--table", made, "--trips", trips, "--now", made, "--on", "2026-03-17"),
        ("--table", made, "--trips", trips, "--now", other),
    ):
        assert refused(capsys, "what-if", *line) == "ARG_INVALID"


def replaced(table: SplitTable, **changes: object):
    from msgspec.structs import replace

    return replace(table.header, **changes)


PATCH = """
from_day = 2026-03-17
until_day = 2026-03-18
why = "暴雨，车站关闭"
[[closing]]
station = "daping"
"""


def test_a_station_closed_the_same_day_is_a_new_version(
    made: Path, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patch, out = tmp_path / "patch.toml", tmp_path / "closed.split"
    patch.write_text(PATCH, encoding="utf-8")
    line = ("make", CHONGQING, "--on", "2026-03-17", "--service", facts, "--patch", patch)
    line = (*line, "--out", out)
    assert refused(capsys, *line) == "ARG_INVALID", "it has to say what it replaces"
    assert split(*line, "--replaces", made, "--lang", "zh") == 0
    assert "暴雨，车站关闭" in capsys.readouterr().out
    header = table_in(out).header
    assert header.replaces == table_in(made).header.version
    assert header.valid_until.isoformat() == "2026-03-18"
    assert "daping" not in header.stations
    told = answer(
        capsys, "check", out, "--again", "--service", facts, "--patch", patch, "--replaces", made
    )
    assert told["replaces"] == header.replaces
    assert refused(capsys, "check", out, "--again", "--service", facts) == "SPLIT_REMADE_DIFFERS"
    assert refused(capsys, "explain", "--table", out, "daping", "shapingba", "--fare", 1) == (
        "SPLIT_NO_ROW"
    )
    patch.write_text(PATCH.replace("03-17", "03-16"), encoding="utf-8")
    assert refused(capsys, *line, "--replaces", made) == "ARG_INVALID"
    for wrong in (PATCH.replace("daping", "atlantis"), PATCH + "colour = 1\n", "why = ", "= 1"):
        patch.write_text(wrong, encoding="utf-8")
        assert refused(capsys, *line, "--replaces", made) == "SPLIT_FILE"


def test_a_table_is_never_written_over(
    made: Path, facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = made.parent / "numbers.toml"
    numbers.write_text(parameters_text(paths_max=1), encoding="utf-8")
    line = ("make", CHONGQING, "--on", "2026-03-17", "--service", facts, "--out", made)
    assert split(*line) == 0, "the same content again is no other table"
    line = (*line, "--parameters", numbers)
    assert refused(capsys, *line) == "SPLIT_OUT_EXISTS"
    for wrong in (parameters_text(paths_max=0), "paths_max = 5", "[", "\ud800"):
        numbers.write_bytes(wrong.encode("utf-8", "surrogatepass"))
        assert refused(capsys, *line) == "SPLIT_FILE"
    numbers.write_text("known_from = 2026-01-01\n", encoding="utf-8")
    line = ("make", CHONGQING, "--on", "2026-03-17", "--service", numbers, "--out", made)
    assert refused(capsys, *line) == "SPLIT_FILE"


def test_a_table_that_was_touched_is_refused_by_every_command(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.split"
    content = made.read_bytes()
    flipped = bytearray(content)
    flipped[-100] ^= 1
    for data, code in (
        (bytes(flipped), "SPLIT_TABLE_HASH"),
        (content[:-1_000], "SPLIT_TABLE_HASH"),
        (content[: content.index(b"\n") + 500], "SPLIT_TABLE_FORM"),
        (b"", "SPLIT_TABLE_FORM"),
        (b"\xff" * 100, "SPLIT_TABLE_FORM"),
    ):
        bad.write_bytes(data)
        assert refused(capsys, "check", bad) == code
        assert refused(capsys, "explain", "--table", bad, "a", "b", "--fare", 1) == code
    table = table_in(made)
    row = next(table.rows())
    cheaper = parse_row(table.lines[row.key].replace(f"\t{row.paths[0].cost} ", "\t1 "))
    bad.write_bytes(write_table(seal_table(table.header, [cheaper])))
    capsys.readouterr()
    assert split("check", bad, "--lang", "zh") != 0
    assert "路径的费用算错" in capsys.readouterr().err


REFUSED = [
    (("make", "atlantis", "--on", "2026-03-17", "--out", "x"), "CITY_UNKNOWN"),
    (("make", "上海", "--on", "2026-03-17", "--out", "x"), "SPLIT_NO_SERVICE"),
    (("make", "500000", "--on", "2022-12-31", "--out", "x"), "SPLIT_BEFORE_NETWORK"),
    (
        ("make", "500000", "--on", "2023-12-01", "--until", "2024-01-01", "--out", "x"),
        "SPLIT_CHANGES",
    ),
    (
        ("make", "500000", "--on", "2026-03-17", "--until", "2026-03-17", "--out", "x"),
        "SPLIT_TABLE_DATES",
    ),
    (("make", "500000", "--on", "2026-02-30", "--out", "x"), "ARG_INVALID"),
    (("make", "500000", "--on", "2026-03-17", "--out", "nowhere/x"), "FILE_NOT_FOUND"),
    (("make", "500000", "--out", "x"), "USAGE"),
    (("check", "nowhere.split"), "FILE_NOT_FOUND"),
]


@pytest.mark.parametrize(("line", "code"), REFUSED)
def test_bad_input_gets_a_reason(
    capsys: pytest.CaptureFixture[str], line: tuple[str, ...], code: str
) -> None:
    assert refused(capsys, *line) == code


def test_bad_questions_to_a_good_table(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, code in (
        (("atlantis", "shapingba", "--fare", 1), "FARES_NO_STATION"),
        (("shapingba", "shapingba", "--fare", 1), "SPLIT_NO_ROW"),
        (("shapingba", "tongliangxi", "--fare", 1), "SPLIT_NO_ROW"),
        (("daping", "shapingba", "--fare", "-1"), "ARG_INVALID"),
        (("daping", "shapingba", "--fare", "1.5"), "ARG_INVALID"),
        (("daping", "shapingba", "--fare", 1, "--period", "night"), "USAGE"),
    ):
        assert refused(capsys, "explain", "--table", made, *words) == code
