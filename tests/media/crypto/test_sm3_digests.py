"""SM3 and its keyed form, by whichever library, against published and computed digests."""

import hashlib
from collections.abc import Callable

import pytest
from crypto_world import CASES, raw
from hypothesis import given
from hypothesis import strategies as st

from tongxing.media.crypto.sm3 import by_cryptography, by_interpreter, chosen, hmac_sm3, sm3

HERE = [by_cryptography, *([by_interpreter] if "sm3" in hashlib.algorithms_available else [])]


@pytest.mark.parametrize("hasher", [sm3, *HERE])
def test_every_digest_of_the_list(hasher: Callable[[bytes], bytes]) -> None:
    assert len(CASES["sm3"]) == 9
    for case in CASES["sm3"]:
        assert hasher(raw(case["part"]) * case["times"]) == raw(case["digest"]), case["source"]


def test_every_keyed_digest_of_the_list() -> None:
    for case in CASES["hmac_sm3"]:
        assert hmac_sm3(raw(case["key"]), raw(case["message"])) == raw(case["code"])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_are_hashed_as_an_independent_library_does(key: bytes, data: bytes) -> None:
    gmssl = pytest.importorskip("gmssl_pyx")
    assert sm3(data) == gmssl.sm3_hash(data)
    if key:
        assert hmac_sm3(key, data) == gmssl.sm3_hmac(key, data)


def wrong(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def lacking(data: bytes) -> bytes:
    raise ValueError("unsupported hash type sm3")


def test_a_library_that_is_wrong_or_lacks_it_is_passed_over() -> None:
    assert chosen(wrong, by_cryptography) is by_cryptography
    assert chosen(lacking, by_cryptography) is by_cryptography
    assert chosen(by_cryptography, wrong) is by_cryptography
