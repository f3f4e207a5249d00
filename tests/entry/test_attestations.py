"""An attestation is exactly what an attester of this city signed about this holder, for now."""

import msgspec
import pytest
from entry_world import (
    ATTESTERS,
    HOLDER,
    HOLDER_KEY,
    KEY,
    NOON_S,
    NUMBER,
    OTHER_KEY,
    POLICY,
    word,
)

from tongxing.entry import Attestation, holder_of, read_attestation, sign_attestation
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal


def read(raw: bytes, now_s: int = NOON_S) -> Attestation | str:
    found = read_attestation(raw, ATTESTERS, POLICY.city, HOLDER, now_s, DAY_S)
    return found.code if isinstance(found, Refusal) else found


@pytest.mark.parametrize("passed", [True, False])
def test_what_was_signed_is_read(passed: bool) -> None:
    said = word(passed)
    assert read(sign_attestation(said, "bj-1", KEY)) == said


@pytest.mark.parametrize(
    ("said", "now_s", "code"),
    [
        (word(True), NOON_S + 3600, "ENTRY_ATTESTATION_EXPIRED"),
        (word(True, city="500000"), NOON_S, "ENTRY_ATTESTATION_CITY"),
        (word(True, holder="0" * 32), NOON_S, "ENTRY_ATTESTATION_HOLDER"),
        (word(True, NOON_S + 91), NOON_S, "ENTRY_ATTESTATION_LIFE"),
        (word(True, life_s=DAY_S + 1), NOON_S, "ENTRY_ATTESTATION_LIFE"),
        (word(True, life_s=0), NOON_S, "ENTRY_ATTESTATION_LIFE"),
    ],
)
def test_what_is_not_for_here_and_now_is_refused(said: Attestation, now_s: int, code: str) -> None:
    assert read(sign_attestation(said, "bj-1", KEY), now_s) == code


def test_its_last_second_is_good_and_so_is_a_clock_that_is_a_little_ahead() -> None:
    raw = sign_attestation(word(True), "bj-1", KEY)
    assert isinstance(read(raw, NOON_S + 3599), Attestation)
    assert isinstance(read(raw, NOON_S - 90), Attestation)


def test_nobody_else_can_sign_and_no_attester_can_take_anothers_name() -> None:
    assert read(sign_attestation(word(True), "bj-1", OTHER_KEY)) == "ENTRY_ATTESTATION_FORGED"
    assert read(sign_attestation(word(True), "cq-1", KEY)) == "ENTRY_ATTESTATION_FORGED"
    attester, body, signature = msgspec.msgpack.decode(sign_attestation(word(True), "bj-2", KEY))
    renamed = msgspec.msgpack.encode(("bj-1", body, signature))
    assert attester == "bj-2" and read(renamed) == "ENTRY_ATTESTATION_FORGED"


def test_a_no_cannot_be_turned_into_a_yes_by_any_single_bit() -> None:
    raw = sign_attestation(word(False), "bj-1", KEY)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        assert isinstance(read(bytes(changed)), str)


@pytest.mark.parametrize(
    "raw", [b"", b"\xc1", b"\x90", b"\x93abc", b"\xff" * 600, "是".encode(), b"\xa2\xff\xff"]
)
def test_what_is_no_attestation_is_refused(raw: bytes) -> None:
    assert read(raw) == "ENTRY_ATTESTATION_MALFORMED"


def test_a_signed_something_else_is_malformed() -> None:
    body = msgspec.msgpack.encode(["110000", HOLDER, True, NOON_S])
    signature = KEY.sign(b"tongxing/entry/attestation/1\0bj-1\0" + body)
    assert read(msgspec.msgpack.encode(("bj-1", body, signature))) == "ENTRY_ATTESTATION_MALFORMED"


@pytest.mark.req("R-127", "R-136")
def test_a_holder_is_a_keyed_hash_and_nothing_personal_travels() -> None:
    raw = sign_attestation(word(True), "bj-1", KEY)
    assert NUMBER.encode() not in raw
    others = {
        holder_of(HOLDER_KEY, POLICY.city, NUMBER[:-1] + "8"),
        holder_of(HOLDER_KEY, "500000", NUMBER),
        holder_of(b"another key", POLICY.city, NUMBER),
    }
    assert len(others | {HOLDER}) == 4
    assert Attestation.__struct_fields__ == ("city", "holder", "passed", "issued_s", "expires_s")
