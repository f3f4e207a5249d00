"""A day on which every passenger carries real cards and codes is the same day, to the fen."""

from pathlib import Path

import psycopg
import pytest
from sim_world import TUESDAY, money, run

from tongxing.kernel.clock import at
from tongxing.network.transport import load_network
from tongxing.simulation.house import House, HouseConfig
from tongxing.simulation.opening import token_of
from tongxing.simulation.places import CityMap
from tongxing.simulation.population import Passenger, people_of
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import load_scenario
from tongxing.simulation.summary import Summary
from tongxing.storage import Database

pytestmark = pytest.mark.slow
ALL_BP = 10_000
NOW_S = at(TUESDAY, 8)
CHONGQING = load_scenario().city("500000")


@pytest.fixture(scope="module")
def real_day(
    lasting_houses: Database, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Summary, Database]:
    """A day of real media; its books stay open for the tests of this file."""
    home = tmp_path_factory.mktemp("real-media")
    return run(lasting_houses, home, real_media_bp=ALL_BP, passengers=70), lasting_houses


def test_real_media_and_tokens_make_the_same_day(
    real_day: tuple[Summary, Database], houses: Database, tmp_path: Path
) -> None:
    real, _ = real_day
    tokens = run(houses, tmp_path / "home", real_media_bp=0, passengers=70)
    assert real.checks.sound, real.checks
    assert tokens.checks.sound, tokens.checks
    assert money(real) == money(tokens)
    assert [city.refused for city in real.cities] == [city.refused for city in tokens.cities]
    assert tokens.checks.signatures_checked == 0


def test_every_opened_tap_is_signed(real_day: tuple[Summary, Database]) -> None:
    summary, books = real_day
    unsigned = signed = 0
    for city in ("city_110000", "city_500000"):
        with psycopg.connect(books.dsn) as connection:
            rows = connection.execute(
                f"SELECT body LIKE '%\"proof\"%' OR body LIKE '%\"code\":%', count(*)"
                f" FROM {city}.tap WHERE outcome = 'opened' GROUP BY 1".encode()
            )
            for has_signature, count in rows:
                signed += count if has_signature else 0
                unsigned += 0 if has_signature else count
    assert unsigned == 0
    assert signed > 200
    assert summary.checks.signatures_checked > 200


def test_a_forged_signature_in_the_books_is_found(
    real_day: tuple[Summary, Database],
) -> None:
    _, books = real_day
    with psycopg.connect(books.dsn, autocommit=True) as connection:
        (record_id, record) = connection.execute(
            b"SELECT record_id, record FROM city_500000.trip_revision"
            b" WHERE issuer = 'ISS-500000' AND record LIKE '%\"tac\":%' LIMIT 1"
        ).fetchone() or ("", "")
        begin = record.index('"tac":"') + len('"tac":"')
        forged = record[:begin] + "AAAAAA==" + record[begin + 8 :]
        connection.execute(
            b"UPDATE city_500000.trip_revision SET record = %s WHERE record_id = %s",
            (forged, record_id),
        )
    house = House(HouseConfig("500000", books.dsn, 20, (), "connection"), lambda news: None)
    try:
        found = house.signatures()
    finally:
        house.close()
    assert found.wrong == [record_id]
    assert found.checked > 100
    assert not found.unchecked


def test_the_share_that_is_asked_for_carries_real_media() -> None:
    media = RunMedia(20, load_scenario())
    people = [f"500000-{number:07d}" for number in range(5_000)]
    share = sum(media.is_real(person, 400) for person in people)
    assert 150 < share < 250
    assert all(media.is_real(person, ALL_BP) for person in people[:100])
    assert not any(media.is_real(person, 0) for person in people[:100])


def people_of_chongqing() -> list[Passenger]:
    scenario = load_scenario()
    city_map = CityMap(load_network("500000"), CHONGQING)
    return people_of(scenario, city_map, "500000", 200, 3)


def test_two_makers_of_one_seed_make_the_same_media() -> None:
    person = next(one for one in people_of_chongqing() if len(one.media) == 2)
    card, code = (token_of(person, medium, CHONGQING, 202603) for medium in person.media)
    one, other = (RunMedia(3, load_scenario()) for _ in range(2))
    assert one.phone(code).show(NOW_S) == other.phone(code).show(NOW_S)
    assert one.card(card, NOW_S).chip.image == other.card(card, NOW_S).chip.image
    assert RunMedia(4, load_scenario()).phone(code).show(NOW_S) != one.phone(code).show(NOW_S)
