"""The issuer's word on single records: in time and late, before netting and after, and silence."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hub_world import (
    DAY,
    HUB_KEY,
    RULES,
    TRUSTED,
    A,
    B,
    World,
    make_world,
    opened,
    revised,
    ride,
    verdicts,
)
from test_cases import ACQ, ISS, MARCH, PAPER, Court
from test_forks import events, stands
from test_purses import Doubting

from tongxing.hub import Hub
from tongxing.hub.cases.desk import CaseDesk
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.store.life import held_lines
from tongxing.kernel.clock import at
from tongxing.messages import CaseAct, CaseAnswer, VerdictFile
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def court(database: Database) -> Iterator[Court]:
    """Eight rides of the 17th, netted on the 18th at noon."""
    world = make_world(database)
    yield Court(world)
    world.hub.close()


def word(court: Court, record: str, code: str = "1001", day: date = MARCH[18]) -> CaseAnswer:
    return court.say(ISS, "object", day, record_id=record, reason=code)


def late_verdicts(court: Court, day: date) -> list[dict[str, str]]:
    return [verdicts(opened(content)) for _, content in court.close(day).late_verdicts]


def later(court: Court, trip: str, day: date = MARCH[18], hours: int = 13) -> VerdictFile:
    """A ride of the 18th, presented then: in the window that closes on the 19th."""
    return court.world.present([ride(trip, A, "bus", 180, day=NEXT)], at(day, hours))


@pytest.mark.req("R-200")
def test_a_word_before_netting_holds_a_record_and_ten_days_of_silence_void_it(
    court: Court,
) -> None:
    later(court, "u1")
    later(court, "u2")
    answer = court.say(ISS, "object", MARCH[19], record_id="u1.1", reason="1001", note="key 3")
    assert (answer.code, answer.case_id, answer.stage, answer.turn, answer.deadline_s) == (
        "OK", "", "held", ACQ, at(MARCH[29], 12),
    )  # fmt: skip
    assert stands(court.world, "u1.1") == ("held", "1001", "")
    assert late_verdicts(court, MARCH[19]) == [{"u1.1": "held 1001"}]
    assert court.lines(MARCH[19], ISS)["trips"] == -180, "only u2 is netted"
    with court.world.store.reading() as cursor:
        (line,) = held_lines(cursor)
    assert (line.record_id, line.detail) == ("u1.1", "its issuer says 1001: key 3")
    assert line.received_s == at(MARCH[19], 9)
    for day in range(20, 31):
        court.close(MARCH[day])
    assert stands(court.world, "u1.1")[0] == "void"
    assert events(court.world, "u1.1") == [("object", ISS), ("deadline", "hub")]
    assert court.broken() == []


def test_evidence_for_an_objected_record_lets_it_in_with_its_mark(court: Court) -> None:
    later(court, "u1")
    assert word(court, "u1.1", day=MARCH[19]).stage == "held"
    court.close(MARCH[19])
    desk = HoldingDesk(court.world.store, HUB_KEY, RULES)
    assert isinstance(desk.decide("u1.1", True, "ann", "paper", at(MARCH[20], 9)), bytes)
    assert stands(court.world, "u1.1") == ("accepted", "1001", "W20260320")
    assert court.lines(MARCH[20], ISS)["trips"] == -180
    assert court.broken() == []


def test_a_word_after_netting_moves_the_money_into_escrow_and_never_the_window(
    court: Court,
) -> None:
    court.settle(MARCH[18])
    before = court.close(MARCH[18]).documents
    answer = court.say(ISS, "object", MARCH[19], record_id="t1.1", reason="1008")
    assert (answer.code, answer.stage, answer.turn) == ("OK", "objected", ACQ)
    assert answer.deadline_s == at(MARCH[29], 12)
    assert court.lines(MARCH[19], ACQ) == {"chargeback": -180}
    told = court.told(MARCH[19], ACQ).news[0]
    assert (told.act, told.by, told.reason, told.amount_fen) == ("object", ISS, "1008", 180)
    assert stands(court.world, "t1.1") == ("accepted", "0000", "W20260318")
    assert court.close(MARCH[18]).documents == before
    defended = court.say(ACQ, "represent", MARCH[20], case_id=answer.case_id, evidence=[PAPER])
    assert defended.code == "OK"
    for day in range(20, 32):
        court.close(MARCH[day])
    assert court.lines(MARCH[31], ACQ) == {"dispute_won": 180}, "its issuer did not go on"
    assert court.lines(MARCH[31], ISS) == {"error_fee": -10}
    assert court.broken() == []


def test_an_acquirer_that_says_nothing_loses_what_was_objected_to(court: Court) -> None:
    word(court, "t1.1", day=MARCH[18])
    for day in range(19, 30):
        court.close(MARCH[day])
    assert court.lines(MARCH[29], ISS) == {"dispute_won": 180}
    assert court.lines(MARCH[29], ACQ) == {"error_fee": -10}
    again = {"record_id": "t1.1", "amount_fen": 1, "reason": "R1"}
    assert court.say(ISS, "charge_back", MARCH[31], **again).code == "CASE_ONCE"
    assert court.broken() == []


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (at(DAY, 20), at(MARCH[19], 12)),  # T itself: T+2
        (at(MARCH[18], 23), at(MARCH[19], 12)),
        (at(MARCH[19], 13), at(MARCH[20], 12)),  # T+2: the noon after its file
        (at(MARCH[25], 6), at(MARCH[26], 12)),
    ],
    ids=["same day", "next day", "T+2", "late"],
)
def test_a_word_counts_until_noon_of_the_second_day_and_of_the_day_after_its_file(
    database: Database, received: int, last: int
) -> None:
    world = make_world(database)
    world.present([ride("v1", A, "bus", 180), ride("v2", A, "bus", 180, hour=9)], received)
    court = Judging(world)
    assert court.at("v1.1", last - 1).code == "OK"
    refused = court.at("v2.1", last)
    assert refused.code == "CASE_TOO_LATE"
    world.hub.close()


class Judging(Court):
    """A court over any world, with words at any second."""

    def __init__(self, world: World) -> None:
        self.world, self.files = world, 0
        self.desk = CaseDesk(world.store, HUB_KEY, TRUSTED, RULES)

    def at(self, record: str, now_s: int) -> CaseAnswer:
        self.files += 1
        act = CaseAct(act_id=record, act="object", record_id=record, reason="1001")
        return self.send(ISS, [act], now_s).answers[0]


def test_words_that_are_not_taken_change_nothing(court: Court) -> None:
    later(court, "u1")
    court.world.present([ride("w1", B, "bus", 180, day=NEXT)], at(MARCH[18], 14))
    assert word(court, "x1.1", day=MARCH[19]).code == "RECORD_UNKNOWN"
    assert word(court, "w1.1", day=MARCH[19]).code == "CASE_NOT_PARTY"
    said = court.say(ACQ, "object", MARCH[19], record_id="u1.1", reason="1001")
    assert said.code == "CASE_NOT_PARTY"
    for code in ("", "0000", "1002", "1007", "1012", "9999"):
        assert word(court, "u1.1", code, MARCH[19]).code == "CASE_WORD"
    assert stands(court.world, "u1.1") == ("accepted", "0000", "W20260319")
    assert word(court, "u1.1", day=MARCH[19]).code == "OK"
    assert word(court, "u1.1", "1008", day=MARCH[19]).code == "CASE_WORD_SAID"
    assert court.say(ISS, "confirm", MARCH[19], record_id="u1.1").code == "CASE_WORD_SAID"
    assert stands(court.world, "u1.1") == ("held", "1001", "")
    assert word(court, "t1.1", day=MARCH[19]).code == "OK"
    assert word(court, "t1.1", day=MARCH[19]).code == "CASE_WORD_SAID"


def test_a_yes_is_final_and_ends_a_wait_that_is_its_issuers_to_end(court: Court) -> None:
    later(court, "u1")
    assert court.say(ISS, "confirm", MARCH[19], record_id="u1.1").stage == "accepted"
    assert word(court, "u1.1", day=MARCH[19]).code == "CASE_WORD_SAID"
    assert stands(court.world, "u1.1") == ("accepted", "0000", "W20260319")
    world = court.world
    hub = Hub(world.store, HUB_KEY, TRUSTED, RULES, world.ground, Doubting())
    doubted = World(hub, world.store, world.ground, world.senders)
    answer = doubted.present([ride("f1", A, "bus", 180, day=NEXT, hour=9)], at(MARCH[18], 15))
    assert verdicts(answer) == {"f1.1": "held 1001"}
    court.close(MARCH[19])
    court.close(MARCH[20])
    # its word is evidence, so its ten days count, not T+2
    assert court.say(ISS, "confirm", MARCH[21], record_id="f1.1").stage == "accepted"
    assert stands(world, "f1.1") == ("accepted", "1001", "W20260321")
    assert events(world, "f1.1") == [("proof", ISS)]
    assert late_verdicts(court, MARCH[21]) == [{"f1.1": "accepted 1001"}]
    assert court.broken() == []


def test_a_trip_is_held_with_its_later_revisions_and_what_follows_waits(court: Court) -> None:
    first = ride("u1", A, "bus", 180, day=NEXT)
    second = revised(first, 120)
    court.world.present([first, second], at(MARCH[18], 13))
    assert word(court, "u1.1", "1014", MARCH[19]).stage == "held"
    assert late_verdicts(court, MARCH[19]) == [{"u1.1": "held 1014", "u1.2": "held 1014"}]
    third = court.world.present([revised(second, 60)], at(MARCH[19], 14))
    assert verdicts(third) == {"u1.3": "held 1014"}
    desk = HoldingDesk(court.world.store, HUB_KEY, RULES)
    for record in ("u1.1", "u1.2", "u1.3"):
        assert isinstance(desk.decide(record, True, "ann", "paper", at(MARCH[20], 9)), bytes)
    assert court.lines(MARCH[20], ISS)["trips"] == -60
    assert court.broken() == []


def test_a_record_that_waits_for_another_reason_keeps_its_days_and_shows_the_word(
    court: Court,
) -> None:
    court.world.ground.closed["t_union", B] = "PLACE_LEFT"
    assert verdicts(later(court, "u1")) == {"u1.1": "held 1017"}
    answer = word(court, "u1.1", "1003", MARCH[19])
    assert (answer.stage, answer.deadline_s) == ("held", at(MARCH[28], 12))
    assert stands(court.world, "u1.1") == ("held", "1017 1003", "")
    assert events(court.world, "u1.1") == [("word_noted", ISS)]


def test_a_carried_record_is_held_and_comes_back_with_its_member(court: Court) -> None:
    court.world.hub.suspend(ACQ, at(MARCH[18], 12, 40))
    assert verdicts(later(court, "u1")) == {"u1.1": "held 1019"}
    assert word(court, "u1.1", "1008", MARCH[19]).stage == "held"
    assert stands(court.world, "u1.1") == ("held", "1008 1019", "")
    assert court.world.hub.reinstate(ACQ, at(MARCH[19], 10)) == {}, "it waits for evidence now"
    desk = HoldingDesk(court.world.store, HUB_KEY, RULES)
    assert isinstance(desk.decide("u1.1", True, "ann", "paper", at(MARCH[20], 9)), bytes)
    assert stands(court.world, "u1.1") == ("accepted", "1008", "W20260320")
