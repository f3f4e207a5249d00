"""Half trips that wait: how many, and how much is held, where a reader looks for them."""

from collections.abc import Iterator

import pytest
from console_world import CHONGQING, DAY, moment, open_world
from fastapi.testclient import TestClient
from page_reading import PAGES, money, read

from tongxing.console import create_app
from tongxing.storage import Database


@pytest.fixture
def night(database: Database) -> Iterator[TestClient]:
    """The world's day is closed, and two passengers' exits have not come: both wait."""
    world = open_world(database)
    world.travel()
    for city in world.cities.values():
        city.close_day(DAY, moment("27:05"))
    world.close()
    with TestClient(create_app(database), base_url=PAGES) as client:
        yield client


@pytest.fixture
def held_fen(night: TestClient, database: Database) -> int:
    with database.connect(f"city_{CHONGQING}") as connection:
        held = [row[0] for row in connection.execute("SELECT held_fen FROM half_trip")]
    assert len(held) == 2 and all(held)
    return sum(held)


def test_the_overview_says_what_is_held(night: TestClient, held_fen: int) -> None:
    page = read(night, "/")
    assert f"still waiting: 2; {money(held_fen)} is held, not taken" in page.words
    assert f"另有 2 次待补全，占用 {money(held_fen)}" in read(night, "/", "zh").words
    *cities, total = page.table("City")
    assert total[7:9] == ["2", money(held_fen)]
    assert [row[7] for row in cities] == ["0", "2"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", True),
        ("how=half", True),
        ("mode=rail", True),
        (f"city={CHONGQING}&how=half", True),
        ("mode=bus", False),
        ("how=complete", False),
        ("city=110000", False),
    ],
)
def test_the_list_of_trips_says_which_are_not_in_it(
    night: TestClient, held_fen: int, query: str, told: bool
) -> None:
    sentence = f"Half trips that wait: 2. {money(held_fen)} is held for them"
    assert (sentence in read(night, f"/trips?{query}").words) == told
    in_chinese = f"另有 2 次单边行程待补全：占用 {money(held_fen)}"
    assert (in_chinese in read(night, f"/trips?{query}", "zh").words) == told


def test_where_nothing_waits_nothing_is_said(pages: TestClient) -> None:
    for path in ("/", "/trips", "/trips?how=half"):
        assert "not taken" not in read(pages, path).words
