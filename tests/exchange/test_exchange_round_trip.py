"""What is read goes out again as the same bytes; what does not fit is refused, never cut."""

import json
from typing import Any

import pytest
from exchange_world import (
    CL_FIXED,
    DAY,
    EVIDENCE,
    GOLDEN,
    UC,
    book,
    golden,
    reading,
    shape,
    whole,
)  # fmt: skip
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tongxing.exchange.cells import encode, filler, plain, text_of
from tongxing.exchange.evidence import Item, read_evidence, write_evidence
from tongxing.exchange.layouts import CODES, Field
from tongxing.exchange.text_writing import (
    file_of_json,
    head_as_json,
    line_as_json,
    line_of_json,
    record_bytes,
    write_records,
)  # fmt: skip
from tongxing.kernel.reasons import Refusal


def written_again(data: bytes, code: str, variant: str = "") -> bytes:
    """Through JSON text and back, as `show --json` and `write --from` do."""
    found, lines = reading(data, code, variant)
    head: dict[str, Any] = json.loads(json.dumps(head_as_json(book(), found)))
    pairs = []
    for line in lines:
        raw = json.loads(json.dumps(line_as_json(found.shape, line)))
        content = line_of_json(found.shape, raw, "here")
        assert isinstance(content, bytes), content
        pairs.append((content, raw["end"]))
    pieces = file_of_json(book(), head, pairs)
    assert isinstance(pieces, list), pieces
    return b"".join(pieces)


@pytest.mark.parametrize("code", CODES)
def test_a_file_by_hand_goes_out_as_it_came(code: str) -> None:
    assert written_again(golden(code, copies=3), code) == golden(code, copies=3)


@pytest.mark.parametrize(
    "data",
    [
        whole(31, UC, UC, end=b"\r\n"),
        whole(31, UC, UC)[:-1],
        whole(31),
        whole(31)[:-1],
        whole(31, UC, UC).replace(b"F" * 20, b"  odd \xff\x01 reserved   "),
        whole(31, UC, UC).replace(b"05000000002", b"  5000 2   "),
        whole(31, UC[:-1], b"", UC),
        whole(31, b"\xff" * 31, UC),
        whole(31, UC, UC, end=b"\r\n").replace(UC + b"\r\n", UC + b"\n", 1),
    ],
)
def test_odd_files_go_out_as_they_came(data: bytes) -> None:
    assert written_again(data, "UC") == data


LINE_BYTES = st.integers(0, 255).filter(lambda byte: byte not in (10, 13))
ANYTHING = st.builds(
    lambda fixed, tail: bytes(fixed) + bytes(tail),
    st.lists(LINE_BYTES, min_size=325, max_size=325),
    st.lists(LINE_BYTES, max_size=60),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYTHING, max_size=3))
def test_any_bytes_at_all_go_out_as_they_came(records: list[bytes]) -> None:
    data = whole(325, *records)
    assert written_again(data, "CL") == data


ORDINARY = st.text(st.sampled_from("0123456789ABab -.交易成功，灰度"), max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(CODES))
def test_whatever_a_field_holds_comes_back_through_its_value(
    data: st.DataObject, code: str
) -> None:
    field = data.draw(st.sampled_from(shape(code).fields))
    raw = data.draw(
        st.binary(min_size=field.length, max_size=field.length)
        | ORDINARY.map(lambda text: text.encode("gbk").ljust(field.length)[: field.length])
    )
    assert encode(field, json.loads(json.dumps(plain(field, raw)))) == raw


@pytest.mark.parametrize("sign", ["-", "+"])
def test_a_sign_alone_is_no_amount(sign: str) -> None:
    fee = next(field for field in shape("FB").fields if field.name == "fee")
    assert encode(fee, sign) is None
    assert encode(fee, f"{sign}7") == sign.encode() + b"7".rjust(fee.length - 1, b"0")


@settings(max_examples=200, deadline=None)
@given(ORDINARY | st.integers(-(10**13), 10**13), st.sampled_from(CODES), st.data())
def test_a_value_is_whole_in_its_bytes_or_refused(
    value: str | int, code: str, data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from(shape(code).fields))
    raw = encode(field, value)
    if raw is None:
        return
    assert len(raw) == field.length
    told = text_of(field, raw)
    if isinstance(value, int):
        assert int(told) == value
    elif field.kind in ("gbk", "code", "flag", "reserved"):
        assert told.strip() == value.strip()
    elif value[:1] in ("-", "+"):
        assert int(told) == int(value)
    else:
        assert told.lstrip("0") == value.strip().lstrip("0")


def refused(**values: object) -> Refusal:
    given = {"issuer": "1", "card_number": "2"} | values
    found = record_bytes(shape("UC"), given, b"", "row")
    assert isinstance(found, Refusal)
    return found


def test_what_does_not_fit_is_refused_and_not_cut() -> None:
    assert refused(issuer="123456789012").code == "EXCHANGE_DOES_NOT_FIT"
    assert refused(card_number="3" * 21).where == "row:card_number"
    assert refused(card_number="卡").code == "EXCHANGE_DOES_NOT_FIT"
    assert refused(card_number="").code == "EXCHANGE_DOES_NOT_FIT"
    assert refused(card_number={"hex": "00"}).code == "EXCHANGE_DOES_NOT_FIT"
    assert refused(card_number={"hex": "zz" * 20}).code == "EXCHANGE_DOES_NOT_FIT"
    assert refused(card_number=None).code == "EXCHANGE_DOES_NOT_FIT"
    assert refused(amount=1).code == "EXCHANGE_FIELD_UNKNOWN"


def field_of(code: str, name: str) -> Field:
    return shape(code).field(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", -1),
        ("amount", 10**12),
        ("amount", "1.50"),
        ("amount", "４５０"),
        ("amount", True),
        ("amount", 4.5),
        ("error_text", "灰" * 21),
        ("error_text", "\N{SNOWMAN WITHOUT SNOW}" * 2 + "\N{THAI CHARACTER KO KAI}"),
        ("time", "20260317"),
        ("acceptance_date", "20260230"),
        ("balance_kind", "2"),
    ],
)
def test_a_value_of_another_kind_is_refused(name: str, value: object) -> None:
    assert encode(field_of("CL", name), value) is None


def test_a_text_of_forty_bytes_fits_exactly() -> None:
    assert encode(field_of("CL", "error_text"), "灰" * 20) == ("灰" * 20).encode("gbk")


def test_a_missing_value_is_refused_where_zeros_would_lie() -> None:
    found = record_bytes(shape("UC"), {"issuer": "1"}, b"", "row")
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("EXCHANGE_VALUE_MISSING", "row:card_number")


def test_signs_stand_before_the_zeros() -> None:
    fee = field_of("AD", "error_fee")
    assert encode(fee, -10) == b"-00000000010" and encode(fee, 10) == b"000000000010"
    assert filler(fee) == b" " * 12


def test_a_file_can_hold_999_999_records_and_not_one_more() -> None:
    day, one = DAY, [UC]
    pieces = write_records(book(), shape("UC"), day, "05000000002", one * 999_999)
    assert not isinstance(pieces, Refusal)
    assert next(iter(pieces)) == b"01\n"
    refusal = write_records(book(), shape("UC"), day, "05000000002", one * 1_000_000)
    assert isinstance(refusal, Refusal) and refusal.code == "EXCHANGE_TOO_MANY"


def test_a_file_written_from_values_is_the_file_by_hand() -> None:
    pieces = write_records(book(), shape("UC"), DAY, "05000000002", [UC])
    assert not isinstance(pieces, Refusal)
    assert b"".join(pieces) == golden("UC")


def test_evidence_too_long_or_with_a_line_end_is_refused() -> None:
    found, (line,) = reading(golden("CL"), "CL")
    for evidence in (b"A" * 1025, b"A\nB", 7, {"hex": "0"}):
        refusal = record_bytes(found.shape, line.cells, evidence, "row")
        assert isinstance(refusal, Refusal) and refusal.code == "EXCHANGE_EVIDENCE_LENGTH"
    assert record_bytes(found.shape, line.cells, EVIDENCE) == CL_FIXED + EVIDENCE
    uc, (plain_line,) = reading(golden("UC"), "UC")
    assert isinstance(record_bytes(uc.shape, plain_line.cells, b"9F26"), Refusal)


@pytest.mark.parametrize(
    "raw", [{}, {"cut": True, "hex": ""}, {"fields": 1}, {"hex": "0a"}, {"hex": 5}, {"hex": "0g"}]
)
def test_what_show_did_not_print_is_refused(raw: dict[str, object]) -> None:
    assert isinstance(line_of_json(shape("UC"), raw, "2"), Refusal)


TAGS = st.sampled_from(["82", "9F26", "9F36", "DF01", "DF8129"])
ITEMS = st.lists(st.builds(Item, TAGS, st.binary(max_size=300)), max_size=4).map(tuple)


@given(ITEMS)
@example((Item("9F26", b"\0" * 127), Item("82", b"\1" * 128), Item("DF01", b"\2" * 256)))
def test_evidence_comes_back_tag_by_tag(items: tuple[Item, ...]) -> None:
    raw = write_evidence(items)
    assert read_evidence(raw) == items
    assert read_evidence(raw + b"   ") == items
    assert read_evidence(raw.lower()) == items


@given(ITEMS.filter(bool), st.data())
def test_evidence_cut_inside_is_never_read_as_all_of_it(
    items: tuple[Item, ...], data: st.DataObject
) -> None:
    raw = write_evidence(items)
    cut = data.draw(st.integers(0, len(raw) - 1))
    assert read_evidence(raw[:cut]) != items


@given(st.binary(max_size=80))
def test_evidence_of_any_bytes_never_breaks_the_reader(raw: bytes) -> None:
    found = read_evidence(raw)
    assert found is None or sum(len(item.value) for item in found) <= len(raw) // 2


@pytest.mark.parametrize("tag", ["", "9F", "9F26FF", "zz"])
def test_what_is_no_tag_is_not_written(tag: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        write_evidence((Item(tag, b""),))


def test_unknown_tags_are_kept() -> None:
    assert read_evidence(EVIDENCE) == (
        Item("9F26", bytes.fromhex("A1B2C3D4E5F60718")),
        Item("DF01", bytes.fromhex("000203")),
    )
    assert GOLDEN["CL"][2].endswith(EVIDENCE)
