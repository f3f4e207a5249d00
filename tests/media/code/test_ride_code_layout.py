"""Whatever a scanner hands over is read or refused with a reason, and never changed on the way."""

import base64

import pytest
from code_world import made, read
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import LONGEST_BYTES, RideCode, parse_code, read_certificate

GOOD = made()
LONG = made(custom=bytes(range(32)))
LONGEST = made(custom=bytes(180))


def code_of(scanned: bytes) -> str:
    found = parse_code(scanned)
    assert isinstance(found, Refusal), found
    return found.code


@pytest.mark.parametrize(
    "scanned",
    [b"", b"\x81", b"a", GOOD[:1], bytes(513), b"\x81" * 513, b"A" * 513, b"5" * 513, bytes(7168),
     b"\xff" * 7168, b"https://" + b"a" * 7160, GOOD[:-1], GOOD[:100],
     LONGEST + b"\0"],
    ids=lambda scanned: f"{len(scanned)} bytes from {scanned[:1].hex()}",
)  # fmt: skip
def test_a_code_of_impossible_size_has_the_wrong_length(scanned: bytes) -> None:
    assert code_of(scanned) == "QR_LENGTH"


@pytest.mark.parametrize("version", [0x00, 0x01, 0x7F, 0x80, 0x82, 0xC1, 0xFF])
def test_another_version_is_told_as_one(version: int) -> None:
    found = parse_code(bytes((version,)) + GOOD[1:])
    assert isinstance(found, Refusal)
    assert found.code == "QR_VERSION"
    assert f"{version:02X}" in found.message("zh")


@pytest.mark.parametrize(
    "scanned",
    [
        GOOD + b"\0",
        GOOD + GOOD[:50],
        GOOD[:1] + b"\x01\x48" + GOOD[3:],
        GOOD[:1] + b"\x01\x4a" + GOOD[3:],
        GOOD[:1] + b"\xff\xff" + GOOD[3:],
        GOOD[:197] + b"\x01" + GOOD[198:],
        GOOD[:197] + b"\xff" + GOOD[198:],
        LONG[:197] + b"\x00" + LONG[198:],
        LONG[:197] + b"\x1f" + LONG[198:],
        GOOD[:198] + b"\x14" + GOOD[199:],
        GOOD[:267] + b"\x30" + GOOD[268:],
    ],
    ids=["a byte too many", "half a code more", "length too small", "length too large",
         "length past the end", "custom field past the end", "custom field far past the end",
         "custom field left out", "custom field too short", "issuer's tag", "phone's tag"],
)  # fmt: skip
def test_a_code_whose_parts_do_not_add_up_is_malformed(scanned: bytes) -> None:
    assert code_of(scanned) == "QR_MALFORMED"


def test_the_longest_code_fits_and_no_more() -> None:
    assert len(LONGEST) == LONGEST_BYTES
    assert read(LONGEST).custom == bytes(180)


def broken_lines(raw: bytes) -> bytes:
    return base64.encodebytes(raw).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("raw", [GOOD, LONG, made(custom=b"x"), made(custom=b"xy")])
@pytest.mark.parametrize(
    "wrap",
    [
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda raw: base64.b64encode(raw).rstrip(b"="),
        lambda raw: b" \t" + base64.urlsafe_b64encode(raw).rstrip(b"=") + b"\n",
        broken_lines,
        lambda raw: raw.decode("latin-1").encode("utf-8"),
    ],
    ids=["Base64", "URL-safe", "without padding", "with blanks", "in lines", "as UTF-8"],
)
def test_wrapped_bytes_come_out_as_they_were(wrap: object, raw: bytes) -> None:
    assert callable(wrap)
    assert read(wrap(raw)).raw == raw


@pytest.mark.parametrize(
    "spoilt",
    [
        GOOD.decode("utf-8", "replace").encode(),
        GOOD.decode("utf-8", "ignore").encode(),
        GOOD.decode("latin-1").encode()[:-1],
        GOOD.decode("latin-1").encode().replace(b"\xc2\x81", b"\xc4\x81", 1),
        GOOD.decode("cp437").encode(),
        (GOOD[:-1].decode("latin-1") + "\u0101").encode(),
        (GOOD[:-1].decode("latin-1") + "\ufffd").encode(),
    ],
)
def test_bytes_that_a_scanner_has_lost_are_not_guessed(spoilt: bytes) -> None:
    assert code_of(spoilt) in {"QR_LENGTH", "QR_VERSION", "QR_MALFORMED", "QR_NOT_TRANSIT"}


@pytest.mark.parametrize("text", ["gQFJ*", "gQFJ=", "gQ=FJ", "g", "gA", "gQ\N{EN DASH}"])
def test_text_that_only_looks_like_base64_is_no_code(text: str) -> None:
    assert code_of(text.encode()) in {"QR_LENGTH", "QR_NOT_TRANSIT"}


def test_a_code_names_its_card_only_when_there_is_one() -> None:
    assert read(made(card_account="0" * 20)).card_number is None
    assert read(made(card_account="1" * 20)).card_number is None
    odd = GOOD[:136] + b"\x0a" + GOOD[137:]
    assert read(odd).card_number is None
    assert read(odd).card_account.startswith("0a")


def test_foreign_letters_in_an_account_are_kept() -> None:
    odd = GOOD[:120] + bytes(range(0xF0, 0x100)) + GOOD[136:]
    assert read(odd).payment_account.encode("latin-1") == bytes(range(0xF0, 0x100))


def test_no_account_is_shown_by_accident() -> None:
    code = read(GOOD)
    shown = f"{code!r} {code} {[code]}"
    assert code.payment_account not in shown
    assert code.card_account not in shown
    assert code.raw.hex() not in shown


def test_a_certificate_of_another_size_is_a_mistake_in_the_caller() -> None:
    with pytest.raises(ValueError, match="117 bytes"):
        read_certificate(bytes(116))


def assert_read_or_refused(scanned: bytes) -> None:
    found = parse_code(scanned)
    if isinstance(found, RideCode):
        assert parse_code(found.raw) == found
        assert len(found.raw) == 332 + len(found.custom)
    else:
        assert found.code in {
            "QR_LENGTH", "QR_VERSION", "QR_MALFORMED", "QR_NOT_TRANSIT",
        }  # fmt: skip
        for language in ("zh", "en"):
            assert "{" not in found.message(language) + found.next_step(language)


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(scanned: bytes) -> None:
    assert_read_or_refused(scanned)


@settings(deadline=None)
@given(st.binary(min_size=329, max_size=520))
def test_any_bytes_that_begin_like_a_code_are_read_or_refused(rest: bytes) -> None:
    assert_read_or_refused(b"\x81" + rest)
    assert_read_or_refused(b"\x81" + len(rest[2:]).to_bytes(2, "big") + rest[2:])


@settings(deadline=None)
@given(st.text(max_size=700))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert_read_or_refused(text.encode())
    assert_read_or_refused(base64.b64encode(b"\x81" + text.encode()))


@settings(deadline=None)
@given(st.integers(0, 331), st.integers(0, 80), st.binary(max_size=80))
def test_any_piece_put_in_place_of_another_is_read_or_refused(
    start: int, length: int, piece: bytes
) -> None:
    assert_read_or_refused(GOOD[:start] + piece + GOOD[start + length :])
