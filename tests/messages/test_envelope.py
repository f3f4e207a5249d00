"""Signed messages: believed only whole, from a known sender, in the expected form."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyEntry, DenyList, KeyRing, Receipt, SigningKey, seal, unseal

CITY = SigningKey.from_secret("CITY-500000", b"c" * 32)
STRANGER = SigningKey.from_secret("CITY-500000", b"x" * 32)
KEYS = KeyRing({"CITY-500000": CITY.public_bytes()})
LIST = DenyList(
    city="500000", version=7, published_s=1_773_700_000, entries=[DenyEntry("310", "MEDIUM_LOST")]
)


def test_what_was_sealed_is_what_comes_out() -> None:
    assert unseal(seal(LIST, CITY), DenyList, KEYS) == ("CITY-500000", LIST)


def test_the_same_value_is_always_the_same_bytes() -> None:
    assert seal(LIST, CITY) == seal(LIST, CITY)


def code_of(message: bytes, expected: type[msgspec.Struct] = DenyList) -> str:
    opened = unseal(message, expected, KEYS)
    assert isinstance(opened, Refusal)
    return opened.code


def test_another_key_under_the_same_name_is_not_believed() -> None:
    assert code_of(seal(LIST, STRANGER)) == "SIGNATURE_INVALID"


def test_a_sender_nobody_trusts_is_not_believed() -> None:
    assert code_of(seal(LIST, SigningKey.from_secret("NOBODY", b"n" * 32))) == "SIGNATURE_INVALID"


def test_another_kind_of_message_is_named() -> None:
    assert code_of(seal(LIST, CITY), Receipt) == "MESSAGE_KIND"


@pytest.mark.parametrize("message", [b"", b"\x00", b"not a message", b"\x95\x01\x02\x03\x04\x05"])
def test_bytes_that_are_no_message_are_refused(message: bytes) -> None:
    assert code_of(message) == "MESSAGE_MALFORMED"


def resealed(kind: str, version: int, body: bytes) -> bytes:
    signed = f"tongxing/{kind}/{version}/{CITY.sender}\n".encode() + body
    return msgspec.msgpack.encode([kind, version, CITY.sender, body, CITY.private.sign(signed)])


def test_a_newer_version_waits_for_an_upgrade() -> None:
    assert code_of(resealed("DenyList", 2, b"{}")) == "SCHEMA_TOO_NEW"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"city":"500000"}',
        b'{"city":"5","version":"7","published_s":1,"entries":[]}',
        b'{"city":"5","version":7.5,"published_s":1,"entries":[]}',
        b'{"city":"5","version":7,"published_s":1,"entries":[],"extra":1}',
    ],
)
def test_a_body_of_another_form_is_refused_though_signed(body: bytes) -> None:
    assert code_of(resealed("DenyList", 1, body)) == "MESSAGE_BODY"


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_flipped_bit_is_ever_believed(position: int, bit: int) -> None:
    message = bytearray(seal(LIST, CITY))
    message[position % len(message)] ^= 1 << bit
    assert isinstance(unseal(bytes(message), DenyList, KEYS), Refusal)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_raise(message: bytes) -> None:
    assert isinstance(unseal(message, DenyList, KEYS), Refusal)
