"""The files of a card: what is written is read again, what is read is kept, whatever it is."""

from datetime import date
from pathlib import Path

import pytest
from card_tables import LAYOUTS, table_of
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files import (
    ACCOUNT_MARK,
    CityUnionInfo,
    ControlInfo,
    Holder,
    Journey,
    Management,
    OwnPart,
    PublicInfo,
    Transaction,
    Transit,
    make_city_union_info,
    make_control,
    make_holder,
    make_journey,
    make_management,
    make_public_info,
    make_transaction,
    make_transit,
    own_part,
    parse_city_union_info,
    parse_composite,
    parse_control,
    parse_holder,
    parse_journey,
    parse_management,
    parse_public_info,
    parse_transaction,
    parse_transit,
    with_own_part,
)
from tongxing.media.card.files.coding import bcd, bcd_day, bcd_moment, is_moment
from tongxing.media.card.files.layout import Layout

PARSERS = (
    parse_public_info,
    parse_management,
    parse_holder,
    parse_control,
    parse_city_union_info,
    parse_composite,
    parse_transaction,
    parse_transit,
    parse_journey,
)
DOC = Path(__file__).parents[3] / "docs/media/card-files.md"
ISSUER = bytes.fromhex("99016900FFFFFFFF")
NUMBER = "3199010000000000013"
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
MOMENTS = st.datetimes().map(lambda at: f"{at.year:04d}{at:%m%d%H%M%S}")
FEN = st.integers(0, 0xFFFFFFFF)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_no_byte_belongs_to_two_fields_and_none_lies_outside(layout: Layout) -> None:
    at = 0
    for field in layout.fields:
        assert field.offset >= at
        at = field.end
    assert at == layout.size
    assert layout.least <= layout.size


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_document_shows_the_table_that_the_code_uses(layout: Layout) -> None:
    assert "\n".join(table_of(layout)) + "\n" in DOC.read_text(encoding="utf-8")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_and_kept_or_refused(raw: bytes) -> None:
    for parse in PARSERS:
        found = parse(raw)
        if isinstance(found, Refusal):
            assert found.code == "CARD_FILE_LENGTH"
            assert found.message("zh") and "{" not in found.message("en")
        else:
            assert found.raw == raw


def test_the_public_information_of_the_worked_exit() -> None:
    raw = make_public_info(ISSUER, NUMBER, date(2026, 1, 1), date(2036, 12, 31))
    assert raw.hex() == "99016900ffffffff02010319901000000000001320260101203612310000"
    info = parse_public_info(raw)
    assert isinstance(info, PublicInfo)
    assert (info.number, info.application_type, info.version) == (NUMBER, 2, 1)
    assert (info.starts, info.expires) == (date(2026, 1, 1), date(2036, 12, 31))
    assert info.card_factor.hex() == "9010000000000013"
    assert info.issuer_factor == ISSUER
    assert (info.organisation, info.city) == ("9901", "6900")
    assert info.enabled and not info.account_based


def test_version_zero_is_not_enabled_and_our_mark_makes_an_account_card() -> None:
    raw = make_public_info(
        ISSUER, NUMBER, date(2026, 1, 1), date(2036, 12, 31), version=0, fci_data=ACCOUNT_MARK
    )
    info = parse_public_info(raw)
    assert isinstance(info, PublicInfo)
    assert not info.enabled
    assert info.account_based


@pytest.mark.parametrize(
    "packed",
    ["13199010000000000013", "0319901000000000001A", "FFFFFFFFFFFFFFFFFFFF"],
    ids=["20 digits", "a nibble above nine", "never written"],
)
def test_a_number_that_is_none_stays_bytes(packed: str) -> None:
    raw = bytearray(make_public_info(ISSUER, NUMBER, date(2026, 1, 1), date(2036, 12, 31)))
    raw[10:20] = bytes.fromhex(packed)
    info = parse_public_info(bytes(raw))
    assert isinstance(info, PublicInfo)
    assert info.number is None
    assert info.raw[10:20] == bytes.fromhex(packed)
    assert info.card_factor == bytes.fromhex(packed)[2:]


def test_days_that_do_not_exist_are_not_read_and_not_corrected() -> None:
    raw = bytearray(make_public_info(ISSUER, NUMBER, date(2026, 1, 1), date(2036, 12, 31)))
    raw[20:28] = bytes.fromhex("2026023000000000")
    info = parse_public_info(bytes(raw))
    assert isinstance(info, PublicInfo)
    assert info.starts is None and info.expires is None


@given(digits(19), DAYS, DAYS, st.binary(min_size=8, max_size=8))
def test_public_information_survives_writing(
    number: str, starts: date, expires: date, issuer: bytes
) -> None:
    info = parse_public_info(make_public_info(issuer, number, starts, expires))
    assert isinstance(info, PublicInfo)
    assert (info.number, info.starts, info.expires) == (number, starts, expires)
    assert info.issuer_id == issuer


def test_management_of_a_card_that_travels_and_of_one_that_does_not() -> None:
    raw = make_management("5840", "5800")
    assert raw[:11].hex() == "0000015658005840000101"
    assert len(raw) == 60
    there = parse_management(raw[:11])
    assert isinstance(there, Management)
    assert (there.province, there.city, there.kind) == ("5800", "5840", 1)
    assert there.interoperable is True
    home = parse_management(make_management("5840", "5800", kind=3, interoperable=False))
    assert isinstance(home, Management) and home.interoperable is False and home.kind == 3


def test_another_mark_of_travel_is_neither_yes_nor_no() -> None:
    raw = bytearray(make_management("1000", "1000"))
    raw[8:10] = b"\x01\x00"
    found = parse_management(bytes(raw))
    assert isinstance(found, Management)
    assert found.interoperable is None


def test_a_holder_is_written_in_gbk_and_hidden_from_logs() -> None:
    raw = make_holder("测试员", "110101199001010000")
    assert raw[2:8] == "测试员".encode("gbk")
    found = parse_holder(raw)
    assert isinstance(found, Holder)
    assert (found.name, found.document) == ("测试员", "110101199001010000")
    assert "测试员" not in repr(found) and "110101" not in repr(found)
    anonymous = parse_holder(make_holder())
    assert isinstance(anonymous, Holder) and anonymous.name == "" and anonymous.document == ""


def test_a_name_that_is_no_text_is_none() -> None:
    raw = bytearray(make_holder("测试员"))
    raw[2:4] = b"\x81\x20"
    found = parse_holder(bytes(raw))
    assert isinstance(found, Holder)
    assert found.name is None


def test_no_view_shows_a_card_number_in_its_repr() -> None:
    days = date(2026, 1, 1), date(2036, 12, 31)
    public = parse_public_info(make_public_info(ISSUER, NUMBER, *days))
    union = parse_city_union_info(
        make_city_union_info(b"\x07\x31", "4100", "4100990000000017", *days)
    )
    assert NUMBER[2:] not in repr(public)
    assert "4100990000000017" not in repr(union)


def test_control_information_reads_types_as_they_are_written() -> None:
    raw = make_control(date(2026, 1, 1), date(2036, 1, 1), main_type=0x12, deposit_yuan=20)
    found = parse_control(raw)
    assert isinstance(found, ControlInfo)
    assert (found.main_type, found.deposit_yuan, found.enabled) == (0x12, 20, 1)
    short = parse_control(raw[:29])
    assert isinstance(short, ControlInfo)
    assert short.main_type == 0x12 and short.deposit_yuan is None and short.sub_type is None


@given(digits(16), digits(4), DAYS, DAYS)
def test_city_union_information_survives_writing(
    number: str, city: str, starts: date, expires: date
) -> None:
    raw = make_city_union_info(b"\x07\x31", city, number, starts, expires)
    found = parse_city_union_info(raw)
    assert isinstance(found, CityUnionInfo)
    assert (found.city, found.number, found.enabled) == (city, number, True)
    assert (found.starts, found.expires) == (starts, expires)
    assert found.card_factor.hex() == number
    assert found.issuer_factor.hex() == f"{city}ff0000000000"


def test_a_transaction_of_the_published_load() -> None:
    raw = make_transaction(8, 5000, 2, bytes.fromhex("690000000001"), "20260108083015")
    assert raw.hex() == "0008000000000013880269000000000120260108083015"


@given(st.integers(0, 0xFFFF), FEN, st.integers(0, 255), st.binary(min_size=6, max_size=6), MOMENTS)
def test_a_transaction_survives_writing(
    counter: int, amount: int, kind: int, terminal: bytes, time: str
) -> None:
    found = parse_transaction(make_transaction(counter, amount, kind, terminal, time))
    assert isinstance(found, Transaction)
    assert (found.counter, found.amount_fen, found.kind) == (counter, amount, kind)
    assert (found.terminal, found.time) == (terminal, time)


@given(st.integers(0, 10**16 - 1), FEN, FEN, MOMENTS, st.binary(min_size=8, max_size=8))
def test_a_trip_survives_writing(
    serial: int, fare: int, balance: int, time: str, station: bytes
) -> None:
    raw = make_transit(
        status=1, serial=serial, entry_time=time, max_fare_fen=fare, balance_at_entry_fen=balance,
        entry_station=station, entry_city="6900", entry_line=3,
    )  # fmt: skip
    assert raw[:6].hex() == "27017d010100" and len(raw) == 128
    found = parse_transit(raw)
    assert isinstance(found, Transit)
    assert (found.serial, found.entry_time) == (f"{serial:016d}", time)
    assert (found.max_fare_fen, found.balance_at_entry_fen) == (fare, balance)
    assert (found.entry_station, found.entry_city, found.entry_line) == (station, "6900", 3)
    assert found.entered and not found.exited and found.exit_time is None


@given(FEN, FEN, MOMENTS, st.binary(min_size=6, max_size=6))
def test_a_journey_survives_writing(amount: int, balance: int, time: str, terminal: bytes) -> None:
    raw = make_journey(
        kind=4, terminal=terminal, industry=1, time=time, city="6900", institution=ISSUER,
        amount_fen=amount, balance_fen=balance, line=b"\x03\x00", station=b"\x12\x00",
    )  # fmt: skip
    found = parse_journey(raw)
    assert isinstance(found, Journey)
    assert (found.amount_fen, found.balance_fen, found.time) == (amount, balance, time)
    assert found.terminal == b"\x00\x00" + terminal
    assert found.place_code == "03001200000000"


def test_our_part_of_a_trip_is_ours_only_while_its_sum_fits() -> None:
    part = OwnPart("20260108173000", b"\x00\x00\x00\x01", 315, 2, b"\x02\x01\x08\x17\x30")
    record = with_own_part(make_transit(status=2, actual_fen=315), part)
    found = parse_transit(record)
    assert isinstance(found, Transit) and own_part(found) == part
    for at in (6, 98, 99, 123, 127):
        changed = bytearray(record)
        changed[at] ^= 1
        other = parse_transit(bytes(changed))
        assert isinstance(other, Transit) and own_part(other) is None


@pytest.mark.parametrize("text", ["2026013117300", "20260132000000", "20260101240000", "２" * 14])
def test_no_moment_that_does_not_exist_is_written(text: str) -> None:
    assert not is_moment(text)
    with pytest.raises(ValueError, match="YYYYMMDDhhmmss"):
        bcd_moment(text)


@pytest.mark.parametrize("number", ["319901000000000001", "31990100000000000１3", NUMBER + "0"])
def test_no_number_of_another_length_is_written(number: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        make_public_info(ISSUER, number, date(2026, 1, 1), date(2036, 12, 31))


def test_a_day_of_long_ago_keeps_its_four_digits_of_year() -> None:
    assert bcd_day(date(26, 1, 1)).hex() == "00260101"
    assert bcd("0012", 2) == b"\x00\x12"
