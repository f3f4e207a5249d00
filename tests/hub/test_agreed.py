"""A record on hold ends with what its issuer and its acquirer agree on, balanced to the fen."""

from collections.abc import Iterator

import pytest
from hub_world import DAY, B, World, make_world, opened, ride, verdicts
from msgspec.structs import replace

from tongxing.hub import WindowClosing, prove_hub
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.store.life import held_lines
from tongxing.hub.terms import terms_on
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

MORNING_S, LATER_S = at(DAY, 30), at(DAY, 81)
HELD = replace(ride("t1", issuer=B), line="M7")
WHY = "letters of both sides, 2026-17"


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    found = make_world(database)
    assert verdicts(found.present([HELD], MORNING_S)) == {"t1.1": "held 1012"}
    yield found
    found.hub.close()


def said(desk: HoldingDesk, fen: int, by: str = "ann", record: str = "t1.1") -> object:
    found = desk.agree(record, fen, by, WHY, LATER_S)
    return found.code if isinstance(found, Refusal) else found and verdicts(opened(found))


def closed(world: World, window: str = "W20260320") -> WindowClosing:
    closing = world.hub.close_window(window, at(DAY, 24 * 40))
    assert isinstance(closing, WindowClosing), closing
    return closing


def test_the_rest_goes_back_in_the_window_that_takes_the_record(
    world: World, desk: HoldingDesk
) -> None:
    """450 fen were charged, 301 are agreed on: 149 go back, of OP1 and OP2 as they shared."""
    assert said(desk, 301) == {"t1.1": "accepted 1012"}
    assert said(desk, 301) == "RECORD_STATE"
    for window in ("W20260318", "W20260319", "W20260320"):
        closed(world, window)
    with world.store.reading() as cursor:
        net = cursor.execute(
            "SELECT issuer, acquirer, delta_fen FROM pair_net WHERE window_id = 'W20260320'"
        ).fetchall()
        shares = cursor.execute("SELECT operator, share_fen FROM operator_net").fetchall()
        money = cursor.execute("SELECT kind, amount_fen, window_id FROM case_money").fetchall()
        steps = cursor.execute(
            "SELECT event, decided_by, reason, agreed_fen FROM record_event"
        ).fetchall()
        assert [proof for proof in prove_hub(cursor) if not proof.holds] == []
    assert net == [("ISS-990200", "ACQ-990100", 301)]
    assert sum(fen for _, fen in shares) == 301
    assert money == [("adjustment", 149, "W20260320")]
    assert steps == [("agreement", "ann", WHY, 301)]


def test_nothing_and_all_of_it_have_words_of_their_own(world: World, desk: HoldingDesk) -> None:
    assert said(desk, 0) == said(desk, 450) == said(desk, 451) == "HELD_AMOUNT"
    assert said(desk, 300, record="t9.1") == "RECORD_UNKNOWN"
    assert said(desk, 300, by="no name") == "HUB_PERSON"
    world.hub.suspend("ISS-990200", LATER_S)
    assert said(desk, 300) == "RECORD_SUSPENDED"
    late = desk.agree("t1.1", 300, "ann", WHY, at(DAY, 24 * 12))
    assert isinstance(late, Refusal) and late.code == "EVIDENCE_TOO_LATE"


def test_above_the_bound_two_persons_name_one_amount(world: World, desk: HoldingDesk) -> None:
    fen = 2_000 + terms_on(DAY).held.two_persons_above_fen
    world.present([replace(ride("t2", issuer=B, charge_fen=fen), line="M7")], LATER_S)
    assert said(desk, 3_000, "ann", "t2.1") is None
    assert said(desk, 3_000, "ann", "t2.1") == "HELD_TWO_PERSONS"
    assert said(desk, 2_999, "bob", "t2.1") is None, "another amount is another proposal"
    with world.store.reading() as cursor:
        lines = [(line.record_id, line.proposed_by, line.agreed_fen) for line in held_lines(cursor)]
    assert lines == [("t1.1", "", None), ("t2.1", "bob", 2_999)]
    assert said(desk, 2_999, "ann", "t2.1") == {"t2.1": "accepted 1007"}
