"""Decoded bytes of cards, against values worked out by hand from the published layouts."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.decode import applications, decode_answer, decode_file
from tongxing.media.card.describe import Described
from tongxing.media.card.files import (
    make_city_union_info,
    make_journey,
    make_public_info,
    make_transit,
)

BEIJING_ENTRY = bytes.fromhex(
    "27017D010100000000000006529201100000000101 1000FFFFFFFF0000000000000000"
    "10007513090008190000000000000000100075131F0819090000000000000000"
    "20190831175904000000000000000000038408000000000000000BB800000000"
    "01" + "00" * 28
)
CONTENT = bytes.fromhex("99016900FFFFFFFF02010319901000000000001320260101203612310000")
PAID = bytes.fromhex("0013000000000001 3B 09 690000000001 20260108175510")
LOADED = bytes.fromhex("0008000000000013880269000000000120260108083015")
DAYS = date(2026, 1, 1), date(2036, 12, 31)


def decoded(found: Described | Refusal) -> Described:
    assert not isinstance(found, Refusal), found
    json.dumps(found)
    return found


def code(found: Described | Refusal) -> str:
    return found.code if isinstance(found, Refusal) else ""


def records(found: Described) -> list[Described]:
    listed = found["records"]
    assert isinstance(listed, list)
    return listed


def test_the_entry_at_a_beijing_gate() -> None:
    assert len(BEIJING_ENTRY) == 128
    found = decoded(decode_file(0x1A, BEIJING_ENTRY))
    wanted = {
        "record_id": "2701", "record_id_en": "urban rail", "declared_length": 125, "valid": "01",
        "interoperable": "01", "lock": "00", "serial": "0000000000065292", "status": "01",
        "status_en": "entered", "status_zh": "已进站", "entry_city": "1000",
        "entry_city_zh": "北京市", "entry_city_en": "Beijing", "exit_city": "0000",
        "exit_city_zh": None, "entry_institution": "01011000FFFFFFFF",
        "entry_institution_city_en": "Beijing", "exit_institution": "0000000000000000",
        "entry_station": "1000751309000819", "entry_terminal": "100075131F081909",
        "entry_time": "2019-08-31T17:59:04", "exit_time": None, "max_fare_fen": 900,
        "entry_line": "08", "exit_line": "00", "charged_at_entry_fen": 0,
        "balance_at_entry_fen": 3000, "actual_fen": 0, "body": "described", "empty": False,
        "length": 128, "missing": [], "extra": [],
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted
    assert found["unknown"] == [{"offset": 99, "length": 29, "hex": "01" + "00" * 28}]
    assert found["raw"] == BEIJING_ENTRY.hex().upper()


def test_public_information_with_its_status_word() -> None:
    found = decoded(decode_file(0x15, CONTENT + b"\x90\x00"))
    assert found["number"] == "3199010000000000013"
    assert found["starts"] == "2026-01-01" and found["expires"] == "2036-12-31"
    assert found["issuer_id_city_zh"] == "重庆市"
    assert found["application_type_en"] == "purse only"
    assert found["status_word"] == "9000"
    assert found["raw"] == CONTENT.hex().upper()
    raw_fields = found["raw_fields"]
    assert isinstance(raw_fields, dict) and raw_fields["number"] == "03199010000000000013"


def test_data_that_ends_like_a_status_word_is_data() -> None:
    raw = make_public_info(CONTENT[:8], "3199010000000000013", *DAYS, fci_data=b"\x90\x00")
    found = decoded(decode_file(0x15, raw))
    assert found["fci_data"] == "9000" and found["status_word"] is None
    both = decoded(decode_file(0x15, raw + b"\x90\x00"))
    assert both["fci_data"] == "9000" and both["status_word"] == "9000"


def test_management_information_as_short_as_terminals_read_it() -> None:
    found = decoded(decode_file(0x17, bytes.fromhex("00000156580058400001029000")))
    assert (found["province_zh"], found["city_zh"]) == ("广东省", "深圳市")
    assert (found["kind_en"], found["interoperable_zh"]) == ("student", "可异地使用")
    assert found["length"] == 11 and found["missing"] == ["settlement_unit", "reserved"]
    assert found["settlement_unit"] is None


def test_two_transactions_in_one_go_are_a_list() -> None:
    found = decoded(decode_file(0x18, PAID + LOADED + b"\x90\x00"))
    paid, loaded = records(found)
    assert (paid["counter"], paid["amount_fen"], paid["kind_en"]) == (19, 315, "composite purchase")
    assert (paid["terminal"], paid["time"]) == ("690000000001", "2026-01-08T17:55:10")
    assert (loaded["counter"], loaded["amount_fen"], loaded["kind_zh"]) == (8, 5000, "圈存")
    assert found["status_word"] == "9000" and found["extra"] == []
    alone = decoded(decode_file(0x18, PAID))
    assert "records" not in alone and alone["amount_fen"] == 315


def test_bytes_behind_the_last_whole_record_are_told() -> None:
    found = decoded(decode_file(0x18, PAID + LOADED + b"\x01\x02"))
    assert found["extra"] == [{"offset": 46, "length": 2, "hex": "0102"}]
    one = decoded(decode_file(0x18, PAID + b"\x01"))
    assert one["extra"] == [{"offset": 23, "length": 1, "hex": "01"}]
    assert one["amount_fen"] == 315


def test_trips_of_different_lengths_are_taken_apart_by_their_own_length() -> None:
    bus = make_transit(status=2, record_id=0x2702, actual_fen=200)
    discount = bytes.fromhex("270D1B010100") + bytes(24)
    rail, second, third = records(decoded(decode_file(0x1A, BEIJING_ENTRY + bus + discount)))
    assert (rail["record_id"], rail["body"]) == ("2701", "described")
    assert (second["actual_fen"], second["body"], second["record_id_zh"]) == (
        200, "assumed", "公共汽电车",
    )  # fmt: skip
    assert (third["file"], third["body"]) == ("transit_other", "not described")
    assert third["unknown"] == [{"offset": 6, "length": 24, "hex": "00" * 24}]


def test_a_trip_that_says_another_length_than_it_has_is_read_all_the_same() -> None:
    raw = bytearray(BEIJING_ENTRY)
    raw[2] = 0xFF
    found = decoded(decode_file(0x1A, bytes(raw)))
    assert found["declared_length"] == 255 and found["max_fare_fen"] == 900


@pytest.mark.parametrize("filler", [0x00, 0xFF])
@pytest.mark.parametrize(("sfi", "size"), [(0x15, 30), (0x18, 23), (0x1A, 128), (0x1E, 48)])
def test_what_was_never_written_is_empty_and_has_no_days(sfi: int, size: int, filler: int) -> None:
    found = decoded(decode_file(sfi, bytes((filler,)) * size))
    assert found["empty"] is True
    days = [value for key, value in found.items() if key.endswith(("time", "starts", "expires"))]
    assert days and set(days) == {None}


def test_a_trip_with_only_its_head_written_is_empty() -> None:
    found = decoded(decode_file(0x1A, bytes.fromhex("27017D") + bytes(125)))
    assert found["empty"] is True


def test_a_journey_with_its_place() -> None:
    raw = make_journey(
        kind=3, terminal=bytes.fromhex("100075131F08"), industry=1,
        time="20190831175904", city="1000", institution=bytes.fromhex("01011000FFFFFFFF"),
        amount_fen=0, balance_fen=3000, line=b"\x08\x00", station=b"\x19\x00",
        operator=b"\x30\x00",
    )  # fmt: skip
    found = decoded(decode_file(0x1E, raw))
    assert (found["kind_zh"], found["industry_en"]) == ("进站", "urban rail")
    assert (found["line"], found["station"], found["operator"]) == ("0800", "1900", "3000")
    assert (found["balance_fen"], found["city_en"]) == (3000, "Beijing")
    shorter = decoded(decode_file(0x1E, raw[:42]))
    assert shorter["missing"] == ["reserved"] and shorter["balance_fen"] == 3000


def test_city_union_has_its_own_files_and_its_own_city_codes() -> None:
    raw = make_city_union_info(b"\x07\x31", "4000", "4000990000000017", *DAYS)
    found = decoded(decode_file(0x15, raw, "city_union"))
    assert (found["number"], found["city_zh"]) == ("4000990000000017", "重庆市")
    assert found["main_type_en"] == "ordinary"
    for sfi in (0x10, 0x18, 0x1A):
        assert decoded(decode_file(sfi, LOADED, "city_union"))["amount_fen"] == 5000
    composite = decoded(decode_file(0x17, b"\x02" + bytes(47), "city_union"))
    assert composite["record_id_zh"] == "地铁"
    assert composite["unknown"] == [{"offset": 1, "length": 47, "hex": "00" * 47}]


def test_local_cards_are_read_by_their_table() -> None:
    chip = bytes(16) + bytes.fromhex("D2029649 20260101 20360101")
    found = decoded(decode_file(0x15, chip, "local:440300"))
    assert found["number"] == "12345678905"
    assert found["unknown"] == [{"offset": 0, "length": 16, "hex": "00" * 16}]
    old = bytes.fromhex("1000990000000017") + bytes(16) + bytes.fromhex("2018041020280410")
    beijing = decoded(decode_file(0x04, old, "local:110000"))
    assert (beijing["number"], beijing["expires"]) == ("1000990000000017", "2028-04-10")
    mf = bytes(12) + bytes.fromhex("4000990000000017 20140512") + bytes(24)
    own = decoded(decode_file(0x05, mf, "local:500000"))
    assert (own["number"], own["starts"]) == ("4000990000000017", "2014-05-12")


def test_the_top_bit_of_a_balance_is_no_money() -> None:
    found = decoded(decode_answer("balance", bytes.fromhex("8000164E9000")))
    assert (found["balance_fen"], found["top_bit"], found["stored"]) == (5710, True, 0x8000164E)
    plain = decoded(decode_answer("balance", bytes.fromhex("000017B6")))
    assert (plain["balance_fen"], plain["top_bit"]) == (6070, False)
    macao = decoded(decode_answer("balance", bytes.fromhex("0000041A"), "local:820000"))
    assert macao["balance_fen"] == 1050 * 10 - 1000


def test_the_answer_to_select_holds_the_file() -> None:
    raw = bytes.fromhex("6F318408A000000632010105A5259F0801029F0C1E") + CONTENT
    for answer in (raw, raw + b"\x90\x00"):
        found = decoded(decode_answer("fci", answer))
        public = found["public"]
        assert isinstance(public, dict) and public["number"] == "3199010000000000013"
        assert (found["aid"], found["application"]) == ("A000000632010105", "t_union")


def test_a_card_of_chongqing_is_told_from_city_union_by_its_own_city_code() -> None:
    head = bytes.fromhex("6F348409A00000000386980701A5279F0801999F0C20")
    data = bytes.fromhex("00014000 20141203 20991231") + bytes(20)
    found = decoded(decode_answer("fci", head + data))
    public = found["public"]
    assert found["application"] == "local:500000"
    assert isinstance(public, dict) and public["expires"] == "2099-12-31"
    other = data[:2] + b"\x20\x00" + data[4:]
    assert decoded(decode_answer("fci", head + other))["application"] == "city_union"


def test_a_file_that_nobody_has_described_is_all_unknown() -> None:
    found = decoded(decode_file(0x11, b"\x01\x02\x90\x00"))
    assert found["unknown"] == [{"offset": 0, "length": 2, "hex": "0102"}]
    assert found["status_word"] == "9000"


@pytest.mark.parametrize(
    ("sfi", "raw", "wanted"),
    [
        (0x15, CONTENT[:29], "CARD_FILE_LENGTH"),
        (0x15, b"", "CARD_FILE_LENGTH"),
        (0x18, LOADED[:22], "CARD_FILE_LENGTH"),
        (0x1A, BEIJING_ENTRY[:98], "CARD_FILE_LENGTH"),
        (0x1A, b"\x27\x01", "CARD_FILE_LENGTH"),
        (0x15, bytes(256), "CARD_FILE_LENGTH"),
        (0x18, bytes(9000), "CARD_FILE_LENGTH"),
        (0x00, CONTENT, "CARD_FILE_UNKNOWN"),
        (0x1F, CONTENT, "CARD_FILE_UNKNOWN"),
    ],
)
def test_what_cannot_be_this_file_is_one_refusal(sfi: int, raw: bytes, wanted: str) -> None:
    assert code(decode_file(sfi, raw)) == wanted


def test_an_application_that_does_not_exist_is_refused_with_those_that_do() -> None:
    found = decode_file(0x15, CONTENT, "t-union")
    assert code(found) == "CARD_APPLICATION_UNKNOWN"
    assert isinstance(found, Refusal) and "local:440300" in found.next_step("en")


@given(st.sampled_from(applications()), st.integers(0, 40), st.binary(max_size=300))
def test_any_bytes_of_any_file_are_decoded_or_refused(name: str, sfi: int, raw: bytes) -> None:
    found = decode_file(sfi, raw, name)
    if isinstance(found, Refusal):
        assert found.code in ("CARD_FILE_LENGTH", "CARD_FILE_UNKNOWN")
    else:
        json.dumps(found)
        kept = str(found["raw"]) + str(found["status_word"] or "")
        assert kept == raw.hex().upper()


@given(st.sampled_from(("fci", "ppse", "balance")), st.binary(max_size=80))
def test_any_bytes_of_any_answer_are_decoded_or_refused(name: str, raw: bytes) -> None:
    assert code(decode_answer(name, raw)) in ("", "CARD_TLV", "CARD_FILE_LENGTH")


@given(st.lists(st.sampled_from([0x27, 0x01, 0x7D, 0x00, 0x03, 0xFF]), max_size=300))
def test_trips_of_any_length_lose_no_byte(parts: list[int]) -> None:
    raw = bytes(parts)
    found = decode_file(0x1A, raw)
    if not isinstance(found, Refusal):
        assert found["raw"] == raw.hex().upper()
