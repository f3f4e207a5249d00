"""The list of trips: filters, an honest count, and a CSV without traps for spreadsheets."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from console_world import BEIJING, CHONGQING, DAY, MEDIA
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from page_reading import fen, money, read

from conftest import Booked
from tongxing.console.pages import trips
from tongxing.console.tables import BYTE_ORDER_MARK, cell, csv_blocks

FILTERS: list[tuple[str, int, Callable[[Booked], bool]]] = [
    ("", 16, lambda trip: True),
    ("how=complete", 14, lambda trip: trip.how in ("single_tap", "both_taps")),
    ("how=half", 1, lambda trip: trip.how == "missing_exit"),
    ("how=paired", 1, lambda trip: trip.how == "paired_by_account"),
    ("how=revised", 1, lambda trip: trip.revision > 1),
    ("how=void", 0, lambda trip: False),
    ("city=110000", 4, lambda trip: trip.city == BEIJING),
    ("city=120000", 0, lambda trip: False),
    ("mode=bus", 3, lambda trip: trip.mode == "bus"),
    ("mode=cableway&city=500000", 1, lambda trip: trip.mode == "cableway"),
    ("mode=rail&city=500000", 7, lambda trip: (trip.mode, trip.city) == ("rail", CHONGQING)),
    (f"day={DAY}&mode=escalator", 1, lambda trip: trip.mode == "escalator"),
]
CASES = pytest.mark.parametrize(
    ("query", "count", "fits"), FILTERS, ids=[query or "all" for query, _, _ in FILTERS]
)


def sheet(client: TestClient, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/trips.csv?{query}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(StringIO(answer.text.removeprefix(BYTE_ORDER_MARK), newline="")))


@CASES
def test_a_filter_lets_through_what_it_says(
    pages: TestClient,
    booked: list[Booked],
    query: str,
    count: int,
    fits: Callable[[Booked], bool],
) -> None:
    total_fen = sum(trip.charge_fen for trip in booked if fits(trip))
    page = read(pages, f"/trips?{query}")
    rows = page.table("Time") if count else []
    assert len(rows) == count
    assert sum(fen(row[2]) for row in rows) == total_fen
    if count:
        assert f"{count} trips, {money(total_fen)} taken in all." in page.words
    else:
        assert "No trip fits. Widen the filter." in page.words


@CASES
def test_the_csv_holds_the_same_trips(
    pages: TestClient,
    booked: list[Booked],
    query: str,
    count: int,
    fits: Callable[[Booked], bool],
) -> None:
    rows = sheet(pages, query)
    assert len(rows) == count
    charges = sorted(trip.charge_fen for trip in booked if fits(trip))
    assert sorted(int(row["charge_fen"]) for row in rows) == charges
    for row in rows:
        assert round(float(row["charge_yuan"]) * 100) == int(row["charge_fen"])


def test_the_newest_trip_comes_first(pages: TestClient) -> None:
    times = [row[0] for row in read(pages, "/trips").table("Time")]
    assert times == sorted(times, reverse=True)


def test_a_long_list_says_what_it_shows_and_leads_on(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trips, "ROWS_PER_PAGE", 5)
    monkeypatch.setattr(trips, "PAGES_MAX", 3)
    seen: list[str] = []
    for number, shown in ((1, "1–5"), (2, "6–10"), (3, "11–15")):
        page = read(pages, f"/trips?page={number}")
        assert f"Showing {shown} of 16 trips, " in page.words
        seen += [link for link in page.links if link.startswith("/trips/")]
    assert len(seen) == len(set(seen)) == 15
    assert "This list ends at 15" in page.words
    assert [link for link in page.links if "page=2" in link]


def test_no_full_card_number_is_on_any_page_of_trips(pages: TestClient) -> None:
    text = pages.get("/trips").text + pages.get("/trips.csv").text
    text += "".join(
        pages.get(link).text for link in read(pages, "/trips").links if "/trips/" in link
    )
    assert not [number for number in MEDIA if number in text]
    assert "310517*********0029" in text


def test_a_trip_or_record_id_leads_to_its_trip(pages: TestClient) -> None:
    [trip] = sheet(pages, "how=revised")
    for text in (trip["trip_id"], f" {trip['trip_id']}.2 ", trip["trip_id"].upper()):
        answer = pages.get("/trips", params={"find": text}, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/trips/{trip['trip_id']}"


def test_a_part_of_the_page_is_sent_when_only_that_is_asked_for(pages: TestClient) -> None:
    part = pages.get("/trips?how=half", headers={"HX-Request": "true"})
    assert part.text.strip().startswith('<section id="trip-list"')
    assert "<html" not in part.text
    assert "HX-Request" in part.headers["Vary"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30))
def test_no_text_can_be_a_formula(text: str) -> None:
    written = "".join(csv_blocks(["head"], [[text]])).removeprefix(BYTE_ORDER_MARK)
    [_, [found]] = csv.reader(StringIO(written, newline=""))
    assert found in (text, f"'{text}")
    assert not found.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋"))


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "-2+3", "+cmd|' /C calc'!A0", "\t=1", " =1"])
def test_known_tricks_are_made_plain_text(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_a_long_sheet_comes_in_blocks_of_whole_lines() -> None:
    blocks = list(csv_blocks(["number"], ([number] for number in range(50_000))))
    assert len(blocks) > 3
    assert all(block.endswith("\r\n") for block in blocks)
    lines = "".join(blocks).removeprefix(BYTE_ORDER_MARK).split("\r\n")
    assert lines == ["number", *map(str, range(50_000)), ""]


def test_numbers_stay_numbers() -> None:
    assert [cell(value) for value in (0, -5, "2026-03-17", "重庆", "")] == [
        0,
        -5,
        "2026-03-17",
        "重庆",
        "",
    ]
