"""Split tables as files: the same bytes again, nothing changed goes unseen, one in force a day."""

import re
from datetime import date

import pytest
from acc_world import (
    CITY,
    DAY,
    SERVICE,
    city_of,
    line_of,
    parameters_text,
    row_of,
    table_of,
    told,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.hub.acc import SplitTable, read_table, tables_of, write_table
from tongxing.hub.acc.checking import check_rows
from tongxing.hub.acc.making import Patch, Texts, make_table, next_change, plan_of
from tongxing.hub.acc.parameters import default_parameters, read_parameters
from tongxing.hub.acc.table import SplitRow, parse_row, seal_table
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.network.service import read_service

TOWN = city_of(
    line_of("l1", "OP1", "A 1000 B 2000 C 1500 D"),
    line_of("l2", "OP2", "B 1800 E 1200 D"),
    line_of("l3", "OP3", "A 2500 E"),
)
TABLE = table_of(TOWN)
BYTES = write_table(TABLE)


def loaded(data: bytes) -> SplitTable:
    table = read_table(data)
    assert not isinstance(table, Refusal), table
    return table


def test_a_table_is_read_back_to_the_same_bytes() -> None:
    table = loaded(BYTES)
    assert table == TABLE
    assert write_table(table) == BYTES
    assert write_table(table_of(TOWN)) == BYTES, "made again, it is the same file"


def test_every_row_follows_from_the_header() -> None:
    assert check_rows(TABLE) is None


def test_a_bit_flipped_anywhere_is_seen() -> None:
    for place in range(len(BYTES)):
        for bit in range(8):
            damaged = bytearray(BYTES)
            damaged[place] ^= 1 << bit
            refusal = read_table(bytes(damaged))
            assert isinstance(refusal, Refusal), (place, bit)
            assert refusal.code in ("SPLIT_TABLE_FORM", "SPLIT_TABLE_HASH")


def test_which_hash_was_expected_and_which_was_found_is_told() -> None:
    line_end = BYTES.index(b"\n", BYTES.index(b"\n") + 1)
    top, version = BYTES[:line_end], TABLE.header.version
    spaced = top.replace(b'"version":', b' "version":') + BYTES[line_end:]
    for data, part, expected, found in (
        (BYTES[:-1], "rows", TABLE.header.rows_sha256, sha256_hex(BYTES[line_end + 1 : -1])),
        (BYTES.replace(version.encode(), b"0" * 16), "header", "0" * 16, version),
        (spaced, "header", version, None),
    ):
        refusal = read_table(data)
        assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_TABLE_HASH"
        told = refusal.values
        assert (refusal.where, told["expected"]) == (part, expected)
        assert told["found"] == found or (found is None and told["found"] != version)
        for language in ("zh", "en"):
            message = refusal.message(language)
            assert f"{told['expected']}" in message and f"{told['found']}" in message


def test_a_file_cut_or_added_to_is_seen() -> None:
    for end in range(len(BYTES)):
        assert isinstance(read_table(BYTES[:end]), Refusal), end
    assert isinstance(read_table(BYTES + b"\n"), Refusal)
    assert isinstance(read_table(BYTES + BYTES), Refusal)


@given(st.binary(max_size=200))
def test_noise_is_no_table(noise: bytes) -> None:
    assert isinstance(read_table(noise), Refusal)


def resealed(change: dict[str, object], rows: list[SplitRow] | None = None) -> bytes:
    """A file whose hashes hold: made by somebody who knows how, but wrong."""
    header = replace(TABLE.header, **change)
    return write_table(seal_table(header, list(TABLE.rows()) if rows is None else rows))


def test_hashes_that_hold_do_not_excuse_wrong_sums_or_dates() -> None:
    rows = list(TABLE.rows())
    who, ppm = rows[0].shares[0]
    rows[0] = SplitRow(rows[0].key, ((who, ppm - 1), *rows[0].shares[1:]), rows[0].paths)
    refusal = read_table(resealed({}, rows))
    assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_TABLE_SUMS"
    assert refusal.values == {"sum": 999_999} and refusal.where == "line 3"
    refusal = read_table(resealed({"valid_until": DAY}))
    assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_TABLE_DATES"
    numbers = replace(TABLE.header.parameters, paths_max=0)
    refusal = read_table(resealed({"parameters": numbers}))
    assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_TABLE_FORM"
    for change in ({"stations": ("A", "B")}, {"operators": ("OP1",)}, {"sections": ()}):
        refusal = read_table(resealed(change))
        assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_TABLE_FORM", change


# what is done to a row of the table (A to D has three paths), and the fault that is found
FAULTS = [
    ("cost", r"\b(\d+) (\d+ 0>)", r"1 \2"),
    ("ends", r"0>0\.3", "0>0.2"),
    ("ride", r"0>0\.3", "0<0.3"),
    ("system", None, ""),
    ("order", None, ""),
    ("twice", None, ""),
    ("shares", None, ""),
    ("operators", None, ""),
    ("threshold", None, ""),
    ("transfers", None, ""),
]


def spoilt(fault: str) -> bytes:
    """The table with one row made wrong in one way, its hashes and sums in order."""
    rows = {row.key: row for row in TABLE.rows()}
    key = row_of(TABLE, "A", "D").key
    row = rows[key]
    first, *others = row.paths
    if fault == "order":
        rows[key] = SplitRow(key, row.shares, (*others, first))
    elif fault == "twice":
        half = replace_path(first, ppm=first.ppm // 2)
        rest = replace_path(first, ppm=first.ppm - first.ppm // 2)
        rows[key] = SplitRow(key, row.shares, (half, rest, *others))
    elif fault == "shares":
        less = replace_path(first, ppm=first.ppm - 1)
        more = replace_path(others[0], ppm=others[0].ppm + 1)
        rows[key] = SplitRow(key, row.shares, (less, more, *others[1:]))
    elif fault == "operators":
        (one, ppm), (two, more), *rest = row.shares
        rows[key] = SplitRow(key, ((one, ppm - 1), (two, more + 1), *rest), row.paths)
    change: dict[str, object] = {}
    if fault == "threshold":
        change["parameters"] = replace(TABLE.header.parameters, cost_over_s=0)
    elif fault == "transfers":
        change["parameters"] = replace(TABLE.header.parameters, transfers_over=0)
    elif fault == "system":
        tracks = tuple(replace(one, system="x") for one in TABLE.header.tracks)
        change["tracks"] = tracks
    pattern = next(row[1] for row in FAULTS if row[0] == fault)
    new = next(row[2] for row in FAULTS if row[0] == fault)
    if pattern:
        text, count = re.subn(pattern, new, TABLE.lines[key], count=1)
        assert count == 1
        rows[key] = parse_row(text)
    return resealed(change, list(rows.values()))


def replace_path(path, ppm: int):
    return type(path)(path.cost, ppm, path.rides)


@pytest.mark.parametrize("fault", [row[0] for row in FAULTS])
def test_a_row_that_does_not_follow_is_found(fault: str) -> None:
    found = check_rows(loaded(spoilt(fault)))
    assert found is not None and found[1] == fault


def test_a_path_that_loops_or_does_not_hang_together_is_found() -> None:
    """From B to C (stations 1 and 2), written by hand with hashes and sums in order."""
    for rides, fault in (("0>1.3,1<3.1,0>1.2", "loop"), ("1>1.3,0<4.2", "ends")):
        row = parse_row(f"0\t1\t2\t0:1000000\t1000 1000000 {rides}")
        assert check_rows(seal_table(TABLE.header, [row])) == (3, fault)


# --- versions, dates, patches ---------------------------------------------------------------------


def patch_of(day: date, until: date, **closing: str) -> Patch:
    return Patch(day, until, "station flooded", (closing,))


def patched(patch: Patch, replaces: SplitTable | None = TABLE) -> SplitTable | Refusal:
    texts = Texts(SERVICE, default_parameters(), patch, "the patch", replaces)
    plan = plan_of(TOWN, patch.from_day, texts)
    return plan if isinstance(plan, Refusal) else make_table(plan)


def test_a_closed_station_makes_a_new_version_that_says_what_it_replaced() -> None:
    until = date(2026, 3, 18)
    table = patched(patch_of(DAY, until, station="B"))
    assert isinstance(table, SplitTable)
    assert table.header.replaces == TABLE.header.version != table.header.version
    assert (table.header.why, table.header.valid_until) == ("station flooded", until)
    assert "B" not in table.header.stations
    (path, _, _), *_ = told(table, row_of(table, "A", "D"))
    assert path == "l1 A-D", "its trains pass the closed station"
    tables = tables_of([TABLE, table])
    assert not isinstance(tables, Refusal)
    assert tables.on(CITY, DAY) == table
    assert tables.on(CITY, until) == TABLE, "the next day the old one is in force again"
    assert tables.on(CITY, date(2026, 3, 16)) is None
    assert tables.on("110000", DAY) is None
    assert tables.row(CITY, at(DAY, 9), "main", "A", "B") is None
    found = tables.row(CITY, at(until, 9), "main", "A", "B")
    assert found is not None and found[0] == TABLE
    assert tables.row(CITY, at(until, 2), "main", "A", "B") is None, "2 a.m. is the day before"


def test_a_closed_stretch_is_ridden_round() -> None:
    table = patched(patch_of(DAY, date(2026, 3, 19), line="l1", first="B", last="C"))
    assert isinstance(table, SplitTable)
    assert [path for path, _, _ in told(table, row_of(table, "A", "C"))] == [
        "l3 A-E, l2 E-D, l1 D-C",
        "l1 A-B, l2 B-D, l1 D-C",
    ]


@pytest.mark.parametrize(
    "closing",
    [
        {"station": "atlantis"},
        {"line": "l9"},
        {"line": "l2", "station": "C"},
        {"line": "l1", "first": "A"},
        {},
        {"colour": "red"},
    ],
)
def test_a_patch_that_names_what_is_not_there_is_refused(closing: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        patched(patch_of(DAY, date(2026, 3, 18), **closing))


def test_only_a_table_of_that_city_and_day_can_be_replaced() -> None:
    later = table_of(TOWN, day=date(2026, 5, 1))
    other = seal_table(replace(TABLE.header, city="110000"), TABLE.rows())
    for wrong in (later, other):
        refusal = patched(patch_of(DAY, date(2026, 3, 18), station="B"), wrong)
        assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_REPLACES"


def test_two_tables_of_a_day_need_one_that_replaces_the_other() -> None:
    other = table_of(TOWN, parameters=parameters_text(paths_max=1))
    refusal = tables_of([TABLE, other])
    assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_TABLES_CLASH"
    assert not isinstance(tables_of([TABLE, TABLE]), Refusal), "the same table twice is one"


def test_a_clash_that_begins_when_a_patch_ends_is_seen() -> None:
    short = seal_table(
        replace(TABLE.header, valid_until=date(2026, 3, 20), why="first"), TABLE.rows()
    )
    patch = seal_table(
        replace(TABLE.header, valid_until=date(2026, 3, 18), replaces=short.header.version),
        TABLE.rows(),
    )
    assert not isinstance(tables_of([short, patch]), Refusal)
    refusal = tables_of([TABLE, short, patch])
    assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_TABLES_CLASH"


OPENING = (
    SERVICE
    + '[[opening]]\nline = "l2"\nfirst = "E"\nlast = "D"\nfrom_day = 2026-06-01\nsource = "here"\n'
)


def test_what_opens_later_is_not_used_before() -> None:
    before = table_of(TOWN, OPENING)
    assert before.header.valid_until == date(2026, 6, 1), "the table ends with what it knows"
    assert [path for path, _, _ in told(before, row_of(before, "A", "D"))] == ["l1 A-D"]
    after = table_of(TOWN, OPENING, day=date(2026, 6, 1))
    assert after.header.valid_until is None
    assert len(row_of(after, "A", "D").paths) == 3
    tables = tables_of([before, after])
    assert not isinstance(tables, Refusal)
    assert tables.on(CITY, date(2026, 5, 31)) == before
    assert tables.on(CITY, date(2026, 6, 1)) == after


def test_dates_that_cannot_be_are_refused() -> None:
    def plan(day: date, until: date | None = None) -> object:
        return plan_of(TOWN, day, Texts(OPENING, default_parameters(), until=until))

    for found, code in (
        (plan(date(2025, 12, 31)), "SPLIT_BEFORE_NETWORK"),
        (plan(DAY, date(2026, 6, 2)), "SPLIT_CHANGES"),
        (plan(DAY, DAY), "SPLIT_TABLE_DATES"),
    ):
        assert isinstance(found, Refusal) and found.code == code
    assert not isinstance(plan(DAY, date(2026, 6, 1)), Refusal)


def test_new_parameters_end_a_table_too() -> None:
    text = default_parameters() + (
        f'\n[[parameters]]\nfrom_day = 2026-04-01\ncity = "{CITY}"\nsource = "open_default"\n'
        "theta_per_minute_ppm = 500_000\n"
    )
    assert next_change(read_service(SERVICE, TOWN), text, DAY) == date(2026, 4, 1)
    assert read_parameters(text, CITY, DAY).theta_per_minute_ppm == 420_000
    april = read_parameters(text, CITY, date(2026, 4, 1))
    assert (april.theta_per_minute_ppm, april.paths_max) == (500_000, 5)
    assert read_parameters(text, "110000", date(2026, 4, 1)).theta_per_minute_ppm == 420_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml [",
        parameters_text(paths_max=0),
        parameters_text(paths_max=51),
        parameters_text(cost_factor_per_mille=999),
        parameters_text(cost_over_s=-1),
        parameters_text(share_min_ppm=1_000_000),
        parameters_text(riding_per_mille=0),
        default_parameters().replace("theta_per_minute_ppm = 420_000", ""),
        default_parameters().replace("paths_max = 5", "paths_max = 5.5"),
        default_parameters().replace("paths_max", "path_max"),
        default_parameters().replace('source = "open_default"', 'source = "nobody"'),
    ],
)
def test_parameters_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_parameters(text, CITY, DAY)
