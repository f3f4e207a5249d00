"""The states of a deal: every pair of state and event, walked on a real card."""

from collections.abc import Callable, Mapping

import pytest
from chip_desk import PUT_JOURNEY, PUT_RAIL, SELECT, TERMINAL, Desk, desk

from tongxing.media.card.chip.states import NEXT, Event, State

FEN = 315

REACH: Mapping[State, Callable[[Desk], str]] = {
    State.IDLE: lambda found: "",
    State.LOADING: lambda found: found.begin_load(FEN),
    State.SINGLE: lambda found: found.begin(FEN, kind=6),
    State.COMPOSITE: lambda found: found.begin(FEN),
    State.RECORDED: lambda found: found.begin(FEN) + found.ok(PUT_RAIL),
}
BEGUN = "000017B6000000000001000000000199" + "00" * 4 + "9000"


def happen(event: Event, found: Desk, begun: str) -> str:
    """Do what the event stands for, with codes that are right wherever that is possible."""
    kind = 6 if found.card.state is State.SINGLE else 9
    if event is Event.LOAD_BEGUN:
        return found.begin_load(FEN)[-4:]
    if event is Event.SINGLE_BEGUN:
        return found.begin(FEN, kind=6)[-4:]
    if event is Event.COMPOSITE_BEGUN:
        return found.begin(FEN)[-4:]
    if event is Event.RECORD_TAKEN:
        return found.status(PUT_JOURNEY)
    if event is Event.CREDITED:
        return found.status(found.credit_command(begun or BEGUN, FEN))
    if event is Event.DEBITED:
        return found.status(found.debit_command(begun or BEGUN, FEN, kind=kind))
    return found.status("805C030204")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_event_in_every_state_leads_where_the_table_says(state: State, event: Event) -> None:
    found = desk()
    begun = REACH[state](found)
    assert found.card.state is state
    before = found.card.image
    status = happen(event, found, begun)
    if (state, event) in NEXT:
        assert (status, found.card.state) == ("9000", NEXT[state, event])
    else:
        assert (status, found.card.state) == ("6985", State.IDLE)
    changes = (state, event) in NEXT and event in (Event.CREDITED, Event.DEBITED)
    assert (found.card.image != before) is changes


def test_the_table_is_the_one_of_the_reference() -> None:
    begins = {
        Event.LOAD_BEGUN: State.LOADING,
        Event.SINGLE_BEGUN: State.SINGLE,
        Event.COMPOSITE_BEGUN: State.COMPOSITE,
        Event.OTHER: State.IDLE,
    }
    for state in State:
        for event, after in begins.items():
            assert NEXT[state, event] is after
    steps = {pair: after for pair, after in NEXT.items() if pair[1] not in begins}
    assert steps == {
        (State.COMPOSITE, Event.RECORD_TAKEN): State.RECORDED,
        (State.RECORDED, Event.RECORD_TAKEN): State.RECORDED,
        (State.RECORDED, Event.DEBITED): State.IDLE,
        (State.SINGLE, Event.DEBITED): State.IDLE,
        (State.LOADING, Event.CREDITED): State.IDLE,
    }


OTHERS = {
    "balance": "805C030204",
    "select": SELECT,
    "select another": "00A4040005A000000003",
    "read binary": "00B095001E",
    "read record": "00B201D480",
    "challenge": "0084000004",
    "prove": "805A000902000108",
    "pin": "0020000003123456",
    "authenticate": "00820001080000000000000000",
    "block without a code": "841E000000",
    "write": "00D695000101",
    "unknown instruction": "80AA000000",
    "unknown class": "90DC00F030",
    "overdraft": f"805002020B0100000001{TERMINAL}",
    "no command at all": "8054",
    "a length that lies": "805401000F00",
}
FAILURES = {
    "a load of nothing": f"805000020B0100000000{TERMINAL}10",
    "a purchase without the money": f"805001020B0100FFFFFF{TERMINAL}0F",
    "an unknown key": f"805003020B0900000001{TERMINAL}0F",
    "a record that is not there": "80DC99D080" + "00" * 128,
    "a record of a wrong length": "80DC00F02F" + "00" * 47,
    "a wrong debit": "805401000F0000000120260108175510000000FF08",
    "a wrong credit": "805200000B20260108175510000000FF04",
}


@pytest.mark.parametrize("state", [state for state in State if state is not State.IDLE])
@pytest.mark.parametrize("command", [*OTHERS.values(), *FAILURES.values()], ids=str)
def test_whatever_else_comes_ends_the_deal_with_nothing_changed(state: State, command: str) -> None:
    found = desk()
    begun = REACH[state](found)
    purses, files = found.card.image.purses, found.card.image.applications[0].files
    found.do(command)
    assert found.card.state is State.IDLE
    last = (
        found.credit_command(begun, FEN)
        if state is State.LOADING
        else found.debit_command(begun, FEN, kind=6 if state is State.SINGLE else 9)
    )
    assert found.status(last) == "6985"
    image = found.card.image
    assert (image.purses, image.applications[0].files) == (purses, files)


def test_a_second_purchase_does_not_carry_the_records_of_the_first() -> None:
    found = desk()
    found.begin(FEN)
    found.ok(PUT_RAIL)
    begun = found.begin(FEN)
    found.ok(PUT_JOURNEY)
    found.ok(found.debit_command(begun, FEN))
    assert found.ok("00B201D480") != PUT_RAIL[10:]
    assert found.ok("00B201F430") == PUT_JOURNEY[10:]


def test_power_off_forgets_the_deal_and_its_records() -> None:
    found = desk()
    begun = found.begin(FEN)
    found.ok(PUT_RAIL)
    found.again()
    assert found.status(found.debit_command(begun, FEN)) == "6985"
    assert found.fen == 6070
