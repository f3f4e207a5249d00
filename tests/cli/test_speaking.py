"""Help, settings and results: both languages, from arguments or surroundings, whole when piped."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click
import pytest
from command_world import Commands, run
from rich.cells import cell_len

import tongxing
from tongxing.cli.app import app
from tongxing.cli.common import starting_settings


@dataclass(frozen=True, slots=True)
class Ride:
    station: str
    day: date
    charge_fen: int


def test_help_is_there_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help", "--lang", "zh"]) == 0
    chinese = capsys.readouterr().out
    assert run(["--help", "--lang", "en"]) == 0
    english = capsys.readouterr().out
    assert "用法：" in chinese and "命令" in chinese
    assert "Usage:" in english and "Commands:" in english
    for name in ("network", "doctor"):
        assert f"  {name}" in chinese
        assert f"  {name}" in english


def test_chinese_help_fits_a_terminal_and_breaks_no_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["hub", "cases", "act", "--help", "--lang", "zh"]) == 0
    shown = capsys.readouterr().out
    assert all(cell_len(line) <= 80 for line in shown.splitlines())
    assert not any(line.lstrip().startswith(tuple("，。；：、）")) for line in shown.splitlines())
    for act in ("give_evidence", "charge_back", "arbitrate"):
        assert act in shown


def test_help_of_a_command_names_its_arguments_and_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["network", "where", "--help"]) == 0
    shown = capsys.readouterr().out
    for word in ("CARD_NUMBER", "--on DATE", "--json", "--home DIR", "-h, --help"):
        assert word in shown


def test_help_names_both_its_options_whoever_asked_for_the_parameters_before(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("asked", "say('here')")
    asked = app.get_command(click.Context(app), "asked")
    assert asked is not None
    for one in (app, asked):
        one.get_params(click.Context(one))
    for line in ([], ["asked"]):
        assert run([*line, "--help"]) == 0
        assert "-h, --help" in capsys.readouterr().out
        assert run([*line, "-h"]) == 0


def test_help_imports_nothing_slow() -> None:
    slow = ("rich", "psycopg", "fastapi", "msgspec", "jinja2", "chinese_calendar")
    script = (
        "import sys; from tongxing.cli import run; code = run(['--help']);"
        f"print([name for name in {slow} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr.strip()) == (0, "[]")


def test_without_a_command_help_is_shown_and_the_exit_code_says_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([]) == 2
    assert "Usage: tongxing" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"tongxing {tongxing.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ((), {}, "en"),
        ((), {"LANG": "zh_CN.UTF-8"}, "zh"),
        ((), {"LANG": "de_DE.UTF-8"}, "en"),
        ((), {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ((), {"LANG": "C", "LC_ALL": "zh_TW"}, "zh"),
        ((), {"LANG": "C", "TONGXING_LANG": "zh"}, "zh"),
        ((), {"TONGXING_LANG": "zh-CN"}, "zh"),
        (("--lang", "en"), {"TONGXING_LANG": "zh"}, "en"),
        (("x", "--lang=zh"), {}, "zh"),
        (("--lang", "xx"), {"LANG": "zh"}, "zh"),
        (("--", "--lang", "zh"), {}, "en"),
    ],
)
def test_the_language_is_that_of_the_caller(
    arguments: tuple[str, ...], environment: dict[str, str], language: str
) -> None:
    assert starting_settings(arguments, environment).language == language


@pytest.mark.parametrize(
    "line",
    ["--home elsewhere --json showing", "showing --home elsewhere --json"],
)
def test_settings_may_stand_before_or_after_the_command(
    line: str, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("showing", "s = settings()\nemit_json([str(s.home), s.json, s.dsn], line=True)")
    assert run(line.split()) == 0
    assert json.loads(capsys.readouterr().out) == ["elsewhere", True, None]


def test_settings_come_from_the_surroundings(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGXING_HOME", "/data")
    monkeypatch.setenv("TONGXING_DSN", "postgresql://db/books")
    commands.add("showing", "s = settings()\nemit_json([str(s.home), s.dsn], line=True)")
    assert run(["showing"]) == 0
    assert json.loads(capsys.readouterr().out) == ["/data", "postgresql://db/books"]


def test_a_command_may_choose_its_exit_code(commands: Commands) -> None:
    commands.add("differing", "return 1")
    commands.add("content", "return None")
    assert run(["differing"]) == 1
    assert run(["content"]) == 0


def test_json_is_sorted_and_keeps_chinese(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    body = (
        "from test_speaking import Ride\nfrom datetime import date\n"
        "emit_json(Ride('小什字', date(2026, 3, 17), 200), line=True)"
    )
    commands.add("telling", body)
    assert run(["telling"]) == 0
    assert capsys.readouterr().out == (
        '{"charge_fen": 200, "day": "2026-03-17", "station": "小什字"}\n'
    )


def test_a_piped_table_is_never_cut(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    station = "重庆北站北广场" * 20
    commands.add("listing", f"print_table('T', ['站', 'fen'], [({station!r}, 200)], right=[1])")
    assert run(["listing"]) == 0
    assert station in capsys.readouterr().out


def test_markup_in_data_is_only_text(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("listing", "print_table('[b]T', ['[x]'], [('[red]a[/red]',)])\nsay('[b]c[/b]')")
    assert run(["listing"]) == 0
    shown = capsys.readouterr().out
    for text in ("[b]T", "[x]", "[red]a[/red]", "[b]c[/b]"):
        assert text in shown


def test_progress_in_a_log_is_a_few_lines_and_with_json_none(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "with progress('taps', 1000) as done:\n    [done(1) for _ in range(1000)]"
    commands.add("working", body)
    assert run(["working"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == ["taps  25 %", "taps  50 %", "taps  75 %", "taps  100 %"]
    assert run(["working", "--json"]) == 0
    assert capsys.readouterr() == ("", "")


def test_doctor_finds_a_whole_machine(
    database: tongxing.storage.Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["doctor", "--json", "--dsn", database.dsn, "--home", str(tmp_path)])
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert code == 0
    assert {findings[name]["state"] for name in ("python", "home", "database", "port")} == {"good"}
    assert all(findings[name]["state"] != "bad" for name in ("browser", "fonts"))


def test_doctor_says_what_would_lose_data(
    database: tongxing.storage.Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsafe = f"{database.dsn}&options=-c%20synchronous_commit%3Doff"
    assert run(["doctor", "--json", "--dsn", unsafe, "--home", str(tmp_path)]) == 1
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["database"]["state"] == "bad"
    assert "UNSAFE_DURABILITY" in findings["database"]["detail"]
    assert findings["database"]["next_step"]
