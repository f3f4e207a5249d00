"""`tongxing card make`: the card in the file is the one that was asked for, and private."""

import json
import sys
from pathlib import Path

import pytest
from chip_desk import NUMBER, SELECT, Chance

from tongxing.cli import run
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import FileStore, SoftwareCard
from tongxing.media.card.chip.cryptograms import suite_for
from tongxing.media.card.files.management import Management, parse_management
from tongxing.media.card.files.public import PublicInfo, parse_public_info
from tongxing.network.numbers import luhn_digit

CITY_UNION = "4000000000000017"


def made(path: Path, *arguments: str) -> SoftwareCard:
    assert run(["card", "make", str(path), *arguments]) == 0
    return SoftwareCard(FileStore(path), Chance())


def do(card: SoftwareCard, command: str) -> bytes:
    answer = card.transmit(bytes.fromhex(command))
    assert answer.endswith(b"\x90\x00"), f"{command} -> {answer.hex()}"
    return answer[:-2]


def public_info(card: SoftwareCard) -> PublicInfo:
    do(card, SELECT)
    info = parse_public_info(do(card, "00B095001E"))
    assert not isinstance(info, Refusal)
    return info


def test_a_card_is_made_as_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--number", "3199 0100 0000 0000 013", "--city", "1000", "--kind", "3")
    card = made(tmp_path / "card", *arguments, "--balance", "6070")
    info = public_info(card)
    assert (info.number, info.city, info.account_based) == (NUMBER, "1000", False)
    management = parse_management(do(card, "00B097003C"))
    assert isinstance(management, Management)
    assert (management.city, management.kind) == ("1000", 3)
    assert do(card, "805C030204").hex() == "000017b6"
    assert NUMBER in capsys.readouterr().out


def test_a_card_of_an_account_is_marked_and_holds_no_money(tmp_path: Path) -> None:
    card = made(tmp_path / "card", "--account")
    assert public_info(card).account_based
    assert do(card, "805C030204").hex() == "00000000"


def test_it_says_that_its_keys_are_worth_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--lang", "en", "card", "make", str(tmp_path / "one")])
    run(["--lang", "zh", "card", "make", str(tmp_path / "two")])
    told = capsys.readouterr().out
    assert "test keys" in told and "测试密钥" in told


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    made(tmp_path / "card")
    assert (tmp_path / "card").stat().st_mode & 0o777 == 0o600


def test_a_drawn_number_is_a_test_number_and_another_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = set()
    for name in "ab":
        assert run(["--json", "card", "make", str(tmp_path / name)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["keys"], told["balance_fen"]) == ("test", 0)
        numbers.add(told["number"])
    assert len(numbers) == 2
    for number in numbers:
        assert number.startswith("319901") and luhn_digit(number[:-1]) == number[-1]


def test_two_applications_can_share_a_balance(tmp_path: Path) -> None:
    card = made(tmp_path / "card", "--city-union", CITY_UNION, "--shared", "--balance", "70")
    for aid in ("A000000632010105", "A00000000386980701"):
        do(card, f"00A40400{len(aid) // 2:02X}{aid}")
        assert do(card, "805C030204").hex() == "00000046"


def test_the_national_application_has_the_national_algorithm(tmp_path: Path) -> None:
    card = made(tmp_path / "card", "--national")
    application = card.image.applications[0]
    assert application.aid.hex() == "a000000632010107"
    assert {suite_for(key).name for key in application.keys} == {"SM4"}


def test_a_card_that_is_there_is_only_replaced_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "card"
    made(path, "--balance", "100")
    before = path.read_bytes()
    assert run(["card", "make", str(path)]) == 5
    assert "CARD_IMAGE_EXISTS" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert run(["card", "make", str(path), "--replace"]) == 0
    assert path.read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--number", "123"), "NUMBER_LENGTH"),
        (("--number", "6222" + NUMBER[4:]), "NUMBER_NOT_T_UNION"),
        (("--number", "３199010000000000013"), "NUMBER_FULL_WIDTH"),
        (("--number", "319901000000000001X"), "NUMBER_NOT_DIGITS"),
        (("--city-union", NUMBER), "NUMBER_LENGTH"),
        (("--balance", "100001"), "ARG_INVALID"),
        (("--balance", "-1"), "ARG_INVALID"),
        (("--city", "500000"), "ARG_INVALID"),
        (("--shared",), "USAGE"),
        (("--account", "--balance", "500"), "USAGE"),
        (("--kind", "99"), "ARG_INVALID"),
        (("--kind", "0"), "ARG_INVALID"),
        (("--kind", "6"), "ARG_INVALID"),
    ],
)
def test_what_makes_no_card_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    path = tmp_path / "card"
    assert run(["card", "make", str(path), *arguments]) == 2
    assert code in capsys.readouterr().err
    assert not path.exists()
