"""Signing: only by what may hold a private key, and by the simulator for simulated ones."""

import os

import pytest
from crypto_world import CASES, NATIONAL, N, b32, computers, key_of, raw, whole

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto import sm2_simulated
from tongxing.media.crypto.providers import generate_key, private_key, public_of, simulated_signer
from tongxing.media.crypto.sm2 import Sm2
from tongxing.media.crypto.sm2_plain import PlainSm2

CASE = CASES["sm2"][0]
PRIVATE, PUBLIC, MESSAGE = (raw(CASE[name]) for name in ("private", "public", "message"))
NO_KEYS = (b"", bytes(32), b32(N - 1), b32(N), b"\xff" * 32, PRIVATE[:-1], PRIVATE + b"\0")


def test_the_nonce_of_the_standard_gives_its_signature() -> None:
    for case in CASES["sm2"]:
        private, nonce = whole(raw(case["private"])), whole(raw(case["nonce"]))
        made = sm2_simulated.signed(private, raw(case["digest"]), nonce)
        assert made == raw(case["signature"])


def test_the_simulator_signs_the_same_every_time_and_every_message_with_another_nonce() -> None:
    signer = simulated_signer()
    signatures = [signer.sign(PRIVATE, bytes((number,))) for number in range(20)]
    assert signatures == [signer.sign(PRIVATE, bytes((number,))) for number in range(20)]
    nonces = {next(sm2_simulated.nonces(PRIVATE, bytes(31) + bytes((n,)))) for n in range(20)}
    assert len(nonces) == 20
    assert next(sm2_simulated.nonces(b32(2), bytes(32))) not in nonces


def test_a_nonce_that_gives_no_signature_is_passed_over() -> None:
    """r = 0 when the digest is -x; then the next nonce is taken."""
    nonce = 4711
    digest = b32(-NATIONAL.g(nonce)[0] % N)
    assert sm2_simulated.signed(5, digest, nonce) is None
    meeting = b32((N - nonce - NATIONAL.g(nonce)[0]) % N)
    assert sm2_simulated.signed(5, meeting, nonce) is None
    vanishing = b32((nonce * pow(5, -1, N) - NATIONAL.g(nonce)[0]) % N)
    assert sm2_simulated.signed(5, vanishing, nonce) is None


def test_what_a_computer_signs_all_accept_and_never_twice_the_same(computer: Sm2) -> None:
    signature = computer.sign(PRIVATE, MESSAGE)
    if isinstance(signature, Refusal):
        pytest.skip("nothing on this machine may sign")
    assert computer.sign(PRIVATE, MESSAGE) != signature
    for other in computers().values():
        assert other.verify(key_of(other, PUBLIC), MESSAGE, signature)


@pytest.mark.parametrize("private", [1, 2, N - 3, N - 2])
def test_private_keys_at_the_edges_sign(computer: Sm2, private: int) -> None:
    public = NATIONAL.g(private)
    signed = [simulated_signer().sign(b32(private), MESSAGE), computer.sign(b32(private), MESSAGE)]
    for signature in signed:
        if isinstance(signature, bytes):
            key = key_of(computer, b32(public[0]) + b32(public[1]))
            assert computer.verify(key, MESSAGE, signature)


def test_the_public_key_is_the_same_from_everybody(computer: Sm2) -> None:
    for private in (PRIVATE, b32(1), b32(N - 2), private_key(os.urandom)):
        expected = simulated_signer().public_of(private)
        assert computer.public_of(private) in (expected, Refusal("SM2_NO_SIGNER"))
    assert key_of(computer, simulated_signer().public_of(PRIVATE)) == key_of(computer, PUBLIC)


@pytest.mark.parametrize("private", NO_KEYS, ids=range(len(NO_KEYS)))
def test_bytes_that_are_no_private_key_raise_without_showing_them(
    computer: Sm2, private: bytes
) -> None:
    for signer in (computer, simulated_signer()):
        with pytest.raises(ValueError, match="an SM2 private key is 32 bytes") as at_signing:
            signer.sign(private, MESSAGE)
        with pytest.raises(ValueError, match="an SM2 private key is 32 bytes") as at_asking:
            signer.public_of(private)
        told = f"{at_signing.value} {at_asking.value}"
        assert not private or private.hex() not in told


def test_plain_python_refuses_to_touch_a_private_key() -> None:
    assert PlainSm2().sign(PRIVATE, MESSAGE) == Refusal("SM2_NO_SIGNER")
    assert PlainSm2().public_of(PRIVATE) == Refusal("SM2_NO_SIGNER")


def test_a_new_key_pair_belongs_together_and_signs() -> None:
    made = generate_key(os.urandom)
    if isinstance(made, Refusal):
        pytest.skip("nothing on this machine may hold a private key")
    private, public = made
    assert (len(private), len(public)) == (32, 33)
    assert public == simulated_signer().public_of(private) == public_of(private)
    assert generate_key(os.urandom) != made


def test_a_new_key_is_drawn_again_until_it_can_be_one() -> None:
    drawn = [bytes(32), b"\xff" * 32, b32(N - 1), b32(7), b32(8)]
    asked: list[int] = []

    def random(count: int) -> bytes:
        asked.append(count)
        return drawn[len(asked) - 1]

    assert private_key(random) == b32(7)
    assert asked == [32] * 4


def test_no_object_that_has_signed_shows_the_key(computer: Sm2) -> None:
    computer.sign(PRIVATE, MESSAGE)
    shown = repr(computer) + repr(vars(computer)) + repr(simulated_signer())
    assert PRIVATE.hex() not in shown
    assert repr(PRIVATE) not in shown
    assert str(whole(PRIVATE)) not in shown
