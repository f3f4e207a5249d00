"""Where `tongxing keys` gets a passphrase: a person is asked twice and three times at most; files
and variables that say nothing are told as that, never as a wrong passphrase."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click.termui
import pytest

from tongxing.cli import run
from tongxing.media.keys.sealed_file import passphrase_objection
from tongxing.media.keys.vault_file import seal

GOOD, OTHER, SHORT = "correct horse battery", "another horse battery", "short"
QUICK = 10

Person = Callable[..., None]


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "new.vault"


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    """Someone at a terminal who enters these words, and is not there for one more."""
    monkeypatch.delenv("TONGXING_VAULT_PASSPHRASE", raising=False)
    monkeypatch.setattr(seal, "__defaults__", (QUICK,))

    def enters(*words: str) -> None:
        left = list(words)

        def reads(prompt: str) -> str:
            print(prompt, file=sys.stderr)
            return left.pop(0)

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(click.termui, "hidden_prompt_func", reads)

    return enters


def make(vault: Path, lang: str = "en") -> int:
    return run(["keys", "make", str(vault), "--env", "test", "--lang", lang])


def test_a_person_is_asked_twice_in_the_language_of_the_call(
    vault: Path, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    person(GOOD, GOOD)
    assert make(vault, "zh") == 0
    asked = capsys.readouterr().err
    assert "新密钥库的口令" in asked and "请再输入一遍" in asked and "Repeat" not in asked
    vault.unlink()
    person(GOOD, GOOD)
    assert make(vault) == 0
    assert "The same once more" in capsys.readouterr().err


def test_a_short_passphrase_is_told_before_it_is_asked_again(
    vault: Path, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    person(SHORT, "", GOOD, GOOD)
    assert make(vault) == 0
    told = capsys.readouterr().err
    assert told.count("KEYVAULT_PASSPHRASE_SHORT") == 2
    assert told.count("The same once more") == 1


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ((GOOD, OTHER) * 3, "KEYVAULT_PASSPHRASE_DIFFERS"),
        ((GOOD, "") * 3, "KEYVAULT_PASSPHRASE_DIFFERS"),
        ((SHORT,) * 3, "KEYVAULT_PASSPHRASE_SHORT"),
    ],
)
def test_after_three_tries_it_ends_with_a_code(
    vault: Path,
    person: Person,
    capsys: pytest.CaptureFixture[str],
    entries: tuple[str, ...],
    code: str,
) -> None:
    person(*entries)
    assert make(vault, "zh") == 2
    told = capsys.readouterr().err
    assert told.count(code) == 3 and "Error" not in told
    assert not any(word in told for word in (GOOD, OTHER, SHORT))
    assert not vault.exists()


def test_one_character_again_and_again_is_no_passphrase(
    vault: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGXING_VAULT_PASSPHRASE", "口" * 16)
    assert make(vault) == 2
    assert "KEYVAULT_PASSPHRASE_REPEATS" in capsys.readouterr().err
    assert not vault.exists()
    assert passphrase_objection("a" * 15 + "b") is None


@pytest.mark.parametrize("content", ["", "\n", "\nthe second line\n"])
def test_a_secret_file_with_an_empty_first_line_is_told_as_that(
    vault: Path,
    person: Person,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
) -> None:
    person(GOOD, GOOD)
    assert make(vault) == 0
    (tmp_path / "secret").write_text(content, encoding="utf-8")
    for words in (["make", str(tmp_path / "other"), "--env", "test"], ["show", str(vault)]):
        capsys.readouterr()
        asked = ["keys", *words, "--secret-file", str(tmp_path / "secret")]
        assert run([*asked, "--lang", "en"]) == 2
        told = capsys.readouterr().err
        assert told.startswith("error KEYVAULT_NO_SECRET: No secret was given: the first line of")
        assert run([*asked, "--lang", "zh"]) == 2
        assert "的第一行是空的" in capsys.readouterr().err


def test_an_empty_variable_is_told_as_that(
    vault: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGXING_VAULT_PASSPHRASE", "")
    assert make(vault) == 2
    assert "the variable TONGXING_VAULT_PASSPHRASE is empty" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["show"], ["check"], ["check", "--env", "test"]])
def test_files_that_may_not_be_read_are_refused_as_every_command_does(
    vault: Path,
    person: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    person(GOOD, GOOD)
    assert make(vault) == 0
    secret = tmp_path / "secret"
    secret.write_text(GOOD, encoding="utf-8")
    calls = [
        (vault, ["keys", *words, str(vault)]),
        (tmp_path, ["keys", *words, str(tmp_path)]),
        (secret, ["keys", *words, str(vault), "--secret-file", str(secret)]),
        (secret, ["keys", "make", str(tmp_path / "n"), "--env", "test", "--secret-file",
                  str(secret)]),
    ]  # fmt: skip
    for closed, call in calls:
        with monkeypatch.context() as now:
            _close(now, closed)
            capsys.readouterr()
            assert run([*call, "--lang", "zh"]) == 4
            told = capsys.readouterr().err
            assert told.startswith("错误 FILE_NOT_READABLE: ") and closed.name in told


def _close(now: pytest.MonkeyPatch, closed: Path) -> None:
    """Nobody may read this file, not even root."""
    access, read = os.access, Path.read_bytes

    def asked(path: str | Path, mode: int) -> bool:
        return str(path) != str(closed) and access(path, mode)

    def reading(path: Path) -> bytes:
        if path == closed:
            raise PermissionError(errno.EACCES, "closed", str(path))
        return read(path)

    now.setattr(os, "access", asked)
    now.setattr(Path, "read_bytes", reading)


def test_a_secret_may_come_through_a_pipe(vault: Path, person: Person, tmp_path: Path) -> None:
    person(GOOD, GOOD)
    assert make(vault) == 0
    reading, writing = os.pipe()
    os.write(writing, GOOD.encode() + b"\n")
    os.close(writing)
    assert run(["keys", "show", str(vault), "--secret-file", f"/dev/fd/{reading}"]) == 0
    os.close(reading)
