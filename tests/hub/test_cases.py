"""Disputes at the live hub: signed files, money in its windows, timers that fire alone."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import LiteralString

import msgspec
import psycopg
import pytest
from hub_world import (
    DAY,
    HUB_KEY,
    HUB_KEYS,
    KEYS_OF,
    RULES,
    TRUSTED,
    A,
    B,
    World,
    make_world,
    revised,
    ride,
)
from msgspec.structs import replace

from tongxing.hub import Confirmation, WindowClosing, prove_hub, views
from tongxing.hub.cases.desk import CaseDesk
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.iso20022 import status_report
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    CaseAct,
    CaseAnswer,
    CaseAnswerFile,
    CaseDetail,
    CaseFile,
    Evidence,
    Statement,
    seal,
    unseal,
)
from tongxing.storage import Database

MORNING_S = at(DAY + timedelta(days=1), 6)
ISS, ACQ = f"ISS-{A}", f"ACQ-{B}"
PAPER = Evidence("tap.json", "a" * 64)


def hour(day: date, hours: int = 9) -> int:
    return at(day, hours)


MARCH = {number: date(2026, 3, number) for number in range(18, 32)}
APRIL = {number: date(2026, 4, number) for number in range(1, 31)}


class Court:
    """A hub with rides of A's passengers on B's bus, netted on 18 March, and its case desk."""

    def __init__(self, world: World) -> None:
        self.world, self.files = world, 0
        self.desk = CaseDesk(world.store, HUB_KEY, TRUSTED, RULES)
        rides = [ride(f"t{n}", A, "bus", 180, hour=6 + n) for n in range(1, 9)]
        world.present(rides, MORNING_S)
        self.close(MARCH[18])

    def say(self, member: str, act: str, day: date, **said: object) -> CaseAnswer:
        """One act in a file of its own; a new case says ``record_id``."""
        self.files += 1
        plain = {"act_id": f"a{self.files}", "act": act, **msgspec.to_builtins(said)}
        told = msgspec.convert(plain, CaseAct)
        (answer,) = self.send(member, [told], hour(day)).answers
        return answer

    def send(self, member: str, acts: list[CaseAct], now_s: int) -> CaseAnswerFile:
        file = CaseFile(file_id=f"f{self.files}", sender=member, created_s=1, acts=acts)
        found = self.desk.receive(seal(file, KEYS_OF[member]), now_s)
        assert isinstance(found, bytes), found
        opened = unseal(found, CaseAnswerFile, HUB_KEYS)
        assert not isinstance(opened, Refusal)
        return opened[1]

    def charge_back(self, trip: str, fen: int = 180, day: date = MARCH[19]) -> str:
        answer = self.say(
            ISS, "charge_back", day, record_id=f"{trip}.1", amount_fen=fen, reason="R1"
        )
        assert (answer.code, answer.stage, answer.turn) == ("OK", "charged_back", ACQ)
        return answer.case_id

    def close(self, day: date) -> WindowClosing:
        closing = self.world.hub.close_window(f"W{day:%Y%m%d}", at(day, 12, 30))
        assert isinstance(closing, WindowClosing), closing
        return closing

    def lines(self, day: date, member: str) -> dict[str, int]:
        """The statement of a window by kind; closes it if it is open."""
        opened = unseal(self.close(day).statements[member], Statement, HUB_KEYS)
        assert not isinstance(opened, Refusal)
        return {f"{line.kind}": line.amount_fen for line in opened[1].lines}

    def told(self, day: date, member: str) -> CaseDetail:
        opened = unseal(self.close(day).case_details[member], CaseDetail, HUB_KEYS)
        assert not isinstance(opened, Refusal)
        return opened[1]

    def settle(self, day: date) -> None:
        window, now_s = f"W{day:%Y%m%d}", at(day, 15)
        while payments := self.world.hub.payments_to_send(window):
            for payment in payments:
                report = status_report(payment.instruction, "ACSC", now_s, "B")
                assert isinstance(self.world.hub.confirm_payment(report, now_s), Confirmation)

    def broken(self) -> list[str]:
        with self.world.store.reading() as cursor:
            return [proof.name for proof in prove_hub(cursor) if not proof.holds]


@pytest.fixture
def court(database: Database) -> Iterator[Court]:
    world = make_world(database)
    yield Court(world)
    world.hub.close()


@pytest.mark.req("R-200")
def test_money_of_a_case_is_in_the_windows_in_which_it_fell(court: Court) -> None:
    case = court.charge_back("t1")  # at 09:00, so in the window of that noon
    assert court.lines(MARCH[19], ACQ) == {"chargeback": -180}
    assert court.lines(MARCH[19], ISS) == {}
    assert court.told(MARCH[19], ISS).news[0].turn == ACQ
    court.settle(MARCH[19])
    assert court.broken() == []
    for day in range(20, 32):
        assert court.lines(MARCH[day], ACQ) == {}
    for day in (1, 2, 3):
        court.close(APRIL[day])
    # fifteen days are over at noon of 3 April: that is the next window's
    assert court.lines(APRIL[4], ACQ) == {"error_fee": -10}
    assert court.lines(APRIL[4], ISS) == {"dispute_won": 180}
    zh, en = (court.close(APRIL[4]).texts(language)[ISS] for language in ("zh", "en"))
    assert "争议了结转出托管" in zh and "裁定" not in zh, "nobody ruled: its acquirer was silent"
    assert "out of escrow, dispute ended" in en
    told = court.told(APRIL[4], ACQ)
    assert [(item.act, item.by, item.at_s, item.stage) for item in told.news] == [
        ("silence", ACQ, at(APRIL[3], 12), "not_represented")
    ]
    assert [(money.kind, money.shares) for money in told.money if money.shares] == [
        ("dispute_won", told.money[0].shares)
    ]
    assert [(share.operator, share.share_fen) for share in told.money[0].shares] == [("OP3", 180)]
    court.settle(APRIL[4])
    assert court.broken() == []
    assert case.startswith("C20260319-")


def test_an_adjustment_is_of_the_pair_and_takes_its_clearing_fee_back(court: Court) -> None:
    answer = court.say(ACQ, "credit_adjust", MARCH[19], record_id="t1.1", amount_fen=180)
    assert (answer.code, answer.stage, answer.turn) == ("OK", "adjusted", "")
    # 1 % of −180 is −1.8, rounded −2: issuer −1, acquirer −1, and what the hub got goes back
    lines = court.lines(MARCH[19], ACQ)
    assert lines == {"adjustment": -180, "fee": 1, "error_fee": -10}
    assert court.lines(MARCH[19], ISS) == {"adjustment": 180, "fee": -1}
    with court.world.store.reading() as cursor:
        (cell,) = views.matrix(cursor, "W20260319", RULES.fee)
        (operator,) = views.operator_revenue(cursor, "W20260319", RULES.fee)
    assert (cell.records, cell.delta_fen, cell.trips_fen, cell.adjustments) == (0, -180, 0, 1)
    assert (operator.operator, operator.share_fen, operator.fee_fen) == ("OP3", -180, -2)
    court.settle(MARCH[19])
    assert court.broken() == []


def test_a_file_is_answered_act_by_act_and_the_same_file_the_same(court: Court) -> None:
    acts = [
        CaseAct(act_id="1", act="query", record_id="t1.1"),
        CaseAct(act_id="2", act="query", record_id="t1.1"),
        CaseAct(act_id="3", act="query", record_id="t99.1"),
        CaseAct(act_id="4", act="charge_back", record_id="t2.1", amount_fen=181, reason="R1"),
        CaseAct(act_id="5", act="answer", case_id="C20260319-0001"),
        CaseAct(act_id="6", act="answer", case_id="C20260319-0009"),
    ]
    answers = court.send(ISS, acts, hour(MARCH[19]))
    assert [answer.code for answer in answers.answers] == [
        "OK", "CASE_OPEN", "RECORD_UNKNOWN", "CASE_AMOUNT", "CASE_STEP", "CASE_UNKNOWN",
    ]  # fmt: skip
    assert court.send(ISS, acts, hour(MARCH[20])) == answers
    other = CaseFile(file_id="f0", sender=ISS, created_s=2, acts=acts)
    for key, code in ((ISS, "FILE_ID_CONFLICT"), (ACQ, "PARTICIPANT_MISMATCH")):
        found = court.desk.receive(seal(other, KEYS_OF[key]), hour(MARCH[20]))
        assert isinstance(found, Refusal) and found.code == code
    stranger = seal(other, KEYS_OF[ISS])[:-1] + b"x"
    found = court.desk.receive(stranger, hour(MARCH[20]))
    assert isinstance(found, Refusal) and found.code == "SIGNATURE_INVALID"
    assert court.say(f"ACQ-{A}", "answer", MARCH[20], case_id="C20260319-0001").code == (
        "CASE_NOT_PARTY"
    )


def test_only_what_was_netted_can_be_disputed_and_once(court: Court) -> None:
    court.world.present([ride("u1", A, "bus", 180, day=DAY + timedelta(days=1))], hour(MARCH[19]))
    opening = {"record_id": "u1.1", "amount_fen": 180, "reason": "R1"}
    assert court.say(ISS, "charge_back", MARCH[19], **opening).code == "CASE_NOT_NETTED"
    court.close(MARCH[19])
    case = court.say(ISS, "charge_back", MARCH[20], **opening).case_id
    assert court.say(ISS, "drop", MARCH[20], case_id=case).stage == "dropped"
    assert court.say(ISS, "charge_back", MARCH[20], **opening).code == "CASE_ONCE"
    assert court.say(ISS, "query", MARCH[20], record_id="u1.1").code == "OK"


def test_a_second_case_sees_what_the_first_gave_back(court: Court) -> None:
    court.say(ACQ, "credit_adjust", MARCH[19], record_id="t1.1", amount_fen=100)
    opening = {"record_id": "t1.1", "reason": "R1"}
    assert court.say(ISS, "charge_back", MARCH[19], amount_fen=81, **opening).code == "CASE_AMOUNT"
    assert court.say(ISS, "charge_back", MARCH[19], amount_fen=80, **opening).code == "OK"


def test_what_a_revision_gave_back_meanwhile_is_not_won_again(court: Court) -> None:
    case = court.charge_back("t1")
    court.world.present([revised(ride("t1", A, "bus", 180, hour=7), 60)], hour(MARCH[19], 10))
    assert court.say(ACQ, "accept", MARCH[20], case_id=case).stage == "accepted"
    assert court.lines(MARCH[19], ISS)["trips"] == 120
    assert court.lines(MARCH[20], ISS) == {"dispute_won": 60}
    assert court.lines(MARCH[20], ACQ) == {"dispute_won": 120, "error_fee": -10}
    assert court.broken() == []


def test_the_arbiter_freezes_lets_go_on_and_rules(court: Court) -> None:
    case = court.charge_back("t1")
    now_s = hour(MARCH[20])
    for by, code in (("", "HUB_PERSON"), ("a b", "HUB_PERSON"), ("ann", "CASE_REASON")):
        found = court.desk.decide(case, "freeze", by, "", now_s)
        assert isinstance(found, Refusal) and found.code == code
    found = court.desk.decide(case, "accept", "ann", "why", now_s)
    assert isinstance(found, Refusal) and found.code == "CASE_STEP"
    assert not isinstance(court.desk.decide(case, "freeze", "ann", "police asks", now_s), Refusal)
    assert court.say(ACQ, "accept", MARCH[20], case_id=case).code == "CASE_FROZEN"
    court.desk.decide(case, "unfreeze", "ann", "", hour(MARCH[22]))
    said = {"case_id": case, "evidence": [PAPER]}
    answer = court.say(ACQ, "represent", MARCH[23], **said)
    assert (answer.stage, answer.deadline_s) == ("represented", at(APRIL[2], 12))
    assert court.say(ISS, "arbitrate", MARCH[24], case_id=case).turn == "hub"
    ruled = court.desk.decide(case, "rule", "ann", "half proven", hour(MARCH[25]), to_issuer_fen=60)
    assert not isinstance(ruled, Refusal) and ruled.stage == "ruled"
    for day in range(19, 26):
        court.close(MARCH[day])
    assert court.lines(MARCH[25], ISS) == {"dispute_won": 60, "arbitration_fee": -333}
    assert court.lines(MARCH[25], ACQ) == {"dispute_won": 120, "arbitration_fee": -167}
    assert court.broken() == []
    with court.world.store.reading() as cursor:
        steps = cursor.execute("SELECT act, done_by FROM case_event ORDER BY number").fetchall()
    assert steps == [
        ("charge_back", ISS), ("freeze", "ann"), ("unfreeze", "ann"), ("represent", ACQ),
        ("arbitrate", ISS), ("rule", "ann"),
    ]  # fmt: skip


def test_a_case_of_a_suspended_member_goes_on_and_its_money_waits(court: Court) -> None:
    case = court.charge_back("t1")
    court.world.hub.suspend(ACQ, hour(MARCH[19], 10))
    assert court.lines(MARCH[19], ACQ) == {} and court.broken() == []
    assert court.say(ACQ, "accept", MARCH[20], case_id=case).stage == "accepted"
    assert court.lines(MARCH[20], ISS) == {}
    court.world.hub.reinstate(ACQ, hour(MARCH[21]))
    assert court.lines(MARCH[21], ACQ) == {"chargeback": -180, "error_fee": -10}
    assert court.lines(MARCH[21], ISS) == {"dispute_won": 180}
    court.settle(MARCH[21])
    assert court.broken() == []


def test_a_small_claim_is_paid_now_and_the_pool_paid_back_next_month(court: Court) -> None:
    opening = {"record_id": "t1.1", "amount_fen": 180, "reason": "R1", "evidence": [PAPER]}
    assert court.say(ISS, "claim_small", MARCH[19], **opening).stage == "granted"
    assert court.lines(MARCH[19], ISS) == {"small_claim": 180}
    court.settle(MARCH[19])
    assert court.broken() == []
    court.close(MARCH[31])
    assert court.lines(APRIL[1], ACQ) == {"pool_share": -90}
    assert court.lines(APRIL[1], ISS) == {"pool_share": -90}
    court.settle(APRIL[1])
    assert court.broken() == []


def test_a_short_payment_is_paid_or_by_silence_not(court: Court) -> None:
    short = [
        replace(ride(f"s{n}", A, "bus", 170, day=DAY + timedelta(days=1), hour=n), fare_fen=190)
        for n in (6, 7)
    ]
    court.world.present(short, hour(MARCH[19]))
    holding = HoldingDesk(court.world.store, HUB_KEY, RULES)
    for record in short:
        found = holding.decide(record.record_id, True, "ann", "broken till", hour(MARCH[19], 10))
        assert isinstance(found, bytes)
    court.close(MARCH[19])
    said = {"amount_fen": 20, "evidence": [PAPER]}
    first, second = (
        court.say(ACQ, "present_more", MARCH[20], record_id=f"s{n}.1", **said) for n in (6, 7)
    )
    assert (first.stage, first.turn) == ("presented", ISS)
    assert court.say(ISS, "accept_more", MARCH[20], case_id=first.case_id).stage == "paid"
    assert court.lines(MARCH[20], ISS) == {"adjustment": -20}
    assert court.lines(MARCH[20], ACQ) == {"adjustment": 20, "error_fee": -10}
    for day in range(21, 31):
        court.close(MARCH[day])
    assert court.lines(MARCH[31], ACQ) == {}
    told = court.told(MARCH[31], ACQ).news
    assert [(item.case_id, item.act, item.stage) for item in told] == [
        (second.case_id, "silence", "not_paid")
    ]
    assert court.broken() == []


def test_a_window_closed_again_says_the_same_and_steps_stay(court: Court) -> None:
    court.charge_back("t1")
    first = court.close(MARCH[19])
    assert court.close(MARCH[19]) == first
    changes: tuple[LiteralString, ...] = (
        "UPDATE case_event SET note = 'x'",
        "DELETE FROM case_event",
    )
    for change in changes:
        with pytest.raises(psycopg.Error), court.world.store.changing() as cursor:
            cursor.execute(change)


def test_the_proof_finds_escrow_that_nobody_answers_for(court: Court) -> None:
    court.charge_back("t1")
    court.close(MARCH[19])
    assert court.broken() == []
    with court.world.store.changing() as cursor:
        cursor.execute("UPDATE dispute_case SET escrow_fen = 179")
    assert court.broken() == ["cases_end"]
