"""Templates of a card: what is well formed is read, and no lie about a length is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.applications import (
    CITY_UNION_AID,
    T_UNION_AID,
    Fci,
    instance_suffix,
    parse_fci,
    parse_ppse,
    scheme_of,
)
from tongxing.media.card.tlv import NODES_MAX, SIZE_MAX, Node, encode_tlv, parse_tlv

CONTENT = bytes.fromhex("99016900FFFFFFFF0201031990100000000000132026010120361231 0000")
MINIMAL = bytes.fromhex("6F318408A000000632010105A5259F0801029F0C1E") + CONTENT
PPSE = bytes.fromhex(
    "6F4A840E325041592E5359532E4444463031A538BF0C35"
    "61194F08A000000632010106500A4D4F545F545F43415348870101"
    "61184F08A000000632010105 50094D4F545F545F455020 870102"
)


def code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else ""


def test_the_smallest_answer_of_a_purse() -> None:
    fci = parse_fci(MINIMAL)
    assert isinstance(fci, Fci)
    assert (fci.name, fci.version, fci.data) == (T_UNION_AID, b"\x02", CONTENT)
    assert (fci.label, fci.priority, fci.preferred_name) == ("", None, "")


def test_an_answer_with_every_name_in_it() -> None:
    inside = (
        encode_tlv(0x50, b"MOT_T_EP")
        + encode_tlv(0x87, b"\x02")
        + encode_tlv(0x9F08, b"\x02")
        + encode_tlv(0x9F12, "交通卡".encode("gbk"))
        + encode_tlv(0x9F0C, CONTENT)
    )
    raw = encode_tlv(0x6F, encode_tlv(0x84, T_UNION_AID) + encode_tlv(0xA5, inside))
    fci = parse_fci(raw)
    assert isinstance(fci, Fci)
    assert (fci.label, fci.priority, fci.preferred_name) == ("MOT_T_EP", 2, "交通卡")


def test_a_directory_gives_its_applications_by_priority() -> None:
    offers = parse_ppse(PPSE)
    assert not isinstance(offers, Refusal)
    assert [(offer.aid.hex()[-2:], offer.label, offer.priority) for offer in offers] == [
        ("06", "MOT_T_CASH", 1),
        ("05", "MOT_T_EP", 2),
    ]
    swapped = PPSE.replace(b"\x87\x01\x01", b"\x87\x01\x03")
    again = parse_ppse(swapped)
    assert not isinstance(again, Refusal) and again[0].label == "MOT_T_EP"


def test_an_instance_on_a_phone_is_the_schemes_and_its_rest_is_kept() -> None:
    aid = T_UNION_AID + bytes.fromhex("10009156000014A1")
    assert scheme_of(aid) == "t_union"
    assert instance_suffix(aid).hex() == "10009156000014a1"
    assert scheme_of(CITY_UNION_AID) == "city_union"
    assert scheme_of(bytes.fromhex("A000000333010101")) is None


def test_objects_with_long_tags_and_long_lengths() -> None:
    for size in (0, 1, 127, 128, 255, 256, 4000):
        tree = parse_tlv(encode_tlv(0x9F8101, bytes(size)))
        assert isinstance(tree, Node)
        assert [(one.tag, len(one.value)) for one in tree.children] == [(0x9F8101, size)]


def test_zeros_between_objects_and_fillers_behind_them_are_no_objects() -> None:
    tree = parse_tlv(bytes.fromhex("00 500141 0000 870101 FFFF00"))
    assert isinstance(tree, Node)
    assert [one.tag for one in tree.children] == [0x50, 0x87]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "6F",
        "6F05",
        "6F05840100",
        "6F80840101000000",
        "8481",
        "84820100",
        "84850000000001AA",
        "9F",
        "9F8181818101",
        "6F028405",
        "5001410150",
    ],
    ids=lambda raw: raw or "nothing",
)
def test_a_lie_about_a_length_is_no_template(raw: str) -> None:
    assert code(parse_tlv(bytes.fromhex(raw))) == "CARD_TLV"


def test_fifty_templates_one_in_another_are_refused() -> None:
    raw = b"\x84\x01\x00"
    for _ in range(50):
        raw = encode_tlv(0x6F, raw)
    assert code(parse_tlv(raw)) == "CARD_TLV"
    assert code(parse_fci(raw)) == "CARD_TLV"


def test_more_objects_or_bytes_than_a_card_has_are_refused() -> None:
    assert not isinstance(parse_tlv(b"\x50\x00" * NODES_MAX), Refusal)
    assert code(parse_tlv(b"\x50\x00" * (NODES_MAX + 1))) == "CARD_TLV"
    assert code(parse_tlv(encode_tlv(0x50, bytes(SIZE_MAX)))) == "CARD_TLV"


def test_each_shortened_and_each_stretched_answer_is_refused() -> None:
    for end in range(1, len(MINIMAL)):
        assert code(parse_fci(MINIMAL[:end])) == "CARD_TLV", end
    for at in (1, 3, 13, 20):
        longer = bytearray(MINIMAL)
        longer[at] += 1
        assert code(parse_fci(bytes(longer))) == "CARD_TLV", at


def test_what_is_no_answer_to_select_is_refused() -> None:
    assert code(parse_fci(encode_tlv(0x77, encode_tlv(0x84, T_UNION_AID)))) == "CARD_TLV"


@given(st.binary(max_size=400))
def test_any_bytes_are_objects_or_refused(raw: bytes) -> None:
    for parse in (parse_tlv, parse_fci, parse_ppse):
        assert code(parse(raw)) in ("", "CARD_TLV")


@given(st.integers(0, len(MINIMAL) - 1), st.integers(0, 255))
def test_any_changed_byte_of_an_answer_is_read_or_refused(at: int, value: int) -> None:
    raw = bytearray(MINIMAL)
    raw[at] = value
    assert code(parse_fci(bytes(raw))) in ("", "CARD_TLV")
