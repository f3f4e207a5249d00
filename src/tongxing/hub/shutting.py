"""The closing of a window over the hub's tables: what is due is let pass, then all is netted.

Everything happens in the caller's transaction. What a window hands out follows from its records and
the money of its cases alone; closed again, it hands out the same bytes.
"""

from tongxing.hub.books import window_postings
from tongxing.hub.cases import netted
from tongxing.hub.cases.working import lapse_before
from tongxing.hub.closing import CARRIED_VERDICTS, KINDS, WindowClosing, produce
from tongxing.hub.holding import void_overdue
from tongxing.hub.keys import HubKeys
from tongxing.hub.netting import net
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.settlement import PAYOUT_PHASE
from tongxing.hub.signing import keep_checkpoint
from tongxing.hub.store import Cursor
from tongxing.hub.store import cases as case_table
from tongxing.hub.store import checkpoints as checkpoint_table
from tongxing.hub.store import members as member_table
from tongxing.hub.store import notes as note_table
from tongxing.hub.store import payments as payment_table
from tongxing.hub.store import records as record_table
from tongxing.hub.store import recoveries as recovery_table
from tongxing.hub.store import windows as window_table
from tongxing.hub.windows import WindowEvent, WindowState, WindowTimes, step
from tongxing.ledger.store import write_postings


def shut(
    cursor: Cursor,
    window_id: str,
    times: WindowTimes,
    now_s: int,
    rules: Rulebook,
    keys: HubKeys,
) -> None:
    """Close an open window whose turn it is. Raises KeptFileChanged as `keep_checkpoint` does."""
    window_table.open_window(cursor, window_id, times.cutoff_s)
    key = keys.due(cursor, window_id)
    void_overdue(cursor, times.cutoff_s - 1, rules, keys, window_id)
    lapse_before(cursor, times.cutoff_s, window_id, rules)
    case_table.take_money(cursor, window_id)
    members = member_table.load_members(cursor)
    money = case_table.money_of_window(cursor, window_id)
    netting = net(
        netted.adjusted(
            record_table.pair_totals(cursor, window_id, members),
            money,
            members,
            recovery_table.free_records(cursor, [item.record_id for item in money]),
        ),
        rules.fee,
        netted.moves(money),
        netted.recoveries(money),
    )
    produced = produce(
        window_id,
        netting,
        record_table.records_from_elsewhere(cursor, window_id),
        netted.details(window_id, money, case_table.news_of_window(cursor, window_id)),
        note_table.load_notes(cursor, window_id, times.cutoff_s, members),
        members,
        times,
        rules,
        key,
    )
    window_table.write_netting(cursor, window_id, netting)
    window_table.write_documents(cursor, window_id, produced.documents)
    payment_table.write_instructions(cursor, produced.instructions, produced.messages)
    keep_checkpoint(cursor, window_id, rules, key)
    write_postings(cursor, window_postings(window_id, netting, times))
    window_table.set_rulebook(cursor, window_id, rules.version, rules.sha256)
    moved_on(cursor, window_id, WindowEvent.CLOSE, now_s)
    if all(item.phase == PAYOUT_PHASE for item in produced.instructions):
        moved_on(cursor, window_id, WindowEvent.NOTHING_DUE, now_s)


def closing_of(cursor: Cursor, window_id: str) -> WindowClosing:
    """What a window that was closed handed out."""
    state = window_table.window_state(cursor, window_id)
    assert state is not None
    kinds = (*KINDS, CARRIED_VERDICTS)
    documents = window_table.load_documents(cursor, window_id, kinds)
    payments = payment_table.load_payments(cursor, window_id)
    kept = checkpoint_table.load_checkpoint(cursor, window_id)
    return WindowClosing(window_id, state, documents, tuple(payments), kept)


def moved_on(cursor: Cursor, window_id: str, event: WindowEvent | None, at_s: int) -> WindowState:
    """The window's state after an event, written down; a step outside the table is a bug here."""
    state = window_table.window_state(cursor, window_id)
    assert state is not None
    if event is None:
        return state
    after = step(window_id, state, event)
    assert isinstance(after, WindowState), after
    window_table.set_state(cursor, window_id, after, event, at_s)
    return after
