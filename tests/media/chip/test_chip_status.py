"""Every status word the card can give, and which one wins when several things are wrong."""

from collections.abc import Callable

import pytest
from chip_desk import NUMBER, PUT_JOURNEY, SELECT, TERMINAL, desk

from tongxing.media.card.chip import (
    CardImage,
    MemoryStore,
    Switches,
    TwoSteps,
    personalise,
    trial_profile,
)
from tongxing.media.card.chip import status as words

PURCHASE = f"805003020B01{{fen:08X}}{TERMINAL}0F"


def after(prepare: str, command: str) -> Callable[[], str]:
    def give() -> str:
        found = desk()
        found.do(prepare)
        return found.status(command)

    return give


def on(command: str, **changes: object) -> Callable[[], str]:
    return lambda: desk(**changes).status(command)


def blocked(p2: str, command: str) -> Callable[[], str]:
    def give() -> str:
        found = desk()
        found.ok(found.protected(f"841E00{p2}"))
        return found.status(command)

    return give


def blocked_with_fci() -> str:
    profile = trial_profile(NUMBER, switches=Switches(select_blocked=words.BLOCKED_WITH_FCI))
    found = desk(profile)
    template = found.ok(SELECT)
    found.ok(found.protected("841E0000"))
    answer = found.do(SELECT)
    assert answer[:-4] == template
    return answer[-4:]


class FullMemory(MemoryStore):
    """A store that takes nothing."""

    def commit(self, image: CardImage) -> None:
        raise OSError("no space left")


def memory_failure() -> str:
    found = desk(store=FullMemory(personalise(trial_profile(NUMBER, balance_fen=6070))))
    begun = found.begin(100, kind=6)
    status = found.status(found.debit_command(begun, 100, kind=6))
    assert (found.card.state.value, found.card.image.purses) == ("idle", (6070,))
    return status


def proofless() -> str:
    found = desk()
    found.pay(100)
    assert found.status("805A0009020001") == "9000"
    assert found.status("805A0006020001") == "9406", "the type must be the one that was paid"
    return found.status("805A0009020002")


def waiting() -> str:
    return TwoSteps(desk().card).transmit(bytes.fromhex(SELECT)).hex().upper()


def locked_key() -> str:
    found = desk()
    for _ in range(3):
        found.do("0084000004")
        found.do("841E00000400000000")
    found.do("0084000004")
    return found.status("841E00000400000000")


CASES: dict[str, Callable[[], str]] = {
    "9000": on("805C030204"),
    "6133": waiting,
    "6C1E": on("00B0950020"),
    "6C04": on("805C030205"),
    "6283": blocked_with_fci,
    "63C2": on("0020000003111111", pin=bytes.fromhex("123456")),
    "6581": memory_failure,
    "6700": on("00A4040008A0"),
    "6981": on("00B201AC04"),
    "6982": on("00D695000101"),
    "6983": locked_key,
    "6984": on("00820001080000000000000000"),
    "6985": on("805401000F0000000120260108175510000000FF08"),
    "6987": on("04D69500030102FF"),
    "6988": after("0084000004", "841E00000400000000"),
    "6A80": on(f"805000020B0100000000{TERMINAL}10"),
    "6A81": blocked("00", SELECT),
    "6A82": on("00B089001E"),
    "6A83": on("00B213D480"),
    "6A86": on("80500B020B"),
    "6A88": on("00820009080000000000000000"),
    "6B00": on("00B0951E01"),
    "6D00": on("8058000000"),
    "6E00": on("60B095001E"),
    "9302": after(PURCHASE.format(fen=0).replace("5003", "5001"), "805401000F" + "00" * 15 + "08"),
    "9303": blocked("01", "805C030204"),
    "9401": on(PURCHASE.format(fen=6071)),
    "9402": on(PURCHASE.format(fen=1), purchases=0xFFFF),
    "9403": on(PURCHASE.format(fen=1).replace("0B01", "0B09")),
    "9406": proofless,
}


@pytest.mark.parametrize("word", CASES)
def test_the_card_says(word: str) -> None:
    assert CASES[word]() == word


def test_every_word_of_the_list_is_in_these_cases() -> None:
    listed = {value for name, value in vars(words).items() if name.isupper()}
    said = {int(word, 16) for word in CASES}
    families = {words.MORE_DATA, words.WRONG_EXPECTED, words.TRIES_LEFT}
    said |= {family for family in families for word in said if word & 0xFF00 == family & 0xFF00}
    assert listed <= said


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("60FF010203", "6E00"),
        ("80FF010203", "6D00"),
        ("84540100" + "0F" + "00" * 15, "6E00"),
        ("0054010000", "6E00"),
        ("805C090204", "6A86"),
        ("805C030105", "6A86"),
        ("805C030201FF", "6700"),
        (f"805003010A01{TERMINAL}000000", "6A86"),
        (f"805003020A01{TERMINAL}000000", "6700"),
        (PURCHASE.format(fen=9999).replace("0B01", "0B09"), "9401"),
        ("80540100" + "0E" + "00" * 14, "6700"),
        ("80540200" + "0F" + "00" * 15, "6A86"),
        ("80540300" + "0F" + "00" * 15, "6D00"),
        (f"805005010B01{TERMINAL}00000000", "6D00"),
        (f"805002010B01{TERMINAL}00000000", "6D00"),
        ("80CA000009", "6D00"),
        ("80DC00F02F" + "00" * 47, "6985"),
        ("80DC00F330" + "00" * 48, "6A86"),
        ("00B000001E", "6A86"),
        ("00B2010680", "6A86"),
        ("0084000005", "6700"),
        ("00840000", "6700"),
        ("0084010004", "6A86"),
        ("00C0000010", "6D00"),
        ("841E000004", "6987"),
        ("841E00000300000000", "6700"),
        ("841E000204" + "00" * 4, "6A86"),
        ("841E000004" + "00" * 4, "6984"),
        ("841800000400000000", "6985"),
        ("", "6700"),
        ("00", "6700"),
        ("805C03020405", "6700"),
    ],
)
def test_the_first_thing_that_is_wrong_gives_the_word(command: str, status: str) -> None:
    assert desk().do(command) == status


def test_an_expected_length_that_cannot_be_is_told_the_right_one() -> None:
    found = desk()
    assert found.do(PURCHASE.format(fen=1)[:-2] + "10") == "6C0F"
    assert found.begin(1, kind=6).endswith("9000")
    assert found.do("805401000F" + "00" * 15 + "04") == "6C08"
    assert found.card.state.value == "idle"
    assert found.do("805A00090200010A") == "6C08"
    assert found.do("008800010811223344556677880A") == "6C08"


def test_answers_need_no_expected_length() -> None:
    found = desk()
    assert found.do(PURCHASE.format(fen=1)[:-2]).endswith("9000")
    assert found.do(PUT_JOURNEY + "00") == "9000"
    assert found.do("805C0302") == "000017B69000"


def test_purse_commands_need_a_selected_application() -> None:
    found = desk()
    found.ok("00A4000002" + "3F00")
    for command in ("805C030204", PURCHASE.format(fen=1), "0084000004", "0020000003123456"):
        assert found.do(command) == "6985"


def test_an_application_blocked_for_a_time_takes_only_what_unblocks_it() -> None:
    found = desk()
    found.ok(found.protected("841E0000"))
    found.card.reset()
    assert found.do(SELECT) == "6A81"
    for command in ("805C030204", PURCHASE.format(fen=1), "00B095001E", "0020000003123456"):
        assert found.do(command) == "6985"
    assert found.do(found.protected("84180000")) == "9000"
    assert found.fen == 6070
    assert found.do(SELECT).endswith("9000")


def test_an_application_blocked_for_ever_stays_so() -> None:
    found = desk()
    found.ok(found.protected("841E0000"))
    found.ok(found.protected("841E0001"))
    assert found.do(SELECT) == "6A81"
    for command in ("805C030204", "0084000004", "841800000400000000", "00B095001E"):
        assert found.do(command) == "9303"


def test_an_application_blocked_for_ever_shows_no_template_either() -> None:
    profile = trial_profile(NUMBER, switches=Switches(select_blocked=words.BLOCKED_WITH_FCI))
    found = desk(profile)
    found.ok(found.protected("841E0001"))
    assert found.do(SELECT) == "6A81"


def test_a_blocked_card_answers_no_application() -> None:
    found = desk()
    found.ok(found.protected("84160000"))
    for command in (SELECT, "805C030204", "0084000004", "00A40000023F00"):
        assert found.do(command) == "6A81"
    found.card.reset()
    assert found.do(SELECT) == "6A81"


def test_a_key_without_its_tac_key_is_no_key_of_the_purse() -> None:
    profile = trial_profile(NUMBER, balance_fen=100)
    keys = {name: key for name, key in profile.keys.items() if name != ("DTK", 1)}
    assert desk(profile, keys=keys).begin(1) == "9403"


def test_without_a_key_or_pin_there_is_nothing_to_refer_to() -> None:
    found = desk(keys={})
    assert found.do("0020000003123456") == "6A88"
    assert found.do("805E0000062468" + "00" * 4) == "6A88"
    found.ok("0084000004")
    assert found.do("841E00000400000000") == "6A88"
    assert found.do("00880001081122334455667788") == "6A88"
