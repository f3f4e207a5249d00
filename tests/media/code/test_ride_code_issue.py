"""Codes are made from what was granted and nothing else, and never from a key in our hands."""

from datetime import date
from typing import Any

import pytest
from code_world import (
    ACCOUNT,
    BANK,
    CARD,
    GRANTED,
    ISSUER,
    MADE_S,
    PHONE,
    ROOT,
    TRUST,
    Making,
    made,
    name_of,
    read,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import (
    authorise,
    card_account_of,
    make_certificate,
    refresh,
    signer,
)
from tongxing.media.code.layout import parse_code, read_certificate
from tongxing.media.code.travel import Travel, make_travel, parse_travel
from tongxing.media.code.verify import verify
from tongxing.media.crypto.providers import sm2

CERTIFICATE = Making().certificate()
AUTHORISATION = Making().authorisation()


def no_signer(_message: bytes) -> Refusal:
    return Refusal("SM2_NO_SIGNER")


def test_the_phone_makes_display_after_display_out_of_one_authorisation() -> None:
    codes = [refresh(AUTHORISATION, PHONE.sign, MADE_S + second) for second in range(0, 90, 30)]
    for number, raw in enumerate(codes):
        assert isinstance(raw, bytes)
        assert read(raw).authorisation == AUTHORISATION
        assert name_of(verify(raw, TRUST, MADE_S + number * 30)) == "ACCEPTED"
    assert len(set(codes)) == 3


def test_codes_signed_by_the_provider_of_this_machine_verify() -> None:
    computer = sm2()
    if isinstance(computer.public_of(PHONE.private), Refusal):
        pytest.skip("nothing on this machine may sign")
    raw = made(
        root=signer(computer, ROOT.private),
        issuer=signer(computer, BANK.private),
        phone=signer(computer, PHONE.private),
    )
    assert name_of(verify(raw, TRUST, MADE_S)) == "ACCEPTED"


def test_where_nothing_may_sign_there_is_a_refusal_and_no_code() -> None:
    refusal = Refusal("SM2_NO_SIGNER")
    certificate = make_certificate(
        no_signer,
        issuer_id=ISSUER,
        public_key=BANK.public,
        expires=date(2030, 1, 1),
        serial="000001",
    )
    assert certificate == refusal
    assert authorise(no_signer, CERTIFICATE, GRANTED) == refusal
    assert refresh(AUTHORISATION, no_signer, MADE_S) == refusal


def test_an_account_is_padded_and_a_card_gets_its_zero() -> None:
    code = read(made(payment_account="42", card_account=card_account_of(CARD)))
    assert code.payment_account == "0000000000000042"
    assert code.card_account == "0" + CARD


@pytest.mark.parametrize("number", ["", "3", CARD[:-1], CARD + "1", "x" * 19, "３" * 19])
def test_only_a_card_number_becomes_a_card_account(number: str) -> None:
    with pytest.raises(ValueError, match="card number has 19 digits"):
        card_account_of(number)


WRONG: dict[str, Any] = {
    "payment_account": "1" * 17,
    "card_account": "1" * 19,
    "platform_id": "9901000x",
    "user_key": PHONE.public[1:],
    "ends_s": 2**32,
    "account_type": 256,
    "limit_fen": 2**24,
    "validity_s": 65_536,
    "custom": bytes(181),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_does_not_fit_is_named_and_not_shown(name: str) -> None:
    with pytest.raises(ValueError, match="the ") as caught:
        authorise(BANK.sign, CERTIFICATE, replace(GRANTED, **{name: WRONG[name]}))
    assert str(WRONG[name]) not in str(caught.value)


@pytest.mark.parametrize("name", ["ends_s", "account_type", "limit_fen", "validity_s"])
def test_a_value_below_zero_does_not_fit(name: str) -> None:
    changed: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match="does not fit"):
        authorise(BANK.sign, CERTIFICATE, replace(GRANTED, **changed))


@pytest.mark.parametrize(
    "wrong",
    [{"issuer_id": "1"}, {"serial": "1"}, {"public_key": b""}, {"root_index": 256}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_certificate_takes_only_what_fits(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"issuer_id": ISSUER, "public_key": BANK.public, "serial": "000001",
                             "expires": date(2030, 12, 1)}  # fmt: skip
    with pytest.raises(ValueError, match="the "):
        make_certificate(ROOT.sign, **(right | wrong))


def test_a_signer_that_hands_back_something_else_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="signature has 64 bytes"):
        refresh(AUTHORISATION, lambda _message: b"\x30\x45" + bytes(69), MADE_S)
    with pytest.raises(ValueError, match="certificate has 117 bytes"):
        authorise(BANK.sign, CERTIFICATE[:-1], GRANTED)
    with pytest.raises(ValueError, match="time does not fit"):
        refresh(AUTHORISATION, PHONE.sign, 2**32)


def test_no_account_and_no_key_stand_in_what_is_printed() -> None:
    shown = f"{GRANTED!r} {signer(sm2(), PHONE.private)!r}"
    assert ACCOUNT not in shown
    assert CARD not in shown
    assert PHONE.private.hex() not in shown
    assert repr(PHONE.private)[2:14] not in shown


def test_a_certificate_says_month_and_year_in_that_order() -> None:
    raw = Making(expires=date(2027, 3, 31)).certificate()
    assert read_certificate(raw).expires == "0327"


def test_what_a_travel_field_says_comes_back() -> None:
    travel = Travel(
        kind=2, state=1, entry_station="01020304", entry_time_s=MADE_S, sequence=9,
        reserved=bytes(range(18)),
    )  # fmt: skip
    raw = make_travel(travel)
    assert raw.hex() == "020101020304695ef83000000009" + bytes(range(18)).hex()
    assert parse_travel(raw) == travel


@pytest.mark.parametrize(
    "wrong",
    [{"kind": 256}, {"state": -1}, {"entry_station": "01"}, {"entry_station": "station1"},
     {"entry_time_s": 2**32}, {"sequence": -1}, {"reserved": bytes(17)}],
    ids=str,
)  # fmt: skip
def test_a_travel_field_takes_only_what_fits(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fit|bytes|hexadecimal"):
        make_travel(Travel(**({"kind": 1, "state": 0} | wrong)))


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_any_custom_field_is_a_travel_field_or_none(custom: bytes) -> None:
    found = parse_travel(custom)
    assert (found is None) == (len(custom) != 32)
    assert found is None or make_travel(found) == custom


@settings(deadline=None)
@given(
    account=st.text("0123456789", min_size=1, max_size=16),
    card=st.text("0123456789", min_size=20, max_size=20),
    ends_s=st.integers(0, 2**32 - 1),
    limit_fen=st.integers(0, 2**24 - 1),
    validity_s=st.integers(0, 65_535),
    account_type=st.integers(0, 255),
    custom=st.binary(max_size=180),
    made_s=st.integers(0, 2**32 - 1),
)
def test_whatever_is_granted_is_read_back(
    account: str, card: str, ends_s: int, limit_fen: int, validity_s: int, account_type: int,
    custom: bytes, made_s: int,
) -> None:  # fmt: skip
    granted = replace(GRANTED, payment_account=account, card_account=card, ends_s=ends_s,
                      limit_fen=limit_fen, validity_s=validity_s, account_type=account_type,
                      custom=custom)  # fmt: skip
    authorisation = authorise(lambda _message: bytes(64), CERTIFICATE, granted)
    assert isinstance(authorisation, bytes)
    raw = refresh(authorisation, lambda _message: bytes(64), made_s)
    assert isinstance(raw, bytes)
    code = parse_code(raw)
    assert not isinstance(code, Refusal)
    assert code.payment_account == account.rjust(16, "0")
    assert (code.card_account, code.authorisation_ends_s, code.limit_fen) == (
        card,
        ends_s,
        limit_fen,
    )
    assert (code.validity_s, code.account_type, code.custom) == (validity_s, account_type, custom)
    assert (code.generated_s, code.issuer_id, code.user_key) == (made_s, ISSUER, PHONE.public)
