"""One fen, walked from the statement back to its taps: at each step the figures are equal."""

import pytest
from console_world import CHONGQING
from fastapi.testclient import TestClient
from page_reading import LANGUAGES, WINDOW, Page, fen, read

from tongxing.console.journey import Journey, find_journey
from tongxing.console.reading import Books
from tongxing.storage import Database


def trip_ids(client: TestClient, path: str = "/trips") -> list[str]:
    links = read(client, path).links
    return [link.removeprefix("/trips/") for link in links if link.startswith("/trips/")]


def amounts(rows: list[list[str]]) -> list[int]:
    return [fen(row[-1]) for row in rows]


@pytest.fixture(scope="module")
def journeys(told: Database, pages: TestClient) -> list[Journey]:
    """Every trip of the day."""
    books = Books(told)
    with books.snapshot() as snapshot:
        found = [find_journey(snapshot, trip_id, "en") for trip_id in trip_ids(pages)]
    books.close()
    return [journey for journey in found if journey is not None]


def test_every_trip_s_sums_are_equal(journeys: list[Journey]) -> None:
    assert len(journeys) == 16
    for journey in journeys:
        charge_fen = journey.trip.row.charge_fen
        assert journey.readings_fen == journey.deltas_fen == charge_fen
        assert journey.accepted_fen == journey.shares_fen == charge_fen
        assert sum(window.fen for window in journey.windows) == charge_fen
        assert journey.trip.taps and all(reading.text for reading in journey.readings)


def test_every_posting_on_the_way_balances(journeys: list[Journey]) -> None:
    for journey in journeys:
        own = [booking for booking in journey.bookings if not booking.shared]
        assert bool(own) == any(item.seen.record.delta_fen for item in journey.presented)
        for booking in journey.bookings:
            assert sum(line.amount_fen for line in booking.posting.lines) == 0


def test_the_passenger_pays_exactly_the_charge(journeys: list[Journey]) -> None:
    """In the books of the home city, the trip's own postings take its charge from the passenger."""
    for journey in journeys:
        taken_fen = sum(
            line.amount_fen
            for booking in journey.bookings
            if not booking.shared
            for line in booking.posting.lines
            if line.account.startswith(("liab_acct:", "liab_purse:"))
        )
        assert taken_fen == journey.trip.row.charge_fen


def test_every_trip_is_in_both_statements_and_in_the_payments(journeys: list[Journey]) -> None:
    for journey in (each for each in journeys if each.trip.row.charge_fen):
        [window] = journey.windows
        places = {place.member: place for place in window.statements}
        assert set(places) == {journey.issuer, journey.acquirer}
        assert places[journey.issuer].fen == -places[journey.acquirer].fen < 0
        assert all(place.seen.bank_reference for place in places.values())
        paid = {(payment.debtor, payment.creditor) for payment in window.payments}
        assert (journey.issuer, "HUB") in paid and ("HUB", journey.acquirer) in paid
        for operator, _ in journey.shares():
            assert (journey.acquirer, operator) in paid


@pytest.mark.req("R-400")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_every_step_in_order(pages: TestClient, language: str) -> None:
    for trip_id in trip_ids(pages):
        html = pages.get(f"/trips/{trip_id}", headers={"Accept-Language": language}).text
        assert html.count('class="wait"') == 0 or "¥0.00" in html
        assert html.count("<li>\n  <h2>") + html.count('<li class="wait">') == 8


def statement_page(client: TestClient) -> Page:
    return read(client, f"/settlement/{WINDOW}/members/ISS-110000")


def test_a_fen_can_be_walked_from_the_statement_back_to_its_taps(pages: TestClient) -> None:
    page = statement_page(pages)
    [line] = [row for row in page.table("Counterparty") if "Chongqing" in row[0] and "trips" in row]
    records, amount_fen = int(line[2].split()[0]), fen(line[3])
    assert records == 2 and amount_fen < 0

    cell = read(pages, next(link for link in page.links if link.endswith("/ACQ-500000")))
    rows = cell.table("Time")
    assert len(rows) == records and sum(amounts(rows)) == -amount_fen
    assert "agree with the statement" in cell.words

    trip = read(pages, next(link for link in cell.links if link.startswith("/trips/")))
    [tap] = trip.table("Time")
    *lines, charge = trip.table("Price line")
    *records_of, total = trip.table("Record")
    taken_fen = fen(tap[6])
    assert taken_fen in amounts(rows)
    assert taken_fen == fen(charge[-1]) == fen(total[-1]) > 0
    assert sum(amounts(lines)) == sum(amounts(records_of)) == taken_fen
    found = next(table for table in trip.tables if table[0] == ["Operator", "Share"])
    *shares, shared = found[1:]
    assert sum(amounts(shares)) == fen(shared[-1]) == taken_fen
    [pays, gets] = trip.table("Whose statement")
    assert (fen(pays[2]), fen(gets[2])) == (-taken_fen, taken_fen)
    assert (fen(pays[4]), fen(gets[4])) == (amount_fen, -amount_fen)
    assert f"/settlement/{WINDOW}/cells/ISS-110000/ACQ-{CHONGQING}" in trip.links


def test_a_revision_shows_what_it_took_back(pages: TestClient) -> None:
    [trip_id] = trip_ids(pages, "/trips?how=revised")
    page = read(pages, f"/trips/{trip_id}")
    *records, total = page.table("Record")
    assert [row[1] for row in records] == ["half trip: no exit", "complete (in and out)"]
    whole, correction = amounts(records)
    assert whole > 0 > correction and whole + correction == fen(total[-1]) > 0
    assert page.words.count("Revision of the charge") >= 1
    assert "half trip completed by rule" in page.words


def test_card_in_and_code_out_show_both_taps(pages: TestClient) -> None:
    [trip_id] = trip_ids(pages, "/trips?how=paired")
    taps = read(pages, f"/trips/{trip_id}").table("Time")
    assert [row[1] for row in taps] == ["in", "out"]
    assert [row[2] for row in taps] == ["Chaotianmen", "Shapingba"]


def test_the_hub_s_and_both_cities_books_are_named(pages: TestClient) -> None:
    links = read(pages, f"/settlement/{WINDOW}/cells/ISS-110000/ACQ-500000").links
    words = read(pages, next(link for link in links if link.startswith("/trips/"))).words
    for text in ("books of Chongqing", "books of Beijing", "books of Clearing house"):
        assert text in words
    assert "Our passenger rode in another city" in words
