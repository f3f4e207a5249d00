"""Codes that were signed elsewhere are read, rebuilt byte for byte and judged as they should be."""

import pytest
from code_world import ACCOUNT, CARD, ISSUER, MADE_S, PHONE, PLATFORM, TRUST, made, name_of, read
from ride_code_vectors import TIMES, VECTORS, Signed

from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.issue import Signer
from tongxing.media.code.layout import read_certificate
from tongxing.media.code.verify import verify


def says(signature: str) -> Signer:
    """A signer who has signed already, wherever that was."""
    return lambda _message: bytes.fromhex(signature)


def rebuilt(vector: Signed) -> bytes:
    return made(
        root=says(vector.certificate),
        issuer=says(vector.issuer),
        phone=says(vector.phone),
        made_s=vector.made_s,
        limit_fen=vector.limit_fen,
        custom=bytes.fromhex(vector.custom),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=[vector.title for vector in VECTORS])
def test_a_code_signed_elsewhere_gets_its_verdict(vector: Signed) -> None:
    assert name_of(verify(rebuilt(vector), TRUST, vector.made_s)) == vector.verdict


@pytest.mark.parametrize("vector", VECTORS, ids=[vector.title for vector in VECTORS])
def test_what_was_remembered_of_a_good_code_changes_no_verdict(vector: Signed) -> None:
    caches = CodeCaches()
    for known in VECTORS:
        verify(rebuilt(known), TRUST, known.made_s, caches=caches)
    verdict = verify(rebuilt(vector), TRUST, vector.made_s, caches=caches)
    assert name_of(verdict) == vector.verdict


@pytest.mark.parametrize(("now_s", "verdict"), TIMES)
def test_the_first_code_at_other_times(now_s: int, verdict: str) -> None:
    assert name_of(verify(rebuilt(VECTORS[0]), TRUST, now_s)) == verdict


def test_the_first_code_lies_byte_for_byte_where_the_layout_says() -> None:
    raw = rebuilt(VECTORS[0])
    assert len(raw) == 332
    assert raw[:3].hex() == "810149"
    assert raw[3:23].hex() == "2401010000" "0112" "99016900" "1230" "000001" "04040021"  # fmt: skip
    assert raw[120:136] == ACCOUNT.encode()
    assert raw[136:158].hex() == "0" + CARD + ISSUER + PLATFORM + "00" + "0007d0"
    assert raw[158:191] == PHONE.public
    assert raw[191:199].hex() == "696832b0" "003c" "00" "15"  # fmt: skip
    assert raw[263:268].hex() == "695ef830" "15"  # fmt: skip


def test_every_field_of_a_code_is_told() -> None:
    code = read(rebuilt(VECTORS[1]))
    assert len(code.raw) == 364
    assert (code.payment_account, code.card_account, code.card_number) == (
        ACCOUNT,
        "0" + CARD,
        CARD,
    )
    assert (code.issuer_id, code.platform_id, code.account_type) == (ISSUER, PLATFORM, 0)
    assert (code.limit_fen, code.validity_s, code.generated_s) == (2_000, 60, MADE_S + 60)
    assert code.authorisation_ends_s == 1_768_436_400
    assert code.user_key == PHONE.public
    assert code.custom == b"\x01" + bytes(31)
    assert code.issuer_signature.hex() == VECTORS[1].issuer
    assert code.user_signature.hex() == VECTORS[1].phone
    assert code.authorisation_signed == code.raw[3:230]
    assert code.authorisation == code.raw[3:295]
    assert code.user_signed == code.raw[:299]


def test_every_field_of_a_certificate_is_told() -> None:
    certificate = read_certificate(read(rebuilt(VECTORS[0])).certificate)
    assert certificate[:5] == (0x24, bytes.fromhex("01010000"), 1, 0x12, ISSUER)
    assert (certificate.expires, certificate.serial) == ("1230", "000001")
    assert certificate[7:11] == (4, 4, 0, 33)
    assert certificate.signature.hex() == VECTORS[0].certificate
    assert len(certificate.signed) == 47
