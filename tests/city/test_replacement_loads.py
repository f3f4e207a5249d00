"""The old purse's money on its way to the new chip: fixed by the books, moved once, not guessed."""

import psycopg
import pytest
from counter_world import (
    NEW,
    NEWER,
    NOON,
    OLD,
    READY_S,
    STAFF,
    asking,
    books,
    counter,
    load_of,
    loaded,
    proofs_hold,
    replaced,
    ride,
    seen,
    send,
)
from half_trip_world import code_of
from msgspec.structs import replace

from street import CHONGQING, HUB_KEY, Taps, balance_of
from tongxing.city import Load
from tongxing.city.charging import revisions
from tongxing.city.riding import NEW_STATE, fold
from tongxing.fares import load_city_fares
from tongxing.messages import IssuerDetail, seal
from tongxing.storage import Database

LATE_S = READY_S + 86_400


@pytest.mark.req("R-303")
def test_the_books_fix_the_sum_and_the_confirmation_moves_it_once(database: Database) -> None:
    city, taps = counter(database), Taps()
    replaced(city)
    send(city, ride(taps, "08:00", OLD, 180), at=READY_S - 60)
    started = city.start_load("l1", NEW, STAFF, READY_S)
    assert started == Load("l1", NEW, 4_820, "pending")
    assert seen(city, NEW, READY_S).pending == "l1"
    assert seen(city, NEW, READY_S).next_step == "end_load"
    assert (balance_of(database, OLD), balance_of(database, NEW)) == (4_820, 0)
    for _ in range(2):
        assert city.end_load("l1", True, STAFF, READY_S) == Load("l1", NEW, 4_820, "loaded")
    assert (balance_of(database, OLD), balance_of(database, NEW)) == (0, 4_820)
    assert city.start_load("l1", NEW, STAFF, READY_S + 9) == Load("l1", NEW, 4_820, "loaded")
    proofs_hold(database)


def test_the_money_waits_for_the_last_gates(database: Database) -> None:
    city = counter(database)
    replaced(city)
    found = city.start_load("l1", NEW, STAFF, READY_S - 1)
    assert code_of(found) == "LOAD_NOT_YET"
    assert seen(city, NEW, READY_S - 1).next_step == "wait"
    assert seen(city, NEW, READY_S).next_step == "load"
    assert load_of(city.start_load("l1", NEW, STAFF, READY_S)).amount_fen == 5_000


def test_while_a_load_is_pending_no_other_begins_and_the_card_stays(database: Database) -> None:
    city = counter(database)
    replaced(city)
    city.start_load("l1", NEW, STAFF, READY_S)
    assert code_of(city.start_load("l2", NEW, STAFF, READY_S)) == "LOAD_PENDING"
    again = asking(NEWER, NEW, request="r2", why="damaged")
    assert code_of(city.replace_medium(again, READY_S)) == "REPLACE_LOAD_PENDING"
    city.end_load("l1", False, STAFF, READY_S)
    assert load_of(city.start_load("l2", NEW, STAFF, READY_S)).amount_fen == 5_000


def test_what_certainly_is_not_on_the_chip_waits_on(database: Database) -> None:
    city = counter(database)
    replaced(city)
    city.start_load("l1", NEW, STAFF, READY_S)
    for _ in range(2):
        ended = city.end_load("l1", False, STAFF, READY_S)
        assert ended == Load("l1", NEW, 5_000, "not_loaded")
    assert (balance_of(database, OLD), balance_of(database, NEW)) == (5_000, 0)
    assert code_of(city.end_load("l1", True, STAFF, READY_S)) == "LOAD_ENDED"
    proofs_hold(database)


def test_a_load_that_cannot_be_is_refused(database: Database) -> None:
    city = counter(database)
    replaced(city)
    city.start_load("l1", NEW, STAFF, READY_S)
    assert code_of(city.start_load("l1", NEW, "s8", READY_S)) == "REQUEST_REUSED"
    assert code_of(city.start_load("l1", OLD, STAFF, READY_S)) == "REQUEST_REUSED"
    assert code_of(city.start_load("l2", "4000000000009999", STAFF, READY_S)) == "MEDIUM_UNKNOWN"
    assert code_of(city.start_load("l2", OLD, STAFF, READY_S)) == "CARD_REPLACED"
    assert code_of(city.end_load("l9", True, STAFF, READY_S)) == "LOAD_UNKNOWN"
    city.end_load("l1", True, STAFF, READY_S)
    assert code_of(city.start_load("l3", NEW, STAFF, READY_S)) == "LOAD_NOTHING"


def test_a_full_purse_takes_a_part_and_the_rest_waits(database: Database) -> None:
    city = counter(database)
    replaced(city)
    city.top_up(NEW, 97_000, "p1", NOON)
    assert loaded(city).amount_fen == 3_000
    assert code_of(city.start_load("l2", NEW, STAFF, READY_S)) == "LOAD_NO_ROOM"
    send(city, ride(Taps(), "08:00", NEW, 2_500))
    assert loaded(city, request="l3").amount_fen == 2_000
    assert (balance_of(database, OLD), balance_of(database, NEW)) == (0, 99_500)
    proofs_hold(database)


def test_money_follows_over_two_replacements_each_with_its_own_waiting_time(
    database: Database,
) -> None:
    city = counter(database)
    replaced(city)
    city.top_up(NEW, 1_000, "p1", NOON)
    day_s = 86_400
    replaced(city, asking(NEWER, NEW, request="r2", why="damaged"), at=NOON + 3 * day_s)
    assert seen(city, NEWER).replaces == (NEW, OLD)
    assert seen(city, NEWER).waiting_fen == 6_000
    assert loaded(city, NEWER, at=READY_S).amount_fen == 5_000
    assert loaded(city, NEWER, request="l2", at=READY_S + 3 * day_s).amount_fen == 1_000
    assert balance_of(database, NEWER) == 6_000
    proofs_hold(database)


def test_what_comes_after_the_load_is_the_issuers_loss(database: Database) -> None:
    city, taps = counter(database), Taps()
    replaced(city)
    assert loaded(city).amount_fen == 5_000
    send(city, ride(taps, "08:00", OLD, 270), at=LATE_S)
    assert books(database)["exp_purse_loss"] == -270
    assert (seen(city, OLD).balance_fen, seen(city, OLD).borne_fen) == (0, 270)
    assert balance_of(database, NEW) == 5_000
    assert seen(city, NEW, LATE_S).waiting_fen == 0
    proofs_hold(database)


def test_what_comes_while_a_load_is_pending_does_not_change_its_sum(database: Database) -> None:
    city = counter(database)
    replaced(city)
    city.start_load("l1", NEW, STAFF, READY_S)
    send(city, ride(Taps(), "08:00", OLD, 270), at=READY_S)
    assert (balance_of(database, OLD), seen(city, OLD).borne_fen) == (4_730, 0)
    assert load_of(city.end_load("l1", True, STAFF, READY_S)).amount_fen == 5_000
    assert (balance_of(database, OLD), seen(city, OLD).borne_fen) == (0, 270)
    assert balance_of(database, NEW) == 5_000
    proofs_hold(database)


def test_a_ride_elsewhere_told_late_is_the_issuers_loss_until_it_shrinks(
    database: Database,
) -> None:
    """What comes back ends the loss first; the rest waits for the new card."""
    city = counter(database)
    replaced(city)
    loaded(city)
    tap = ride(Taps(), "08:00", OLD, 300)
    trips = fold(NEW_STATE, [tap], load_city_fares(CHONGQING), 0).trips
    [revision] = revisions(trips, {}, "110000")
    losses = []
    for window, delta_fen in (("w1", 300), ("w2", -100), ("w3", -250)):
        record = replace(
            revision.record, record_id=window, delta_fen=delta_fen, issuer=f"ISS-{CHONGQING}"
        )
        detail = IssuerDetail(window_id=window, issuer=f"ISS-{CHONGQING}", records=[record])
        assert city.apply_issuer_detail(seal(detail, HUB_KEY), LATE_S) is None
        losses.append(seen(city, OLD).borne_fen)
        proofs_hold(database)
    assert losses == [300, 200, 0]
    assert seen(city, NEW).trips_before == 1
    assert "exp_purse_loss" not in books(database)
    assert loaded(city, request="l2").amount_fen == 50
    assert balance_of(database, NEW) == 5_050


@pytest.mark.parametrize(
    "table", ["replacement", "replacement_load", "replacement_load_end", "purse_cover"]
)
def test_what_a_counter_did_cannot_be_edited(database: Database, table: str) -> None:
    city = counter(database)
    replaced(city)
    loaded(city)
    send(city, ride(Taps(), "08:00", OLD, 270), at=LATE_S)
    with (
        database.connect(f"city_{CHONGQING}") as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute(f"DELETE FROM {table}".encode())
