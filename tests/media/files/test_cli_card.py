"""`tongxing card`: one object for programs, tables for people, one clear line for bad input."""

import io
import json
import shlex
from contextlib import nullcontext
from pathlib import Path

import pytest
from reading_desk import NUMBER, Played, profile, software_card, union_profile

import tongxing.cli.card.read as reading
from tongxing.cli import run
from tongxing.media.card.chip.profile import personalise
from tongxing.media.card.chip.store import FileStore
from tongxing.media.card.readers.relay import serve_card

CONTENT = "99016900FFFFFFFF02010319901000000000001320260101203612310000"
JOURNEY = "03 0000100075131F08 01 0800 1900 3000 00 00000000 00000BB8 20190831175904 1000"
JOURNEY += " 01011000FFFFFFFF 000000000000"


def decode(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["card", "decode", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def error(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    exit_code = run(["card", *arguments, "--lang", "en"])
    told = capsys.readouterr()
    assert told.out == ""
    return exit_code, told.err


@pytest.fixture
def image(tmp_path: Path) -> str:
    path = tmp_path / "one.card"
    FileStore(path).commit(personalise(profile(union_profile())))
    return str(path)


def test_decoding_prints_one_object_with_or_without_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = decode(capsys, "--file", "15", CONTENT)
    assert plain["number"] == NUMBER
    assert decode(capsys, "--file", "15", CONTENT, "--json") == plain


@pytest.mark.parametrize("file", ["15", "0x15", "0X15", "public", "PUBLIC"])
def test_a_file_is_named_as_people_write_it(capsys: pytest.CaptureFixture[str], file: str) -> None:
    assert decode(capsys, "--file", file, CONTENT)["file_id"] == "15"


def test_bytes_may_be_spaced_in_any_case_and_carry_a_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = decode(capsys, "--file", "1e", *JOURNEY.lower().split(), "9000")
    assert (found["balance_fen"], found["kind_en"], found["status_word"]) == (3000, "entry", "9000")
    assert decode(capsys, "--file", "1E", f"0x{JOURNEY}")["line"] == "0800"


def test_bytes_are_read_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{JOURNEY}\n{JOURNEY}\n"))
    found = decode(capsys, "--file", "1e", "-")
    assert isinstance(found["records"], list) and len(found["records"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("--file 15 0102ZZ", "CARD_HEX"),
        ("--file 15 １５", "CARD_HEX"),
        ("--file 15 010", "CARD_HEX_ODD"),
        ("--file 15 0102", "CARD_FILE_LENGTH"),
        (f"--file 15 {'00' * 9000}", "CARD_FILE_LENGTH"),
        (f"--file １５ {CONTENT}", "CARD_FILE_UNKNOWN"),
        (f"--file 1F {CONTENT}", "CARD_FILE_UNKNOWN"),
        (f"--file 00 {CONTENT}", "CARD_FILE_UNKNOWN"),
        (f"--file purse {CONTENT}", "CARD_FILE_UNKNOWN"),
        (f"--file 15 --application mot {CONTENT}", "CARD_APPLICATION_UNKNOWN"),
        ("--file fci 6F05840100", "CARD_TLV"),
        ("--file balance 00", "CARD_FILE_LENGTH"),
        ("--file 15", "USAGE"),
        (CONTENT, "USAGE"),
    ],
)
def test_bad_input_is_one_line_with_a_code_and_a_next_step(
    capsys: pytest.CaptureFixture[str], arguments: str, code: str
) -> None:
    exit_code, told = error(capsys, "decode", *shlex.split(arguments))
    assert exit_code == (2 if code == "USAGE" else 4)
    assert told.startswith(f"error {code}: ") and " — " in told
    assert len(told.splitlines()) == 1
    assert "{" not in told and len(told) < 500


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_table_shows_the_same_with_names(
    capsys: pytest.CaptureFixture[str], language: str
) -> None:
    assert run(["card", "decode", "--file", "1e", "--table", "--lang", language, JOURNEY]) == 0
    shown = capsys.readouterr().out
    assert "30.00" in shown and "0800" in shown
    assert ("北京市" if language == "zh" else "Beijing") in shown
    assert ("进站" if language == "zh" else "entry") in shown


def test_a_table_of_a_whole_answer_shows_the_file_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fci = f"6F318408A000000632010105A5259F0801029F0C1E{CONTENT}9000"
    assert run(["card", "decode", "--file", "fci", "--table", "--lang", "en", fci]) == 0
    shown = capsys.readouterr().out
    assert "A000000632010105" in shown and NUMBER in shown


def test_a_card_in_a_file_is_shown_with_its_number_hidden(
    capsys: pytest.CaptureFixture[str], image: str
) -> None:
    assert run(["card", "read", "--image", image, "--journeys", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "31990100*******0013" in shown and "60.70" in shown and "7.77" in shown
    assert NUMBER not in shown


def test_the_object_of_a_card_holds_its_number_only_when_asked(
    capsys: pytest.CaptureFixture[str], image: str
) -> None:
    assert run(["card", "read", "--image", image, "--journeys", "--json"]) == 0
    hidden = capsys.readouterr().out
    assert NUMBER[2:] not in hidden
    found = json.loads(hidden)
    assert [one["balance_fen"] for one in found["purses"]] == [6070, 777]
    assert "17" in found["purses"][0]["files"] and "15" not in found["purses"][0]["files"]
    assert run(["card", "read", "--image", image, "--full", "--json"]) == 0
    full = json.loads(capsys.readouterr().out)
    assert full["purses"][0]["files"]["15"]["number"] == NUMBER == full["purses"][0]["number"]


def test_reading_a_card_leaves_its_file_as_it_was(
    capsys: pytest.CaptureFixture[str], image: str
) -> None:
    before = Path(image).read_bytes()
    assert run(["card", "read", "--image", image, "--journeys"]) == 0
    assert capsys.readouterr().out and Path(image).read_bytes() == before


def test_a_card_behind_a_relay_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_card(software_card()) as server:
        host, port = server.address
        assert run(["card", "read", "--tcp", f"{host}:{port}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["purses"][0]["balance_fen"] == 6070


class Memory(Played):
    """A memory card as a reader shows it."""

    atr = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")

    def uid(self) -> bytes:
        return bytes.fromhex("01020304")


def test_an_m1_card_is_told_and_nothing_is_asked_of_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Memory({})
    monkeypatch.setattr(reading, "_opened", lambda *_: nullcontext(card))
    assert run(["card", "read", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["trust"], found["uid"]) == (
        "legacy",
        "legacy_untrusted",
        "01020304",
    )
    assert run(["card", "read", "--lang", "en"]) == 0
    assert "M1" in capsys.readouterr().out
    assert card.asked == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--image", "nowhere.card"], "FILE_NOT_FOUND"),
        (["--image", "nowhere.card", "--tcp", "a:1"], "FILE_NOT_FOUND"),
        (["--tcp", "localhost"], "READER_ADDRESS"),
        (["--tcp", "localhost:1", "--reader", "x"], "USAGE"),
    ],
)
def test_a_card_that_cannot_be_reached_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    exit_code, told = error(capsys, "read", *arguments)
    assert exit_code in (2, 3, 4, 6) and f"error {code}: " in told
    assert len([line for line in told.splitlines() if line.startswith("error")]) == 1


def test_a_dual_card_shows_both_purses(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Also where the second one is of a city whose real cards keep their number elsewhere."""
    image = str(tmp_path / "dual.card")
    made = ["card", "make", image, "--number", "3199010000000000013", "--balance", "5000"]
    assert run([*made, "--city-union", "4000000000000017"]) == 0
    capsys.readouterr()
    assert run(["card", "read", "--image", image, "--full", "--json"]) == 0
    purses = json.loads(capsys.readouterr().out)["purses"]
    assert [(one["scheme"], one["number"]) for one in purses] == [
        ("t_union", "3199010000000000013"),
        ("city_union", "4000000000000017"),
    ]


@pytest.mark.parametrize(
    ("language", "account", "shared"),
    [
        ("en", "account card: the money is in the account", "both show the same money"),
        ("zh", "账户卡：钱在账户里", "同一笔钱"),
    ],
)
def test_a_card_says_where_its_money_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, language: str, account: str, shared: str
) -> None:
    union = ("--city-union", "4000000000000017")
    told = []
    for options in (["--account"], [*union, "--shared"], [*union]):
        image = str(tmp_path / "one.card")
        assert run(["card", "make", image, "--replace", *options]) == 0
        capsys.readouterr()
        assert run(["--lang", language, "card", "read", "--image", image]) == 0
        told.append(capsys.readouterr().out)
    assert [account in one for one in told] == [True, False, False]
    assert [shared in one for one in told] == [False, True, False]
