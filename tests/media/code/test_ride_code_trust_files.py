"""The files that tell a gate whom to believe are understood as a whole or not at all."""

import base64
import json

import pytest
from code_world import ACCOUNT, BANK, CARD, ISSUER, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.trusting import parse_denied, parse_issuers, parse_roots
from tongxing.media.crypto.curve import decode_point, number_bytes
from tongxing.media.crypto.sm2_plain import PlainSm2

SM2 = PlainSm2()
POINT = decode_point(ROOT.public)
assert POINT is not None
XY = number_bytes(POINT[0]) + number_bytes(POINT[1])
HEX = ROOT.public.hex()
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200") + b"\x04" + XY
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + b"\x04" + XY


def pem(der: bytes) -> str:
    return (
        f"-----BEGIN PUBLIC KEY-----\n{base64.encodebytes(der).decode()}-----END PUBLIC KEY-----\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        HEX,
        HEX.upper() + "\n",
        "\ufeff" + HEX,
        XY.hex(),
        "04" + XY.hex(),
        json.dumps({"1": HEX}),
        json.dumps({"0x01": HEX}),
        json.dumps({"roots": {"1": HEX}}),
        f'1 = "{HEX}"',
        f'# the only root\n[roots]\n1 = "{HEX}"\n',
        pem(SPKI),
        "a remark before it\n" + pem(SPKI),
    ],
)
def test_one_root_in_any_of_its_forms(text: str) -> None:
    assert parse_roots(text.encode(), SM2) == {1: ROOT.public}


def test_several_roots_by_their_index() -> None:
    text = json.dumps({"1": HEX, "0x17": BANK.public.hex(), "255": HEX})
    assert parse_roots(text.encode(), SM2) == {1: ROOT.public, 23: BANK.public, 255: ROOT.public}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '"' + HEX + '"',
        HEX[:-1],
        HEX + "00",
        "05" + HEX[2:],
        "02" + "00" * 31 + "05",
        json.dumps({"one": HEX}),
        json.dumps({"256": HEX}),
        json.dumps({"-1": HEX}),
        json.dumps({"1": HEX, "0x1": HEX}),
        json.dumps({"1": HEX, "2": ""}),
        json.dumps({"1": HEX, "2": 5}),
        json.dumps({"1": HEX, "2": "02" + "00" * 31 + "05"}),
        json.dumps({"roots": []}),
        "[" * 100_000,
        pem(P256),
        pem(SPKI[:-1]),
        pem(SPKI).replace("A", "*"),
        "-----BEGIN PUBLIC KEY-----\n\N{EN DASH}\n-----END PUBLIC KEY-----",
    ],
    ids=lambda text: text[:40],
)
def test_a_file_with_anything_else_in_it_is_refused(text: str) -> None:
    found = parse_roots(text.encode(), SM2)
    assert isinstance(found, Refusal)
    assert found.code == "CODE_ROOTS"
    assert "JSON" in found.next_step("zh")
    assert "JSON" in found.next_step("en")


def test_a_list_of_issuers_with_remarks() -> None:
    text = f"# welcome here\n{ISSUER}\n\n12345678   # since May\r\n"
    assert parse_issuers(text.encode()) == {ISSUER, "12345678"}
    assert parse_issuers(b"") == frozenset()


def test_a_list_of_denied_accounts_with_their_reasons() -> None:
    text = f"{ACCOUNT}\n42 DEBT_OUTSTANDING\n{CARD}   QUOTA_EXHAUSTED # until May\n"
    assert parse_denied(text.encode()) == {
        ACCOUNT: "ACCOUNT_DENIED",
        "0000000000000042": "DEBT_OUTSTANDING",
        CARD: "QUOTA_EXHAUSTED",
    }


@pytest.mark.parametrize(
    "line", ["1234567", "123456789", "1234567x", "１２３４５６７８", "12345678 x"]
)
def test_half_a_list_of_issuers_is_worse_than_none(line: str) -> None:
    found = parse_issuers(f"{ISSUER}\n{line}\n".encode())
    assert found == Refusal("CODE_LIST", values={"line": 2})


@pytest.mark.parametrize("line", ["x", "1" * 17, "1" * 21, "42 NO_SUCH_REASON", "42 43", "-1"])
def test_half_a_deny_list_is_worse_than_none(line: str) -> None:
    found = parse_denied(f"\n{ACCOUNT}\n{line}\n".encode())
    assert found == Refusal("CODE_LIST", values={"line": 3})


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_content_breaks_a_reader(content: bytes) -> None:
    assert isinstance(parse_roots(content, SM2), dict | Refusal)
    assert isinstance(parse_issuers(content), frozenset | Refusal)
    assert isinstance(parse_denied(content), dict | Refusal)
