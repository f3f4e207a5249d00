"""Windows and statements: what is paid is received, and papers are the hub's own bytes."""

import csv
from io import StringIO

import pytest
from console_world import open_world
from fastapi.testclient import TestClient
from page_reading import PAGES, WINDOW, fen, money, read

from conftest import Booked
from tongxing.checkpoint import (
    Checkpoint,
    Proven,
    Verifier,
    check_proof,
    leaf_bytes,
    open_checkpoint,
    read_verifier,
)
from tongxing.console import create_app
from tongxing.hub.closing import CAMT_053, CSV
from tongxing.hub.store import windows as papers
from tongxing.storage import Database

MEMBERS = ["ACQ-110000", "ACQ-500000", "ISS-110000", "ISS-120000", "ISS-500000"]


def count(cell: str) -> int:
    """The number that a cell begins with."""
    return int(cell.split()[0])


def test_the_list_says_how_far_each_window_is(pages: TestClient, booked: list[Booked]) -> None:
    [row] = read(pages, "/settlement").table("Window")
    assert row[0] == WINDOW and row[1] == "settled"
    total = money(sum(trip.charge_fen for trip in booked))
    assert row[3:] == ["2", "17", total, "10 of 10"]
    day, hour = f"{WINDOW[1:5]}-{WINDOW[5:7]}-{WINDOW[7:]}", "12:00:00"
    assert row[2] == f"{day} {hour}"
    page = pages.get("/settlement").text
    assert f"<span>{day}</span> <span>{hour}</span>" in page, "two lines on a phone"


def test_the_cells_add_up_and_lead_to_their_records(
    pages: TestClient, booked: list[Booked]
) -> None:
    page = read(pages, f"/settlement/{WINDOW}")
    *cells, total = page.table("Issuer")
    assert sum(count(row[2]) for row in cells) == int(total[1]) == 17
    taken_fen = sum(trip.charge_fen for trip in booked)
    assert sum(fen(row[3]) for row in cells) == fen(total[2]) == taken_fen
    for link in (link for link in page.links if "/cells/" in link):
        assert "agree with the statement" in read(pages, link).words


def test_operators_are_paid_their_share_less_their_fee(
    pages: TestClient, booked: list[Booked]
) -> None:
    *rows, total = read(pages, f"/settlement/{WINDOW}").table("Operator")
    for row in [*rows, total]:
        share, fee, payout = (fen(text) for text in row[-3:])
        assert share - fee == payout
    taken_fen = sum(trip.charge_fen for trip in booked)
    assert sum(fen(row[2]) for row in rows) == fen(total[1]) == taken_fen


def test_all_payments_are_there_with_their_bank_reference(pages: TestClient) -> None:
    rows = read(pages, f"/settlement/{WINDOW}").table("Instruction")
    assert len(rows) == 10
    assert all("paid" in row[6] and "BANK-" in row[6] for row in rows)
    fees = read(pages, f"/settlement/{WINDOW}").table("Issuer")
    hub_fen = sum(fen(row[5]) for row in fees[:-1] if "clearing house" in row[5])
    paid_in, paid_out = (
        sum(fen(row[4]) for row in rows if row[1] == name)
        for name in ("Debtors pay", "Creditors are paid")
    )
    assert paid_in - paid_out == hub_fen > 0


@pytest.mark.parametrize("member", MEMBERS)
def test_a_statement_s_lines_add_up_to_its_net(pages: TestClient, member: str) -> None:
    page = read(pages, f"/settlement/{WINDOW}/members/{member}")
    *lines, net = page.table("Counterparty")
    assert sum(fen(row[3]) for row in lines) == fen(net[1])
    sheet = pages.get(f"/settlement/{WINDOW}/papers/csv/{member}").text
    rows = list(csv.DictReader(StringIO(sheet)))
    assert sum(int(row["amount_fen"]) for row in rows) == fen(net[1])
    assert "Settled on 2026-03-18" in page.words


@pytest.mark.parametrize("kind", [CSV, CAMT_053, "text.zh", "text.en"])
def test_a_paper_is_handed_out_byte_for_byte(told: Database, pages: TestClient, kind: str) -> None:
    with told.connect("hub") as connection, connection.cursor() as cursor:
        kept = papers.load_documents(cursor, WINDOW, [kind])[kind]
    assert sorted(kept) == MEMBERS
    for member, content in kept.items():
        answer = pages.get(f"/settlement/{WINDOW}/papers/{kind}/{member}")
        assert answer.content == content
        assert f"{WINDOW}-{member}." in answer.headers["Content-Disposition"]


def test_a_payment_s_message_can_be_taken_along(pages: TestClient) -> None:
    answer = pages.get(f"/settlement/{WINDOW}/papers/payment/{WINDOW}-0001")
    assert answer.headers["Content-Type"] == "application/xml"
    assert b"pacs.009" in answer.content


def test_before_the_cut_off_a_window_is_netted_as_it_stands(database: Database) -> None:
    world = open_world(database)
    world.travel()
    world.close_day()
    world.present()
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        page = read(client, f"/settlement/{WINDOW}")
        trips = [link for link in read(client, "/trips").links if link.startswith("/trips/")]
        trip = read(client, trips[0])
    assert page.status == 200
    assert "Statements are made when the window is closed." in page.words
    assert sum(fen(row[1]) for row in page.table("Member")[:-1]) == 0
    assert "to come" in page.words
    assert "There is no checkpoint" in page.words
    assert "The window is still taking files" in trip.words


def test_before_the_record_file_a_trip_says_what_comes_next(database: Database) -> None:
    world = open_world(database)
    world.travel()
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        trips = [link for link in read(client, "/trips").links if link.startswith("/trips/")]
        page = read(client, trips[0])
    assert page.html.count('class="wait"') == 4
    assert "not presented yet" in page.words and "Not judged yet" in page.words


def test_a_window_shows_its_root_and_gives_checkpoint_and_key(pages: TestClient) -> None:
    page = read(pages, f"/settlement/{WINDOW}")
    files = [link for link in page.links if "/signed/" in link]
    note, key = (pages.get(link) for link in files)
    verifier = read_verifier(key.text)
    assert isinstance(verifier, Verifier)
    found = open_checkpoint(note.content, verifier)
    assert isinstance(found, Checkpoint)
    assert (found.window_id, found.records.size) == (WINDOW, 17)
    assert found.records.root.hex() in page.words
    assert f"{WINDOW}-checkpoint.txt" in note.headers["Content-Disposition"]


def test_a_trip_gives_the_proof_of_each_of_its_records(pages: TestClient) -> None:
    """Every trip of the day: proven with the checkpoint and the key of the window's page alone,
    and no proof names the number of a card."""
    verifier = read_verifier(pages.get(f"/settlement/{WINDOW}/signed/hub.vkey").text)
    published = pages.get(f"/settlement/{WINDOW}/signed/checkpoint.txt").content
    assert isinstance(verifier, Verifier)
    trips = [link for link in read(pages, "/trips").links if link.startswith("/trips/")]
    proofs = {
        link for trip in trips for link in read(pages, trip).links if link.startswith("/records/")
    }
    assert len(proofs) >= 10
    for link in proofs:
        record_id = link.split("/")[2]
        content = pages.get(link).content
        found = check_proof(content, record_id, verifier, published)
        assert isinstance(found, Proven), (link, found)
        assert b"medium" not in leaf_bytes(found.entry)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "path", ["/records/nobody.1/proof", f"/settlement/{WINDOW}/signed/key.pem"]
)
def test_what_was_not_signed_is_a_page_that_says_so(
    pages: TestClient, path: str, language: str
) -> None:
    page = read(pages, path, language)
    assert page.status == 404
