"""Two rows under one name: which of them is true, and what becomes of the other.

The record that had the name first keeps it until a person says otherwise, and nothing of it changes
meanwhile. The row that came later is its *twin*: it waits (1020) under a name of its own, as long
as any record on hold. If the twin is the true one, the record becomes void and the twin takes the
name, unless the record is netted or others build on it: then what is wrong is put right by the
trip's next revision, or by a credit adjustment.
"""

from collections.abc import Sequence
from typing import Literal

from tongxing.hub.claims import claims_of
from tongxing.hub.freezing import tell_frozen
from tongxing.hub.keys import HubKeys
from tongxing.hub.life import BY_ITSELF, RecordEvent, RecordState, state_of, step
from tongxing.hub.purses import Fork, links_of
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor
from tongxing.hub.store import displays as display_table
from tongxing.hub.store import life as life_table
from tongxing.hub.store import purses as purse_table
from tongxing.hub.store import taps as tap_table
from tongxing.hub.store import twins as table
from tongxing.hub.store.twins import Twin
from tongxing.hub.verdicts import FORKED, verdict_code
from tongxing.hub.words import in_both
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Verdict

TOOK_NAME = "took_name"
"""How it is written down of a name that another row has it now; which one, the reason tells."""


def state_step(twin: Twin, event: RecordEvent) -> Refusal | None:
    """Refuses with RECORD_STATE what a twin is not open to."""
    found = step(twin.name, state_of(twin.state, None), event)
    return found if isinstance(found, Refusal) else None


def bound_by(cursor: Cursor, twin: Twin) -> Refusal | None:
    """Why a twin cannot take the name. Refuses with RECORD_NAME_BOUND, or RECORD_WAITS when the
    revision before it is on hold."""
    first, record = table.first_of(cursor, twin), twin.record
    before = f"{record.trip_id}.{record.revision - 1}"
    earlier = life_table.find_record(cursor, before) if record.revision > 1 else None
    if earlier is not None and earlier.status == RecordState.HELD:
        return Refusal("RECORD_WAITS", values={"record": twin.name, "earlier": before})
    why = ""
    if first.is_netted:
        why = "netted"
    elif first.follower:
        why = "followed"
    elif twin.basis_id is None:
        why = "unfit"
    elif earlier is not None and earlier.status == RecordState.VOID:
        why = "before"
    elif tap_table.taken_taps(cursor, record.acquirer, record.trip_id, claims_of(record)):
        why = "taps"
    if not why:
        return None
    values = {"twin": twin.name, "record": twin.record_id, **in_both("why", f"twin.{why}")}
    return Refusal("RECORD_NAME_BOUND", values=values)


def at_stake_fen(cursor: Cursor, twin: Twin, takes_name: bool) -> int:
    """The money that hangs on a decision about a twin: its own, and that of the record which would
    be void with it."""
    fen = abs(twin.delta_fen)
    if takes_name and (first := table.first_of(cursor, twin)).status != RecordState.VOID:
        fen += abs(first.delta_fen)
    return fen


def take_name(
    cursor: Cursor,
    twin: Twin,
    at_s: int,
    window_id: str,
    said: tuple[str, str],
    rules: Rulebook,
    keys: HubKeys,
) -> tuple[list[Verdict], list[Fork]]:
    """Make the record void and let its twin take the name, on hold; what the sender hears of the
    record ([] where it was void before), and the records that the twin's purchases contradict."""
    by, reason = said
    note = (at_s, by, reason, rules.version)
    why = f"{twin.name} is the true one"
    record_id, verdicts = twin.record_id, []
    first = life_table.find_record(cursor, record_id)
    assert first is not None
    if first.status in (RecordState.ACCEPTED, RecordState.CARRIED):
        life_table.freeze_record(cursor, record_id, why)
        life_table.write_event(
            cursor, record_id, RecordEvent.FREEZE, at_s, BY_ITSELF, why, rules.version
        )
    if first.status == RecordState.ACCEPTED:
        held = _verdict(record_id, "held")
        tell_frozen(cursor, {first.sender: life_table.named(cursor, [held])}, at_s, window_id, keys)
    if first.status != RecordState.VOID:
        verdicts = life_table.named(cursor, [life_table.void_held(cursor, first)])
        life_table.write_event(cursor, record_id, RecordEvent.DISPROOF, *note)
    record = twin.record
    table.change_places(cursor, twin, claims_of(record))
    life_table.write_event(cursor, record_id, TOOK_NAME, at_s, by, why, rules.version)
    table.write_twin_event(cursor, twin, RecordEvent.PROOF, *note)
    display_table.keep_displays(cursor, record)
    return verdicts, purse_table.add_told(cursor, links_of(record))


def end(
    cursor: Cursor,
    twins: Sequence[Twin],
    event: RecordEvent,
    at_s: int,
    said: tuple[str, str],
    rules: Rulebook,
) -> list[Verdict]:
    """End twins without money; the records that have their names stay as they are."""
    verdicts = []
    for twin in twins:
        table.end_twin(cursor, twin)
        table.write_twin_event(cursor, twin, event, at_s, *said, rules.version)
        verdicts.append(_verdict(twin.record_id, "rejected", twin.content_hash.hex()))
    return verdicts


def _verdict(record_id: str, status: Literal["held", "rejected"], content: str = "") -> Verdict:
    bearer = verdict_code(FORKED).bearer
    return Verdict(record_id=record_id, status=status, code=FORKED, bearer=bearer, content=content)
