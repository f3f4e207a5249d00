"""A row whose name stands with other content comes to an end; nobody takes one for the other."""

from datetime import timedelta

import pytest
from hub_world import DAY, A, B, World, opened, revised, ride
from hub_world import verdicts as by_name
from msgspec.structs import replace

from tongxing.hub import WindowClosing, prove_hub
from tongxing.hub.cases.ladder import Case
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.signing import record_proof
from tongxing.hub.store.twins import find_twin, held_twin_lines, twins_waiting
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record, VerdictFile, content_of

MORNING_S = at(DAY + timedelta(days=1), 6)
NEXT_S = at(DAY + timedelta(days=1), 8)
ENDS_S = at(DAY + timedelta(days=11), 12)
FIRST = ride("t1")
SECOND = replace(FIRST, charge_fen=405, delta_fen=405)
TWIN = f"t1.1~{content_of(SECOND)[:12]}"


def told(answer: VerdictFile) -> list[tuple[str, str, str]]:
    """What is said of which row: first, second, or "" where it does not say."""
    names = {content_of(FIRST): "first", content_of(SECOND): "second", "": ""}
    return [(names[item.content], item.status, item.code) for item in answer.verdicts]


def show_both(world: World, first: Record = FIRST, second: Record = SECOND) -> None:
    world.present([first], MORNING_S)
    assert by_name(world.present([second], NEXT_S)) == {second.record_id: "held 1020"}


def said(desk: HoldingDesk, proves: bool, by: str = "ann", name: str = TWIN) -> object:
    found = desk.decide(name, proves, by, "both journals were read", NEXT_S + 60)
    assert not isinstance(found, Case)
    return found.code if isinstance(found, Refusal) else found and told(opened(found))


def nets(world: World, *windows: str) -> list[int]:
    """What City A's issuer owes in each of some windows, which are closed and proven."""
    found = []
    for window in windows:
        closing = world.hub.close_window(window, at(DAY + timedelta(days=40)))
        assert isinstance(closing, WindowClosing), closing
    with world.store.reading() as cursor:
        assert [proof for proof in prove_hub(cursor) if not proof.holds] == []
        for window in windows:
            row = cursor.execute(
                "SELECT coalesce(sum(net_fen), 0)::bigint FROM member_position"
                " WHERE window_id = %s AND member = 'ISS-990100'",
                (window,),
            ).fetchone()
            assert row is not None
            found.append(row[0])
    return found


def test_it_is_listed_and_its_verdict_says_which_row_it_means(
    world: World, desk: HoldingDesk
) -> None:
    world.present([FIRST], MORNING_S)
    assert told(world.present([SECOND], NEXT_S)) == [("second", "held", "1020")]
    with world.store.reading() as cursor:
        (line,) = held_twin_lines(cursor)
    assert (line.record_id, line.delta_fen, line.codes) == (TWIN, 405, "1020")
    copy = world.present([SECOND, FIRST], NEXT_S + 1)
    assert [item.code for item in copy.verdicts] == ["1002", "1002"]


def test_when_the_record_is_the_true_one_the_row_is_rejected(
    world: World, desk: HoldingDesk
) -> None:
    show_both(world)
    assert said(desk, False) == [("second", "rejected", "1020")]
    assert said(desk, False) == said(desk, True) == "RECORD_STATE"
    assert [item.code for item in world.present([SECOND], NEXT_S + 99).verdicts] == ["1002"]
    assert nets(world, "W20260318") == [450]


def test_when_the_row_is_the_true_one_it_takes_the_name(world: World, desk: HoldingDesk) -> None:
    show_both(world)
    assert said(desk, True) == [("first", "rejected", "1020"), ("second", "accepted", "1020")]
    again = world.present([FIRST, SECOND], NEXT_S + 99)
    assert [item.code for item in again.verdicts] == ["1002", "1002"]
    later = revised(SECOND, 400)
    assert by_name(world.present([later], NEXT_S + 100)) == {"t1.2": "accepted 0000"}
    assert nets(world, "W20260318") == [400]
    with world.store.reading() as cursor:
        assert isinstance(record_proof(cursor, "t1.1"), bytes)
        steps = cursor.execute("SELECT event, decided_by FROM record_event").fetchall()
        own = cursor.execute("SELECT event, decided_by FROM twin_event").fetchall()
    assert steps == [("freeze", "hub"), ("disproof", "ann"), ("took_name", "ann"), ("proof", "ann")]
    assert own == [("proof", "ann")]


def test_a_record_that_is_netted_keeps_its_name(world: World, desk: HoldingDesk) -> None:
    show_both(world)
    assert nets(world, "W20260318") == [450]
    with world.store.reading() as cursor:
        waits = twins_waiting(cursor, at(DAY, 36))
        (listed,) = cursor.execute(
            "SELECT count(*) FROM document WHERE kind = 'held.csv' AND party = 'ACQ-990100'"
            " AND position(convert_to(%s, 'UTF8') IN content) > 0",
            (TWIN,),
        )
    assert waits == [(TWIN, "ISS-990100", "ACQ-990100", 405, "1020", NEXT_S)] and listed == (1,)
    assert said(desk, True) == "RECORD_NAME_BOUND"
    (answer,) = desk.expire(ENDS_S).values()
    assert told(opened(answer)) == [("second", "rejected", "1020")]
    assert desk.expire(ENDS_S) == {}
    days = [DAY + timedelta(days=n) for n in range(2, 13)]
    assert not any(nets(world, *(f"W{day:%Y%m%d}" for day in days)))


def test_a_window_closed_before_proves_the_same_after_the_name_has_changed_hands(
    world: World, desk: HoldingDesk
) -> None:
    """The record waits too (1012), is told so in its window, and loses the name in the next."""
    held = replace(FIRST, line="M7")
    show_both(world, held)
    assert isinstance(desk.decide("t1.1", False, "bob", "no such line", NEXT_S), bytes)
    assert nets(world, "W20260318") == [0]
    found = desk.decide(TWIN, True, "bob", "this is the ride", at(DAY, 24 + 14))
    assert isinstance(found, bytes)
    assert told(opened(found)) == [("second", "accepted", "1020")]
    assert nets(world, "W20260318", "W20260319") == [0, 405]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (replace(SECOND, is_test=True), "1013"),
        (replace(SECOND, mode="balloon"), "RECORD_NAME_BOUND"),
        (
            replace(
                SECOND,
                exited_s=SECOND.exited_s - 20 * 86_400,
                entered_s=SECOND.entered_s - 20 * 86_400,
            ),
            "RECORD_NAME_BOUND",
        ),
    ],
    ids=["a trial is told first", "no mode", "too late"],
)
def test_what_no_name_would_help_takes_none(
    world: World, desk: HoldingDesk, second: Record, code: str
) -> None:
    world.present([FIRST], MORNING_S)
    (verdict,) = world.present([second], NEXT_S).verdicts
    if verdict.status == "held":
        name = f"t1.1~{content_of(second)[:12]}"
        found = desk.decide(name, True, "ann", "why", NEXT_S)
        assert isinstance(found, Refusal) and found.code == code
        assert found.message("zh") and found.next_step("en")
    else:
        assert verdict.code == code


def test_taps_of_another_trip_and_later_revisions_bind_the_name(
    world: World, desk: HoldingDesk
) -> None:
    show_both(world, FIRST, replace(SECOND, taps=ride("t2").taps))
    name = f"t1.1~{content_of(replace(SECOND, taps=ride('t2').taps))[:12]}"
    world.present([ride("t2")], NEXT_S)
    assert said(desk, True, name=name) == "RECORD_NAME_BOUND"
    world.present([revised(FIRST, 400), SECOND], NEXT_S)
    assert said(desk, True) == "RECORD_NAME_BOUND"
    assert said(desk, False) == [("second", "rejected", "1020")]


def test_above_the_bound_two_persons_say_which_is_true(world: World, desk: HoldingDesk) -> None:
    """15.00 and 6.00 yuan hang on it: each below the bound, both together above it."""
    first = ride("t1", charge_fen=1_500)
    second = replace(first, charge_fen=600, delta_fen=600)
    show_both(world, replace(first, line="M7"), replace(second, line="M1"))
    name = f"t1.1~{content_of(second)[:12]}"
    assert desk.decide(name, True, "ann", "why", NEXT_S) is None
    again = desk.decide(name, True, "Ann", "why", NEXT_S)
    assert isinstance(again, Refusal) and again.code == "HELD_TWO_PERSONS"
    with world.store.reading() as cursor:
        assert [line.proposed_by for line in held_twin_lines(cursor)] == ["ann"]
    assert isinstance(desk.decide(name, True, "bob", "why", NEXT_S), bytes)
    with world.store.reading() as cursor:
        twin = find_twin(cursor, name)
    assert twin is not None and twin.state == "accepted"


def test_a_name_is_its_acquirers(world: World) -> None:
    """City B uses a name of City A's, and would revise a ride of City A's."""
    world.present([FIRST], MORNING_S)
    strange = replace(ride("t1", issuer=A, where="bus", charge_fen=160))
    assert by_name(world.present([strange], NEXT_S)) == {"t1.1": "rejected 1006"}
    later = replace(revised(FIRST, 400), acquirer=f"ACQ-{B}", city=B, place=B)
    assert by_name(world.present([later], NEXT_S)) == {"t1.2": "rejected 1006"}


def test_two_rows_of_one_file_have_two_answers(world: World, desk: HoldingDesk) -> None:
    answer = world.present([FIRST, SECOND, SECOND], MORNING_S)
    assert [item.code for item in answer.verdicts] == ["0000", "1020", "1002"]
    assert said(desk, True) == [("first", "rejected", "1020"), ("second", "accepted", "1020")]
    assert nets(world, "W20260318") == [405]
