"""SM2 by every provider against published and computed signatures, and everything near them."""

import pytest
from crypto_world import CASES, key_of, raw

from tongxing.media.crypto.der import from_der, to_der
from tongxing.media.crypto.sm2 import Sm2

CASE = CASES["sm2"][0]
PUBLIC, MESSAGE, SIGNATURE = (raw(CASE[name]) for name in ("public", "message", "signature"))
both = pytest.mark.parametrize("tabled", [False, True], ids=["unknown", "tabled"])


@both
@pytest.mark.parametrize("case", CASES["sm2"], ids=range(len(CASES["sm2"])))
def test_a_signature_of_the_list_is_accepted_and_for_another_message_not(
    computer: Sm2, case: dict[str, str], tabled: bool
) -> None:
    key = key_of(computer, raw(case["public"]), tabled=tabled)
    message, signature = raw(case["message"]), raw(case["signature"])
    assert key.digest(message) == raw(case["digest"])
    assert computer.verify(key, message, signature)
    assert computer.verify_digest(key, raw(case["digest"]), signature)
    assert not computer.verify(key, message + b"\0", signature)
    assert not computer.verify(key, b"", signature)


@both
def test_the_identity_of_the_standard_is_the_hash_of_id_curve_and_key(
    computer: Sm2, tabled: bool
) -> None:
    key = key_of(computer, PUBLIC, tabled=tabled)
    assert key.identity == raw("b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3")


def test_every_wrong_case_of_the_list_is_refused(computer: Sm2) -> None:
    assert len(CASES["sm2_wrong"]) == 9
    key = key_of(computer, PUBLIC)
    for case in CASES["sm2_wrong"]:
        if "public" in case:
            assert computer.key(raw(case["public"])) is None, case["why"]
        else:
            given = raw(case["signature"]) if "signature" in case else from_der(raw(case["der"]))
            assert given is None or not computer.verify(key, MESSAGE, given), case["why"]


@both
def test_no_signature_with_a_flipped_bit_is_accepted(computer: Sm2, tabled: bool) -> None:
    key = key_of(computer, PUBLIC, tabled=tabled)
    number = int.from_bytes(SIGNATURE, "big")
    flipped = [(number ^ 1 << bit).to_bytes(64, "big") for bit in range(512)]
    assert not [text.hex() for text in flipped if computer.verify(key, MESSAGE, text)]
    assert computer.verify(key, MESSAGE, SIGNATURE)


def test_no_digest_with_a_flipped_bit_is_accepted(computer: Sm2) -> None:
    key = key_of(computer, PUBLIC, tabled=True)
    digest = int.from_bytes(raw(CASE["digest"]), "big")
    flipped = [(digest ^ 1 << bit).to_bytes(32, "big") for bit in range(256)]
    assert not [text.hex() for text in flipped if computer.verify_digest(key, text, SIGNATURE)]


def test_a_signature_of_another_length_is_refused(computer: Sm2) -> None:
    key = key_of(computer, PUBLIC)
    around = [SIGNATURE[:length] for length in (0, 1, 31, 32, 33, 63)]
    around += [SIGNATURE + b"\0", b"\0" + SIGNATURE, SIGNATURE * 2, to_der(SIGNATURE)]
    around += [SIGNATURE[:32] + b"\0" + SIGNATURE[32:], SIGNATURE[:32] + bytes(9) + SIGNATURE[32:]]
    assert not [text for text in around if computer.verify(key, MESSAGE, text)]


def test_a_digest_of_another_length_is_refused(computer: Sm2) -> None:
    key = key_of(computer, PUBLIC)
    digest = raw(CASE["digest"])
    around = (b"", digest[:-1], digest + b"\0", b"\0" + digest)
    assert not [text for text in around if computer.verify_digest(key, text, SIGNATURE)]


def test_a_key_is_read_in_three_forms_and_written_in_one(computer: Sm2) -> None:
    compressed = bytes((2 + (PUBLIC[-1] & 1),)) + PUBLIC[:32]
    keys = [key_of(computer, form) for form in (PUBLIC, b"\x04" + PUBLIC, compressed)]
    assert {key.compressed for key in keys} == {compressed}
    assert len(set(keys)) == 1
    assert all(computer.verify(key, MESSAGE, SIGNATURE) for key in keys)


def test_the_other_root_is_another_key(computer: Sm2) -> None:
    other = key_of(computer, bytes((3 - (PUBLIC[-1] & 1),)) + PUBLIC[:32])
    assert other != key_of(computer, PUBLIC)
    assert not computer.verify(other, MESSAGE, SIGNATURE)


def test_a_key_shows_itself_and_nothing_else(computer: Sm2) -> None:
    assert (
        repr(key_of(computer, PUBLIC)) == f"PublicKey({key_of(computer, PUBLIC).compressed.hex()})"
    )
