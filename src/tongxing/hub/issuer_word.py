"""The issuer's word on single records of its cards: what only its own keys and books can tell.

Until noon of T+2 (never before the noon after a file came) an issuer may object to a record, or
confirm it; silence is a yes. A record enters the window of its arrival at once, so an issuer that
says nothing keeps nobody waiting. What is not netted yet leaves its window and is held under the
code that the issuer says; what is netted stays there, and its money goes into escrow by a case.
"""

from typing import NamedTuple

from tongxing.hub.cases.ladder import CONFIRM, OBJECT
from tongxing.hub.cases.word_days import objecting, word_until_s
from tongxing.hub.holding import answer_late, let_in, window_now
from tongxing.hub.keys import HubKeys
from tongxing.hub.life import RecordEvent, RecordState, state_of, step
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor
from tongxing.hub.store import life as life_table
from tongxing.hub.store import words as table
from tongxing.hub.store.words import Spoken
from tongxing.hub.terms import CaseTerms, terms_on
from tongxing.hub.verdicts import verdict_code
from tongxing.hub.words import in_both
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.reasons import Refusal
from tongxing.messages import CaseAct, Verdict

WORDS = (OBJECT, CONFIRM)
NOTED = "word_noted"
"""How it is written down what an issuer says of a record that waits, or confirms of one that
stands: it changes nothing by itself."""


class Heard(NamedTuple):
    """What a word led to where no case was opened: how the record stands, whose turn it is and
    until when ("" and 0 where nobody has to do anything)."""

    stage: str
    turn: str = ""
    deadline_s: int = 0


def hear(
    cursor: Cursor, act: CaseAct, member: str, at_s: int, rules: Rulebook, keys: HubKeys
) -> Heard | Refusal | None:
    """Take an issuer's word at the stamped second `at_s`. None for an objection to a record that is
    netted: a case is to be opened about it (`working.open_about`).

    Refuses with RECORD_UNKNOWN, CASE_NOT_PARTY (it is not the record's issuer), CASE_WORD,
    CASE_TOO_LATE, CASE_WORD_SAID (once is enough), RECORD_STATE and RECORD_WAITS.
    """
    spoken = table.find_spoken(cursor, act.record_id)
    if spoken is None:
        return Refusal("RECORD_UNKNOWN", act.record_id, {"record": act.record_id})
    if member != spoken.issuer:
        return Refusal("CASE_NOT_PARTY", act.record_id, {"member": member})
    refusal = _objection(act, spoken, at_s, terms_on(calendar_date(at_s)))
    if refusal is not None:
        return refusal
    if act.act == CONFIRM:
        return _confirm(cursor, act, spoken, at_s, rules, keys)
    return _object(cursor, act, spoken, at_s, rules, keys)


def _objection(act: CaseAct, spoken: Spoken, at_s: int, terms: CaseTerms) -> Refusal | None:
    opening = objecting(terms)
    if act.act == OBJECT and act.reason not in opening.reasons:
        values = {"reason": act.reason or "–", "codes": ", ".join(opening.reasons)}
        return Refusal("CASE_WORD", act.record_id, values)
    until_s = word_until_s(spoken, terms)
    is_evidence = act.act == CONFIRM and spoken.status == RecordState.HELD
    if at_s >= until_s and not is_evidence:
        values = {"record": spoken.record_id, "until": stamp(until_s)}
        return Refusal("CASE_TOO_LATE", act.record_id, values)
    if spoken.was_said:
        return Refusal("CASE_WORD_SAID", act.record_id, {"record": spoken.record_id})
    return None


def _confirm(
    cursor: Cursor, act: CaseAct, spoken: Spoken, at_s: int, rules: Rulebook, keys: HubKeys
) -> Heard | Refusal:
    """A yes. It ends the wait of a record that is held for what its issuer has to answer for."""
    if spoken.status == RecordState.VOID:
        return _no_step(spoken)
    answers = objecting(terms_on(calendar_date(at_s))).reasons
    waits = {code for code in spoken.codes.split() if verdict_code(code).severity == "hold"}
    if spoken.status != RecordState.HELD or not waits.issubset(answers):
        _note(cursor, act, spoken, at_s, rules)
        return Heard(spoken.status)
    held = life_table.held_records(cursor, spoken.trip_id)
    if held[0].revision < spoken.revision:
        values = {"record": spoken.record_id, "earlier": held[0].record_id}
        return Refusal("RECORD_WAITS", act.record_id, values)
    stamped_s, window_id = window_now(cursor, at_s, rules)
    said = (spoken.issuer, _why(act))
    verdict = let_in(cursor, spoken.record_id, stamped_s, window_id, said, rules, keys)
    key = keys.due(cursor, window_id)
    answer_late(cursor, spoken.sender, window_id, stamped_s, [verdict], key)
    return Heard(RecordState.CARRIED if verdict.status == "held" else verdict.status)


def _object(
    cursor: Cursor, act: CaseAct, spoken: Spoken, at_s: int, rules: Rulebook, keys: HubKeys
) -> Heard | Refusal | None:
    """A no. A record that waits already goes on waiting, and who decides about it sees the word."""
    if spoken.status == RecordState.HELD:
        life_table.mark_held(cursor, spoken.trip_id, _why(act), act.reason)
        _note(cursor, act, spoken, at_s, rules)
        return _held(spoken.acquirer, spoken.held_since_s)
    state = state_of(spoken.status, spoken.window_state)
    if state in (RecordState.NETTED, RecordState.SETTLED):
        return None
    arrow = step(spoken.record_id, state, RecordEvent.OBJECT)
    if isinstance(arrow, Refusal):
        return arrow
    stamped_s, window_id = window_now(cursor, at_s, rules)
    verdicts = []
    for later in table.not_netted(cursor, spoken.trip_id, spoken.revision):
        life_table.freeze_record(cursor, later, _why(act), act.reason)
        event, version = RecordEvent.OBJECT, rules.version
        life_table.write_event(cursor, later, event, stamped_s, spoken.issuer, _why(act), version)
        bearer = verdict_code(act.reason).bearer
        verdicts.append(Verdict(record_id=later, status="held", code=act.reason, bearer=bearer))
    key = keys.due(cursor, window_id)
    answer_late(cursor, spoken.sender, window_id, stamped_s, verdicts, key)
    return _held(spoken.acquirer, stamped_s)


def _held(acquirer: str, since_s: int) -> Heard:
    ends_s = terms_on(calendar_date(since_s)).held.ends_s(since_s)
    return Heard(RecordState.HELD, acquirer, ends_s)


def _note(cursor: Cursor, act: CaseAct, spoken: Spoken, at_s: int, rules: Rulebook) -> None:
    why, version = _why(act), rules.version
    life_table.write_event(cursor, spoken.record_id, NOTED, at_s, spoken.issuer, why, version)


def _why(act: CaseAct) -> str:
    """The word as it is written down: ``its issuer says 1001``."""
    said = f"its issuer says {act.reason if act.act == OBJECT else 'yes'}"
    note = act.note.replace("; ", ", ")
    return f"{said}: {note}" if note else said


def _no_step(spoken: Spoken) -> Refusal:
    values = {"record": spoken.record_id, **in_both("state", f"record.{spoken.status}")}
    return Refusal("RECORD_STATE", spoken.record_id, values)
