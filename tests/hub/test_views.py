"""What the pages read: windows, matrix, positions, operators, verdicts, and a record's life."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hub_world import DAY, RULES, A, B, World, make_world, revised, ride
from msgspec.structs import replace

from tongxing.hub import Confirmation, views
from tongxing.hub.iso20022 import status_report
from tongxing.hub.store import Cursor
from tongxing.hub.windows import WindowState
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Share
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)
WINDOW = "W20260318"
HALF = ride("h1", issuer=B, how="missing_exit", charge_fen=900)
WHOLE = revised(
    HALF, 450, how="both_taps", fare_fen=500, destination="S9", exited_s=HALF.entered_s + 1_800
)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    found = make_world(database)
    found.present(
        [ride("r1"), HALF, ride("r4", where="bus", charge_fen=180), replace(ride("x1"), line="M7")],
        at(NEXT, 6),
    )
    found.present([WHOLE, ride("r1"), replace(ride("y1"), mode="balloon")], at(NEXT, 7))
    yield found
    found.hub.close()


@pytest.fixture
def cursor(world: World) -> Iterator[Cursor]:
    with world.store.reading() as found:
        yield found


def test_an_open_window_is_shown_as_it_stands_and_closes_into_the_same(world: World) -> None:
    """Before and after the closing the pages show the same matrix, positions and revenue."""
    with world.store.reading() as cursor:
        before = (
            views.matrix(cursor, WINDOW, RULES.fee),
            views.positions(cursor, WINDOW, RULES.fee),
            views.operator_revenue(cursor, WINDOW, RULES.fee),
        )
        assert views.windows(cursor)[0].state is WindowState.OPEN
    world.hub.close_window(WINDOW, at(NEXT, 12))
    with world.store.reading() as cursor:
        after = (
            views.matrix(cursor, WINDOW, RULES.fee),
            views.positions(cursor, WINDOW, RULES.fee),
            views.operator_revenue(cursor, WINDOW, RULES.fee),
        )
        (window,) = views.windows(cursor)
    assert before == after
    assert (window.files, window.records, window.delta_fen) == (3, 4, 450 + 450 + 180)
    assert (window.payments, window.payments_settled) == (7, 0)


def test_the_matrix_has_a_cell_per_pair(cursor: Cursor) -> None:
    cells = views.matrix(cursor, WINDOW, RULES.fee)
    assert [
        (cell.acquirer, cell.issuer, cell.is_cross_city, cell.records, cell.delta_fen, cell.fee_fen)
        for cell in cells
    ] == [
        ("ACQ-990100", "ISS-990100", False, 1, 450, 0),
        ("ACQ-990100", "ISS-990200", True, 2, 450, 4),
        ("ACQ-990200", "ISS-990100", True, 1, 180, 2),
    ]
    cell = cells[1]
    assert cell.fee_issuer_fen + cell.fee_acquirer_fen + cell.fee_hub_fen == cell.fee_fen


def test_operators_see_what_they_earn_and_bear(cursor: Cursor) -> None:
    lines = views.operator_revenue(cursor, WINDOW, RULES.fee)
    assert [(line.operator, line.share_fen, line.fee_fen, line.payout_fen) for line in lines] == [
        ("OP1", 540, 2, 538),
        ("OP2", 360, 2, 358),
        ("OP3", 180, 2, 178),
    ]


def test_every_row_is_counted_under_its_deciding_code(cursor: Cursor) -> None:
    counts = views.verdict_counts(cursor, WINDOW)
    assert [(item.code.code, item.status, item.rows, item.delta_fen) for item in counts] == [
        ("0000", "accepted", 3, 450 - 450 + 180),
        ("0012", "accepted", 1, 900),
        ("1002", "rejected", 1, 0),
        ("1004", "rejected", 1, 0),
        ("1012", "held", 1, 450),
    ]


def test_files_are_listed_in_order_of_arrival(cursor: Cursor) -> None:
    lines = views.files(cursor, WINDOW)
    assert [
        (line.file_id, line.rows, line.accepted, line.held, line.rejected, line.accepted_fen)
        for line in lines
    ] == [
        ("ACQ-990100-0001", 3, 2, 1, 0, 1350),
        ("ACQ-990200-0001", 1, 1, 0, 0, 180),
        ("ACQ-990100-0002", 3, 1, 0, 2, -450),
    ]


def test_a_record_s_life_runs_from_its_file_to_the_bank(world: World) -> None:
    world.hub.close_window(WINDOW, at(NEXT, 12))
    for payment in world.hub.payments_to_send(WINDOW):
        report = status_report(payment.instruction, "ACSC", at(NEXT, 15), "BANK-7")
        assert isinstance(world.hub.confirm_payment(report, at(NEXT, 15)), Confirmation)
    with world.store.reading() as cursor:
        life = views.record_life(cursor, "h1.2", RULES.fee)
    assert isinstance(life, views.RecordLife)
    assert life.record == WHOLE
    assert [(item.file_id, item.row_no, item.codes) for item in life.presentations] == [
        ("ACQ-990100-0002", 1, ("0000",))
    ]
    assert (life.window_id, life.window_state) == (WINDOW, WindowState.SETTLING)
    assert life.cell is not None and (life.cell.issuer, life.cell.delta_fen) == (f"ISS-{B}", 450)
    paid = {item.debtor: item for item in life.payments if item.phase == 1}
    assert paid[f"ISS-{B}"].bank_reference == "BANK-7"
    assert {item.creditor for item in life.payments if item.phase > 1} == {
        f"ACQ-{A}",
        "OP1",
        "OP2",
    }
    assert life.explanation is not None
    assert life.explanation.metres == 10_000
    assert life.explanation.before == (Share("OP1", 900),)
    assert life.explanation.whole == (Share("OP1", 270), Share("OP2", 180))
    assert life.explanation.shares == (Share("OP1", -630), Share("OP2", 180))
    assert life.revisions == ("h1.1", "h1.2")


def test_a_record_presented_twice_shows_both(cursor: Cursor) -> None:
    life = views.record_life(cursor, "r1.1", RULES.fee)
    assert isinstance(life, views.RecordLife)
    assert [(item.status, item.codes) for item in life.presentations] == [
        ("accepted", ("0000",)),
        ("rejected", ("1002",)),
    ]


def test_a_record_that_never_stood_shows_its_answer_only(cursor: Cursor) -> None:
    life = views.record_life(cursor, "y1.1", RULES.fee)
    assert isinstance(life, views.RecordLife)
    assert (life.record, life.window_id, life.explanation) == (None, None, None)
    assert life.presentations[0].detail == "unknown mode"
    held = views.record_life(cursor, "x1.1", RULES.fee)
    assert isinstance(held, views.RecordLife)
    assert held.record is not None and held.window_id is None and held.payments == ()


def test_an_unknown_record_is_refused(cursor: Cursor) -> None:
    refusal = views.record_life(cursor, "nobody.1", RULES.fee)
    assert isinstance(refusal, Refusal) and refusal.code == "RECORD_UNKNOWN"
