"""The two card suites against published blocks and codes, and against independent libraries."""

import pytest
from Crypto.Cipher import DES, DES3
from crypto_world import CASES, raw
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tongxing.media.crypto.suites import Sm4Suite, TripleDesSuite, inverted, pad, suite_of

DES3_SUITE, SM4_SUITE = TripleDesSuite(), Sm4Suite()
keys = st.binary(min_size=16, max_size=16)
blocks = st.binary(min_size=8, max_size=8)
challenges = st.binary(min_size=4, max_size=4)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def test_single_des_blocks_of_the_list() -> None:
    for case in CASES["des"]:
        assert DES3_SUITE.session(raw(case["key"]) * 2, raw(case["plain"])) == raw(case["cipher"])


def test_triple_des_blocks_of_the_list() -> None:
    """Cards have two keys; the case of three judges the library that judges below."""
    three, two = CASES["des3"]
    assert DES3_SUITE.session(raw(two["key"]), raw(two["plain"])) == raw(two["cipher"])
    library = DES3.new(raw(three["key"]), DES3.MODE_ECB)
    assert library.encrypt(raw(three["plain"])) == raw(three["cipher"])


def test_every_des_code_of_iso_9797_and_fips_113() -> None:
    assert len(CASES["iso9797"]) == 5
    for case in CASES["iso9797"]:
        left, right, message = (raw(case[name]) for name in ("left", "right", "message"))
        code = raw(case["code"])
        if (case["algorithm"], case["padding"]) == (1, 2):
            assert DES3_SUITE.mac(left, message) == code[:4]
        elif (case["algorithm"], case["padding"]) == (3, 2):
            assert DES3_SUITE.command_mac(left + right, bytes(4), message) == code[:4]
        else:
            chained = chain(left, message + bytes(-len(message) % 8))
            if case["algorithm"] == 3:
                inner = DES.new(right, DES.MODE_ECB).decrypt(chained)
                chained = DES3_SUITE.session(left * 2, inner)
            assert chained == code


def chain(key: bytes, data: bytes) -> bytes:
    """The last block of DES-CBC, block by block through the suite's own cipher."""
    found = bytes(8)
    for at in range(0, len(data), 8):
        found = DES3_SUITE.session(key * 2, xor(found, data[at : at + 8]))
    return found


def test_sm4_blocks_of_the_list() -> None:
    once, million = CASES["sm4"]
    half = raw(once["plain"])[:8]
    assert raw(once["plain"]) == half + inverted(half)
    assert SM4_SUITE.diversify(raw(once["key"]), half) == raw(once["cipher"])
    cipher = Cipher(algorithms.SM4(raw(million["key"])), modes.CBC(raw(million["plain"])))
    assert million["rounds"] == 1_000_000
    assert cipher.encryptor().update(bytes(16_000_000))[-16:] == raw(million["cipher"])


def test_the_sm4_chain_of_the_list() -> None:
    (case,) = CASES["sm4_chain"]
    key, message, expected = (raw(case[name]) for name in ("key", "message", "chain"))
    cipher = Cipher(algorithms.SM4(key), modes.CBC(bytes(16)))
    assert cipher.encryptor().update(message) == expected
    padded = Cipher(algorithms.SM4(key), modes.CBC(bytes(16))).encryptor().update(pad(message, 16))
    assert SM4_SUITE.mac(key, message) == padded[-16:-12]


@pytest.mark.parametrize("case", CASES["tac"], ids=range(len(CASES["tac"])))
def test_card_keys_and_transaction_codes_of_the_list(case: dict[str, str]) -> None:
    factor, data = raw(case["factor"]), raw(case["data"])
    for suite, key, code in (
        (DES3_SUITE, "card_key_3des", "code_folded"),
        (SM4_SUITE, "card_key_sm4", "code_sm4"),
    ):
        card_key = suite.diversify(raw(case["master"]), factor)
        assert card_key == raw(case[key])
        assert suite.tac(card_key, data) == raw(case[code])
    retail = DES3_SUITE.command_mac(raw(case["card_key_3des"]), bytes(4), data)
    assert retail == raw(case["code_retail"])


@given(keys, blocks, challenges, st.binary(max_size=100))
@settings(max_examples=60, deadline=None)
def test_triple_des_agrees_with_an_independent_library(
    key: bytes, block: bytes, challenge: bytes, data: bytes
) -> None:
    assume(len({bytes(b & 0xFE for b in half) for half in (key[:8], key[8:])}) == 2)
    triple = DES3.new(key, DES3.MODE_ECB)
    assert DES3_SUITE.session(key, block) == triple.encrypt(block)
    assert DES3_SUITE.diversify(key, block) == triple.encrypt(block + inverted(block))
    assert DES3_SUITE.authenticate(key, challenge) == triple.encrypt(challenge + bytes(4))
    length = bytes((len(data),))
    assert DES3_SUITE.encipher(key, data) == triple.encrypt(pad(length + data, 8))

    def single(half: bytes, start: bytes = bytes(8)) -> bytes:
        return DES.new(half, DES.MODE_CBC, start).encrypt(pad(data, 8))[-8:]

    assert DES3_SUITE.mac(key[:8], data) == single(key[:8])[:4]
    assert DES3_SUITE.tac(key, data) == single(xor(key[:8], key[8:]))[:4]
    last = DES.new(key[8:], DES.MODE_ECB).decrypt(single(key[:8], challenge + bytes(4)))
    retail = DES.new(key[:8], DES.MODE_ECB).encrypt(last)[:4]
    assert DES3_SUITE.command_mac(key, challenge, data) == retail


@given(keys, blocks, challenges, st.binary(max_size=100))
@settings(max_examples=60, deadline=None)
def test_sm4_agrees_with_an_independent_library(
    key: bytes, block: bytes, challenge: bytes, data: bytes
) -> None:
    gmssl = pytest.importorskip("gmssl_pyx")

    def chained(start: bytes, text: bytes) -> bytes:
        """CBC without the block that the library's own padding adds."""
        found: bytes = gmssl.sm4_cbc_padding_encrypt(key, start, text)[: len(text)]
        return found

    def single(text: bytes) -> bytes:
        return chained(bytes(16), text)

    assert SM4_SUITE.diversify(key, block) == single(block + inverted(block))
    assert SM4_SUITE.session(key, block) == single(block + b"\x80" + bytes(7))
    assert SM4_SUITE.mac(key, data) == single(pad(data, 16))[-16:-12]
    assert SM4_SUITE.tac(key, data) == single(pad(data, 16))[-16:-12]
    code = chained(challenge + bytes(12), pad(data, 16))[-16:-12]
    assert SM4_SUITE.command_mac(key, challenge, data) == code
    answer = single(challenge + bytes(12))
    assert SM4_SUITE.authenticate(key, challenge) == xor(answer[:8], answer[8:])
    padded = pad(bytes((len(data),)) + data, 16)
    blocks_alone = [single(padded[at : at + 16]) for at in range(0, len(padded), 16)]
    assert SM4_SUITE.encipher(key, data) == b"".join(blocks_alone)


def test_the_algorithm_byte_finds_the_suite() -> None:
    names = {byte: suite.name for byte in range(256) if (suite := suite_of(byte))}
    assert names == {0x00: "3DES", 0x01: "3DES", 0x04: "SM4"}
