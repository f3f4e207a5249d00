"""Every offset of every kind, against a table of its own; and layouts that make no sense."""

import re
from datetime import date
from importlib.resources import files

import pytest
from exchange_world import CL_28_FIXED, DAY, EVIDENCE, GOLDEN, book, golden, reading, whole

from tongxing.exchange.layouts import CODES, load_layouts, parse_layouts
from tongxing.kernel.reasons import Problem

# Typed from the reference (clearing 1.4), not from the data: name, offset, length.
CL = """
centre_sequence 0 12|acquirer_sequence 12 12|acceptance_date 24 8|retrieval_reference 32 12
transaction_type 44 4|acquirer_id 48 11|acquirer 59 11|issuer 70 11|receiver 81 11|sender 92 11
mcc 103 4|channel 107 2|card_number 109 20|card_counter 129 6|balance_before 135 12|amount 147 12
time 159 14|balance_kind 173 1|algorithm 174 2|error_code 176 6|error_text 182 40|test_flag 222 1
fee 223 28|issuer_share 251 28|acquirer_share 279 28|reserved 307 18
"""
FB = """
centre_sequence 0 12|acquirer_sequence 12 12|acceptance_date 24 8|retrieval_reference 32 12
transaction_type 44 4|receiver_id 48 11|issuer 59 11|acquirer_id 70 11|sender 81 11|mcc 92 4
channel 96 2|card_number 98 20|card_counter 118 6|balance_before 124 12|amount 136 12|time 148 14
error_code 162 6|error_text 168 40|test_flag 208 1|fee 209 28|issuer_share 237 28
acquirer_share 265 28|reserved 293 28|reserved_end 321 40
"""
LD = "centre_sequence 0 12|file_name 12 50|error_code 62 6|error_text 68 40|reserved 108 40"
BP = "income 0 12|pay 12 12|test_income 24 12|test_pay 36 12|reserve_change 48 12|sign 60 1"
ED = """
settlement_date 0 8|centre_sequence 8 12|acquirer_sequence 20 12|acceptance_date 32 8
retrieval_reference 40 12|adjust_type 52 1|error_type 53 4|card_number 57 20|card_counter 77 6
balance_before 83 12|adjusted_type 95 4|adjusted_amount 99 12|mcc 111 4|channel 115 2|date 117 8
time_of_day 125 6|test_flag 131 1|reason_code 132 4|originator 136 11|issuer 147 11
acquirer_id 158 11
"""
AD = """
adjustment_sequence 0 12|original_settlement_date 12 8|original_centre_sequence 20 12
original_acquirer_sequence 32 12|original_acceptance_date 44 8|original_retrieval_reference 52 12
original_type 64 4|adjust_type 68 1|card_number 69 20|issuer 89 11|receiver 100 11|acquirer 111 11
sender 122 11|originator 133 11|confirming 144 11|card_counter 155 6|balance_before 161 12
adjusted_type 173 4|adjusted_amount 177 12|mcc 189 4|channel 193 2|date 195 8|time_of_day 203 6
test_flag 209 1|reason_code 210 4|reply_code 214 2|error_code 216 6|error_text 222 40
error_fee 262 12|fee 274 28|issuer_share 302 28|acquirer_share 330 28
"""
UC = "issuer 0 11|card_number 11 20"
BN = "issuer 0 11|bin 11 10"
UPLOAD = """
acquirer_sequence 0 12|acceptance_date 12 8|retrieval_reference 20 12|transaction_type 32 4
acquirer_id 36 11|acquirer 47 11|issuer 58 11|receiver 69 11|sender 80 11|mcc 91 4|channel 95 2
card_number 97 20|card_counter 117 6|balance_before 123 12|amount 135 12|time 147 14
balance_kind 161 1|algorithm 162 2|test_flag 164 1
"""
TABLES = {"LD": LD, "CL": CL, "FB": FB, "BP": BP, "ED": ED, "AD": AD, "UC": UC, "DC": UC,
          "BN": BN, "UPLOAD": UPLOAD}  # fmt: skip
HEADER = "count 0 6|date 6 8|party 14 11|record_length 25 4|reserved 29 20"


def table(text: str) -> list[tuple[str, int, int]]:
    cells = [cell.split() for cell in re.split(r"[|\n]", text.strip())]
    return [(name, int(offset), int(length)) for name, offset, length in cells]


@pytest.mark.req("R-200", "R-210")
@pytest.mark.parametrize("code", CODES)
def test_every_field_stands_where_the_reference_says(code: str) -> None:
    layout = next(one for one in book().layouts if one.code == code)
    assert [(one.name, one.offset, one.length) for one in layout.field] == table(TABLES[code])


def test_the_header_stands_where_the_reference_says() -> None:
    header = book().header
    assert [(one.name, one.offset, one.length) for one in header.field] == table(HEADER)
    assert header.length == 49 and header.version == "01"


@pytest.mark.parametrize("code", CODES)
def test_a_file_by_hand_reads_field_by_field(code: str) -> None:
    variant, length, raw = GOLDEN[code]
    found, (line,) = reading(golden(code), code)
    assert (found.shape.variant.name, found.head.record_length) == (variant, length)
    assert not line.faults, line.faults
    assert line.content == raw and line.evidence == raw[length:]
    assert line.cells == {
        name: raw[offset : offset + size] for name, offset, size in table(TABLES[code])
    }


def test_the_other_variant_of_cl_has_its_evidence_ten_bytes_on() -> None:
    found, (line,) = reading(whole(335, CL_28_FIXED + EVIDENCE), "CL")
    assert found.shape.variant.name == "reserved_28"
    assert line.cells["reserved"] == CL_28_FIXED[307:335] and line.evidence == EVIDENCE
    assert line.cells["acquirer_share"] == b" " * 28


def test_every_variant_of_every_kind_has_a_length_of_its_own() -> None:
    lengths = {
        code: [one.record_length for one in book().shapes(code, DAY)] for code in ("CL", "BP", "AD")
    }
    assert lengths == {"CL": [325, 335], "BP": [61, 70, 141, 150], "AD": [358, 374]}


def test_what_is_not_sure_is_marked_so() -> None:
    reserved = next(one for one in book().shapes("CL", DAY)[0].fields if one.name == "reserved")
    assert reserved.certainty == "L" and reserved.note_zh and reserved.note_en
    upload = next(one for one in book().layouts if one.code == "UPLOAD")
    assert upload.template and {one.certainty for one in upload.field} == {"L"}
    derived = [one for one in book().layouts if one.code in ("LD", "BP", "ED", "AD", "UC", "BN")]
    assert {field.placed for one in derived for field in one.field} == {"L"}


def test_a_layout_holds_from_its_day() -> None:
    old = book().layouts[0]
    assert old.from_day == date(2015, 7, 15)
    assert book().shapes("CL", date(2001, 1, 1)) == book().shapes("CL", DAY)
    assert book().shapes("XX", DAY) == ()


def own_files() -> dict[str, bytes]:
    folder = files("tongxing.exchange").joinpath("data")
    named = {entry.name: entry.read_bytes() for entry in folder.iterdir()}
    return {name: named[name] for name in ("header.toml", "uc.toml")}


def test_a_later_layout_of_ones_own_replaces_the_first_from_its_day() -> None:
    given = own_files()
    text = given["uc.toml"].decode().replace("2015-07-15", "2027-01-01")
    given["uc_2027.toml"] = (
        text.replace("length = 20", "length = 19").replace("= 31", "= 30").encode()
    )
    found = parse_layouts(given)
    assert [one.record_length for one in found.shapes("UC", date(2026, 12, 31))] == [31]
    assert [one.record_length for one in found.shapes("UC", date(2027, 1, 1))] == [30]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("offset = 11", "offset = 12"),
        ("offset = 11", "offset = 10"),
        ("record_length = 31", "record_length = 30"),
        ('kind = "code"', 'kind = "word"'),
        ("length = 11", "length = 0"),
        ('name = "issuer"', 'name = "issuer"\nsurprise = 1'),
        ("record_length = 31", "record_length = 31\nfields.other = [0, 1]"),
    ],
)
def test_a_layout_with_a_hole_an_overlap_or_a_slip_is_refused(old: str, new: str) -> None:
    given = own_files()
    given["uc.toml"] = given["uc.toml"].decode().replace(old, new, 1).encode()
    with pytest.raises(Problem, match="EXCHANGE_LAYOUTS"):
        parse_layouts(given)


def test_variants_that_cannot_be_told_apart_are_refused() -> None:
    given = own_files()
    text = given["uc.toml"].decode()
    given["uc.toml"] = (text + text[text.index("[[variant]]") :]).encode()
    with pytest.raises(Problem, match="tell them apart"):
        parse_layouts(given)


def test_a_folder_without_a_header_is_refused() -> None:
    with pytest.raises(Problem, match="EXCHANGE_LAYOUTS"):
        parse_layouts({"uc.toml": own_files()["uc.toml"]})


def test_names_and_notes_are_in_both_languages() -> None:
    for layout in load_layouts().layouts:
        texts = [(layout.zh, layout.en), (layout.way_zh, layout.way_en)]
        texts += [(one.zh, one.en) for one in layout.field + layout.variant]
        notes = [(one.note_zh, one.note_en) for one in layout.field]
        assert all(zh and en for zh, en in texts)
        assert all(bool(zh) == bool(en) for zh, en in notes)
