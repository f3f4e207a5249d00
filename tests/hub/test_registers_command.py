"""`tongxing hub registers`: files taken one by one, a bad one named, a window that is one."""

from datetime import date
from pathlib import Path

import pytest
from hub_world import KEYS_OF
from test_cases import ACQ
from test_cases_command import desk

from tongxing.cli import run
from tongxing.kernel.clock import at
from tongxing.messages import seal
from tongxing.messages.registers import TerminalEntry, TerminalRegister

DAY = date(2026, 3, 18)
assert desk, "the fixture is that of the disputes' own test"


def sealed(path: Path, version: int = 1, last_on: date | None = None) -> str:
    entry = TerminalEntry("G-1", "OP3", "B1", DAY, last_on)
    told = TerminalRegister(version=version, published_s=at(DAY, 9), terminals=[entry])
    path.write_bytes(seal(told, KEYS_OF[ACQ]))
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *words: str, ends: int = 0) -> str:
    assert run(["hub", "registers", "--now", "2026-03-18T10:00", *words]) == ends
    found = capsys.readouterr()
    return found.out + found.err


def test_of_several_files_the_bad_one_is_named_and_those_before_it_stay_taken(
    desk: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    at_home, folder = desk
    good = sealed(folder / "good.sealed")
    unfit = sealed(folder / "unfit.sealed", 2, date(2026, 3, 1))
    text = folder / "text.sealed"
    text.write_text("hello", encoding="ascii")
    told = said(capsys, good, str(text), "--lang", "en", *at_home, ends=4)
    assert f"terminals of {ACQ}, version 1, 1 entries" in told
    assert "error MESSAGE_MALFORMED" in told and f"({text}: Expected" in told
    assert "The message cannot be read: it is no sealed message, or not a whole one" in told
    zh = said(capsys, str(text), "--lang", "zh", *at_home, ends=4)
    assert "报文无法解析：不是签名报文，或已残缺" in zh
    told = said(capsys, unfit, "--lang", "zh", *at_home, ends=4)
    assert "G-1 的末日 2026-03-01 早于首日 2026-03-18" in told
    assert f"({unfit}: TerminalRegister)" in told
    assert "1" in said(capsys, "--lang", "zh", *at_home).split("终端")[1]


def test_only_of_a_window_that_there_is_is_said_what_was_not_asked(
    desk: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    at_home, _ = desk
    assert "WINDOW_ID" in said(capsys, "--window", "W1", *at_home, ends=2)
    assert "WINDOW_UNKNOWN" in said(capsys, "--window", "W20270101", *at_home, ends=4)
    told = said(capsys, "--window", "W20260318", "--lang", "en", *at_home)
    assert "Checks not made in window W20260318" in told
