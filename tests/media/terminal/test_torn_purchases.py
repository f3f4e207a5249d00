"""A card torn from the field at every command and every byte: no free ride, nothing taken twice."""

import pytest
from torn_street import (
    BALANCE_FEN,
    FARE_FEN,
    VAULT,
    Gate,
    Tear,
    TearingLink,
    all_tears,
    boundary_tears,
    lengths_of,
    new_card,
    plan_of,
)

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import SoftwareCard, Switches
from tongxing.media.card.terminal import COMPOSITE, SINGLE, Debit, Purchase
from tongxing.media.crypto.suites import suite_of
from tongxing.media.tac.fields import tac_input

PLANS = [
    pytest.param(plan_of(kind, algorithm, fen), id=f"{name} {suite} {fen} fen")
    for kind, name in ((SINGLE, "single"), (COMPOSITE, "composite"))
    for algorithm, suite in ((0, "3DES"), (4, "SM4"))
    for fen in (FARE_FEN, 0)
]
TORN_TWICE = PLANS[::3]
"""One plan of each kind, algorithm and amount; twice torn, all of them would take long."""
_COMMANDS_MOST = 10


def is_genuine(debit: Debit) -> bool:
    """Whether the transaction code is the one the card's issuer would compute."""
    fields = debit.fields
    factors = (fields.issuer_id, fields.card_factor)
    key = VAULT.card_key("DTK", fields.algorithm, fields.key_version, factors)
    suite = suite_of(fields.algorithm)
    assert suite is not None and not isinstance(key, Refusal)
    return suite.tac(key, tac_input(fields)) == debit.tac


def taps_of(card: SoftwareCard) -> int:
    return card.image.applications[0].purchases


def assert_one_ride(card: SoftwareCard, gate: Gate, plan: Purchase) -> None:
    assert len(gate.opened) == 1
    assert card.image.purses[0] == BALANCE_FEN - plan.amount_fen
    assert taps_of(card) == 1
    assert is_genuine(gate.opened[0])
    assert gate.opened[0].proven
    assert gate.waiting.waiting() == ()


def assert_nothing_lost(card: SoftwareCard, gate: Gate) -> None:
    """Before the card comes back: the gate is shut, and money that has gone is remembered."""
    assert gate.opened == []
    assert taps_of(card) <= len(gate.waiting.waiting())


def torn_tap(card: SoftwareCard, gate: Gate, tear: Tear) -> bool:
    """A presentation cut off at one moment; whether that moment came before the gate opened.

    What the terminal makes of half an answer may be any refusal: four bytes of a TAC can look like
    the status word 6E00.
    """
    link = TearingLink(card, tear)
    found = gate.tap(link)
    card.reset()
    assert isinstance(found, Refusal) == link.gone
    return link.gone


@pytest.mark.parametrize("plan", PLANS)
def test_a_card_torn_anywhere_pays_once_when_it_comes_back(plan: Purchase) -> None:
    tears = list(all_tears(lengths_of(plan)))
    assert len(tears) > 100
    for tear in tears:
        card, gate = new_card(), Gate(plan)
        assert torn_tap(card, gate, tear)
        assert_nothing_lost(card, gate)
        assert isinstance(gate.tap(card), Debit)
        assert_one_ride(card, gate, plan)


@pytest.mark.parametrize("plan", TORN_TWICE)
def test_a_card_torn_again_while_it_is_cleared_up_still_pays_once(plan: Purchase) -> None:
    torn_twice = 0
    for first in all_tears(lengths_of(plan)):
        if first.kept is not None and first.kept % 8:
            continue
        for second in boundary_tears(_COMMANDS_MOST):
            card, gate = new_card(), Gate(plan)
            torn_tap(card, gate, first)
            if torn_tap(card, gate, second):
                torn_twice += 1
                assert_nothing_lost(card, gate)
                assert isinstance(gate.tap(card), Debit)
            assert_one_ride(card, gate, plan)
    assert torn_twice > 150


def test_a_third_tap_after_a_torn_one_is_a_new_ride() -> None:
    plan = plan_of(COMPOSITE, 4)
    for tear in all_tears(lengths_of(plan)):
        card, gate = new_card(), Gate(plan)
        torn_tap(card, gate, tear)
        gate.tap(card)
        card.reset()
        assert isinstance(gate.tap(card), Debit)
        assert len({debit.tac for debit in gate.opened}) == 2
        assert card.image.purses[0] == BALANCE_FEN - 2 * plan.amount_fen


def test_an_entry_for_nothing_is_found_again_on_a_card_that_neither_counts_nor_logs_it() -> None:
    plan = plan_of(COMPOSITE, 0, 0)
    quiet = Switches(counts_zero=False, logs_zero=False)
    seen = 0
    for tear in all_tears(lengths_of(plan)):
        card, gate = new_card(switches=quiet), Gate(plan)
        torn_tap(card, gate, tear)
        was_written = card.image.applications[0].files[7].records[0] == plan.records[0].data
        found = gate.tap(card)
        assert isinstance(found, Debit)
        assert found.unconfirmed == was_written
        seen += was_written
    assert seen > 5
