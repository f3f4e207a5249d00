"""Forks across files: what the hub took before is frozen too, and a person or the clock ends it."""

import base64
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hub_world import (
    DAY,
    HUB_KEY,
    RULES,
    TRUSTED,
    World,
    opened,
    revised,
    ride,
    verdicts,
    void,
)
from msgspec.structs import replace
from test_life import positions
from test_purses import CARD, Doubting, signed

from tongxing.hub import Hub, WindowClosing, prove_hub
from tongxing.hub.cases.ladder import Case
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.purses import Fork, Link, forks_with
from tongxing.hub.signing import record_proof
from tongxing.hub.store import cases as case_table
from tongxing.hub.store.life import held_lines
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record

ISS, ACQ = "ISS-990100", "ACQ-990100"
MORNING_S = at(DAY + timedelta(days=1), 6)
NEXT_S = at(DAY + timedelta(days=1), 18)
FIRST, CLONE = signed("t1", 40, 5_000), signed("t2", 40, 5_000, serial=99)


def events(world: World, record: str = "t1.1") -> list[tuple[str, str]]:
    """The steps written down of a record, and who took them."""
    with world.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT event, decided_by FROM record_event WHERE record_id = %s ORDER BY number",
            (record,),
        ).fetchall()
    return [(str(event), str(by)) for event, by in rows]


def stands(world: World, record: str = "t1.1") -> tuple[str, str, str]:
    """How a record stands: status, codes, window."""
    with world.store.reading() as cursor:
        row = cursor.execute(
            "SELECT status, codes, coalesce(window_id, '') FROM record WHERE record_id = %s",
            (record,),
        ).fetchone()
    assert row is not None
    return str(row[0]), str(row[1]), str(row[2])


def close(world: World, window: str) -> WindowClosing:
    closing = world.hub.close_window(window, at(DAY + timedelta(days=90)))
    assert isinstance(closing, WindowClosing), closing
    return closing


def assert_proven(world: World) -> None:
    with world.store.reading() as cursor:
        assert [proof for proof in prove_hub(cursor) if not proof.holds] == []


def forked(world: World, first: Record = FIRST, then_s: int = MORNING_S) -> None:
    """A ride is accepted; then another file has the same counter for something else."""
    assert set(verdicts(world.present([first], MORNING_S)).values()) <= {
        "accepted 0000",
        "accepted 0015",
    }
    assert verdicts(world.present([CLONE], then_s)) == {"t2.1": "held 1020"}


def test_whom_a_purchase_contradicts() -> None:
    def link(record: str, counter: int, mark: str, stands: bool = True) -> Link:
        return Link(CARD, counter, 5_000, 160, mark, record, stands)

    chains = {CARD: [link("t1.1", 40, "a"), link("t2.1", 40, "b", False), link("t3.1", 41, "c")]}
    assert forks_with([link("t9.1", 40, "x")], chains) == [Fork("t1.1", 40, "t9.1")]
    assert forks_with([link("t1.2", 40, "a"), link("t9.1", 42, "x")], chains) == []


def test_in_the_window_of_now_the_first_one_waits_as_well(world: World) -> None:
    forked(world)
    assert stands(world) == ("held", "1020", "")
    assert events(world) == [("freeze", "hub")]
    with world.store.reading() as cursor:
        listed = [(line.record_id, line.detail) for line in held_lines(cursor)]
    assert listed == [
        ("t1.1", "counter 40 stands twice: t2.1"),
        ("t2.1", "counter 40 stands twice"),
    ]
    closing = close(world, "W20260318")
    (told,) = closing.late_verdicts
    assert told[0] == ACQ
    assert verdicts(opened(told[1])) == {"t1.1": "held 1020"}
    assert opened(told[1]).verdicts[0].bearer == "case"
    assert positions(world, "W20260318") == {}
    assert close(world, "W20260318") == closing
    assert_proven(world)


def test_the_order_of_the_two_files_does_not_matter(world: World) -> None:
    world.present([CLONE], MORNING_S)
    world.present([FIRST], MORNING_S)
    assert stands(world, "t1.1")[:2] == stands(world, "t2.1")[:2] == ("held", "1020")


def test_a_person_lets_one_of_them_into_the_window_of_that_moment(
    world: World, desk: HoldingDesk
) -> None:
    forked(world)
    found = desk.decide("t1.1", True, "ann", "the chip was read", MORNING_S + 60)
    assert isinstance(found, bytes)
    assert verdicts(opened(found)) == {"t1.1": "accepted 1020"}
    found = desk.decide("t2.1", False, "ann", "the chip was read", MORNING_S + 60)
    assert isinstance(found, bytes)
    assert verdicts(opened(found)) == {"t2.1": "rejected 1020"}
    assert events(world) == [("freeze", "hub"), ("proof", "ann")]
    told = [verdicts(opened(content)) for _, content in close(world, "W20260318").late_verdicts]
    assert told == [{"t1.1": "held 1020"}, {"t1.1": "accepted 1020"}, {"t2.1": "rejected 1020"}]
    assert positions(world, "W20260318") == {ISS: 450, ACQ: -450}
    assert_proven(world)


def test_whom_a_person_let_go_on_nobody_freezes_again(world: World, desk: HoldingDesk) -> None:
    forked(world)
    desk.decide("t1.1", True, "ann", "the chip was read", MORNING_S + 60)
    world.present([signed("t3", 40, 4_000, serial=7)], MORNING_S + 120)
    assert stands(world)[0] == "accepted"
    assert stands(world, "t3.1")[:2] == ("held", "1020")


def test_ten_days_after_the_freeze_whoever_brought_no_evidence_has_lost(
    world: World, desk: HoldingDesk
) -> None:
    """The first one came on the day before, in the same window: it has the days of the fork."""
    world.present([FIRST], NEXT_S)
    world.present([CLONE], at(DAY + timedelta(days=2), 6))
    ends_s = at(DAY + timedelta(days=12), 12)
    assert desk.expire(ends_s - 1) == {}
    (answer,) = desk.expire(ends_s).values()
    assert verdicts(opened(answer)) == {"t1.1": "rejected 1020", "t2.1": "rejected 1020"}
    assert events(world) == [("freeze", "hub"), ("deadline", "hub")]
    assert {link.record_id for link in world.hub.purses_unpaid()} == {"t1.1", "t2.1"}


def test_a_trip_is_frozen_with_all_its_revisions(world: World) -> None:
    world.present([FIRST], MORNING_S)
    world.present([revised(FIRST, 400)], MORNING_S)
    world.present([CLONE], MORNING_S)
    assert stands(world, "t1.1") == stands(world, "t1.2") == ("held", "1020", "")
    world.present([revised(revised(FIRST, 400), 350)], MORNING_S)
    assert stands(world, "t1.3")[:2] == ("held", "1020")


def test_a_purchase_is_of_the_trip_that_has_its_money(world: World) -> None:
    """The ride was withdrawn and told again as another trip: that one is frozen."""
    world.present([FIRST], MORNING_S)
    told_again = replace(signed("t3", 40, 5_000), taps=FIRST.taps)
    world.present([void(FIRST), told_again], MORNING_S)
    world.present([CLONE], MORNING_S)
    assert stands(world, "t3.1")[:2] == ("held", "1020")
    assert {stands(world, name)[0] for name in ("t1.1", "t1.2")} == {"accepted"}


def test_what_is_held_already_is_marked(world: World) -> None:
    """Whoever decides about the terminal sees that the purse forked, and decides about both."""
    world.present([replace(FIRST, line="M7")], at(DAY + timedelta(days=4), 6))
    assert stands(world)[:2] == ("held", "1012 0015")
    for _ in range(2):
        world.present([CLONE], at(DAY + timedelta(days=4), 6))
    assert stands(world)[:2] == ("held", "1012 1020 0015")
    assert events(world) == []
    with world.store.reading() as cursor:
        details = {line.record_id: line.detail for line in held_lines(cursor)}
    assert details["t1.1"].endswith("; counter 40 stands twice: t2.1")


def test_a_trip_without_money_has_nothing_to_freeze(world: World) -> None:
    world.present([FIRST, void(FIRST)], MORNING_S)
    world.present([CLONE], MORNING_S)
    assert stands(world) == ("accepted", "0000", "W20260318")
    assert events(world) == []


def test_a_carried_record_is_frozen_too(world: World, desk: HoldingDesk) -> None:
    world.hub.suspend(ISS, MORNING_S)
    world.present([FIRST], MORNING_S)
    world.present([CLONE], MORNING_S)
    assert stands(world) == ("held", "1020 1019", "")
    assert desk.decide("t1.1", True, "ann", "the chip was read", MORNING_S + 60)
    assert stands(world) == ("carried", "1019 1020", "")
    world.hub.reinstate(ISS, MORNING_S + 120)
    assert stands(world)[:2] == ("accepted", "1020")
    assert [event for event, _ in events(world)] == ["freeze", "carry", "reinstate"]
    assert_proven(world)


def test_a_forged_row_freezes_others_once_it_is_proven(world: World, desk: HoldingDesk) -> None:
    hub = Hub(world.store, HUB_KEY, TRUSTED, RULES, world.ground, Doubting())
    doubted = World(hub, world.store, world.ground, world.senders)
    forged = signed("f1", 40, 9_000, serial=9)
    assert verdicts(doubted.present([forged], MORNING_S)) == {"f1.1": "held 1001"}
    doubted.present([FIRST], MORNING_S)
    assert stands(world)[0] == "accepted"
    desk.decide("f1.1", True, "ann", "its key was wrong", MORNING_S + 60)
    assert stands(world)[:2] == ("held", "1020")
    assert_proven(world)


class Later:
    """A fork whose first ride an earlier window has netted."""

    def __init__(self, world: World, is_closed: bool) -> None:
        world.present([FIRST], MORNING_S)
        self.before = close(world, "W20260318") if is_closed else None
        world.present([CLONE], NEXT_S)
        if self.before is None:
            self.before = close(world, "W20260318")
        with world.store.reading() as cursor:
            case_id = case_table.fork_about(cursor, "t1.1")
            assert case_id is not None
            found = case_table.find_case(cursor, case_id)
            assert found is not None
        self.case = found


@pytest.fixture(params=[True, False], ids=["closed", "not closed yet"])
def later(world: World, request: pytest.FixtureRequest) -> Later:
    return Later(world, bool(request.param))


def test_what_is_netted_stays_and_its_money_goes_into_escrow(world: World, later: Later) -> None:
    case = later.case
    assert (case.stage, case.amount_fen, case.escrow_fen) == ("forked", 450, 450)
    assert stands(world) == ("accepted", "0000", "W20260318")
    assert events(world) == [("freeze", "hub")]
    assert positions(world, "W20260318") == {ISS: 450, ACQ: -450}
    assert positions(world, "W20260319") == {ACQ: 450}
    assert close(world, "W20260318").documents == later.before.documents
    assert_proven(world)


@pytest.mark.parametrize(
    ("proves", "ends", "nets"),
    [
        (True, "proof", {ACQ: -450}),
        (False, "disproof", {ISS: -450}),
    ],
)
def test_a_person_decides_to_whom_escrow_goes(
    world: World, desk: HoldingDesk, later: Later, proves: bool, ends: str, nets: Mapping[str, int]
) -> None:
    close(world, "W20260319")
    found = desk.decide("t1.1", proves, "ann", "chip", at(date(2026, 3, 20), 9))
    assert isinstance(found, Case) and not found.is_open
    assert found.stage == "fork_decided"
    assert events(world) == [("freeze", "hub"), (ends, "ann")]
    assert positions(world, "W20260320") == nets
    again = desk.decide("t1.1", proves, "ann", "chip", at(date(2026, 3, 20), 10))
    assert isinstance(again, Refusal) and again.code == "RECORD_STATE"
    assert close(world, "W20260318").documents == later.before.documents
    assert_proven(world)


def test_escrow_goes_to_the_issuer_when_ten_days_pass(world: World, later: Later) -> None:
    for number in range(19, 29):
        close(world, f"W202603{number}")
    assert case_of(world, later).is_open
    assert positions(world, "W20260329") == {ISS: -450}
    assert case_of(world, later).stage == "fork_unproven"
    assert events(world) == [("freeze", "hub"), ("deadline", "hub")]
    assert_proven(world)


def case_of(world: World, later: Later) -> Case:
    with world.store.reading() as cursor:
        found = case_table.find_case(cursor, later.case.case_id)
    assert found is not None
    return found


def test_a_rejected_row_is_seen_and_not_paid(world: World) -> None:
    """Eleven days late: 1005. Its card signed all the same, so the counter is no gap."""
    late_s = at(DAY + timedelta(days=11), 6)
    world.present([signed("t1", 40, 5_000), signed("t3", 42, 4_100)], MORNING_S)
    assert [gap[1:] for gap in world.hub.purse_gaps()] == [(41, 41)]
    answer = world.present([signed("t2", 41, 4_550)], late_s)
    assert verdicts(answer) == {"t2.1": "rejected 1005"}
    assert world.hub.purse_gaps() == []
    assert [link.counter for link in world.hub.purses_unpaid()] == [41]


def test_a_rejected_row_that_comes_again_and_stands_is_paid(world: World) -> None:
    """Its line was not in the register of the ride's city at first: 1006, then in order."""
    stranger = replace(signed("t2", 41, 4_550), issuer="ISS-990900")
    assert verdicts(world.present([stranger], MORNING_S)) == {"t2.1": "rejected 1006"}
    assert [link.record_id for link in world.hub.purses_unpaid()] == ["t2.1"]
    assert verdicts(world.present([signed("t2", 41, 4_550)], MORNING_S)) == {
        "t2.1": "accepted 0000"
    }
    assert world.hub.purses_unpaid() == []


def test_a_rejected_row_freezes_what_it_contradicts(world: World) -> None:
    world.present([FIRST], MORNING_S)
    late_s = at(DAY + timedelta(days=11), 6)
    assert verdicts(world.present([CLONE], late_s)) == {"t2.1": "rejected 1005"}
    assert events(world) == [("freeze", "hub")]


def test_a_late_row_that_is_rejected_is_marked_late(world: World) -> None:
    """Four days late and of a mode that nobody knows: 1004 decides, 0015 stays beside it."""
    odd = replace(ride("t1"), mode="balloon")
    world.present([odd], at(DAY + timedelta(days=4), 6))
    with world.store.reading() as cursor:
        row = cursor.execute("SELECT code, codes FROM refused_row").fetchone()
    assert row == ("1004", "1004 0015")


def test_the_proof_of_a_frozen_record_says_that_it_waits(world: World) -> None:
    forked(world)
    close(world, "W20260318")
    with world.store.reading() as cursor:
        proof = record_proof(cursor, "t1.1")
    assert isinstance(proof, bytes)
    leaf = base64.b64decode(proof.split(b"\n")[1].removeprefix(b"extra "))
    assert b'"status":"held"' in leaf
