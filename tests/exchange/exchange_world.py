"""Files written by hand, byte by byte from the offsets, and what the tests of this room share."""

import io
from datetime import date

from tongxing.exchange.layouts import LayoutBook, Shape, load_layouts
from tongxing.exchange.text_file import Line, TextFile, open_text
from tongxing.kernel.reasons import Refusal
from tongxing.messages import CardProof, KeyRing, Record, SigningKey, TapRef

DAY = date(2026, 3, 18)
CARD = b"3104770000000000017 "  # 19 digits and a space
HALF = "交易成功，灰度".encode("gbk")[:-1]  # the last character is cut in two
BLANK_28 = b" " * 28

CL_FIXED = (
    b"000000000101"  # 0 centre sequence
    b"000000000202"  # 12 acquirer sequence
    b"20260317"  # 24 acceptance date
    b"RRN000000001"  # 32 retrieval reference
    b"0210"  # 44 transaction type
    b"05000000002"  # 48 acquirer identification
    b"05000000003"  # 59 acquirer code
    b"01100000001"  # 70 issuing card company
    b"01100000004"  # 81 receiver
    b"00000000001"  # 92 sender
    b"4111"  # 103 MCC
    b"01"  # 107 channel
    + CARD  # 109 card number
    + b"000042"  # 129 counter
    b"000000005000"  # 135 balance before
    b"000000000450"  # 147 amount
    b"20260317081500"  # 159 time
    b"0"  # 173 balance kind
    b"04"  # 174 algorithm
    b"000000"  # 176 error code
    + HALF.ljust(40, b" ")  # 182 error text
    + b"0"  # 222 test flag
    + b"4".rjust(28, b"0")  # 223 fee
    + b"2".rjust(28, b" ")  # 251 issuer's share
    + BLANK_28  # 279 acquirer's share
    + b"?\xff~ unknown things"  # 307 reserved, 18
)
CL_28_FIXED = CL_FIXED[:307] + b"?\xff~ unknown things" + b"0123456789"
EVIDENCE = b"9F2608A1B2C3D4E5F60718DF0103000203"
FB = (
    CL_FIXED[:59]
    + b"01100000001"  # 59 issuing card company
    + b"05000000002"  # 70 acquirer identification
    + b"00000000001"  # 81 sender
    + CL_FIXED[103:173]  # 92 MCC to time
    + b"001001"  # 162 error code
    + "TAC验证未通过".encode("gbk").ljust(40, b" ")  # 168
    + b"1"  # 208 test flag
    + b"0" * 28  # 209 fee
    + b"0" * 28  # 237 issuer's share
    + b"0" * 28  # 265 acquirer's share
    + b"R" * 28  # 293 reserved
    + b"E" * 40  # 321 reserved
)
LD = b"000000000007" + b"CL20260317.txt".ljust(50) + b"000000" + b" " * 40 + b"F" * 40
BP = b"000000012345000000000045000000000000000000000000000000012300+"
ED = (
    b"20260318" b"000000000101" b"000000000202" b"20260317" b"RRN000000001" b"1" b"0003"
    + CARD
    + b"000042" b"000000005000" b"0210" b"000000000270" b"4111" b"01" b"20260317" b"081500" b"0"
    b"1007" b"05000000003" b"01100000001" b"05000000002"
)  # fmt: skip
AD = (
    b"000000000009" b"20260318" b"000000000101" b"000000000202" b"20260317" b"RRN000000001"
    b"0210" b"1"
    + CARD
    + b"01100000001" b"01100000004" b"05000000003" b"00000000001" b"05000000003" b"01100000001"
    b"000042" b"000000005000" b"0210" b"000000000270" b"4111" b"01" b"20260317" b"081500" b"0"
    b"1007" b"00" b"000000"
    + b" " * 40
    + b"-00000000010"  # 262 error-handling fee
    + b"0" * 84
)  # fmt: skip
UC = b"01100000001" + CARD
BN = b"01100000001310477    "
UPLOAD = CL_FIXED[12:176] + b"0"

GOLDEN: dict[str, tuple[str, int, bytes]] = {
    "LD": ("plain", 148, LD),
    "CL": ("reserved_18", 325, CL_FIXED + EVIDENCE),
    "FB": ("plain", 361, FB),
    "BP": ("amount_12_sign_1", 61, BP),
    "ED": ("plain", 169, ED),
    "AD": ("error_fee_12", 358, AD),
    "UC": ("plain", 31, UC),
    "DC": ("plain", 31, UC),
    "BN": ("plain", 21, BN),
    "UPLOAD": ("plain", 165, UPLOAD + EVIDENCE),
}
"""By kind: the variant, the record length, and one record with what may follow it."""


def whole(length: int, *records: bytes, end: bytes = b"\n", count: int | None = None) -> bytes:
    """A file by hand: version, a header of 49 bytes, records."""
    number = len(records) if count is None else count
    header = b"%06d" % number + b"20260318" + b"05000000002" + b"%04d" % length + b"F" * 20
    assert len(header) == 49
    return b"".join(line + end for line in (b"01", header, *records))


def golden(code: str, copies: int = 1) -> bytes:
    """The file of a kind, its record as often as asked."""
    _, length, record = GOLDEN[code]
    return whole(length, *[record] * copies)


def book() -> LayoutBook:
    return load_layouts()


def shape(code: str) -> Shape:
    named = {one.variant.name: one for one in book().shapes(code, DAY)}
    return named[GOLDEN[code][0]]


def opening(data: bytes, code: str, variant: str = "") -> TextFile | Refusal:
    return open_text(io.BytesIO(data), f"{code}.txt", code, book(), variant=variant)


def reading(data: bytes, code: str, variant: str = "") -> tuple[TextFile, list[Line]]:
    """A file that must be sound in its form, and its lines."""
    found = opening(data, code, variant)
    assert isinstance(found, TextFile), found
    return found, list(found.lines())


KEY = SigningKey.from_secret("ACQ-500000", b"k" * 32)
OTHER = SigningKey.from_secret("ACQ-110000", b"o" * 32)
RING = KeyRing({"ACQ-500000": KEY.public_bytes(), "ACQ-110000": OTHER.public_bytes()})

PROOF = CardProof(
    number="3104770000000000017", issuer_id=b"\x01" * 8, card_factor=b"\x02" * 8, key_version=1,
    algorithm=4, amount_fen=450, kind=9, terminal_no=b"\x03" * 6, serial=77,
    time="20260317081500", counter=42, balance_before_fen=5_000, tac=bytes.fromhex("A1B2C3D4"),
)  # fmt: skip


def record(name: str = "t1", **changes: object) -> Record:
    """A ride paid by a card's purse, with what the card signed."""
    said: dict[str, object] = {
        "record_id": f"{name}.1", "trip_id": name, "revision": 1, "acquirer": "ACQ-500000",
        "issuer": "ISS-110000", "medium_no": "3104770000000000017", "medium_kind": "card",
        "scheme": "t_union", "funding": "purse", "city": "500000", "place": "500103",
        "mode": "bus", "operator": "OP3", "line": "B1", "origin": "", "destination": "",
        "entered_s": 1_773_706_500, "exited_s": 1_773_706_500, "how": "single_tap",
        "fare_fen": 450, "charge_fen": 450, "delta_fen": 450, "tariff": "T1",
        "deny_list_version": 1, "taps": [TapRef("bus-7", 1, 1)], "proofs": [PROOF],
    }  # fmt: skip
    return Record(**(said | changes))
