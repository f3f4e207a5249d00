"""Taps come in, in any order, twice, late or strange; the money comes out the same."""

import random
from datetime import timedelta

import pytest
from msgspec.structs import replace

from street import (
    CARD,
    CHONGQING,
    CODE,
    DAY,
    KEYS,
    OTHER_SITE_KEY,
    PURSE,
    VISITOR,
    Taps,
    balance_of,
    booked,
    held_of,
    moment,
    open_city,
    receipt_of,
    sealed,
    send,
)
from tongxing.city.proofs import prove_city
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Receipt, SigningKey, Tap, unseal
from tongxing.storage import Database

CLOSE_S = business_day_end(DAY)
# A ride Chaotianmen to Shapingba: 16,308 m, 5.00 yuan, 4.50 with the card's ten percent.


def proofs_hold(database: Database) -> None:
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        broken = [proof for proof in prove_city(cursor, CHONGQING) if not proof.holds]
    assert broken == []


@pytest.mark.req("R-006")
def test_a_ride_is_charged_once_and_explained(database: Database) -> None:
    city, tap = open_city(database), Taps()
    receipt = send(
        city, tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CARD, "exit", "shapingba")
    )
    assert (receipt.accepted, receipt.duplicates, receipt.quarantined) == (2, 0, [])
    assert booked(database) == [("a1", "both_taps", "chaotianmen", "shapingba", 450, 1)]
    assert balance_of(database, "a1") == 10_000 - 450
    proofs_hold(database)


@pytest.mark.req("R-001", "R-002", "R-011")
def test_card_in_and_code_out_is_one_ride_on_one_balance(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CODE, "exit", "shapingba"))
    assert booked(database) == [("a1", "paired_by_account", "chaotianmen", "shapingba", 450, 1)]
    assert balance_of(database, "a1") == 10_000 - 450
    proofs_hold(database)


def test_the_same_batch_again_changes_nothing(database: Database) -> None:
    city, tap = open_city(database), Taps()
    message = sealed(
        [tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CARD, "exit", "shapingba")]
    )
    first, again = receipt_of(city, message), receipt_of(city, message, "23:30")
    assert (first.duplicates, again.duplicates) == (0, 2)
    assert first.batch_sha256 == again.batch_sha256
    assert balance_of(database, "a1") == 10_000 - 450
    proofs_hold(database)


def test_a_batch_doubled_within_one_call_counts_once(database: Database) -> None:
    city, tap = open_city(database), Taps()
    message = sealed(
        [tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CARD, "exit", "shapingba")]
    )
    answers = city.intake([message, message], moment("23:00"))
    receipts = [unseal(answer, Receipt, KEYS) for answer in answers if isinstance(answer, bytes)]
    assert [found[1].duplicates for found in receipts if not isinstance(found, Refusal)] == [0, 2]
    assert balance_of(database, "a1") == 10_000 - 450


def a_day(tap: Taps) -> list[list[Tap]]:
    """A rider's day, tap by tap: rail, bus within the hour, a forgotten exit, and a purse."""
    return [
        [tap("07:30", CARD, "entry", "chaotianmen")],
        [tap("08:10", CARD, "exit", "shapingba")],
        [tap("08:30", CARD, "ride", "", mode="bus", line="bus-401", vehicle="v1")],
        [tap("12:00", CODE, "entry", "shapingba")],
        [tap("18:00", CODE, "entry", "shapingba")],
        [tap("18:50", CARD, "exit", "chaotianmen")],
        [tap("09:00", PURSE, "entry", "chaotianmen", taken=0)],
        [tap("09:40", PURSE, "exit", "shapingba", taken=450)],
        [tap("10:00", VISITOR, "ride", "", mode="bus", line="bus-hechuan-101", taken=100,
             place="500117")],
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_arrival_never_shows_in_the_money(database: Database, seed: int) -> None:
    city, in_order = open_city(database), a_day(Taps())
    for batch in in_order:
        send(city, *batch)
    city.close_day(DAY, CLOSE_S)
    expected = outcome(database)
    assert len(expected[0]) == 5  # the forgotten exit waits
    city.close()

    for schema in database.schemas():
        database.drop_schema(schema)
    city, shuffled = open_city(database), a_day(Taps())
    random.Random(seed).shuffle(shuffled)
    closing = seed % len(shuffled)
    for number, batch in enumerate(shuffled):
        if number == closing:
            city.close_day(DAY, CLOSE_S)
        at = "23:00" if number < closing else CLOSE_S + 3_600
        send(city, *batch, at=at)
    assert outcome(database) == expected
    proofs_hold(database)


def outcome(database: Database) -> tuple[list[tuple[str, str, str, str, int]], int, int]:
    """Trips without their revisions, money, and what is held."""
    trips = [row[:5] for row in booked(database)]
    return trips, balance_of(database, "a1"), held_of(database, "a1")


def test_an_open_trip_holds_the_highest_fare_and_does_not_take_it(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen"))
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute(
            "SELECT balance_fen, held_fen FROM rider WHERE rider_id = 'a1'"
        ).fetchone()
    assert row == (10_000, 900)
    send(city, tap("08:40", CARD, "exit", "shapingba"))
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute("SELECT held_fen FROM rider WHERE rider_id = 'a1'").fetchone()
    assert row == (0,)


def test_a_forgotten_exit_is_held_when_the_day_closes_and_a_late_one_charges_the_ride_alone(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen"))
    assert city.close_day(DAY, CLOSE_S) == 1
    assert booked(database) == []
    assert (balance_of(database, "a1"), held_of(database, "a1")) == (10_000, 900)
    proofs_hold(database)
    send(city, tap("08:40", CARD, "exit", "shapingba"), at=CLOSE_S + 6 * 86_400)
    assert booked(database) == [("a1", "both_taps", "chaotianmen", "shapingba", 450, 1)]
    assert (balance_of(database, "a1"), held_of(database, "a1")) == (10_000 - 450, 0)
    proofs_hold(database)


def test_an_exit_before_its_entry_is_held_until_the_entry_comes(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:40", CARD, "exit", "shapingba"))
    assert booked(database) == []
    assert held_of(database, "a1") == 1_000
    proofs_hold(database)
    send(city, tap("08:00", CARD, "entry", "chaotianmen"))
    assert booked(database) == [("a1", "both_taps", "chaotianmen", "shapingba", 450, 1)]
    assert held_of(database, "a1") == 0
    proofs_hold(database)


def test_a_purse_keeps_its_entry_until_the_gate_collects(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", PURSE, "entry", "chaotianmen", taken=0))
    city.close_day(DAY, CLOSE_S)
    assert booked(database) == []  # nothing was taken from the card yet
    later = tap(moment("09:00", DAY + timedelta(days=3)), PURSE, "entry", "shapingba", taken=900)
    send(city, later, at=CLOSE_S + 4 * 86_400)
    assert booked(database) == [(PURSE, "missing_exit", "chaotianmen", "", 900, 1)]
    assert balance_of(database, PURSE) == 5_000 - 900
    proofs_hold(database)


def test_a_purse_whose_exit_has_not_arrived_pays_nothing_for_the_gap(database: Database) -> None:
    city, tap = open_city(database), Taps()
    entry = tap("08:00", PURSE, "entry", "chaotianmen", taken=0)
    exit_ = tap("08:40", PURSE, "exit", "shapingba", taken=450)
    bus = tap("12:00", PURSE, "ride", "", mode="bus", line="bus-401", taken=90)
    send(city, entry, bus)  # the gate knew of the exit and collected nothing
    assert [(row[1], row[4]) for row in booked(database)] == [
        ("missing_exit", 0),
        ("single_tap", 90),
    ]
    send(city, exit_)
    assert [(row[1], row[4]) for row in booked(database)] == [
        ("both_taps", 450),
        ("single_tap", 90),
    ]
    assert balance_of(database, PURSE) == 5_000 - 540
    proofs_hold(database)


@pytest.mark.req("R-403")
def test_what_a_gate_took_is_a_fact_even_when_the_tariff_says_otherwise(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("08:00", PURSE, "entry", "chaotianmen", taken=0),
        tap("08:40", PURSE, "exit", "shapingba", taken=500),
    )
    assert booked(database)[0][4] == 500
    with database.connect(f"city_{CHONGQING}") as connection:
        assert connection.execute("SELECT remark FROM trip").fetchone() == ("FARE_DIFFERS",)
    proofs_hold(database)


def test_a_refused_tap_is_kept_and_costs_nothing(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen", outcome="MEDIUM_LOST"))
    assert booked(database) == []
    with database.connect(f"city_{CHONGQING}") as connection:
        assert connection.execute("SELECT outcome, reason FROM tap").fetchall() == [
            ("refused", "MEDIUM_LOST")
        ]
    proofs_hold(database)


def test_one_strange_tap_stops_no_other(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("08:00", CARD, "entry", "atlantis"),
        tap("08:40", CARD, "exit", "shapingba"),
        tap("09:00", PURSE, "entry", "chaotianmen", taken=0),
        tap("09:40", PURSE, "exit", "shapingba", taken=450),
    )
    assert [(row[0], row[4]) for row in booked(database)] == [(PURSE, 450)]
    assert held_of(database, "a1") == 1_000, "an exit without an entry, as ever"
    with database.connect(f"city_{CHONGQING}") as connection:
        found = connection.execute("SELECT station, set_aside FROM tap ORDER BY time_s").fetchall()
    assert found == [
        ("atlantis", "STATION_UNKNOWN"),
        ("shapingba", ""),
        ("chaotianmen", ""),
        ("shapingba", ""),
    ]
    proofs_hold(database)


@pytest.mark.parametrize(
    ("station", "line", "known"),
    [
        ("chaotianmen", "", True),
        ("chaotianmen", "rail-1", True),
        ("chaotianmen", "rail-99", False),
        ("atlantis", "rail-1", False),
    ],
)
def test_a_tap_from_a_place_that_is_not_known_waits_for_a_person(
    database: Database, station: str, line: str, known: bool
) -> None:
    """B68: kept, priced by nobody, and no trip of 0 yuan; what a purse paid is a fact."""
    city, tap = open_city(database), Taps()
    receipt = send(city, tap("08:00", CARD, "entry", station, line=line))
    assert (receipt.accepted, receipt.quarantined) == (1, [])
    with database.connect(f"city_{CHONGQING}") as connection:
        assert connection.execute("SELECT set_aside FROM tap").fetchone() == (
            "" if known else "STATION_UNKNOWN",
        )
    assert booked(database) == []
    send(city, tap("09:00", PURSE, "ride", station, line=line, taken=200))
    assert [row[4] for row in booked(database)] == [200]
    proofs_hold(database)


def test_one_identity_with_two_contents_keeps_both_and_calls_a_person(
    database: Database,
) -> None:
    city = open_city(database)
    send(city, Taps()("08:00", CARD, "entry", "chaotianmen"))
    receipt = send(city, Taps()("08:05", CARD, "entry", "chaotianmen"))
    assert [ref.seq for ref in receipt.quarantined] == [1]
    with database.connect(f"city_{CHONGQING}") as connection:
        assert connection.execute("SELECT count(*) FROM tap_quarantine").fetchone() == (1,)
        with connection.cursor() as cursor:
            broken = [proof.name for proof in prove_city(cursor, CHONGQING) if not proof.holds]
    assert broken == ["nothing_lost_or_doubled"]


def test_a_gap_in_a_terminals_numbers_shows(database: Database) -> None:
    city, tap = open_city(database), Taps()
    tap("07:00", CARD, "entry", "chaotianmen")  # journalled, never arrived
    send(city, tap("08:00", CARD, "entry", "chaotianmen"))
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        broken = [proof.name for proof in prove_city(cursor, CHONGQING) if not proof.holds]
    assert broken == ["nothing_lost_or_doubled"]


def refused(database: Database, message: bytes) -> str:
    [answer] = open_city(database).intake([message], moment("23:00"))
    assert isinstance(answer, Refusal)
    assert booked(database) == []
    return answer.code


def test_a_site_cannot_speak_for_another(database: Database) -> None:
    taps = Taps()("08:00", CARD, "entry", "chaotianmen")
    message = sealed([taps], SigningKey("SITE-1", OTHER_SITE_KEY.private))
    assert refused(database, message) == "SIGNATURE_INVALID"


def test_more_than_five_hundred_taps_are_too_many(database: Database) -> None:
    tap = Taps()
    many = [tap("08:00", CARD, "entry", "chaotianmen") for _ in range(501)]
    assert refused(database, sealed(many)) == "BATCH_TOO_LARGE"


@pytest.mark.parametrize(
    "numbers", [[0], [-1], [2**63], [2, 1], [1, 1]], ids=["0", "-1", "2^63", "back", "twice"]
)
def test_numbers_in_a_batch_rise_from_one(database: Database, numbers: list[int]) -> None:
    """B65: nothing of a batch is stored whose numbers no storage gave."""
    taken = Taps()("08:00", CARD, "entry", "chaotianmen")
    taps = [replace(taken, ref=replace(taken.ref, seq=number)) for number in numbers]
    assert refused(database, sealed(taps)) == "TAP_SEQ_INVALID"


def test_terminals_and_storages_count_for_themselves(database: Database) -> None:
    tap = Taps()
    one, other = tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CARD, "exit", "shapingba")
    newer = replace(one, ref=replace(one.ref, epoch=2))
    later = replace(one, ref=replace(one.ref, seq=2))
    assert send(open_city(database), one, other, newer, later).accepted == 4


def test_a_bad_batch_harms_no_good_one(database: Database) -> None:
    city, tap = open_city(database), Taps()
    good = sealed(
        [tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CARD, "exit", "shapingba")]
    )
    answers = city.intake([b"rubbish", good], moment("23:00"))
    assert isinstance(answers[0], Refusal)
    assert isinstance(answers[1], bytes)
    assert len(booked(database)) == 1


def test_a_day_is_closed_once_and_not_before_it_is_over(database: Database) -> None:
    city = open_city(database)
    early, closed, again = (
        city.close_day(DAY, CLOSE_S - 1),
        city.close_day(DAY, CLOSE_S),
        city.close_day(DAY, CLOSE_S),
    )
    assert isinstance(early, Refusal) and early.code == "DAY_NOT_OVER"
    assert closed == 0
    assert isinstance(again, Refusal) and again.code == "DAY_ALREADY_CLOSED"


@pytest.mark.parametrize(("days", "charge"), [(55, 450), (57, None)])
def test_a_tap_that_comes_weeks_late_counts_for_eight_weeks_and_is_evidence_after_that(
    database: Database, days: int, charge: int | None
) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen"))
    city.close_day(DAY, CLOSE_S)
    receipt = send(city, tap("08:40", CARD, "exit", "shapingba"), at=CLOSE_S + days * 86_400)
    assert (receipt.accepted, receipt.duplicates) == (1, 0)
    assert [row[4] for row in booked(database)] == ([] if charge is None else [charge])
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute("SELECT set_aside FROM tap WHERE station = 'shapingba'").fetchone()
    assert row == ("TAP_TOO_LATE" if charge is None else "",)
    assert held_of(database, "a1") == (900 if charge is None else 0)
    city.resolve_due(CLOSE_S + days * 86_400)  # folds the day once more
    assert [row[4] for row in booked(database)] == [900 if charge is None else charge]
    proofs_hold(database)


def test_what_a_gate_took_from_a_purse_counts_however_late_it_is_told(database: Database) -> None:
    city, tap = open_city(database), Taps()
    late = CLOSE_S + 80 * 86_400
    send(city, tap("08:00", PURSE, "entry", "chaotianmen", taken=0), at=late)
    send(city, tap("08:40", PURSE, "exit", "shapingba", taken=450), at=late)
    assert [row[4] for row in booked(database)] == [450]
    proofs_hold(database)
