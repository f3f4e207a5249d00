"""Keys that are none are refused by everybody: off the curve, out of range, wrongly written."""

import pytest
from crypto_world import CASES, NATIONAL, b32, computers, raw
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.media.crypto.curve import decode_point, encode_point, is_on_curve
from tongxing.media.crypto.sm2 import Sm2
from tongxing.media.crypto.sm2_libcrypto import LibcryptoSm2

PUBLIC = raw(CASES["sm2"][0]["public"])
X, Y = PUBLIC[:32], PUBLIC[32:]
P = NATIONAL.p


def without_root() -> int:
    """The lowest x for which no y exists."""
    x = 0
    while pow(x**3 + NATIONAL.a * x + NATIONAL.b, (P - 1) // 2, P) != P - 1:
        x += 1
    return x


def test_points_off_the_curve_are_refused(computer: Sm2) -> None:
    wrong = (
        X + b32(int.from_bytes(Y, "big") ^ 1),
        Y + X,
        bytes(64),
        b"\x04" + X + X,
        b"\x02" + b32(without_root()),
        b"\x03" + b32(without_root()),
    )
    assert not [public.hex() for public in wrong if computer.key(public) is not None]


def test_a_number_that_is_not_reduced_is_refused(computer: Sm2) -> None:
    small = next(x for x in range(100) if decode_point(b"\x02" + b32(x)))
    point = decode_point(b"\x02" + b32(small))
    assert point is not None
    assert computer.key(b32(small) + b32(point[1])) is not None
    for x, y in ((small + P, point[1]), (2**256 - 1, 2**256 - 1), (P, P)):
        assert computer.key(b32(x) + b32(y)) is None
    assert computer.key(b"\x02" + b32(small + P)) is None


def test_a_key_with_another_mark_or_length_is_refused(computer: Sm2) -> None:
    compressed = encode_point(int.from_bytes(X, "big"), int.from_bytes(Y, "big"))
    marks = [bytes((mark,)) + compressed[1:] for mark in range(256) if mark not in (2, 3)]
    hybrid = [bytes((mark,)) + PUBLIC for mark in range(256) if mark != 4]
    lengths = [PUBLIC[:length] for length in range(64)] + [
        PUBLIC + b"\0" * extra for extra in (2, 3)
    ]
    assert not [public for public in marks + hybrid + lengths if computer.key(public) is not None]


def test_openssl_itself_refuses_a_point_off_the_curve() -> None:
    computer = computers().get("libcrypto")
    if not isinstance(computer, LibcryptoSm2):
        pytest.skip("there is no OpenSSL with SM2 on this machine")
    assert computer.refuses(X + Y[:-1] + bytes((Y[-1] ^ 1,)))
    assert not computer.refuses(PUBLIC)


@given(st.one_of(st.binary(max_size=80), st.binary(min_size=32, max_size=32).map(b"\x02".__add__)))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_key_for_all_or_for_nobody(public: bytes) -> None:
    keys = [computer.key(public) for computer in computers().values()]
    point = decode_point(public)
    if point is None:
        assert keys == [None] * len(keys)
    else:
        assert is_on_curve(*point)
        assert {key.compressed for key in keys if key} == {encode_point(*point)}
        assert None not in keys


@given(st.integers(min_value=1, max_value=NATIONAL.n - 1))
@settings(max_examples=20, deadline=None)
def test_a_point_comes_back_from_its_33_bytes(scalar: int) -> None:
    point = NATIONAL.g(scalar)
    assert decode_point(encode_point(*point)) == point
