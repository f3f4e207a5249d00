"""The security module of software: worked purchases byte for byte, and no way round its rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torn_street import TERMINAL, VAULT, new_sam

from tongxing.media.card.apdu import Answer, Command, parse_answer
from tongxing.media.card.terminal import MemorySerials, SoftwareSam
from tongxing.media.crypto.suites import suite_of

CARD8, ISSUER8 = bytes.fromhex("9010000000000013"), bytes.fromhex("99016900FFFFFFFF")
FACTORS = CARD8 + ISSUER8
# Worked cases: random, counter, fen, type, time, version, algorithm -> answer.
WORKED = [
    ("11223344 0010 000000B4 06 20260108090500 01 00", "0000012AC2ADA56E", "D5D0A38A"),
    ("11223344 0010 000000B4 06 20260108090500 01 04", "0000012A357D6775", "E39B97A1"),
    ("55667788 0011 00000000 09 20260108173000 01 00", "0000012B76E28031", "0D869024"),
    ("99AABBCC 0012 0000013B 09 20260108175510 01 01", "0000012C439BC484", "A595D3B3"),
    ("99AABBCC 0012 0000013B 09 20260108175510 01 04", "0000012C73AA05A4", "4BD611CE"),
]
SIGNED = bytes.fromhex(WORKED[0][0])


def sam_at(serial: int) -> SoftwareSam:
    return SoftwareSam(TERMINAL, VAULT, MemorySerials(serial - 1))


def tell(sam: SoftwareSam, head: str, data: bytes = b"", expected: int | None = None) -> Answer:
    command = Command(*bytes.fromhex(head), data, expected)
    answer = parse_answer(sam.transmit(command.encode()))
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(("data", "answer", "mac2"), WORKED)
def test_a_worked_purchase_is_signed_and_its_answer_checked(
    data: str, answer: str, mac2: str
) -> None:
    sam = sam_at(int(answer[:8], 16))
    signed = tell(sam, "80700000", bytes.fromhex(data) + FACTORS, 8)
    assert signed.data.hex().upper() == answer
    assert tell(sam, "80720000", bytes.fromhex(mac2)).ok


def test_a_city_union_card_is_signed_with_its_code_when_the_code_was_shown() -> None:
    code = bytes.fromhex("850102030401020304")
    data = bytes.fromhex("0A0B0C0D 0003 000000C8 09 20260108120000 01 00")
    factors = bytes.fromhex("4000000000000017 4000FF0000000000")
    answers = []
    for shows, counts in ((True, True), (True, False), (False, True)):
        sam = SoftwareSam(TERMINAL, VAULT, MemorySerials(8), code_in_mac1=counts)
        if shows:
            assert tell(sam, "80CA0000", code).ok
        answers.append(tell(sam, "80700000", data + factors, 8).data)
        assert tell(sam, "80720000", bytes.fromhex("F9A52557")).ok
    with_code, switched_off, not_shown = answers
    assert with_code.hex().upper() == "00000009735177F1", "the worked case"
    assert with_code != not_shown
    assert switched_off == not_shown


def test_a_code_that_was_shown_counts_for_one_purchase_only() -> None:
    sam, other = sam_at(1), sam_at(1)
    tell(sam, "80CA0000", bytes(9))
    tell(sam, "80700000", SIGNED + FACTORS, 8)
    tell(other, "80700000", SIGNED + FACTORS, 8)
    assert tell(sam, "80700000", SIGNED + FACTORS, 8) == tell(
        other, "80700000", SIGNED + FACTORS, 8
    )


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_one_two_or_three_factors_lead_to_the_key_the_outermost_last_in_the_command(
    levels: int,
) -> None:
    parts = [CARD8, ISSUER8, bytes(range(8))][:levels]
    key = VAULT.card_key("DPK", 0, 1, tuple(reversed(parts)))
    assert isinstance(key, bytes)
    suite = suite_of(0)
    assert suite is not None
    signed = tell(sam_at(1), "80700000", SIGNED + b"".join(parts), 8)
    session = suite.session(key, SIGNED[:6] + b"\x00\x01")
    assert signed.data[4:] == suite.mac(session, SIGNED[6:11] + TERMINAL + SIGNED[11:18])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (SIGNED, 0x6700),
        (SIGNED + FACTORS[:-1], 0x6700),
        (SIGNED + FACTORS * 2, 0x6700),
        (SIGNED[:-1] + b"\x07" + FACTORS, 0x6A80),
        (SIGNED[:-2] + b"\x09\x00" + FACTORS, 0x6A88),
    ],
    ids=["no factor", "a byte short", "four factors", "unknown algorithm", "unknown version"],
)
def test_a_purchase_that_cannot_be_signed_uses_no_serial(data: bytes, status: int) -> None:
    sam = sam_at(7)
    assert tell(sam, "80700000", data, 8).status == status
    assert tell(sam, "80720000", bytes(4)).status == 0x6985
    assert tell(sam, "80700000", SIGNED + FACTORS, 8).data[:4] == bytes((0, 0, 0, 7))


def test_mac2_is_checked_once_after_each_purchase_and_never_without_one() -> None:
    sam = sam_at(1)
    assert tell(sam, "80720000", bytes(4)).status == 0x6985
    signed = tell(sam, "80700000", SIGNED + FACTORS, 8)
    assert signed.ok
    mac2 = bytes.fromhex("D5D0A38A")
    assert tell(sam, "80720000", mac2).status == 0x63C2, "another serial, another session"
    assert tell(sam, "80720000", mac2[:3]).status == 0x6700
    assert tell(sam, "80720000", bytes(4)).status == 0x63C1
    assert tell(sam, "80720000", bytes(4)).status == 0x63C0
    assert tell(sam, "80720000", bytes(4)).status == 0x6985


def test_a_right_mac2_cannot_be_shown_twice() -> None:
    sam = sam_at(0x12A)
    tell(sam, "80700000", SIGNED + FACTORS, 8)
    assert tell(sam, "80720000", bytes.fromhex("D5D0A38A")).ok
    assert tell(sam, "80720000", bytes.fromhex("D5D0A38A")).status == 0x6985


def test_a_purchase_that_was_refused_takes_the_one_before_it_along() -> None:
    sam = sam_at(0x12A)
    tell(sam, "80700000", SIGNED + FACTORS, 8)
    assert not tell(sam, "80700000", SIGNED, 8).ok
    assert tell(sam, "80720000", bytes.fromhex("D5D0A38A")).status == 0x6985


def test_a_reset_forgets_the_purchase_and_keeps_the_counter() -> None:
    sam = sam_at(0x12A)
    tell(sam, "80700000", SIGNED + FACTORS, 8)
    sam.reset()
    assert tell(sam, "80720000", bytes.fromhex("D5D0A38A")).status == 0x6985
    assert tell(sam, "80700000", SIGNED + FACTORS, 8).data[:4] == bytes.fromhex("0000012B")


def test_its_files_tell_its_numbers_and_nothing_else() -> None:
    sam = new_sam()
    assert tell(sam, "00A40000", bytes.fromhex("3F00")).ok
    assert tell(sam, "00B09600", expected=6).data == TERMINAL
    assert tell(sam, "00B09600", expected=9).status == 0x6C06
    assert tell(sam, "00B09604", expected=2).data == TERMINAL[4:]
    assert tell(sam, "00B09606", expected=1).status == 0x6B00
    assert len(tell(sam, "00B09500", expected=0).data) == 14
    assert len(tell(sam, "00B09700", expected=0).data) == 27
    assert tell(sam, "00B09800", expected=0).status == 0x6A82
    assert tell(sam, "00B01600", expected=6).status == 0x6A82


def test_the_maintenance_key_locks_as_in_the_worked_case_and_is_used_once() -> None:
    sam = new_sam()
    start = bytes.fromhex("DEADBEEF00000000")
    assert tell(sam, "801A4501", FACTORS).ok
    code = tell(sam, "80FA0500", start + bytes.fromhex("841E000004"), 4)
    assert code.data.hex().upper() == "0D3BD6D9"
    assert tell(sam, "80FA0500", start + bytes.fromhex("841E000004"), 4).status == 0x6985


@pytest.mark.parametrize(("version", "answer"), [("01", 0), ("41", 4)])
def test_a_challenge_is_answered_with_the_maintenance_key(version: str, answer: int) -> None:
    sam, challenge = new_sam(), bytes.fromhex("0102030405060708")
    key = VAULT.card_key("DAMK", answer, 1, (ISSUER8, CARD8))
    suite = suite_of(answer)
    assert suite is not None and isinstance(key, bytes)
    assert tell(sam, f"801A45{version}", FACTORS).ok
    assert tell(sam, "80FA0000", challenge, 8).data == suite.authenticate(key, challenge)


def test_no_purchase_key_is_lent_for_anything_else() -> None:
    sam = new_sam()
    for usage in range(256):
        taken = tell(sam, f"801A{usage:02X}01", FACTORS)
        assert taken.ok == (usage == 0x45)
    assert tell(sam, "801A4502", FACTORS).status == 0x6A88
    assert tell(sam, "80FA0000", bytes(8), 8).status == 0x6985


class _FullDisk:
    def next(self) -> int:
        raise OSError("no space")


def test_a_serial_that_cannot_be_written_down_signs_nothing() -> None:
    sam = SoftwareSam(TERMINAL, VAULT, _FullDisk())
    assert tell(sam, "80700000", SIGNED + FACTORS, 8).status == 0x6581
    spent = sam_at(0x1_0000_0000)
    assert tell(spent, "80700000", SIGNED + FACTORS, 8).status == 0x9402
    last = sam_at(0xFFFF_FFFF)
    assert tell(last, "80700000", SIGNED + FACTORS, 8).data[:4] == b"\xff" * 4


@given(st.lists(st.binary(max_size=70), max_size=6))
def test_any_bytes_get_a_status_word(commands: list[bytes]) -> None:
    sam = new_sam()
    heads = [
        b"",
        b"\x80\x70\x00\x00",
        b"\x80\x72\x00\x00",
        b"\x80\x1a\x45\x01",
        b"\x80\xfa\x05\x00",
    ]
    for raw in commands:
        for head in heads:
            assert isinstance(parse_answer(sam.transmit(head + raw)), Answer)
