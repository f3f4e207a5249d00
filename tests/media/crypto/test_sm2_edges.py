"""SM2 where arithmetic breaks: sums that meet, vanish or wrap, at the edges of every range.

A signature can be made for any wanted s and t once the digest may be chosen: then r = t - s, and
the digest is r less the x coordinate of s·G + t·key. So every edge is walked, not hoped for.
"""

from functools import cache

import pytest
from crypto_world import CASES, NATIONAL, N, b32, crafted, key_of, raw, whole

from tongxing.media.crypto.sm2 import Sm2

SCALARS = (1, 2, 127, 128, 129, 1 << 255, N - 2, N - 1)
PRIVATES = (1, 2, N - 2, N - 1, whole(raw(CASES["sm2"][0]["private"])))
both = pytest.mark.parametrize("tabled", [False, True], ids=["unknown", "tabled"])


@both
@pytest.mark.parametrize("private", PRIVATES, ids=["1", "2", "n-2", "n-1", "published"])
def test_every_pair_of_edge_scalars_is_added_rightly(
    computer: Sm2, private: int, tabled: bool
) -> None:
    public = NATIONAL.g(private)
    key = key_of(computer, b32(public[0]) + b32(public[1]), tabled=tabled)
    for s in SCALARS:
        for t in SCALARS:
            r = (t - s) % N
            reached = EDGE_SUMS.get((s + t * private) % N)
            if not r or reached is None:
                continue
            digest = (r - reached[0]) % N
            assert computer.verify_digest(key, b32(digest), b32(r) + b32(s)), (s, t)
            wrong = (r + reached[0]) % N
            assert not computer.verify_digest(key, b32(wrong), b32(r) + b32(s)), (s, t)


@both
@pytest.mark.parametrize("private", PRIVATES[:3] + PRIVATES[4:])
def test_a_sum_that_vanishes_is_refused_whatever_is_signed(
    computer: Sm2, private: int, tabled: bool
) -> None:
    """s·G = -t·key: there is no point, so no x; formulas that forget it see 0 or 1."""
    public = NATIONAL.g(private)
    key = key_of(computer, b32(public[0]) + b32(public[1]), tabled=tabled)
    for t in SCALARS:
        s = -t * private % N
        r = (t - s) % N
        for x in (0, 1, public[0]):
            assert not computer.verify_digest(key, b32((r - x) % N), b32(r) + b32(s)), (t, x)


@both
@pytest.mark.parametrize("s", [1, 2, 200, N // 3, N - 1])
def test_r_s_and_t_of_zero_are_refused_though_all_else_adds_up(
    computer: Sm2, s: int, tabled: bool
) -> None:
    """With the digest chosen so, the equation itself holds: only the range is left to refuse."""
    private = PRIVATES[-1]
    public = NATIONAL.g(private)
    key = key_of(computer, b32(public[0]) + b32(public[1]), tabled=tabled)
    for r, given_s in ((0, s), (N, s), (N - s, s), (s, 0), (s, N)):
        reached = NATIONAL.g(given_s + (r + given_s) * private)
        digest = b32((r - reached[0]) % N)
        assert not computer.verify_digest(key, digest, b32(r) + b32(given_s)), (r, given_s)


def edge_sums() -> dict[int, tuple[int, int]]:
    """The multiples of G to which the edge scalars lead, each worked out once."""
    wanted = {(s + t * private) % N for s in SCALARS for t in SCALARS for private in PRIVATES}
    return {scalar: NATIONAL.g(scalar) for scalar in wanted if scalar}


EDGE_SUMS = edge_sums()


@both
@pytest.mark.parametrize("s", [1, 2, 130, N - 1])
def test_an_x_above_n_counts_modulo_n(computer: Sm2, s: int, tabled: bool) -> None:
    """Some points have an x from n to p; chance would need 2¹²⁸ signatures to meet one."""
    made = crafted(point_above_n(), s, 12345)
    key = key_of(computer, made.public, tabled=tabled)
    assert computer.verify_digest(key, made.digest, made.signature)
    assert not computer.verify_digest(key, b32(12346), made.signature)


@both
def test_an_x_just_below_p_minus_n_is_not_taken_for_its_twin(computer: Sm2, tabled: bool) -> None:
    """Both candidates for x are tried there, and only one of them is the point's."""
    made = crafted(point_with_x_from(1), 7, 99)
    key = key_of(computer, made.public, tabled=tabled)
    assert computer.verify_digest(key, made.digest, made.signature)


@both
@pytest.mark.parametrize("digest", [0, 1, N - 1, N, N + 1, 2**256 - 1])
def test_a_digest_of_any_size_is_taken_modulo_n(computer: Sm2, digest: int, tabled: bool) -> None:
    made = crafted(NATIONAL.g(1000), 42, digest)
    key = key_of(computer, made.public, tabled=tabled)
    assert computer.verify_digest(key, made.digest, made.signature)
    if digest + N < 2**256:
        assert computer.verify_digest(key, b32(digest + N), made.signature)
    assert not computer.verify_digest(key, b32(digest ^ 1), made.signature)


@both
@pytest.mark.parametrize("nonce", [1, 2, N - 2, N - 1])
@pytest.mark.parametrize("private", [1, 2, N - 3, N - 2])
def test_keys_and_nonces_at_the_edges_are_accepted(
    computer: Sm2, private: int, nonce: int, tabled: bool
) -> None:
    public = NATIONAL.g(private)
    key = key_of(computer, b32(public[0]) + b32(public[1]), tabled=tabled)
    digest = key.digest(b"edge")
    signature = NATIONAL.sign(private, digest, nonce)
    assert computer.verify(key, b"edge", signature)
    assert not computer.verify(key, b"edges", signature)


def point_above_n() -> tuple[int, int]:
    return point_with_x_from(N)


@cache
def point_with_x_from(x: int) -> tuple[int, int]:
    p = NATIONAL.p
    while True:
        square = (x**3 + NATIONAL.a * x + NATIONAL.b) % p
        y = pow(square, (p + 1) // 4, p)
        if y * y % p == square:
            return x, y
        x += 1
