"""No bit of a code can be changed: every single one of them, known or unknown to the gate (B49)."""

import pytest
from code_world import BANK, MADE_S, PHONE, ROOT, TRUST, flipped, made, name_of, told
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.verify import Trust, verify
from tongxing.media.crypto.curve import N

GOOD = made()
LONG = made(custom=bytes(range(32)))
ALLOWED = {"QR_SIGNATURE", "QR_MALFORMED"}
ALSO = {
    range(8): {"QR_VERSION"},
    range(8 * 8, 9 * 8): {"QR_KEY_UNKNOWN"},
}
"""Bits 0-7 are the version, those of byte 8 the index of the root key: these say so."""


def allowed(bit: int) -> set[str]:
    return next((codes | ALLOWED for bits, codes in ALSO.items() if bit in bits), ALLOWED)


def warmed(*codes: bytes) -> CodeCaches:
    caches = CodeCaches()
    for raw in codes:
        assert name_of(verify(raw, TRUST, MADE_S, caches=caches)) == "ACCEPTED"
    return caches


@pytest.mark.parametrize(
    ("raw", "bits"),
    [(GOOD, range(len(GOOD) * 8)), (LONG, range(197 * 8, 231 * 8))],
    ids=["every bit of 332 bytes", "every bit of a custom field"],
)
def test_no_single_bit_can_be_turned(raw: bytes, bits: range) -> None:
    caches = warmed(GOOD, LONG)
    wrong = [
        (bit, found)
        for bit in bits
        if (found := told(verify(flipped(raw, bit), TRUST, MADE_S, caches=caches))[1])
        not in allowed(bit)
    ]
    assert not wrong


def test_a_gate_that_knows_nothing_gives_the_same_reason_for_a_turned_bit() -> None:
    caches = warmed(GOOD)
    for bit in range(5, len(GOOD) * 8, 37):
        raw = flipped(GOOD, bit)
        known = told(verify(raw, TRUST, MADE_S, caches=caches))
        assert known == told(verify(raw, TRUST, MADE_S)), bit


def test_every_root_index_known_does_not_help_a_turned_one() -> None:
    everywhere = Trust(roots=dict.fromkeys(range(256), ROOT.public))
    for bit in range(64, 72):
        verdict = verify(flipped(GOOD, bit), everywhere, MADE_S, caches=warmed(GOOD))
        assert name_of(verdict) == "AUTH_SIGN"


@settings(deadline=None)
@given(st.sets(st.integers(0, len(GOOD) * 8 - 1), min_size=1, max_size=12))
def test_no_set_of_bits_can_be_turned(bits: set[int]) -> None:
    raw = GOOD
    for bit in bits:
        raw = flipped(raw, bit)
    assert name_of(verify(raw, TRUST, MADE_S, caches=KNOWN)) != "ACCEPTED"


KNOWN = warmed(GOOD)


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


SIGNED = int.from_bytes(GOOD[-32:], "big")
BAD_PAIRS = {
    "r = 0": (bytes(32), GOOD[-32:]),
    "s = 0": (GOOD[-64:-32], bytes(32)),
    "r = n": (number(N), GOOD[-32:]),
    "s = n": (GOOD[-64:-32], number(N)),
    "s = n + 1": (GOOD[-64:-32], number(N + 1)),
    "n - s": (GOOD[-64:-32], number(N - SIGNED)),
    "both 0": (bytes(32), bytes(32)),
    "both n": (number(N), number(N)),
    "r + s = n": (number(N - SIGNED), GOOD[-32:]),
    "all ones": (b"\xff" * 32, b"\xff" * 32),
    "DER instead": (b"\x30\x45\x02\x20" + GOOD[-64:-36], GOOD[-36:-4]),
}


@pytest.mark.parametrize("name", BAD_PAIRS)
def test_numbers_that_no_signature_has_are_refused_at_all_three_places(name: str) -> None:
    pair = b"".join(BAD_PAIRS[name])
    for part, reason in (("root", "CERT_INVALID"), ("issuer", "AUTH_SIGN"), ("phone", "USER_SIGN")):
        raw = made(**{part: lambda _message: pair})
        assert told(verify(raw, TRUST, MADE_S)) == (reason, "QR_SIGNATURE")


BAD_KEYS = {
    "off the curve": b"\x02" + number(5),
    "x = p": b"\x02" + bytes.fromhex("fffffffe" + "ff" * 16 + "00000000" + "ff" * 8),
    "x above p": b"\x03" + b"\xff" * 32,
    "no such form": b"\x04" + PHONE.public[1:],
    "zero": bytes(33),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_key_off_the_curve_signs_nothing(name: str) -> None:
    """The root or the issuer has vouched for it, and still nobody can sign with it (B54)."""
    assert len(BAD_KEYS[name]) == 33
    phone = verify(made(user_key=BAD_KEYS[name]), TRUST, MADE_S)
    assert told(phone) == ("USER_SIGN", "QR_SIGNATURE")
    issuer = verify(made(issuer_key=BAD_KEYS[name]), TRUST, MADE_S)
    assert told(issuer) == ("CERT_INVALID", "QR_SIGNATURE")


def test_the_other_half_of_a_key_is_another_key() -> None:
    other = bytes((PHONE.public[0] ^ 1,)) + PHONE.public[1:]
    assert name_of(verify(made(user_key=other), TRUST, MADE_S)) == "USER_SIGN"
    swapped = bytes((BANK.public[0] ^ 1,)) + BANK.public[1:]
    assert name_of(verify(made(issuer_key=swapped), TRUST, MADE_S)) == "AUTH_SIGN"
