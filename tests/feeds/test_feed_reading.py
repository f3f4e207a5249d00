"""Reading a feed: what is sound is read whole; the first thing that is not is named to the cell."""

import os
import zipfile
from pathlib import Path

import pytest
from feed_world import BASE, FARES_V1, FARES_V2, feed_of, write_feed, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongxing.feeds import Feed, Limits, feed_network, read_feed
from tongxing.kernel.reasons import Refusal


def changed(name: str, old: str, new: str) -> dict[str, str | bytes | None]:
    """One of the files with a text replaced, which must stand in it."""
    whole = {**BASE, **FARES_V1, **FARES_V2}[name]
    assert old in whole, old
    return {name: whole.replace(old, new)}


def refused(folder: Path, *parts: dict[str, str | bytes | None]) -> Refusal:
    found = read_feed(write_feed(folder, FARES_V1, FARES_V2, *parts))
    assert isinstance(found, Refusal)
    assert found.message("zh") and found.message("en") and "{" not in found.message("en")
    return found


def test_a_folder_and_a_zip_say_the_same(tmp_path: Path) -> None:
    folder = write_feed(tmp_path / "feed", FARES_V1, FARES_V2)
    first, second = read_feed(folder), read_feed(zipped(folder))
    assert isinstance(first, Feed)
    assert first == second
    assert first.routes["u1"].network == "metro"
    assert first.products["bus"][1].amount_minor == 250
    assert first.stops["hill"].lat_e6 == 48_100_000


def test_times_between_timed_stops_are_spread_evenly(tmp_path: Path) -> None:
    trip = feed_of(tmp_path).trips["b1a"]
    assert list(trip.arrivals) == [28_800, 29_400, 30_000]


def test_a_byte_order_mark_blanks_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    text = BASE["agency.txt"].replace("t,Town", " t , Town").replace("\n", "\r\n") + "\r\n\r\n"
    feed = feed_of(tmp_path, {"agency.txt": b"\xef\xbb\xbf" + text.encode()})
    assert list(feed.agencies) == ["t"]


def test_short_rows_are_counted(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, changed("stops.txt", "wood,Wood,48.5,16.5,C,,", "wood,Wood,48.5,16.5"))
    assert (feed.short_rows, feed.stops["wood"].zone) == (1, "")


def test_the_network_in_our_words(tmp_path: Path) -> None:
    network = feed_network(feed_of(tmp_path))
    lines = {line.id: line for line in network.lines}
    assert lines["b1"].courses == (("hill", "mill", "lake"),)
    assert (lines["b1"].trips, lines["u1"].mode) == (2, "rail")
    assert (network.first_day, network.last_day) == ("2026-01-01", "2026-12-31")
    assert next(stop for stop in network.stops if stop.id == "m1").station == "ms"


BROKEN = {
    "no agency": ({"agency.txt": None}, "FEED_FILE_MISSING", "agency.txt"),
    "no stops": ({"stops.txt": None}, "FEED_FILE_MISSING", "stops.txt"),
    "no routes": ({"routes.txt": None}, "FEED_FILE_MISSING", "routes.txt"),
    "no calendar at all": (
        {"calendar.txt": None, "calendar_dates.txt": None}, "FEED_FILE_MISSING", "calendar.txt"),
    "no rows": ({"agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"},
                "FEED_EMPTY", "agency.txt"),
    "an empty file": ({"routes.txt": ""}, "FEED_COLUMN_MISSING", "routes.txt:1"),
    "no column": (changed("stops.txt", "stop_id,stop_name", "stop,stop_name"),
                  "FEED_COLUMN_MISSING", "stops.txt:1"),
    "a column twice": (changed("stops.txt", "zone_id,location", "stop_lat,location"),
                       "FEED_COLUMN_TWICE", "stops.txt:1"),
    "a long row": (changed("stops.txt", "wood,Wood,48.5,16.5,C,,", "wood,Wood,48.5,16.5,C,,,,"),
                   "FEED_ROW_LONG", "stops.txt:6"),
    "not UTF-8": ({"agency.txt": BASE["agency.txt"].replace("Town", "T\u00f6wn").encode("latin-1")},
                  "FEED_ENCODING", "agency.txt:2"),
    "a broken quote": (changed("stops.txt", "hill,Hill", 'hill,"Hi"ll'), "FEED_CSV", "stops.txt:2"),
    "a line break in a cell": (changed("stops.txt", "hill,Hill", 'hill,"Hi\nll"'),
                               "FEED_VALUE", "stops.txt:3:stop_name"),
    "no latitude": (changed("stops.txt", "48.1", "9O.1"), "FEED_VALUE", "stops.txt:2:stop_lat"),
    "beyond the pole": (changed("stops.txt", "48.1", "90.000001"),
                        "FEED_VALUE", "stops.txt:2:stop_lat"),
    "a stop twice": (changed("stops.txt", "mill,Mill,", "hill,Mill,"),
                     "FEED_DUPLICATE", "stops.txt:3:stop_id"),
    "a parent that is no station": (changed("stops.txt", "A,0,ms\nm2", "A,0,mill\nm2"),
                                    "FEED_REFERENCE", "stops.txt:8:parent_station"),
    "a time zone of the moon": (changed("agency.txt", "Europe/Vienna", "Moon/Base"),
                                "FEED_VALUE", "agency.txt:2:agency_timezone"),
    "an unknown agency": (changed("routes.txt", "b1,t", "b1,x"),
                          "FEED_REFERENCE", "routes.txt:2:agency_id"),
    "a route without a name": (changed("routes.txt", "b1,t,1,Hill - Lake", "b1,t,,"),
                               "FEED_RULE", "routes.txt:2:route_short_name"),
    "networks said twice over": ({"networks.txt": "network_id\nx\n"},
                                 "FEED_RULE", "routes.txt:1:network_id"),
    "a day that is none": (changed("calendar.txt", "20261231\nwork", "20261331\nwork"),
                           "FEED_VALUE", "calendar.txt:2:end_date"),
    "an end before the start": (changed("calendar.txt", "20261231\nwork", "20251231\nwork"),
                                "FEED_RULE", "calendar.txt:2:end_date"),
    "an exception twice": (changed("calendar_dates.txt", "20260502", "20260501"),
                           "FEED_DUPLICATE", "calendar_dates.txt:3:date"),
    "a trip of no route": (changed("trips.txt", "b2,all,b2a", "b9,all,b2a"),
                           "FEED_REFERENCE", "trips.txt:3:route_id"),
    "a stop time at a station": (changed("stop_times.txt", "m1,2", "ms,2"),
                                 "FEED_VALUE", "stop_times.txt:9:stop_id"),
    "a sequence twice": (changed("stop_times.txt", "park,7", "park,5"),
                         "FEED_DUPLICATE", "stop_times.txt"),
    "a bus back in time": (changed("stop_times.txt", "8:40:00,8:41:00", "8:10:00,8:41:00"),
                           "FEED_TRIP_BACKWARDS", "stop_times.txt"),
    "leaving before arriving": (changed("stop_times.txt", "8:40:00,8:41:00", "8:41:00,8:40:00"),
                                "FEED_RULE", "stop_times.txt:6:departure_time"),
    "a trip of one stop": (changed("stop_times.txt", "u2a,7:30:00,7:30:00,east,2\n", ""),
                           "FEED_TRIP_SHORT", "stop_times.txt"),
    "an untimed end": (changed("stop_times.txt", "b1a,8:20:00,8:20:00", "b1a,,"),
                       "FEED_TRIP_UNTIMED", "stop_times.txt"),
    "a clock of 60 minutes": (changed("stop_times.txt", "b1a,8:20:00", "b1a,8:60:00"),
                              "FEED_VALUE", "stop_times.txt:4:arrival_time"),
    "a price in words": (changed("fare_attributes.txt", "1.20", "cheap"),
                         "FEED_VALUE", "fare_attributes.txt:2:price"),
    "a negative v1 price": (changed("fare_attributes.txt", "1.20", "-1.20"),
                            "FEED_VALUE", "fare_attributes.txt:2:price"),
    "tenths of a cent": (changed("fare_products.txt", "3.00", "3.005"),
                         "FEED_VALUE", "fare_products.txt:2:amount"),
    "sen": (changed("fare_products.txt", "3.00,EUR", "3.50,JPY"),
            "FEED_VALUE", "fare_products.txt:2:amount"),
    "three transfers": (changed("fare_attributes.txt", "0,1,3600", "0,3,3600"),
                        "FEED_VALUE", "fare_attributes.txt:3:transfers"),
    "a zone nobody has": (changed("fare_rules.txt", "cross,,A,C", "cross,,A,Z"),
                          "FEED_REFERENCE", "fare_rules.txt:4:destination_id"),
    "a product row twice": (changed("fare_products.txt", "adult,cash,4.20", "adult,card,4.20"),
                            "FEED_DUPLICATE", "fare_products.txt:6:fare_product_id"),
    "an unknown rider": (changed("fare_products.txt", "bus,Bus ride,child", "bus,Bus ride,dog"),
                         "FEED_REFERENCE", "fare_products.txt:4:rider_category_id"),
    "half a timeframe": (changed("timeframes.txt", "5:00:00,7:00:01", "5:00:00,"),
                         "FEED_RULE", "timeframes.txt:2:start_time"),
    "a timeframe past midnight": (changed("timeframes.txt", "7:00:01", "24:00:01"),
                                  "FEED_VALUE", "timeframes.txt:2:end_time"),
    "overlapping timeframes": ({"timeframes.txt": FARES_V2["timeframes.txt"]
                                + "dawn,6:00:00,8:00:00,work\n"},
                               "FEED_RULE", "timeframes.txt:3:start_time"),
    "an unknown area": (changed("stop_areas.txt", "far,lake", "sea,lake"),
                        "FEED_REFERENCE", "stop_areas.txt:5:area_id"),
    "a rule for no product": (changed("fare_leg_rules.txt", "gbus,bus,,,,bus", "gbus,bus,,,,tram"),
                              "FEED_REFERENCE", "fare_leg_rules.txt:2:fare_product_id"),
    "a rule twice": ({"fare_leg_rules.txt": FARES_V2["fare_leg_rules.txt"] + "other,bus,,,,bus\n"},
                     "FEED_DUPLICATE", "fare_leg_rules.txt:4:fare_product_id"),
    "joined networks that differ": (
        changed("fare_leg_join_rules.txt", "metro,metro", "metro,bus"),
        "FEED_RULE", "fare_leg_join_rules.txt:2:to_network_id"),
    "no count where the groups agree": (
        changed("fare_transfer_rules.txt", "gbus,gbus,1", "gbus,gbus,"),
        "FEED_RULE", "fare_transfer_rules.txt:2:transfer_count"),
    "a count where they differ": (
        changed("fare_transfer_rules.txt", "gmetro,gbus,,", "gmetro,gbus,1,"),
        "FEED_RULE", "fare_transfer_rules.txt:3:transfer_count"),
    "a limit of no kind": (changed("fare_transfer_rules.txt", "1,3600,1,0", "1,3600,,0"),
                           "FEED_RULE", "fare_transfer_rules.txt:2:duration_limit_type"),
    "a transfer of kind 3": (changed("fare_transfer_rules.txt", "1,3600,1,0", "1,3600,1,3"),
                             "FEED_VALUE", "fare_transfer_rules.txt:2:fare_transfer_type"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_feed_is_refused_at_the_place(name: str, tmp_path: Path) -> None:
    part, code, where = BROKEN[name]
    found = refused(tmp_path, part)
    assert (found.code, found.where) == (code, where)


def test_neither_zip_nor_folder(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    path.write_text("not a zip")
    found = read_feed(path)
    assert isinstance(found, Refusal) and found.code == "FEED_NOT_A_FEED"
    missing = read_feed(tmp_path / "none.zip")
    assert isinstance(missing, Refusal) and missing.code == "FILE_NOT_FOUND"


@pytest.mark.parametrize("name", ["../stops.txt", "/etc/passwd", "..\\stops.txt", "C:stops.txt"])
def test_a_path_that_leaves_the_archive(name: str, tmp_path: Path) -> None:
    path = zipped(write_feed(tmp_path / "feed"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    found = read_feed(path)
    assert isinstance(found, Refusal) and found.code == "FEED_UNSAFE"


def test_two_files_of_one_name(tmp_path: Path) -> None:
    path = zipped(write_feed(tmp_path / "feed"))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning):
        archive.writestr("stops.txt", BASE["stops.txt"])
    found = read_feed(path)
    assert isinstance(found, Refusal) and (found.code, found.where) == ("FEED_UNSAFE", "stops.txt")


def test_a_link_out_of_the_folder(tmp_path: Path) -> None:
    folder = write_feed(tmp_path / "feed", {"stops.txt": None})
    (tmp_path / "secret.txt").write_text(BASE["stops.txt"])
    os.symlink(tmp_path / "secret.txt", folder / "stops.txt")
    found = read_feed(folder)
    assert isinstance(found, Refusal) and found.code == "FEED_UNSAFE"


def test_files_in_a_folder_inside_the_zip_are_not_the_feed(tmp_path: Path) -> None:
    folder = write_feed(tmp_path / "feed")
    path = tmp_path / "deep.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"feed/{file.name}")
    found = read_feed(path)
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("FEED_FILE_MISSING", "agency.txt")


def test_a_bomb_is_counted_while_it_is_read(tmp_path: Path) -> None:
    """The archive claims a few bytes; what counts is what comes out."""
    folder = write_feed(tmp_path / "feed", {"stops.txt": BASE["stops.txt"] + "\n" * 3_000_000})
    path = zipped(folder)
    assert path.stat().st_size < 20_000
    found = read_feed(path, Limits(total_bytes=1_000_000))
    assert isinstance(found, Refusal) and found.code == "FEED_TOO_LARGE"
    inside = read_feed(folder, Limits(total_bytes=1_000_000))
    assert isinstance(inside, Refusal) and inside.code == "FEED_TOO_LARGE"


@pytest.mark.parametrize(
    "limits", [Limits(rows=3), Limits(line_bytes=20), Limits(files=3), Limits(archive_bytes=100)]
)
def test_each_limit_holds(limits: Limits, tmp_path: Path) -> None:
    found = read_feed(zipped(write_feed(tmp_path / "feed")), limits)
    assert isinstance(found, Refusal) and found.code == "FEED_TOO_LARGE"


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = zipped(write_feed(tmp_path / "feed", {"stops.txt": BASE["stops.txt"]}))
    raw = bytearray(path.read_bytes())
    at = raw.index(b"stops.txt") + 40
    raw[at] ^= 0xFF
    path.write_bytes(raw)
    found = read_feed(path)
    assert isinstance(found, Refusal) and found.code in ("FEED_DAMAGED", "FEED_CSV", "FEED_VALUE")


def test_a_directory_that_points_before_the_file(tmp_path: Path) -> None:
    """The offset in the last record is too large, so every member seems to begin before byte 0."""
    path = zipped(write_feed(tmp_path / "feed"))
    raw = bytearray(path.read_bytes())
    raw[-6:-2] = (int.from_bytes(raw[-6:-2], "little") + 10**5).to_bytes(4, "little")
    path.write_bytes(raw)
    found = read_feed(path)
    assert isinstance(found, Refusal) and found.code == "FEED_DAMAGED"


NAMES = sorted({**BASE, **FARES_V1, **FARES_V2})
CELLS = st.text(st.sampled_from('abhm1209,."\n\r\x00\ufeff-:é中'), max_size=12)


@settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(name=st.sampled_from(NAMES), at=st.integers(0, 400), cut=st.integers(0, 30), new=CELLS)
def test_whatever_is_changed_there_is_an_answer(
    tmp_path: Path, name: str, at: int, cut: int, new: str
) -> None:
    whole = {**BASE, **FARES_V1, **FARES_V2}[name]
    at %= len(whole)
    found = read_feed(
        write_feed(tmp_path, FARES_V1, FARES_V2, {name: whole[:at] + new + whole[at + cut :]})
    )
    if isinstance(found, Refusal):
        assert found.where.partition(":")[0].endswith(".txt")
        assert found.message("en") and found.next_step("zh")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 10**6), new=st.binary(min_size=1, max_size=8))
def test_a_torn_zip_is_refused_or_read(tmp_path: Path, at: int, new: bytes) -> None:
    path = zipped(write_feed(tmp_path / "feed"))
    raw = path.read_bytes()
    at %= len(raw)
    path.write_bytes(raw[:at] + new + raw[at + len(new) :])
    assert isinstance(read_feed(path), Feed | Refusal)
