"""The life of a record: what waits comes to an end, once, and every step is written down."""

from datetime import timedelta

import psycopg
import pytest
from hub_world import DAY, HUB_KEY, RULES, World, opened, revised, ride, verdicts
from msgspec.structs import replace

from tongxing.hub import WindowClosing, prove_hub
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.life import LIFE, RecordEvent, RecordState, state_of, step
from tongxing.hub.store.life import held_lines
from tongxing.hub.terms import terms_on
from tongxing.hub.verdicts import bearer_once_proven
from tongxing.hub.windows import WindowState
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record

MORNING_S = at(DAY + timedelta(days=1), 6)
LATER_S = at(DAY + timedelta(days=3), 9)
ENDS_S = at(DAY + timedelta(days=11), 12)
HELD = replace(ride("t1"), line="M7")


@pytest.fixture
def desk(world: World) -> HoldingDesk:
    assert verdicts(world.present([HELD], MORNING_S)) == {"t1.1": "held 1012"}
    return HoldingDesk(world.store, HUB_KEY, RULES)


def decided(desk: HoldingDesk, proves: bool, record: str = "t1.1", now_s: int = LATER_S) -> object:
    found = desk.decide(record, proves, "clerk-7", "the register was late", now_s)
    assert found is not None
    return found.code if isinstance(found, Refusal) else verdicts(opened(found))


def positions(world: World, window: str) -> dict[str, int]:
    closing = world.hub.close_window(window, at(DAY + timedelta(days=40)))
    assert isinstance(closing, WindowClosing), closing
    with world.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT member, net_fen FROM member_position WHERE window_id = %s", (window,)
        )
        return {str(member): int(fen) for member, fen in rows if fen}


def test_what_is_proven_enters_the_window_of_that_moment(world: World, desk: HoldingDesk) -> None:
    assert decided(desk, True) == {"t1.1": "accepted 1012"}
    assert positions(world, "W20260318") == {}
    assert positions(world, "W20260320") == {"ISS-990100": 450, "ACQ-990100": -450}
    with world.store.reading() as cursor:
        assert [proof for proof in prove_hub(cursor) if not proof.holds] == []


def test_what_is_proven_of_a_suspended_member_is_carried_until_it_is_back(
    world: World, desk: HoldingDesk
) -> None:
    world.hub.suspend("ISS-990100", MORNING_S)
    assert decided(desk, True) == {"t1.1": "held 1019"}
    assert positions(world, "W20260318") == positions(world, "W20260320") == {}
    back_s = at(DAY + timedelta(days=50), 9)
    (answer,) = world.hub.reinstate("ISS-990100", back_s).values()
    assert verdicts(opened(answer)) == {"t1.1": "accepted 1012"}
    assert opened(answer).verdicts[0].bearer == "cardholder"
    closing = world.hub.close_window("W20260506", at(DAY + timedelta(days=60)))
    assert isinstance(closing, WindowClosing)
    with world.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT event, decided_by, reason FROM record_event ORDER BY number"
        ).fetchall()
    assert rows == [
        ("carry", "clerk-7", "the register was late"),
        ("reinstate", "hub", "ISS-990100 is back"),
    ]
    with world.store.reading() as cursor:
        assert [proof for proof in prove_hub(cursor) if not proof.holds] == []


@pytest.mark.parametrize(
    ("codes", "bearer"),
    [(["1012"], "cardholder"), (["1007", "0009", "0015"], "issuer"), (["0000"], "cardholder")],
)
def test_what_is_proven_is_borne_as_its_soft_codes_say(codes: list[str], bearer: str) -> None:
    assert bearer_once_proven(codes) == bearer


def test_what_is_disproven_is_void_and_frees_its_taps(world: World, desk: HoldingDesk) -> None:
    assert decided(desk, False) == {"t1.1": "rejected 1012"}
    assert positions(world, "W20260318") == positions(world, "W20260320") == {}
    assert verdicts(world.present([HELD], LATER_S)) == {"t1.1": "rejected 1002"}
    assert verdicts(world.present([revised(HELD, 400)], LATER_S)) == {"t1.2": "rejected 1006"}
    other = replace(ride("t2"), taps=HELD.taps)
    assert verdicts(world.present([other], LATER_S)) == {"t2.1": "accepted 0015"}


def test_nothing_is_decided_twice(desk: HoldingDesk) -> None:
    assert decided(desk, True) == {"t1.1": "accepted 1012"}
    assert decided(desk, True) == decided(desk, False) == "RECORD_STATE"
    assert decided(desk, True, "t9.1") == "RECORD_UNKNOWN"


def test_a_record_is_called_netted_once_its_window_is_closed(
    world: World, desk: HoldingDesk
) -> None:
    assert decided(desk, True) == {"t1.1": "accepted 1012"}
    for window in ("W20260318", "W20260320"):
        positions(world, window)
    who = ("clerk-7", "once more", LATER_S)
    for answer in (desk.decide("t1.1", True, *who), desk.agree("t1.1", 1, *who)):
        assert isinstance(answer, Refusal) and answer.code == "RECORD_STATE"
        assert (answer.values["state_en"], answer.values["state_zh"]) == ("netted", "已轧差")


def test_evidence_is_taken_until_noon_of_the_tenth_day(desk: HoldingDesk) -> None:
    assert decided(desk, True, now_s=ENDS_S) == "EVIDENCE_TOO_LATE"
    assert decided(desk, True, now_s=ENDS_S - 1) == {"t1.1": "accepted 1012"}


def test_who_lets_the_days_pass_has_lost(world: World, desk: HoldingDesk) -> None:
    assert desk.expire(ENDS_S - 1) == {}
    (answer,) = desk.expire(ENDS_S).values()
    with world.store.reading() as cursor:
        assert [proof for proof in prove_hub(cursor) if not proof.holds] == []
    assert verdicts(opened(answer)) == {"t1.1": "rejected 1012"}
    assert desk.expire(ENDS_S) == {}
    with world.store.reading() as cursor:
        written = cursor.execute("SELECT event, decided_by, at_s FROM record_event").fetchall()
    assert written == [("deadline", "hub", ENDS_S)]


def test_later_revisions_wait_for_the_first_and_end_with_it(
    world: World, desk: HoldingDesk
) -> None:
    second: Record = replace(revised(HELD, 400), line="M1")
    assert verdicts(world.present([second], LATER_S)) == {"t1.2": "held 1012"}
    assert decided(desk, True, "t1.2") == "RECORD_WAITS"
    assert decided(desk, False) == {"t1.1": "rejected 1012", "t1.2": "rejected 1012"}


def test_later_revisions_may_follow_one_after_the_other(world: World, desk: HoldingDesk) -> None:
    second: Record = replace(revised(HELD, 400), line="M1")
    world.present([second], LATER_S)
    assert decided(desk, True) == {"t1.1": "accepted 1012"}
    assert decided(desk, True, "t1.2") == {"t1.2": "accepted 1012"}
    assert positions(world, "W20260318") == {}
    assert positions(world, "W20260320") == {"ISS-990100": 400, "ACQ-990100": -400}


def test_a_step_is_written_down_for_good(world: World, desk: HoldingDesk) -> None:
    decided(desk, True)
    with world.store.reading() as cursor:
        rows = cursor.execute("SELECT * FROM record_event").fetchall()
    assert rows == [
        ("t1.1", 1, "proof", LATER_S, "clerk-7", "the register was late", RULES.version, None)
    ]
    with pytest.raises(psycopg.Error), world.store.changing() as cursor:
        cursor.execute("UPDATE record_event SET reason = 'another'")
    with pytest.raises(psycopg.Error), world.store.changing() as cursor:
        cursor.execute("DELETE FROM record_event")


def test_above_the_bound_two_persons_say_the_same(world: World, desk: HoldingDesk) -> None:
    """What would end together counts: here 4.50 yuan, and 20.00 that would be void with it."""
    bound = terms_on(DAY).held.two_persons_above_fen
    world.present([replace(revised(HELD, 450 + bound), line="M1")], LATER_S)

    def said(by: str, proves: bool, record: str) -> object:
        found = desk.decide(record, proves, by, "letter 17", LATER_S)
        return found.code if isinstance(found, Refusal) else found and verdicts(opened(found))

    assert said("ann", False, "t1.1") is None
    assert said("Ann", False, "t1.1") == "HELD_TWO_PERSONS"
    with world.store.reading() as cursor:
        known = [(line.record_id, line.proposed, line.proposed_by) for line in held_lines(cursor)]
    assert known == [("t1.1", "disproof_proposed", "ann"), ("t1.2", "", "")]
    assert said("no name", False, "t1.1") == "HUB_PERSON"
    assert said("bob", False, "t1.1") == {"t1.1": "rejected 1012", "t1.2": "rejected 1007"}
    with world.store.reading() as cursor:
        assert [proof for proof in prove_hub(cursor) if not proof.holds] == []


def test_every_step_is_in_the_table_and_none_leads_back() -> None:
    for state in RecordState:
        for event in RecordEvent:
            found = step("t1.1", state, event)
            assert (
                (found == LIFE[state, event])
                if (state, event) in LIFE
                else (isinstance(found, Refusal) and found.code == "RECORD_STATE")
            )
    order = list(RecordState)
    for (state, event), arrow in LIFE.items():
        if event not in (RecordEvent.PRESENT_AGAIN, RecordEvent.FREEZE, RecordEvent.OBJECT):
            assert (
                order.index(arrow.after) > order.index(state) or arrow.after is RecordState.REJECTED
            )


def test_every_end_is_settled_void_charged_back_or_rejected() -> None:
    """What is settled stays so, but for a fork that is found later."""
    steps = [state for state, event in LIFE if event is not RecordEvent.FREEZE]
    ends = set(RecordState) - set(steps)
    assert ends == {RecordState.SETTLED, RecordState.VOID, RecordState.CHARGED_BACK}
    again = {arrow.after for (state, _), arrow in LIFE.items() if state is RecordState.REJECTED}
    assert again == {RecordState.JUDGED}


def test_a_record_is_where_its_window_is() -> None:
    assert state_of("accepted", WindowState.OPEN) is RecordState.ACCEPTED
    assert state_of("accepted", WindowState.CLOSED) is RecordState.NETTED
    assert state_of("accepted", WindowState.SETTLING) is RecordState.NETTED
    assert state_of("accepted", WindowState.SETTLED) is RecordState.SETTLED
    assert state_of("held", None) is RecordState.HELD
    assert state_of("accepted", WindowState.SETTLED, is_frozen=True) is RecordState.FROZEN
