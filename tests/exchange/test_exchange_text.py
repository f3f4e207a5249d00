"""Text files with something wrong: the file's form, a line, or what is merely doubtful."""

import io

import pytest
from exchange_world import (
    CARD,
    CL_28_FIXED,
    CL_FIXED,
    EVIDENCE,
    FB,
    GOLDEN,
    UC,
    book,
    golden,
    opening,
    reading,
    whole,
)  # fmt: skip

from tongxing.exchange.cells import text_of
from tongxing.exchange.layouts import CODES
from tongxing.exchange.limits import TextLimits
from tongxing.exchange.telling import exchange_texts
from tongxing.exchange.text_check import FAULTS_KEPT_MAX, Survey, survey
from tongxing.exchange.text_file import open_text
from tongxing.kernel.reasons import Refusal

GOOD = whole(31, UC, UC, UC)


def refused(data: bytes, code: str = "UC") -> Refusal:
    found = opening(data, code)
    assert isinstance(found, Refusal), found
    return found


def surveyed(data: bytes, code: str, variant: str = "") -> Survey:
    found, _ = reading(data, code, variant)
    return survey(found, book())


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (b"", "FILE_EMPTY", "UC.txt"),
        (b"\xef\xbb\xbf" + GOOD, "FILE_ENCODING", "UC.txt:1:1"),
        (GOOD.decode("ascii").encode("utf-16"), "FILE_ENCODING", "UC.txt:1:1"),
        (GOOD.replace(b"\n", b"\r"), "FILE_ENCODING", "UC.txt:1:3"),
        (b"02" + GOOD[2:], "SCHEMA_TOO_NEW", "UC.txt:1"),
        (b" 01" + GOOD[2:], "EXCHANGE_VERSION", "UC.txt:1"),
        (b"01\n", "FILE_TRUNCATED", "UC.txt:2"),
        (GOOD.replace(b"000003", b"00003", 1), "EXCHANGE_HEADER", "UC.txt:2"),
        (GOOD.replace(b"000003", b"00000x", 1), "EXCHANGE_FIELD", "UC.txt:2:1"),
        (GOOD.replace(b"20260318", b"20260231", 1), "DATE_INVALID", "UC.txt:2:7"),
        (GOOD.replace(b"0031F", b"0032F", 1), "EXCHANGE_RECORD_LENGTH", "UC.txt:2:26"),
        (GOOD.replace(b"000003", b"000004", 1), "FILE_COUNT", "UC.txt:5"),
        (GOOD.replace(b"000003", b"000002", 1), "FILE_COUNT", "UC.txt:4"),
        (GOOD + b"\n", "FILE_COUNT", "UC.txt:5"),
        (GOOD + b"trailing", "FILE_COUNT", "UC.txt:5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_form_takes_the_whole_file(data: bytes, code: str, where: str) -> None:
    found = refused(data)
    assert (found.code, found.where) == (code, where)


def test_an_unknown_kind_is_refused() -> None:
    assert refused(GOOD, "XX").code == "EXCHANGE_CODE"


@pytest.mark.parametrize("code", CODES)
def test_a_file_cut_at_any_byte_is_refused_or_doubted(code: str) -> None:
    data = golden(code, copies=2)
    for size in range(len(data)):
        found = opening(data[:size], code)
        if isinstance(found, Refusal):
            continue
        assert code in ("CL", "UPLOAD") or size == len(data) - 1, size
        assert "EXCHANGE_NO_LAST_END" in {doubt.code for doubt in found.doubts}, size


def test_evidence_cut_inside_a_value_shows_the_cut() -> None:
    data = golden("CL")
    refusals = [opening(data[:size], "CL") for size in range(len(data) - 6, len(data) - 1)]
    assert all(isinstance(one, Refusal) and one.code == "FILE_TRUNCATED" for one in refusals)


def test_a_bad_line_stops_nobody() -> None:
    bad = UC[:12] + "９".encode("gbk") + UC[14:]
    _, lines = reading(whole(31, UC, bad, UC), "UC")
    assert [bool(line.faults) for line in lines] == [False, True, False]
    (fault,) = lines[1].faults
    assert (fault.code, fault.where) == ("EXCHANGE_FIELD", "UC.txt:4:12")
    assert lines[1].content == bad and lines[1].at == len(whole(31, UC))


@pytest.mark.parametrize(
    ("place", "raw", "key"),
    [
        (147, b"00000000450.", "digits"),
        (147, b"+00000000450", "digits"),
        (147, b"         450", "digits"),
        (147, b"            ", "digits"),
        (147, "４５０".encode("gbk") + b"000000", "digits"),
        (159, b"20260317250000", "datetime"),
        (24, b"20260229", "date"),
        (173, b"2", "flag"),
        (222, b" ", "flag"),
        (109, b" " * 20, "code"),
        (223, b"1,5".rjust(28), "decimal"),
    ],
)
def test_each_field_is_held_to_its_kind(place: int, raw: bytes, key: str) -> None:
    spoiled = CL_FIXED[:place] + raw + CL_FIXED[place + len(raw) :]
    _, (line,) = reading(whole(325, spoiled), "CL")
    (fault,) = line.faults
    assert fault.where == f"CL.txt:3:{place + 1}"
    assert fault.values["what_en"] == exchange_texts().text(f"fault.{key}", "en")
    assert "3104770000000" not in fault.message("en")


@pytest.mark.parametrize(
    ("place", "raw", "byte", "char"),
    [
        (109, b"31047700000\x00000000017", 121, "U+0000"),
        (182, b"r\x1b[31med".ljust(40), 184, "U+001B"),
    ],
)
def test_a_character_that_steers_is_told_by_its_own_byte(
    place: int, raw: bytes, byte: int, char: str
) -> None:
    spoiled = CL_FIXED[:place] + raw + CL_FIXED[place + len(raw) :]
    _, (line,) = reading(whole(325, spoiled), "CL")
    (fault,) = line.faults
    assert fault == Refusal("FILE_FORBIDDEN_CHAR", f"CL.txt:3:{byte}", {"char": char})


def test_amounts_that_are_negative_or_have_a_point_are_numbers_only_where_fees_stand() -> None:
    signed = CL_FIXED[:223] + b"-12.50".rjust(28) + CL_FIXED[251:]
    _, (line,) = reading(whole(325, signed), "CL")
    assert not line.faults and line.cells["fee"] == b"-12.50".rjust(28)


def test_lines_of_another_length_are_told() -> None:
    _, lines = reading(whole(31, UC[:-1], UC + b" ", b"", UC * 50), "UC")
    codes = [[fault.code for fault in line.faults] for line in lines]
    assert codes == [["EXCHANGE_LINE_LENGTH"]] * 3 + [["FILE_LINE_TOO_LONG"]]
    assert not any(line.cells for line in lines)


def test_a_line_without_an_end_in_sight_is_not_kept() -> None:
    data = whole(31, UC, b"9" * 5_000_000, UC)
    _, lines = reading(data, "UC")
    assert lines[1].faults[0].code == "FILE_LINE_TOO_LONG" and len(lines[1].content) < 100
    assert not lines[2].faults and lines[2].at + len(UC) + 1 == len(data)


def test_a_line_that_ends_in_another_way_is_told() -> None:
    data = whole(31, UC, UC, UC, end=b"\r\n").replace(UC + b"\r\n", UC + b"\n", 1)
    _, lines = reading(data, "UC")
    assert [[fault.code for fault in line.faults] for line in lines] == [
        ["EXCHANGE_LINE_END"], [], [],
    ]  # fmt: skip


def test_half_a_character_is_kept_and_shown_with_a_replacement() -> None:
    found, (line,) = reading(golden("CL"), "CL")
    raw = line.cells["error_text"]
    assert text_of(found.shape.field("error_text"), raw) == "交易成功，灰\N{REPLACEMENT CHARACTER}"
    assert raw.startswith("交易成功，灰".encode("gbk")) and not line.faults
    assert [doubt.code for doubt in line.doubts] == ["EXCHANGE_TEXT_CUT"]


def test_half_a_character_at_the_very_end_of_its_field_takes_nothing_of_the_next() -> None:
    text = ("灰" * 20).encode("gbk")[1:] + "灰".encode("gbk")[:1]
    _, (line,) = reading(whole(361, FB[:168] + text + FB[208:]), "FB")
    assert line.cells["error_text"] == text and line.cells["test_flag"] == b"1"
    assert not line.faults


def test_evidence_that_does_not_read_is_kept_and_doubted() -> None:
    found = surveyed(whole(325, CL_FIXED + b"TLV?", CL_FIXED + EVIDENCE), "CL")
    doubt, times = found.doubts["EXCHANGE_EVIDENCE"]
    assert (doubt.where, times, found.bad) == ("CL.txt:3:326", 1, 0)


def test_a_header_that_contradicts_the_place_of_the_evidence_is_reported_not_guessed() -> None:
    # As one public program reads: 28 bytes reserved by its header, evidence from byte 325 on.
    longer = b"9F2614" + b"AB" * 20
    record = CL_FIXED + longer
    found = surveyed(whole(335, record, record), "CL")
    doubt, _ = found.doubts["EXCHANGE_CONTRADICTION"]
    assert doubt.values == {"variant": "reserved_28", "other": "reserved_18"}
    chosen, lines = reading(whole(335, record, record), "CL", "reserved_18")
    assert [doubt.code for doubt in chosen.doubts] == ["EXCHANGE_VARIANT_DIFFERS"]
    assert lines[0].evidence == longer


def test_both_variants_are_told_apart_by_the_header_without_a_doubt() -> None:
    for length, record in ((325, CL_FIXED), (335, CL_28_FIXED)):
        assert (
            "EXCHANGE_CONTRADICTION" not in surveyed(whole(length, record + EVIDENCE), "CL").doubts
        )


def test_a_variant_that_does_not_exist_is_refused() -> None:
    found = opening(golden("CL"), "CL", "reserved_99")
    assert isinstance(found, Refusal) and found.code == "EXCHANGE_VARIANT"


def test_a_survey_adds_up_live_and_test_apart_and_keeps_few_faults() -> None:
    live, test = CL_FIXED, CL_FIXED[:222] + b"1" + CL_FIXED[223:]
    bad = CL_FIXED[:173] + b"7" + CL_FIXED[174:]
    found = surveyed(whole(325, live, live, test, *[bad] * 60), "CL")
    assert (found.sound, found.bad, found.fault_count) == (3, 60, 60)
    assert len(found.faults) == FAULTS_KEPT_MAX
    assert (found.amount_fen, found.test_amount_fen, found.test_records) == (900, 450, 1)


def test_an_empty_file_of_a_kind_is_sound() -> None:
    found, lines = reading(whole(31), "UC")
    assert found.head.count == 0 and lines == []


def test_a_file_beyond_the_limit_is_refused() -> None:
    limits = TextLimits(file_bytes_max=100, records_max=999_999)
    found = open_text(io.BytesIO(GOOD), "UC.txt", "UC", book(), limits=limits)
    assert isinstance(found, Refusal) and found.code == "FILE_TOO_LARGE"


def test_the_longest_evidence_fits_and_one_byte_more_does_not() -> None:
    _, lines = reading(whole(325, CL_FIXED + b"A" * 1024, CL_FIXED + b"A" * 1025), "CL")
    assert [bool(line.faults) for line in lines] == [False, True]
    assert CARD in lines[0].content and GOLDEN["CL"][1] == 325
