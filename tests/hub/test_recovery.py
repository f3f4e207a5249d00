"""Rides that come after T+10: asked for, agreed to or not, presented again without a fee."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hub_world import DAY, RULES, A, make_world, revised, ride, verdicts
from test_cases import ACQ, APRIL, ISS, Court

from tongxing.hub import views
from tongxing.kernel.clock import at
from tongxing.messages import Record
from tongxing.storage import Database

LATE = ride("r1", A, "bus", 180)  # of 17 March
T11, T12 = DAY + timedelta(days=11), DAY + timedelta(days=12)


@pytest.fixture
def court(database: Database) -> Iterator[Court]:
    """A hub to which a ride of 17 March came on 28 March."""
    world = make_world(database)
    found = Court(world)
    assert present(found, LATE, T11) == "rejected 1005"
    yield found
    world.hub.close()


def present(court: Court, record: Record, day: date) -> str:
    """The verdict on a record that is presented on a day at 14:00."""
    return verdicts(court.world.present([record], at(day, 14)))[record.record_id]


def closed_until(court: Court, first: date, last: date) -> None:
    while first <= last:
        court.close(first)
        first += timedelta(days=1)


@pytest.mark.req("R-200")
def test_what_its_issuer_agrees_to_is_presented_again_and_paid_without_a_fee(court: Court) -> None:
    asked = court.say(ACQ, "recover", T12, record_id="r1.1", note="reader was in repair")
    assert (asked.code, asked.stage, asked.turn) == ("OK", "recovery_asked", ISS)
    assert asked.deadline_s == at(APRIL[8], 12)
    assert present(court, LATE, T12) == "rejected 1005", "nobody has agreed yet"
    closed_until(court, DAY + timedelta(days=2), T12)
    (told,) = court.told(T12, ISS).news
    assert (told.act, told.amount_fen, told.evidence[0].name) == ("recover", 180, "r1.1.json")
    assert told.note.startswith(f"{LATE.medium_no}; 2026-03-17 08:00")
    assert told.note.endswith("B1-1; reader was in repair")
    day = T12 + timedelta(days=1)
    answer = court.say(ISS, "consent", day, case_id=asked.case_id)
    assert (answer.code, answer.stage, answer.turn) == ("OK", "consented", "")
    assert present(court, LATE, day) == "accepted 0016"
    other = ride("n1", A, "bus", 200, day=day)
    assert present(court, other, day) == "accepted 0000"
    closed_until(court, day, day + timedelta(days=1))
    # 1 % of the 2.00 of the other ride alone: 2 fen, of which one each stays with the two sides
    window = day + timedelta(days=1)
    assert court.lines(window, ISS) == {"trips": -380, "fee": 1}
    with court.world.store.reading() as cursor:
        (cell,) = views.matrix(cursor, f"W{window:%Y%m%d}", RULES.fee)
        (operator,) = views.operator_revenue(cursor, f"W{window:%Y%m%d}", RULES.fee)
    assert (cell.delta_fen, cell.fee_fen) == (380, 2)
    assert (operator.share_fen, operator.fee_fen) == (380, 2)
    assert present(court, LATE, window) == "rejected 1002"
    assert court.broken() == []


def test_what_goes_back_of_a_recovered_ride_brings_no_fee_back(court: Court) -> None:
    case = court.say(ACQ, "recover", T12, record_id="r1.1").case_id
    court.say(ISS, "consent", T12, case_id=case)
    assert present(court, LATE, T12) == "accepted 0016"
    closed_until(court, DAY + timedelta(days=2), T12 + timedelta(days=1))
    day = T12 + timedelta(days=2)
    assert present(court, revised(LATE, 100), day - timedelta(days=1)) == "accepted 0015"
    court.say(ACQ, "credit_adjust", day, record_id="r1.1", amount_fen=100)
    assert court.lines(day, ISS) == {"trips": 80, "adjustment": 100}
    assert court.lines(day, ACQ) == {"trips": -80, "adjustment": -100, "error_fee": -10}
    assert court.broken() == []


@pytest.mark.parametrize("says", ["decline", "silence"])
def test_no_or_silence_ends_it_for_good(court: Court, says: str) -> None:
    case = court.say(ACQ, "recover", T12, record_id="r1.1").case_id
    if says == "decline":
        assert court.say(ISS, "decline", T12, case_id=case).code == "CASE_REASON"
        answer = court.say(ISS, "decline", T12, case_id=case, reason="1003")
        assert (answer.code, answer.stage) == ("OK", "not_consented")
    assert court.say(ISS, "consent", APRIL[9], case_id=case).code == "CASE_ENDED"
    assert present(court, LATE, APRIL[9]) == "rejected 1005"
    assert court.say(ACQ, "recover", APRIL[10], record_id="r1.1").code == "CASE_ONCE"


def test_only_what_was_asked_for_is_taken_and_only_until_t_60(court: Court) -> None:
    case = court.say(ACQ, "recover", T12, record_id="r1.1").case_id
    court.say(ISS, "consent", T12, case_id=case)
    dearer = ride("r1", A, "bus", 200)
    assert present(court, dearer, T12) == "rejected 1005"
    assert present(court, LATE, DAY + timedelta(days=61)) == "rejected 1005"


def test_the_last_day_of_a_recovery(court: Court) -> None:
    case = court.say(ACQ, "recover", DAY + timedelta(days=50), record_id="r1.1")
    assert case.code == "OK"
    court.say(ISS, "consent", DAY + timedelta(days=60), case_id=case.case_id)
    assert present(court, LATE, DAY + timedelta(days=60)) == "accepted 0016"


def test_what_cannot_be_recovered(court: Court) -> None:
    asked = {"record_id": "r1.1"}
    assert court.say(ISS, "recover", T12, **asked).code == "RECORD_UNKNOWN"
    assert court.say("ACQ-990100", "recover", T12, **asked).code == "RECORD_UNKNOWN"
    assert court.say(ACQ, "recover", T12, record_id="r2.1").code == "RECORD_UNKNOWN"
    assert court.say(ACQ, "recover", T12, record_id="t1.1").code == "CASE_CODES"
    assert court.say(ACQ, "recover", DAY + timedelta(days=51), **asked).code == "CASE_TOO_LATE"
    case = court.say(ACQ, "recover", T12, **asked).case_id
    assert court.say(ACQ, "consent", T12, case_id=case).code == "CASE_STEP"
    assert court.say(ACQ, "recover", T12, **asked).code == "CASE_OPEN"
