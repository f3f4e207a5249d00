"""Bad input at the command line: one clear line, the right exit code, and never a stack trace."""

import errno
import json
import os
import socket
import stat
from pathlib import Path

import pytest
from command_world import Commands, one_line, run

from tongxing.cli.app import command_names
from tongxing.cli.common import loopback_socket
from tongxing.kernel.reasons import Problem, all_reasons


@pytest.mark.parametrize(
    ("line", "said", "next_step"),
    [
        ("netwrk", 'there is no command "netwrk"', "Did you mean network?"),
        ("zzzz", 'there is no command "zzzz"', "See tongxing --help"),
        ("--jsno", 'there is no option "--jsno"', "Did you mean --json"),
        ("network --home x", "a command is missing", "See tongxing network --help"),
        ("--lang fr doctor", "--lang must be one of: zh, en", "See tongxing --help"),
        ("--home", "the option --home needs a value", "See tongxing --help"),
        ("doctor now", '"now" is one argument too many', "See tongxing doctor --help"),
        ("network where", "CARD_NUMBER is missing", "See tongxing network where --help"),
        ("network city x --onn 1", 'there is no option "--onn"', "Did you mean --on"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    line: str, said: str, next_step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    told = one_line(err)
    assert told.startswith("error USAGE: Wrong usage: ")
    assert said in told
    assert next_step in told


def test_a_mistake_is_told_in_chinese_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "zh", "netwrk"]) == 2
    assert one_line(capsys.readouterr().err) == (
        "错误 USAGE: 用法有误：没有命令“netwrk” (tongxing) — 您是否想用 network？"
    )


def test_with_json_the_mistake_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["network", "city", "宁波", "--on", "2026-13-01", "--json"]) == 2
    told = json.loads(one_line(capsys.readouterr().err))
    assert told["code"] == "ARG_INVALID"
    assert told["where"] == "--on"
    assert "没有这一天" in told["message_zh"]
    assert "there is no such day" in told["message_en"]
    assert set(told) == {
        "code",
        "message_zh",
        "message_en",
        "next_step_zh",
        "next_step_en",
        "where",
    }


def test_every_refusal_prints_as_one_line_with_its_exit_code(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("refusing", "raise Problem(os.environ['SAID'], 'here')")
    wrong = []
    for code, reason in all_reasons().items():
        monkeypatch.setenv("SAID", code)
        ended, told = run(["refusing"]), capsys.readouterr().err
        one = told.endswith("\n") and told.count("\n") == 1
        said = told.startswith(f"error {code}: ") and " (here) — " in told
        if not (one and said and ended == reason.exit_code):
            wrong.append((code, ended, told))
    assert wrong == []


def test_an_example_is_not_written_over_and_nothing_else_is_advised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` compares results; of an example there is nothing to compare."""
    (tmp_path / "kept").touch()
    for language, words in (("en", "Name one that is not there yet"), ("zh", "换一个还没有的目录")):
        assert run(["hub", "clear", "--example", str(tmp_path), "--lang", language]) == 5
        told = one_line(capsys.readouterr().err)
        assert "CLEARING_EXAMPLE" in told and words in told and "--check" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_exit_codes_are_those_of_the_contract() -> None:
    kinds = {reason.exit_code for reason in all_reasons().values()}
    assert kinds <= {1, 2, 3, 4, 5, 6, 130}


def test_a_bug_is_one_line_and_its_trace_is_kept_for_this_user_only(
    commands: Commands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("buggy", "raise ValueError('card 3104567890123456789 broke')")
    assert run(["buggy", "--home", str(tmp_path / "other")]) == 1
    told = one_line(capsys.readouterr().err)
    assert told.startswith("error INTERNAL: Something unexpected happened: ValueError: card 310456")
    assert "buggy.py:" in told
    assert "3104567890123456789" not in told
    (trace,) = (tmp_path / "home" / "errors").iterdir()
    assert str(trace) in told
    kept = trace.read_text(encoding="utf-8")
    assert "Traceback" in kept
    assert "3104567890123456789" not in kept
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600


def test_a_bug_in_one_command_breaks_no_other(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    (commands.folder / "unfinished.py").write_text("import no_such_module_at_all\n")
    assert run(["--help"]) == 0
    assert "unfinished" in capsys.readouterr().out
    assert run(["unfinished"]) == 1
    assert "ModuleNotFoundError" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("number", "code", "exit_code"),
    [
        (errno.ENOENT, "FILE_NOT_FOUND", 4),
        (errno.EACCES, "FILE_NOT_READABLE", 4),
        (errno.EISDIR, "FILE_NOT_READABLE", 4),
        (errno.EROFS, "FOLDER_READ_ONLY", 3),
        (errno.ENOSPC, "DISK_FULL", 6),
    ],
)
def test_what_the_system_refuses_is_told_with_the_path(
    number: int,
    code: str,
    exit_code: int,
    commands: Commands,
    capsys: pytest.CaptureFixture[str],
) -> None:
    commands.add("touching", f"raise OSError({number}, os.strerror({number}), '/some/place')")
    assert run(["touching"]) == exit_code
    told = one_line(capsys.readouterr().err)
    assert told.startswith(f"error {code}: ")
    assert "(/some/place)" in told


def test_a_database_that_goes_away_is_unavailable(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("asking", "import psycopg\nraise psycopg.OperationalError('gone\\nLINE 1')")
    assert run(["asking"]) == 6
    assert "error DB_UNAVAILABLE: The database cannot be reached: gone —" in one_line(
        capsys.readouterr().err
    )


def test_no_error_line_can_steer_a_terminal(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("echoing", "raise Problem('ARG_INVALID', given['text'], text=given['text'])",
                 "@click.argument('text')")  # fmt: skip
    assert run(["echoing", "a\x1b[2Jb\nc\u202ed\ud800"]) == 2
    told = one_line(capsys.readouterr().err)
    assert not [char for char in told if not char.isprintable()]
    assert "[2Jb c" in told


@pytest.mark.parametrize(
    "text",
    ["３１０４５６７８９０１２３４５６７８９", "3104567890123456789", "3104 5678 9012 3456 789"],
)
def test_a_card_number_is_never_shown_whole(
    text: str, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.add("carding", "raise Problem('ARG_INVALID', '', text=given['text'])",
                 "@click.argument('text')")  # fmt: skip
    assert run(["carding", text]) == 2
    told = one_line(capsys.readouterr().err)
    assert text not in told
    assert "***" in told


def test_an_occupied_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Problem) as found:
            loopback_socket(port)
    assert found.value.refusal.code == "PORT_IN_USE"
    assert found.value.exit_code == 6
    assert str(port) in found.value.refusal.message("en")


def test_a_free_port_is_taken() -> None:
    with loopback_socket(0) as taken:
        assert taken.getsockname()[0] == "127.0.0.1"
        assert taken.getsockname()[1] > 0


def test_the_usual_commands_come_first(commands: Commands) -> None:
    commands.add("aardvark", "return 0")
    names = command_names()
    assert names.index("network") < names.index("aardvark")
    assert not {"app", "arguments", "common", "errors", "shell"} & set(names)
    assert os.path.basename(commands.folder) == "commands"
