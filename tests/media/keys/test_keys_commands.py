"""`tongxing keys`: makes, shows and checks vaults; no secret on a command line, none in a text."""

import json
from pathlib import Path

import pytest

from tongxing.cli import run
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.vault_file import seal

PASSPHRASE = "correct horse battery"
QUICK = 10


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also makes the passphrase quick to guess, which a test may."""
    monkeypatch.setenv("TONGXING_VAULT_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr(seal, "__defaults__", (QUICK,))


def made(folder: Path, environment: str) -> str:
    file = str(folder / f"{environment}.vault")
    assert run(["keys", "make", file, "--env", environment]) == 0
    return file


def test_a_vault_for_tests_shows_check_values_and_is_not_fit_for_real_money(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = made(tmp_path, "test")
    assert run(["keys", "show", file, "--lang", "en"]) == 0
    told = capsys.readouterr()
    assert "8BAF47" in told.out and "SM4" in told.out
    assert run(["keys", "check", file, "--lang", "en"]) == 1
    refused = capsys.readouterr()
    assert refused.out.splitlines() == [
        "KEYVAULT_ENVIRONMENT: This vault is marked for tests, not for real money",
        "    → Make one of its own: tongxing keys make FILE --env prod",
        "Not fit for real money; findings: 1.",
    ]
    assert run(["keys", "check", file, "--env", "test"]) == 0
    whole = told.out + told.err + refused.out + refused.err + capsys.readouterr().out
    assert PASSPHRASE not in whole
    assert not any(key.hex() in whole.lower() for key in simulated_masters().values())


def test_a_vault_for_real_money_has_new_keys_each_time_and_is_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "again").mkdir()
    shown = []
    for folder in (tmp_path, tmp_path / "again"):
        file = made(folder, "prod")
        capsys.readouterr()
        assert run(["keys", "show", file, "--json"]) == 0
        shown.append(json.loads(capsys.readouterr().out))
        assert run(["keys", "check", file, "--env", "prod"]) == 0
    assert shown[0]["environment"] == "prod" and len(shown[0]["keys"]) == 8
    assert shown[0] != shown[1]
    assert (tmp_path / "prod.vault").stat().st_mode & 0o077 == 0


def test_live_keys_do_not_belong_into_a_test_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = made(tmp_path, "prod")
    capsys.readouterr()
    assert run(["keys", "check", file, "--env", "test", "--lang", "en"]) == 1
    told = capsys.readouterr().out
    assert "KEYVAULT_ENVIRONMENT: This vault is marked for real money, not for tests" in told
    assert "tongxing keys make FILE --env test" in told
    assert run(["keys", "check", file, "--env", "test", "--lang", "zh"]) == 1
    assert "此密钥库标明用于正式环境，不能用于测试环境" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "en", "zh"),
    [("prod", "real money", "正式环境"), ("test", "tests", "测试环境")],
)
def test_a_vault_shows_what_it_is_marked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], environment: str, en: str, zh: str
) -> None:
    file = made(tmp_path, environment)
    capsys.readouterr()
    assert run(["keys", "show", file, "--lang", "en"]) == 0
    assert f"This vault is marked for {en}." in capsys.readouterr().out
    assert run(["keys", "show", file, "--lang", "zh"]) == 0
    assert f"此密钥库标明用于{zh}。" in capsys.readouterr().out


def test_a_vault_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = made(tmp_path, "test")
    before = Path(file).read_bytes()
    assert run(["keys", "make", file, "--env", "prod"]) == 5
    assert Path(file).read_bytes() == before
    assert "KEYVAULT_FILE_EXISTS" in capsys.readouterr().err


def test_the_secret_may_stand_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = made(tmp_path, "test")
    monkeypatch.setenv("TONGXING_VAULT_PASSPHRASE", "another passphrase")
    assert run(["keys", "show", file]) == 3
    assert "KEYVAULT_PASSPHRASE" in capsys.readouterr().err
    (tmp_path / "secret").write_text(PASSPHRASE + "\n", encoding="utf-8")
    assert run(["keys", "show", file, "--secret-file", str(tmp_path / "secret")]) == 0


def test_without_a_secret_and_without_a_terminal_nothing_is_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TONGXING_VAULT_PASSPHRASE")
    assert run(["keys", "make", str(tmp_path / "new"), "--env", "test"]) == 2
    assert "KEYVAULT_NO_SECRET" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["show", "--module", "x.so"],
        ["check", "--token", "cards"],
        ["show", __file__, "--module", "x.so", "--token", "cards"],
        ["make", "FILE"],
        ["make", "FILE", "--env", "live"],
    ],
)
def test_a_mistake_in_the_arguments_is_told(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", *words]) == 2
    assert "USAGE" in capsys.readouterr().err


def test_a_file_that_is_no_vault_and_one_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").write_text("shopping", encoding="utf-8")
    assert run(["keys", "show", str(tmp_path / "notes")]) == 3
    assert run(["keys", "show", str(tmp_path / "nothing")]) == 4
    told = capsys.readouterr().err
    assert "KEYVAULT_FILE" in told and "FILE_NOT_FOUND" in told
