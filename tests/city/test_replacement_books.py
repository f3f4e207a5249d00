"""Books from before cards were replaced, and the numbers of a replacement, read strictly."""

from datetime import date

import psycopg
import pytest
from counter_world import NEW, OLD, STAFF, asking, proofs_hold, replaced, ride, seen, send

from street import CHONGQING, CITY_KEY, KEYS, PURSE, Taps, open_city
from tongxing.city import City
from tongxing.city.replacement_terms import read_replacement_terms, replacement_terms
from tongxing.cli import run
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import at
from tongxing.storage import Database

BEFORE_REPLACEMENT = f"""
    SET search_path TO city_{CHONGQING};
    DROP TABLE replacement, replacement_load, replacement_load_part, replacement_load_end,
        purse_cover;
    DROP FUNCTION what_a_counter_did_is_append_only;
    DROP INDEX issuer_record_by_medium;
    ALTER TABLE medium DROP COLUMN trust;
    DELETE FROM migration WHERE component = 'city' AND name = '0004_replacement.sql'
"""


@pytest.fixture
def older(empty_database: Database) -> Database:
    """A ride of a purse in books from before there were tables of replacements."""
    city = open_city(empty_database)
    send(city, ride(Taps(), "08:00", PURSE, 180))
    city.close()
    with psycopg.connect(empty_database.dsn) as connection:
        connection.execute(BEFORE_REPLACEMENT.encode())
    return empty_database


@pytest.mark.req("R-303")
def test_a_card_of_older_books_can_prove_itself_and_is_replaced_with_its_history(
    older: Database,
) -> None:
    city = City(CHONGQING, older, CITY_KEY, KEYS, load_city_fares(CHONGQING))
    assert (seen(city, PURSE).trust, seen(city, PURSE).trips) == ("proven", 1)
    assert replaced(city, asking(old=PURSE, why="damaged")).waiting_fen == 4_820
    assert seen(city, NEW).trips_before == 1
    proofs_hold(older)


def test_who_only_reads_brings_older_books_up_to_date(older: Database) -> None:
    assert run(["prove", "--dsn", older.dsn, "--json"]) == 0
    here = ["--dsn", older.dsn, "--city", CHONGQING]
    assert run(["media", "show", PURSE, *here, "--json"]) == 0
    assert run(["media", "replace", OLD, NEW, "--staff", STAFF, *here]) == 4


EVERY = """
[[terms]]
city = ""
from = 2000-01-01
fee_fen = 2000
wait_days = 7
balance_max_fen = 100000
"""


@pytest.mark.req("R-303")
def test_the_price_of_a_new_card_differs_by_city_and_day() -> None:
    later = EVERY.replace("2000-01-01", "2018-01-01").replace("2000", "1800")
    own = '[[terms]]\ncity = "110000"\nfrom = {}\nfee_fen = {}\n'
    text = EVERY + later + own.format("2010-01-01", 1500) + own.format("2020-01-01", 0)
    fees = {
        year: tuple(
            read_replacement_terms(text.encode(), city, date(year, 6, 1)).fee_fen
            for city in ("110000", CHONGQING)
        )
        for year in (1999, 2009, 2012, 2019, 2021)
    }
    assert fees == {
        1999: (2_000, 2_000),
        2009: (2_000, 2_000),
        2012: (1_500, 2_000),
        2019: (1_500, 1_800),
        2021: (0, 1_800),
    }


def test_the_waiting_time_is_counted_in_days() -> None:
    terms = replacement_terms(CHONGQING, at(date(2026, 3, 17)))
    assert terms.ready_s(0) == terms.wait_days * 86_400 > 0


@pytest.mark.parametrize(
    "text",
    [
        "terms = []",
        EVERY + EVERY,
        EVERY.replace("7", "-1"),
        EVERY.replace("2000\n", '"20 yuan"\n'),
        EVERY.replace("wait_days", "waiting_days"),
        EVERY.replace("wait_days = 7", ""),
    ],
)
def test_numbers_that_are_wrong_are_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        read_replacement_terms(text.encode(), CHONGQING, date(2026, 1, 1))
