"""Finding the ride: the first arrival after an instant, on the days the feed runs."""

from datetime import datetime
from pathlib import Path

from feed_world import BASE, FARES_V1, FARES_V2, ZONE, feed_of, when

from tongxing.feeds import Answer, Feed, Question, ask, find_stops
from tongxing.feeds.timetable import Ride, next_ride
from tongxing.kernel.reasons import Refusal


def ride(feed: Feed, origin: str, destination: str, at: str) -> tuple[str, str, str] | None:
    """The trip, and its local departure and arrival."""
    found = next_ride(feed, find_stops(feed, origin), find_stops(feed, destination), when(at))
    if found is None:
        return None
    assert isinstance(found, Ride)
    return found.trip, clock(found.depart_s), clock(found.arrive_s)


def clock(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, ZONE).strftime("%d %H:%M")


def test_the_next_ride_of_the_day(tmp_path: Path) -> None:
    feed = feed_of(tmp_path)
    assert ride(feed, "hill", "lake", "07:00") == ("b1a", "17 08:00", "17 08:20")
    assert ride(feed, "Hill", "mill", "08:00") == ("b1a", "17 08:00", "17 08:10")


def test_a_ride_after_midnight_belongs_to_the_day_before(tmp_path: Path) -> None:
    feed = feed_of(tmp_path)
    assert ride(feed, "hill", "lake", "00:10") == ("b1late", "17 00:30", "17 00:50")
    assert ride(feed, "hill", "lake", "08:01") == ("b1late", "18 00:30", "18 00:50")


def test_nothing_runs_back(tmp_path: Path) -> None:
    assert ride(feed_of(tmp_path), "lake", "hill", "07:00") is None


def test_a_station_stands_for_its_platforms(tmp_path: Path) -> None:
    feed = feed_of(tmp_path)
    assert find_stops(feed, "Mill Station") == ("m1", "m2")
    assert ride(feed, "ms", "east", "07:00") == ("u2a", "17 07:15", "17 07:30")


def test_where_nobody_may_board_or_alight(tmp_path: Path) -> None:
    times = BASE["stop_times.txt"].replace("stop_sequence\n", "stop_sequence,pickup_type\n")
    times = times.replace("hill,1\nb1a", "hill,1,1\nb1a")
    feed = feed_of(tmp_path, {"stop_times.txt": times})
    assert ride(feed, "hill", "lake", "07:00") == ("b1late", "18 00:30", "18 00:50")


def test_a_service_by_frequency(tmp_path: Path) -> None:
    text = (
        "trip_id,start_time,end_time,headway_secs\n"
        "u1a,6:00:00,7:00:00,600\nu1a,7:00:00,8:00:00,900\n"
    )
    feed = feed_of(tmp_path, {"frequencies.txt": text})
    assert ride(feed, "west", "m1", "06:51") == ("u1a", "17 07:00", "17 07:10")
    assert ride(feed, "west", "m1", "06:50") == ("u1a", "17 06:50", "17 07:00")
    assert ride(feed, "west", "m1", "07:31") == ("u1a", "17 07:45", "17 07:55")
    assert ride(feed, "west", "m1", "07:46") == ("u1a", "18 06:00", "18 06:10")


def answer(feed: Feed, *stops: str, at: str = "06:00", **more: str) -> Answer:
    found = ask(feed, Question(stops, when(at), **more))
    assert isinstance(found, Answer), found
    return found


def code(feed: Feed, *stops: str, at: str = "06:00", **more: str) -> str:
    found = ask(feed, Question(stops, when(at), **more))
    assert isinstance(found, Refusal)
    assert "{" not in found.message("en") + found.next_step("en")
    return found.code


def test_every_line_names_its_file_and_row(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, FARES_V2)
    found = answer(feed, "west", "Mill Station", "east", medium="Card")
    assert found.total_minor == 400 and found.currency == "EUR" and found.rider == "Adult"
    assert [(line.kind, line.file, line.row, line.adds_minor) for line in found.lines] == [
        ("join", "fare_leg_join_rules.txt", 2, None),
        ("leg_rule", "fare_leg_rules.txt", 3, None),
        ("product", "fare_products.txt", 5, 400),
    ]


def test_a_transfer_is_told_with_its_row(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, FARES_V2)
    found = answer(feed, "hill", "mill", "wood", medium="card")
    assert found.total_minor == 300
    last = found.lines[-1]
    assert (last.kind, last.file, last.row, last.adds_minor) == (
        "transfer_0", "fare_transfer_rules.txt", 2, 50,
    )  # fmt: skip


def test_version_2_goes_first_and_version_1_can_be_asked_for(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, FARES_V1, FARES_V2)
    assert answer(feed, "hill", "mill").version == "v2"
    found = answer(feed, "hill", "mill", version="v1")
    assert found.total_minor == 120
    assert [(line.file, line.row) for line in found.lines] == [
        ("fare_rules.txt", 2), ("fare_attributes.txt", 2),
    ]  # fmt: skip


def test_the_default_rider_is_taken_and_others_by_name(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, FARES_V2)
    assert answer(feed, "hill", "lake", rider="child").total_minor == 100
    assert answer(feed, "hill", "lake").total_minor == 250


def test_what_the_feed_cannot_answer(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "v2", FARES_V2)
    assert code(feed, "hill", "nowhere") == "GTFS_NO_STOP"
    assert code(feed, "hill", "wood") == "GTFS_NO_ROUTE"
    assert code(feed, "hill", "mill", at="2027-06-01 06:00") == "GTFS_NO_SERVICE"
    assert code(feed, "hill", "mill", rider="dog") == "GTFS_NO_RIDER"
    assert code(feed, "hill", "mill", medium="shell") == "GTFS_NO_MEDIUM"
    assert code(feed, "hill", "mill", version="v1") == "GTFS_NO_FARES"
    assert code(feed_of(tmp_path / "none"), "hill", "mill") == "GTFS_NO_FARES"
    assert code(feed, "hill", "mill", rider="child", medium="cash") == "GTFS_NO_PRODUCT"
