"""All providers and an independent library say the same of the same bytes, and none ever raises."""

import os

import pytest
from crypto_world import CASES, NATIONAL, N, b32, computers, key_of, raw
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.media.crypto.der import from_der, to_der
from tongxing.media.crypto.providers import private_key, simulated_signer
from tongxing.media.crypto.sm2 import SIGNER_ID, Sm2, scalars_of
from tongxing.media.crypto.tables import TABLES_MAX

CASE = CASES["sm2"][0]
PUBLIC, MESSAGE, SIGNATURE = (raw(CASE[name]) for name in ("public", "message", "signature"))
numbers = st.one_of(
    st.integers(0, 2**256 - 1),
    st.sampled_from([0, 1, N - 1, N, N + 1, 2**256 - 1, NATIONAL.p]),
    st.integers(1, N - 1),
)
privates = st.integers(1, N - 2).map(b32)


def verdicts(public: bytes, message: bytes, signature: bytes) -> set[bool]:
    return {
        computer.verify(key_of(computer, public, tabled=tabled), message, signature)
        for computer in computers().values()
        for tabled in (False, True)
    }


@given(
    st.binary(max_size=64), st.one_of(st.binary(max_size=70), st.binary(min_size=64, max_size=64))
)
@settings(max_examples=30, deadline=None)
def test_any_bytes_as_a_signature_are_refused_by_all(message: bytes, signature: bytes) -> None:
    assert verdicts(PUBLIC, message, signature) == {False}


@given(numbers, numbers)
@settings(max_examples=30, deadline=None)
def test_any_two_numbers_as_a_signature_are_refused_by_all(r: int, s: int) -> None:
    assert verdicts(PUBLIC, MESSAGE, b32(r) + b32(s)) == {False}
    fit = 0 < r < N and 0 < s < N and (r + s) % N != 0
    assert (scalars_of(b32(r) + b32(s)) is not None) == fit


@given(privates, st.binary(max_size=300), st.integers(0, 511))
@settings(max_examples=15, deadline=None)
def test_any_signature_is_accepted_by_all_and_with_a_flipped_bit_by_none(
    private: bytes, message: bytes, bit: int
) -> None:
    signer = simulated_signer()
    public, signature = signer.public_of(private), signer.sign(private, message)
    assert verdicts(public, message, signature) == {True}
    flipped = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
    assert verdicts(public, message, flipped) == {False}
    assert verdicts(public, message + b"\0", signature) == {False}


@given(privates, st.binary(max_size=100))
@settings(max_examples=8, deadline=None)
def test_the_reference_agrees(private: bytes, message: bytes) -> None:
    signer = simulated_signer()
    public = NATIONAL.g(int.from_bytes(private, "big"))
    key = key_of(computers()["plain"], signer.public_of(private))
    assert (key.x, key.y) == public
    assert NATIONAL.verify(public, key.digest(message), signer.sign(private, message))


@given(privates, st.binary(max_size=200))
@settings(max_examples=8, deadline=None)
def test_what_an_independent_library_signs_is_accepted(private: bytes, message: bytes) -> None:
    gmssl = pytest.importorskip("gmssl_pyx")
    public = simulated_signer().public_of(private)
    key = key_of(computers()["plain"], public)
    signature = from_der(gmssl.sm2_sign_sm3_digest(private, key.digest(message)))
    assert signature is not None
    assert verdicts(public, message, signature) == {True}


@given(privates, st.binary(max_size=200))
@settings(max_examples=8, deadline=None)
def test_what_is_signed_here_an_independent_library_accepts(private: bytes, message: bytes) -> None:
    gmssl = pytest.importorskip("gmssl_pyx")
    key = key_of(computers()["plain"], simulated_signer().public_of(private))
    point = b32(key.x) + b32(key.y)
    signed = [computer.sign(private, message) for computer in computers().values()]
    for signature in (simulated_signer().sign(private, message), *signed):
        if isinstance(signature, bytes):
            assert gmssl.sm2_verify(point, message, to_der(signature), signer_id=SIGNER_ID)


def test_a_key_of_one_provider_serves_every_other(computer: Sm2) -> None:
    for other in computers().values():
        key = key_of(other, PUBLIC)
        assert computer.verify(key, MESSAGE, SIGNATURE)
        assert not computer.verify(key, MESSAGE + b"\0", SIGNATURE)


def test_many_tabled_keys_do_not_make_a_check_wrong(computer: Sm2) -> None:
    """More keys than there is room for tables: the first ones lost theirs."""
    signer = simulated_signer()
    privates = [private_key(os.urandom) for _ in range(TABLES_MAX + 2)]
    keys = [key_of(computer, signer.public_of(private), tabled=True) for private in privates]
    for private, key, after in zip(privates, keys, [*keys[1:], keys[0]], strict=True):
        signature = signer.sign(private, b"one of many")
        assert computer.verify(key, b"one of many", signature)
        assert not computer.verify(after, b"one of many", signature)
