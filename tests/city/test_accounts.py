"""Money in, media lost, accounts overdrawn: what the issuer promises its passengers."""

import pytest

from street import (
    CARD,
    CHONGQING,
    CODE,
    DAY,
    KEYS,
    PURSE,
    Taps,
    balance_of,
    held_of,
    moment,
    open_city,
    send,
)
from tongxing.city import City
from tongxing.city.proofs import prove_city
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyList, unseal
from tongxing.storage import Database


def deny_list(city: City) -> tuple[int, dict[str, str]]:
    opened = unseal(city.publish_deny_list(moment("12:00")), DenyList, KEYS)
    assert not isinstance(opened, Refusal)
    return opened[1].version, {entry.medium_no: entry.reason for entry in opened[1].entries}


def code_of(found: Refusal | None) -> str:
    assert found is not None
    return found.code


def test_a_payment_tops_up_once(database: Database) -> None:
    city = open_city(database)
    for _ in range(2):
        assert city.top_up("a1", 5_000, "alipay-1", moment("09:00")) is None
    assert balance_of(database, "a1") == 15_000


@pytest.mark.parametrize(
    ("rider", "amount", "code"),
    [
        ("a1", 0, "AMOUNT_NOT_POSITIVE"),
        ("a1", -1, "AMOUNT_NOT_POSITIVE"),
        ("x", 5, "RIDER_UNKNOWN"),
    ],
)
def test_a_top_up_that_cannot_be_is_refused(
    database: Database, rider: str, amount: int, code: str
) -> None:
    city = open_city(database)
    assert code_of(city.top_up(rider, amount, "r", moment("09:00"))) == code
    assert balance_of(database, "a1") == 10_000


@pytest.mark.req("R-010", "R-203")
def test_a_real_name_medium_can_be_reported_lost_and_an_anonymous_one_cannot(
    database: Database,
) -> None:
    city = open_city(database)
    assert deny_list(city) == (1, {})
    assert city.report_lost(CARD) is None
    assert code_of(city.report_lost(PURSE)) == "LOSS_REPORT_ANONYMOUS"
    assert code_of(city.report_lost("nobody's")) == "MEDIUM_UNKNOWN"
    assert deny_list(city) == (2, {CARD: "MEDIUM_LOST"})  # the code of the account still works


def test_an_account_below_its_limit_is_denied_with_all_its_media_until_topped_up(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    for hour in range(7, 20):
        send(city, tap(f"{hour:02d}:00", CARD, "entry", "chaotianmen"))
    city.close_day(DAY, business_day_end(DAY))
    assert balance_of(database, "a1") == 10_000
    assert held_of(database, "a1") == 13 * 900  # half trips: held and not taken
    assert deny_list(city)[1] == {}  # 1,700 below zero: inside the agreed 2,000
    send(city, tap("22:00", CARD, "entry", "chaotianmen"), at=business_day_end(DAY) + 60)
    assert deny_list(city)[1] == {CARD: "ACCOUNT_OVERDRAWN", CODE: "ACCOUNT_OVERDRAWN"}
    assert city.top_up("a1", 5_000, "cash", moment("30:00")) is None
    assert deny_list(city)[1] == {}


def test_balances_and_float_stay_proven(database: Database) -> None:
    city = open_city(database)
    city.top_up("a1", 5_000, "alipay-1", moment("09:00"))
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert all(proof.holds for proof in prove_city(cursor, CHONGQING))
        cursor.execute("UPDATE rider SET balance_fen = balance_fen + 1 WHERE rider_id = 'a1'")
        broken = [proof.name for proof in prove_city(cursor, CHONGQING) if not proof.holds]
        connection.rollback()
    assert broken == ["balances_are_folds"]
