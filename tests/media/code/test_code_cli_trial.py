"""`tongxing code` in the hands of a newcomer: nothing is claimed, lost or hidden."""

import os
import sys
from pathlib import Path

import pytest
from code_world import ISSUER, MADE_S, ROOT, STRANGER, made

from tongxing.cli import run

AT = ("--at", str(MADE_S))


def issue(out: Path, *more: str) -> int:
    keys = () if "--keys" in more else ("--keys", str(out.parent / "keys"))
    return run(["code", "issue", "--account", "42", "--out", str(out), *AT, *keys, *more])


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "code"
    path.write_bytes(made())
    return path


@pytest.fixture
def roots(tmp_path: Path) -> str:
    path = tmp_path / "roots"
    path.write_text(ROOT.public.hex(), encoding="ascii")
    return str(path)


@pytest.mark.parametrize(
    ("given", "language", "told"),
    [
        ((), "en", "in order. Not asked: issuer list, deny list, fare\n"),
        ((), "zh", "均通过。未核对：机构名单、停用名单、票价\n"),
        (("--fare", "0"), "en", " Asked as well: fare. Not asked: issuer list, deny list\n"),
        (("--issuers",), "en", " Asked as well: issuer list. Not asked: deny list, fare\n"),
        (("--issuers", "--denied", "--fare", "1"), "en",
         "in order. Asked as well: issuer list, deny list, fare.\n"),
    ],
)  # fmt: skip
def test_acceptance_names_what_was_not_asked(
    given: tuple[str, ...], language: str, told: str, code: Path, roots: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    lists = {"--issuers": code.with_name("issuers"), "--denied": code.with_name("denied")}
    lists["--issuers"].write_text(ISSUER, encoding="ascii")
    lists["--denied"].write_text("7\n", encoding="ascii")
    more = [word for one in given for word in ((one, str(lists[one])) if one in lists else (one,))]
    assert run(["code", "verify", str(code), "--roots", roots, *AT, *more, "--lang", language]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ACCEPTED") and told in out
    assert "not verified" not in out and "未经验证" not in out


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "What the code says (not verified):\n"), ("zh", "码内所写（未经验证）：\n")],
)
def test_the_fields_of_a_refused_code_are_headed_as_not_verified(
    language: str, heading: str, code: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code.write_bytes(made(phone=STRANGER.sign))
    assert run(["code", "verify", str(code), "--roots", roots, *AT, "--lang", language]) == 1
    before, found, after = capsys.readouterr().out.partition(heading)
    assert found and before.startswith("USER_SIGN")
    assert ISSUER in after and ISSUER not in before


@pytest.mark.parametrize("named", ["--keys", "--home"])
def test_a_file_in_the_place_of_the_key_folder_is_refused_with_a_next_step(
    named: str, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = code.with_name("out")
    status = run(["code", "issue", "--account", "42", "--out", str(out), named, str(code)])
    error = capsys.readouterr().err
    assert (status, out.exists(), code.read_bytes()) == (4, False, made())
    assert "CODE_KEYS_FOLDER" in error and str(code) in error and "--keys" in error


def test_issue_writes_over_ride_codes_and_over_nothing_else_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "code.png"
    assert issue(out) == 0
    first = out.read_bytes()
    assert issue(out, "--account", "43") == 0
    assert out.read_bytes() != first
    out.write_bytes(b"a card")
    assert issue(out) == 5
    assert "CODE_FILE_EXISTS" in capsys.readouterr().err
    assert out.read_bytes() == b"a card"
    assert issue(out, "--replace") == 0
    assert out.read_bytes() != b"a card"


@pytest.mark.parametrize("option", ["--png", "--svg"])
def test_show_writes_over_nothing_unless_told_and_never_over_its_input(
    option: str, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = code.with_name("picture")
    out.write_bytes(b"a card")
    assert run(["code", "show", str(code), option, str(out)]) == 5
    assert "CODE_FILE_EXISTS" in capsys.readouterr().err
    assert out.read_bytes() == b"a card"
    assert run(["code", "show", str(code), option, str(out), "--replace"]) == 0
    assert out.read_bytes() != b"a card"
    for more in ((), ("--replace",)):
        assert run(["code", "show", str(code), option, str(code), *more]) == 5
        assert "CODE_OUT_IS_INPUT" in capsys.readouterr().err
        assert code.read_bytes() == made()


@pytest.mark.parametrize("place", ["nowhere/code", "folder"])
@pytest.mark.parametrize("more", [(), ("--replace",)])
def test_a_place_that_takes_no_file_is_named_as_typed(
    place: str, more: tuple[str, ...], code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code.with_name("folder").mkdir()
    keys, out = str(code.with_name("keys")), code.parent / place
    for call in (
        lambda: issue(out, "--keys", keys, *more),
        lambda: run(["code", "show", str(code), "--png", str(out), *more]),
    ):
        assert call() == 4
        error = capsys.readouterr().err
        assert "CODE_FILE_UNWRITABLE" in error and "cannot be written" in error
        assert f"({out})" in error and ".part" not in error


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_a_pipe_or_device_is_left_what_it_is(
    code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = code.with_name("pipe")
    os.mkfifo(pipe)
    assert issue(pipe, "--replace") == 4
    assert run(["code", "show", str(code), "--png", str(pipe), "--replace"]) == 4
    assert capsys.readouterr().err.count("CODE_FILE_UNWRITABLE") == 2
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("--account", "４２", "--account takes 1 to 16 ASCII digits"),
        ("--account", "1" * 17, "--account takes 1 to 16 ASCII digits"),
        ("--card", "x", "--card takes 19 ASCII digits"),
        ("--custom", "0", "--custom takes up to 180 bytes in hex"),
        ("--custom", "00" * 181, "--custom takes up to 180 bytes in hex"),
    ],
)
def test_a_field_that_does_not_fit_is_told_what_does(
    option: str, text: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert issue(tmp_path / "code", option, text) == 4
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(("columns", "is_drawn"), [("79", True), ("80", True), ("78", False)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_terminal_shows_the_picture_whole_or_says_what_it_needs(
    columns: str, is_drawn: bool, language: str, code: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run(["code", "show", str(code), "--lang", language]) == 0
    out = capsys.readouterr().out
    assert ("▀" in out) is is_drawn
    assert ("79" in out and "--png" in out) is not is_drawn


def test_a_pipe_gets_the_picture_whatever_the_width(
    code: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert run(["code", "show", str(code)]) == 0
    assert "▀" in capsys.readouterr().out
