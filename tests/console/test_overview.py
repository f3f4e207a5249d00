"""The first page: its figures are those of the day, and every sum can be redone."""

import re
from datetime import date

import psycopg
from console_world import BEIJING, CHONGQING, DAY, TRUSTED, key_of, open_world
from fastapi.testclient import TestClient
from page_reading import PAGES, Page, fen, money, read

from conftest import Booked
from tongxing.console import create_app
from tongxing.hub import Hub, HubStore, NetworkGround, load_rulebook
from tongxing.messages import HUB_SENDER
from tongxing.network import load_registry
from tongxing.storage import Database


def tile(page: Page, name: str) -> str:
    """The figure under a key figure's name."""
    found = re.search(rf"<dt>{name}</dt><dd>([^<]*)</dd>", page.html)
    assert found, name
    return found[1]


def test_a_newcomer_reads_one_sentence(pages: TestClient, booked: list[Booked]) -> None:
    words = read(pages, "/").words
    taken = money(sum(trip.charge_fen for trip in booked))
    assert "On 2026-03-17 passengers tapped 28 times in Beijing and Chongqing." in words
    assert f"The taps became 16 trips, for which {taken} was taken." in words


def test_where_only_a_hub_runs_its_windows_are_pointed_to(database: Database) -> None:
    ground = NetworkGround(load_registry())
    Hub(HubStore(database), key_of(HUB_SENDER), TRUSTED, load_rulebook(), ground)
    with TestClient(create_app(database), base_url=PAGES) as client:
        for language, words in (("en", "See the settlement"), ("zh", "查看清分结算")):
            page = read(client, "/", language)
            assert words in page.words and "x.py demo" not in page.words
            assert page.links.count("/settlement") == 2, "the page's own beside the menu's"
    open_world(database).close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        page = read(client, "/")
        assert "There is no day yet" in page.words and page.links.count("/settlement") == 1


def test_the_key_figures_are_those_of_the_day(pages: TestClient, booked: list[Booked]) -> None:
    page = read(pages, "/")
    relief_fen = sum(trip.fare_fen - trip.charge_fen for trip in booked)
    assert relief_fen > 0 and all(trip.fare_fen >= trip.charge_fen for trip in booked)
    # 28 taps of the world's list; both refusals; the pair after 03:00 and the exit that came later
    # still; the batch of 17 sent again, and one tap of it a third time through another site.
    expected = {
        "Taps": "28",
        "Trips": "16",
        "Money taken": money(sum(trip.charge_fen for trip in booked)),
        "Reliefs given": money(relief_fen),
        "Half trips": "1",
        "Refused taps": "2",
        "Late taps": "3",
        "Repeated taps": "18",
    }
    assert {name: tile(page, name) for name in expected} == expected


def test_the_cities_add_up_to_the_key_figures(pages: TestClient) -> None:
    page = read(pages, "/")
    *cities, total = page.table("City")
    assert [row[0] for row in cities] == ["Beijing 110000", "Chongqing 500000"]
    for column in range(1, len(total)):
        amounts = [row[column] for row in [*cities, total]]
        figures = [fen(text) if "¥" in text else int(text) for text in amounts]
        assert sum(figures[:-1]) == figures[-1]
    assert [total[1], total[3]] == ["28", "16"]


def test_the_matrix_adds_up_both_ways(pages: TestClient, booked: list[Booked]) -> None:
    *rows, total = read(pages, "/").table("Home city")
    amounts = [[0 if cell == "–" else fen(cell) for cell in row[1:]] for row in rows]
    totals = [fen(cell) for cell in total[1:]]
    assert [row[0] for row in rows] == ["Beijing", "Chongqing", "Tianjin"]
    assert [sum(row[:-1]) for row in amounts] == [row[-1] for row in amounts]
    assert [sum(column) for column in zip(*amounts, strict=True)] == totals
    for city, column in ((BEIJING, totals[0]), (CHONGQING, totals[1])):
        assert column == sum(trip.charge_fen for trip in booked if trip.city == city)


def test_refusals_are_told_with_their_reason(pages: TestClient) -> None:
    *rows, total = read(pages, "/").table("Reason")
    assert sorted(row[0].rpartition(" ")[2] for row in rows) == [
        "ACCOUNT_OVERDRAWN",
        "PLACE_OUTSIDE_AREA",
    ]
    assert sum(int(row[2]) for row in rows) == int(total[2]) == 2
    assert not [row for row in rows if "{" in row[0] + row[1]]


def test_the_hours_add_up(pages: TestClient) -> None:
    *hours, total = read(pages, "/").table("Hour")
    assert len(hours) == 24 and hours[0][0] == "03:00" and hours[-1][0] == "02:00"
    assert [sum(int(row[n]) for row in hours) for n in (1, 2)] == [int(total[1]), int(total[2])]
    assert [int(total[1]), int(total[2])] == [26, 2]


def test_the_positions_are_even(pages: TestClient) -> None:
    *rows, check = read(pages, "/").table("Member")
    assert sum(fen(row[1]) for row in rows) == 0
    assert len({text.split()[-1] for text in check[1].split(" = ")}) == 1


def test_the_proofs_are_told_with_their_number(pages: TestClient) -> None:
    pages.get("/proofs")
    assert "The books agree: all 53 proofs hold" in read(pages, "/").words


def test_a_day_that_is_asked_for_is_shown(pages: TestClient) -> None:
    assert read(pages, f"/?day={DAY}").words == read(pages, "/").words


def test_while_the_day_runs_the_figures_renew_themselves(database: Database) -> None:
    world = open_world(database)
    world.travel()
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        page = read(client, "/")
        assert "This business day is still running" in page.words
        assert f'hx-get="/figures?day={DAY}"' in page.html
        part = client.get(f"/figures?day={DAY}").text
        assert part.startswith('<section id="figures"') and "<html" not in part
        # the lost card's exit has not come and the day is not over: two trips are still open
        assert tile(page, "Half trips") == "0"
        assert "How this day was settled" not in page.words


def test_in_the_morning_the_window_of_the_day_is_still_open(database: Database) -> None:
    world = open_world(database)
    world.travel()
    world.close_day()
    world.present()
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        words = read(client, "/").words
    assert "Window W20260318 is still taking files" in words
    assert "its cut-off at 2026-03-18 12:00:00" in words


def test_a_closed_day_stands_still(pages: TestClient) -> None:
    assert "hx-trigger" not in pages.get("/figures").text


def test_books_that_were_tampered_with_are_told_at_once(database: Database) -> None:
    world = open_world(database)
    world.travel()
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        client.get("/proofs")
        assert "proofs hold" in read(client, "/").words
        with psycopg.connect(database.dsn, autocommit=True) as other:
            other.execute(
                f"UPDATE city_{CHONGQING}.rider SET balance_fen = balance_fen + 1"
                " WHERE rider_id = 'a1'".encode()
            )
        page = read(client, "/proofs")
        assert "Attention: 1 of" in page.words
        assert 'class="banner bad"' in page.html
        assert "Attention: 1 of" in read(client, "/").words


def test_a_day_that_has_hardly_begun_is_not_opened_with(database: Database) -> None:
    """Somebody's last train comes in at 03:13: the page still shows the day that was travelled."""
    world = open_world(database)
    world.travel()
    late = world.gates[CHONGQING].tap("27:13", "5000000000000005", "exit", "chaotianmen")
    world.send(CHONGQING, [late], "28:00")
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        assert tile(read(client, "/"), "Taps") == "27"
        assert tile(read(client, "/?day=2026-03-18"), "Taps") == "1"


def test_several_days_can_be_chosen_from(database: Database) -> None:
    world = open_world(database)
    world.travel()
    world.gates[CHONGQING].day = date(2026, 3, 18)
    world.send(CHONGQING, world.gates[CHONGQING].ride("4000000000000007", "08:00", "shapingba",
               "08:40", "chaotianmen"), "40:00")  # fmt: skip
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        newest, older = read(client, "/"), read(client, f"/?day={DAY}")
    assert tile(newest, "Taps") == "2"
    assert tile(older, "Taps") == "27"
    assert '<option value="2026-03-18" selected>' in newest.html
