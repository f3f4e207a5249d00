"""Whole deals whose every byte is known beforehand: the card answers just that."""

from dataclasses import replace

import pytest
from chip_desk import JOURNEY, NUMBER, PUT_JOURNEY, PUT_RAIL, RAIL, desk
from msgspec.structs import replace as changed

from tongxing.media.card.chip import CardProfile, city_union_trial, trial_profile
from tongxing.media.card.chip.names import T_UNION_SM

LOADS = [
    (
        "805000020B010000138869000000000110",
        "000004E200070100A1B2C3D44A695DC79000",
        "805200000B2026010808301592E6957E04",
        "8B34249D9000",
    ),
    (
        "805000020B410000138869000000000110",
        "000004E200070104A1B2C3D499A27EE29000",
        "805200000B20260108083015EA40251904",
        "0BE1F48F9000",
    ),
]
SINGLES = [
    (
        "805001020B01000000B46900000000010F",
        "0000186A00100000000100112233449000",
        "805401000F0000012A20260108090500C2ADA56E08",
        "6EC867ABD5D0A38A9000",
    ),
    (
        "805001020B41000000B46900000000010F",
        "0000186A00100000000104112233449000",
        "805401000F0000012A20260108090500357D677508",
        "0934F508E39B97A19000",
    ),
]
COMPOSITES = [
    (
        "805003020B01000000006900000000010F",
        "000017B600110000000100556677889000",
        "805401000F0000012B2026010817300076E2803108",
        "81AB12E10D8690249000",
        6070,
    ),
    (
        "805003020B010000013B6900000000010F",
        "000017B60012000000010099AABBCC9000",
        "805401000F0000012C20260108175510439BC48408",
        "F12A4BD3A595D3B39000",
        5755,
    ),
    (
        "805003020B410000013B6900000000010F",
        "000017B60012000000010499AABBCC9000",
        "805401000F0000012C2026010817551073AA05A408",
        "934BF2304BD611CE9000",
        5755,
    ),
]


def card_before(answer: str) -> CardProfile:
    """A card that stands where an INITIALIZE answer shows it."""
    profile = trial_profile(NUMBER, balance_fen=int(answer[:8], 16))
    counter = int(answer[8:12], 16)
    return replace(profile, loads=counter, purchases=counter)


@pytest.mark.parametrize(("init", "begun", "credit", "tac"), LOADS)
def test_a_load_is_answered_byte_for_byte(init: str, begun: str, credit: str, tac: str) -> None:
    found = desk(card_before(begun), begun[16:24])
    assert found.do(init) == begun
    assert found.do(credit) == tac
    assert found.fen == 1250 + 5000
    assert found.do("00B201C417") == "00080000000000138802690000000001202601080830159000"
    assert found.do("805A000202000808") == credit[24:32] + tac
    assert found.status("805A000202000708") == "9406"


@pytest.mark.parametrize(("init", "begun", "debit", "codes"), SINGLES)
def test_a_single_purchase_is_answered_byte_for_byte(
    init: str, begun: str, debit: str, codes: str
) -> None:
    found = desk(card_before(begun), begun[22:30])
    assert found.do(init) == begun
    assert found.do(debit) == codes
    assert found.fen == 6070
    assert found.do("805A000602001108") == codes[8:16] + codes[:8] + "9000"
    assert found.do("00B201C417") == "0011000000000000B406690000000001202601080905009000"


@pytest.mark.parametrize(("init", "begun", "debit", "codes", "after_fen"), COMPOSITES)
def test_a_composite_purchase_is_answered_byte_for_byte(
    init: str, begun: str, debit: str, codes: str, after_fen: int
) -> None:
    found = desk(card_before(begun), begun[22:30])
    assert found.do(init) == begun
    found.ok(PUT_RAIL)
    found.ok(PUT_JOURNEY)
    assert found.do(debit) == codes
    assert found.fen == after_fen
    counter = int(begun[8:12], 16) + 1
    assert found.do(f"805A000902{counter:04X}08") == codes[8:16] + codes[:8] + "9000"
    assert found.ok("00B201D480") == RAIL
    assert found.ok("00B201F430") == JOURNEY


def test_a_card_of_the_national_algorithm_only_uses_it_under_index_one() -> None:
    init, begun, debit, codes = SINGLES[1]
    sm_card = trial_profile(NUMBER, aid=T_UNION_SM, balance_fen=6250)
    found = desk(replace(sm_card, purchases=0x10), "11223344", select="00A4040008A000000632010107")
    assert found.do(init.replace("0B41", "0B01")) == begun
    assert found.do(debit) == codes


def test_a_city_union_card_signs_its_security_code_too() -> None:
    profile = city_union_trial("4000000000000017", balance_fen=5000)
    select = "00A4040009A00000000386980701"
    found = desk(replace(profile, purchases=3), "0A0B0C0D", select=select)
    assert found.do("80CA000009") == "8501020304010203049000"
    assert found.do("805003020B01000000C86900000000010F").endswith("0A0B0C0D9000")
    found.ok("80DC02B830" + "02" + "17" * 47)
    codes = found.do("805401000F0000000920260108120000735177F108")
    assert codes == "CC2377DFF9A525579000"
    assert found.ok("00B202BC30") == "02" + "17" * 47
    assert found.fen == 4800


def test_a_city_union_card_can_leave_its_security_code_out() -> None:
    profile = city_union_trial("4000000000000017", balance_fen=5000)
    switches = changed(profile.switches, code_in_mac1=False)
    with_code = desk(profile, select="00A4040009A00000000386980701")
    without = desk(replace(profile, switches=switches), select="00A4040009A00000000386980701")
    for found, code, status in (
        (with_code, "850102030401020304", "9000"),
        (with_code, "", "9302"),
        (without, "", "9000"),
        (without, "850102030401020304", "9302"),
    ):
        begun = found.begin(100, kind=6)
        assert found.status(found.debit_command(begun, 100, kind=6, code=code)) == status


def test_an_application_is_blocked_and_unblocked_by_known_codes() -> None:
    found = desk(None, "DEADBEEF", "DEADBEEF")
    found.ok("0084000004")
    assert found.do("841E0000040D3BD6D9") == "9000"
    found.ok("0084000004")
    assert found.do("841800000470ACFC3C") == "9000"
    assert found.fen == 6070


def test_a_byte_is_written_under_a_known_code() -> None:
    found = desk(None, "DEADBEEF")
    found.ok("0084000004")
    assert found.do("04D6950005013C60FDC3") == "9000"
    assert found.ok("00B0950001") == "01"


@pytest.mark.parametrize(
    ("index", "answer"), [("01", "668CF98E58555CBE"), ("41", "9D5C9E5910F717A3")]
)
def test_a_terminal_proves_itself_by_a_known_answer(index: str, answer: str) -> None:
    found = desk(None, "0102030405060708")
    found.ok("0084000008")
    assert found.do(f"008200{index}08{answer}") == "9000"
