"""Forks across files: one counter of a card with two purchases, of which the hub took one before.

Nobody knows which of the two is right, so both are frozen (1020): the new row by its check, and
what was taken before here. What is in the window of now leaves it and waits as any record on hold.
What an earlier window counted stays there for good, and its money goes into escrow until a person
decides about it (`cases`). Which of the two follows from the seconds at which files came alone.
"""

from collections.abc import Iterable, Mapping, Sequence

from tongxing.hub.cases.working import open_fork
from tongxing.hub.closing import CARRIED_VERDICTS
from tongxing.hub.keys import HubKeys
from tongxing.hub.life import BY_ITSELF, RecordEvent
from tongxing.hub.purses import Fork
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor
from tongxing.hub.store import life as life_table
from tongxing.hub.store import windows as window_table
from tongxing.hub.store.life import TripRecord
from tongxing.hub.verdicts import FORKED, verdict_code
from tongxing.messages import Verdict, VerdictFile, seal


def freeze(
    cursor: Cursor,
    forks: Iterable[Fork],
    at_s: int,
    window_id: str,
    rules: Rulebook,
    keys: HubKeys,
) -> None:
    """Freeze the trips of these records, with all their revisions, once: what a person let go on
    after a fork is not frozen again. A trip without money has nothing to freeze; what is held
    already is marked. The acquirer of what leaves the window gets a sealed `VerdictFile` with the
    window's late verdicts."""
    told: dict[str, list[Verdict]] = {}
    for fork in forks:
        trip_id = fork.record_id.rpartition(".")[0]
        why = f"counter {fork.counter} stands twice: {fork.other_id}"
        life_table.mark_held(cursor, trip_id, why)
        trip = life_table.trip_records(cursor, trip_id)
        if any(item.was_forked for item in trip) or not sum(item.delta_fen for item in trip):
            continue
        taken = [item for item in trip if item.is_carried or item.window_id >= window_id]
        netted = [item for item in trip if item not in taken]
        for item in taken:
            life_table.freeze_record(cursor, item.record_id, why)
            _write_down(cursor, item, why, at_s, rules)
            bearer = verdict_code(FORKED).bearer
            verdict = Verdict(record_id=item.record_id, status="held", code=FORKED, bearer=bearer)
            told.setdefault(item.sender, []).append(verdict)
        named = _named(netted, fork)
        if named is not None and open_fork(cursor, named.record_id, why, at_s, window_id, rules):
            _write_down(cursor, named, why, at_s, rules)
    tell_frozen(cursor, told, at_s, window_id, keys)


def tell_frozen(
    cursor: Cursor, told: Mapping[str, list[Verdict]], at_s: int, window_id: str, keys: HubKeys
) -> None:
    """Keep a sealed `VerdictFile` for each acquirer of what leaves a window, with its late
    verdicts."""
    documents = {}
    for sender, heard in sorted(told.items()):
        verdicts = life_table.named(cursor, heard)
        file_id = f"frozen-{verdicts[0].record_id}-{at_s}"
        answer = VerdictFile(
            file_id=file_id, window_id=window_id, file_code="OK", verdicts=verdicts
        )
        documents[CARRIED_VERDICTS, f"{sender}/{file_id}"] = seal(
            answer, keys.due(cursor, window_id)
        )
    window_table.write_documents(cursor, window_id, documents)


def _named(netted: Sequence[TripRecord], fork: Fork) -> TripRecord | None:
    """The record that a case is about: the one whose purchase it is, else the trip's last."""
    own = [item for item in netted if item.record_id == fork.record_id]
    return next(iter([*own, *reversed(netted)]), None)


def _write_down(cursor: Cursor, item: TripRecord, why: str, at_s: int, rules: Rulebook) -> None:
    event, version = RecordEvent.FREEZE, rules.version
    life_table.write_event(cursor, item.record_id, event, at_s, BY_ITSELF, why, version)
