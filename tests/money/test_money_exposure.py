"""What an account can cost: the published formula, and the most that was ever measured."""

from datetime import date
from random import Random

import pytest
from money_world import ACCOUNT, CARD, CODE, NOON, OTHER, chongqing, code_of, ok, world
from msgspec.structs import replace

from tongxing.city.money import MoneyTerms, money_terms
from tongxing.city.money.exposure import deny_at, formula
from tongxing.city.money.terms import read_money_terms
from tongxing.kernel.clock import DAY_S, at
from tongxing.storage import Database

SEEDS = range(3)
BUS_FARE_FEN = 200


def measured(city: str, time_s: int) -> MoneyTerms:
    """Numbers that the test's rides can reach: a bus, a list that is twenty minutes late."""
    return replace(
        chongqing(city, time_s),
        max_fare_fen=BUS_FARE_FEN,
        unpaid_limit_fen=1_000,
        prepaid_limit_fen=BUS_FARE_FEN,
        deny_lag_s=1_200,
        offline_lag_s=1_200,
        min_trip_s=300,
        unpaid_trips_max=99,
        new_trips_max=99,
    )


def test_the_formula_with_the_numbers_that_are_published() -> None:
    terms = replace(chongqing("500000", NOON), min_trip_s=60, deny_lag_s=60)
    found = formula(terms, signed=True)
    assert found.online_loss_fen == 2_000 + 1 * 1_000, "20 yuan and one highest fare"
    assert (found.rides_in_lag, found.rides_offline) == (1, 10)
    assert found.max_loss_fen == 2_000 + 10 * 1_000, "a site offline for a day: ten codes"
    odd = replace(terms, deny_lag_s=61)
    assert formula(odd, signed=True).rides_in_lag == 2
    assert deny_at(terms, signed=True) == -1_001
    assert deny_at(terms, signed=False) == 0


def test_an_account_is_denied_before_a_ride_could_exceed_what_may_be_unpaid(
    database: Database,
) -> None:
    here = world(database, terms_of=measured)
    here.signs()
    with here.office.writing() as cursor:
        for balance, denied in ((-800, False), (-801, True)):
            cursor.execute(
                "UPDATE rider SET balance_fen = %s WHERE rider_id = %s", (balance, ACCOUNT)
            )
            row = cursor.execute(
                "SELECT balance_fen <= deny_at_fen FROM rider JOIN account_credit"
                " ON account = rider_id WHERE rider_id = %s",
                (ACCOUNT,),
            ).fetchone()
            assert row == (denied,)


@pytest.mark.parametrize("signed", [True, False])
def test_no_seed_loses_more_than_the_formula(
    database: Database, signed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """One city, a day per seed. A passenger who never pays rides with card and code as often as
    gates allow; gates know the deny list that was true one lag ago; taps arrive in bunches."""
    here = world(database, terms_of=measured)
    here.pays_in(10_000, account=OTHER)
    if signed:
        here.signs()
    here.partner.refusing.add("debit")
    worst = 0
    terms = measured("500000", NOON)
    limit_fen = formula(terms, signed).max_loss_fen
    for seed in SEEDS:
        chance, day = Random(seed), at(date(2026, 3, 18 + seed), 6)
        owed = -here.balance()
        if owed >= 0:
            here.pays_in(owed + chance.choice((100, 101, 150)), f"seed{seed}", day - 100)
        now, lists, rides = day, [(day, here.denied())], 0
        while now < day + 6 * 3600 and rides < 15:
            now += terms.min_trip_s + chance.choice((0, 0, 1, 200))
            known = [found for since, found in lists if since + terms.deny_lag_s <= now]
            denied = known[-1] if known else lists[0][1]
            medium = chance.choice((CARD, CODE))
            if medium in denied:
                break
            here.rides(now, medium=medium)
            rides += 1
            lists.append((now, here.denied()))
        here.desk.collect(now + 1)
        worst = max(worst, -here.balance())
        here.proofs_hold()
        assert worst <= limit_fen, f"seed {seed}"
    with capsys.disabled():
        print(f"\nexposure signed={signed}: measured {worst} fen, formula {limit_fen} fen")
    assert worst > terms.max_fare_fen, "the passenger did try"


def test_exposure_of_an_account_and_of_all(database: Database) -> None:
    here = world(database)
    here.signs()
    here.rides("12:30")
    one = ok(here.desk.exposure(ACCOUNT, NOON))
    assert (one.unpaid_limit_fen, one.owed_fen, one.max_loss_fen) == (2_000, 180, 12_000)
    assert ok(here.desk.exposure(OTHER, NOON)).unpaid_limit_fen == 1_000
    assert code_of(here.desk.exposure("nobody", NOON)) == "RIDER_UNKNOWN"
    every = here.desk.city_exposure(NOON)
    assert (every.signed, every.prepaid, every.max_loss_fen) == (1, 1, 12_000 + 11_000)
    assert (every.owing, every.owed_fen, every.worst_owed_fen) == (1, 180, 180)
    assert code_of(here.desk.balance("nobody")) == "RIDER_UNKNOWN"
    assert code_of(here.desk.debt("nobody", NOON)) == "RIDER_UNKNOWN"
    assert code_of(here.desk.refundable("nobody", NOON)) == "RIDER_UNKNOWN"
    assert here.desk.enrol("nobody", NOON) is not None


def test_what_is_owed_under_a_mandate_stays_within_its_limit_when_it_ends(
    database: Database,
) -> None:
    here = world(database)
    here.pays_in(1_000, account=OTHER)
    here.signs()
    for number in range(4):
        here.rides(NOON + number * 7_500)
    ok(here.desk.end_mandate(ACCOUNT, NOON + DAY_S))
    assert here.balance() < 0
    here.proofs_hold()


CONTENT = b"""
[[terms]]
city = ""
from = 2000-01-01
top_up_min_fen = 100
top_up_max_fen = 50000
top_up_day_max_fen = 100000
balance_max_fen = 100000
open_orders_max = 5
order_valid_s = 900
ask_after_s = 3
refund_days = 365
refund_again_s = [10, 60]
pay_out = "bank_transfer"
pay_out_max_fen = 100000
pay_out_clerk_day_fen = 500000
pay_out_account_day_fen = 100000
unbookable_again_s = [60, 600, 3600, 21600, 86400]
unread_kept_per_hour = 20
first = "balance"
unpaid_limit_fen = 2000
prepaid_limit_fen = 1000
unpaid_trips_max = 5
new_days = 7
new_trips_max = 1
debit_again_s = [3600]
max_fare_fen = 1000
deny_lag_s = 60
offline_lag_s = 86400
offline_rides_max = 10
min_trip_s = 60
"""


def test_a_city_and_a_day_have_their_own_numbers() -> None:
    more = b'[[terms]]\ncity = "C"\nfrom = 2026-01-01\nunpaid_limit_fen = 3000\n'
    content = CONTENT + more
    assert read_money_terms(content, "C", date(2025, 12, 31)).unpaid_limit_fen == 2_000
    assert read_money_terms(content, "C", date(2026, 1, 1)).unpaid_limit_fen == 3_000
    assert read_money_terms(content, "D", date(2026, 1, 1)).unpaid_limit_fen == 2_000
    assert read_money_terms(content, "D", date(1999, 1, 1)).order_valid_s == 900
    terms = read_money_terms(content, "", date(2026, 1, 1))
    assert [terms.refund_wait_s(tries) for tries in (0, 1, 2, 9)] == [10, 10, 60, 60]
    assert terms.unpaid_trips(0, 7 * DAY_S - 1) == 1
    assert terms.unpaid_trips(0, 7 * DAY_S) == 5
    assert money_terms("110000", NOON).max_fare_fen == 5_000


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b"min_trip_s = 60", b"min_trip_s = 0", "zero"),
        (b"deny_lag_s = 60", b"deny_lag_s = -1", "below zero"),
        (b"debit_again_s = [3600]", b"debit_again_s = []", "empty"),
        (b"unpaid_limit_fen = 2000", b"unpaid_limit_fen = 999", "one ride can exceed"),
        (b"min_trip_s = 60", b"", "min_trip_s"),
        (b"min_trip_s = 60", b"min_trip_s = 60\nmore = 1", "more"),
        (b'first = "balance"', b'first = "luck"', "luck"),
    ],
)
def test_numbers_that_cannot_be_are_refused(before: bytes, after: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_money_terms(CONTENT.replace(before, after), "", date(2026, 1, 1))


def test_two_tables_of_one_day_are_refused() -> None:
    with pytest.raises(ValueError, match="two tables"):
        read_money_terms(CONTENT + CONTENT, "", date(2026, 1, 1))
