"""Cases over the hub's tables: acts taken, silences let pass, money put where a window finds it.

Every function works inside the caller's transaction. Time passes first: before anything is done
about a case, what its deadlines made of it until then is written down, each at its own deadline.
"""

from collections.abc import Callable

from msgspec.structs import replace

from tongxing.hub.cases.by_hub import AGREEMENT, FORK, agreed_case, fork_case
from tongxing.hub.cases.ladder import (
    OBJECT,
    RECOVER,
    RULE,
    SILENCE,
    THAW,
    About,
    Case,
    Moved,
    due_s,
    lapse,
    open_case,
    take,
    turn_of,
)
from tongxing.hub.cases.word_days import with_word_days
from tongxing.hub.life import BY_ITSELF, RecordEvent
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor
from tongxing.hub.store import cases as table
from tongxing.hub.store import life as life_table
from tongxing.hub.store import recoveries as recovery_table
from tongxing.hub.store import windows as window_table
from tongxing.hub.store import words as word_table
from tongxing.hub.terms import terms_of, terms_on
from tongxing.hub.windows import window_of, window_times
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages import CaseAct

_DISPUTING = ("charge_back", "claim_small", OBJECT)
_Window = Callable[[int], str]


def open_about(
    cursor: Cursor, act: CaseAct, member: str, at_s: int, rules: Rulebook
) -> Case | Refusal:
    """A member opens a case about a record, at the stamped second `at_s`.

    Refuses with RECORD_UNKNOWN, CASE_NOT_NETTED, CASE_NOT_PARTY, CASE_OPEN, and as
    `ladder.open_case` does.
    """
    record_id = act.record_id
    late = recovery_table.late_row(cursor, record_id, member) if act.act == RECOVER else None
    about = _asked_about(cursor, act, late, at_s, rules)
    if about is None:
        code = "CASE_NOT_NETTED" if table.is_record(cursor, record_id) else "RECORD_UNKNOWN"
        return Refusal(code, record_id, {"record": record_id})
    if member not in (about.issuer, about.acquirer):
        return Refusal("CASE_NOT_PARTY", record_id, {"member": member})
    if earlier := table.open_case_of(cursor, about.trip_id):
        standing = table.find_case(cursor, earlier)
        assert standing is not None
        standing = pass_time(cursor, standing, at_s, rules)
        if standing.is_open:
            return Refusal("CASE_OPEN", record_id, {"case": earlier})
        about = _asked_about(cursor, act, late, at_s, rules)
        assert about is not None
    window_id = _open_window(cursor, window_of(at_s, rules), rules)
    terms = terms_on(calendar_date(at_s))
    moved = open_case(
        table.next_case_id(cursor, window_id),
        act,
        "issuer" if member == about.issuer else "acquirer",
        about,
        at_s,
        terms.version,
        terms.dispute,
    )
    if isinstance(moved, Refusal):
        return moved
    if late is not None:
        act = recovery_table.told_with(act, late)
    if act.act in (OBJECT, RECOVER):
        act = replace(act, amount_fen=moved.case.amount_fen)
    case = _keep(cursor, moved, member, act, rules, window_id)
    if late is not None:
        recovery_table.write_recovery(cursor, case.case_id, record_id, late)
    return case


def _asked_about(
    cursor: Cursor, act: CaseAct, late: bytes | None, at_s: int, rules: Rulebook
) -> About | None:
    """What a case to be opened is about: a record that was netted, or a row that came too late. The
    days of an issuer's word count from a day of their own."""
    if late is not None:
        return recovery_table.about_late(cursor, late)
    about = table.about_record(cursor, act.record_id, rules)
    spoken = word_table.find_spoken(cursor, act.record_id) if act.act == OBJECT else None
    if about is None or spoken is None:
        return about
    return with_word_days(about, spoken, terms_on(calendar_date(at_s)))


def act_on(
    cursor: Cursor, act: CaseAct, member: str, person: str, at_s: int, rules: Rulebook
) -> Case | Refusal:
    """A step of a case: by a member, or by a person of the hub (`member` is then "").

    Refuses with CASE_UNKNOWN, CASE_NOT_PARTY, and as `ladder.take` does.
    """
    case = table.find_case(cursor, act.case_id)
    if case is None:
        return Refusal("CASE_UNKNOWN", act.case_id, {"case": act.case_id})
    sides = {case.issuer: "issuer", case.acquirer: "acquirer", "": "hub"}
    if member not in sides:
        return Refusal("CASE_NOT_PARTY", act.case_id, {"member": member})
    case = pass_time(cursor, case, at_s, rules)
    about = _about(cursor, case, rules)
    moved = take(case, act, sides[member], person, about, at_s, terms_of(case.terms).dispute)
    if isinstance(moved, Refusal):
        return moved
    window_id = _open_window(cursor, window_of(at_s, rules), rules)
    return _keep(cursor, moved, member or person, act, rules, window_id)


def open_fork(
    cursor: Cursor, record_id: str, why: str, at_s: int, window_id: str, rules: Rulebook
) -> Case | None:
    """The hub opens a case about a record of an earlier window whose purse forked, at the stamped
    second `at_s`. None where nothing of the charge is left, or a case about the trip is open: then
    its members settle it there."""
    about = table.about_record(cursor, record_id, rules, is_netted=False)
    if about is None or about.left_fen <= 0 or table.open_case_of(cursor, about.trip_id):
        return None
    terms = terms_on(calendar_date(at_s))
    case_id = table.next_case_id(cursor, window_id)
    moved = fork_case(case_id, about, at_s, terms.version, terms.dispute)
    said = CaseAct(
        act_id=BY_ITSELF,
        act="charge_back",
        record_id=record_id,
        amount_fen=about.left_fen,
        reason=FORK,
        note=why,
    )
    return _keep(cursor, moved, BY_ITSELF, said, rules, window_id)


def agree_on(
    cursor: Cursor,
    record_id: str,
    back_fen: int,
    person: str,
    reason: str,
    at_s: int,
    window_id: str,
    rules: Rulebook,
) -> Case:
    """The members of a record that was held until now agree that so much of it is not owed: it goes
    back in the window into which the record was let, which is that of the stamped second `at_s`."""
    about = table.about_record(cursor, record_id, rules, is_netted=False)
    assert about is not None, record_id
    terms = terms_on(calendar_date(at_s))
    case_id = table.next_case_id(cursor, window_id)
    moved = agreed_case(case_id, about, back_fen, at_s, terms.version, terms.dispute)
    said = CaseAct(
        act_id=person,
        act="credit_adjust",
        record_id=record_id,
        amount_fen=back_fen,
        reason=AGREEMENT,
        note=reason,
    )
    return _keep(cursor, moved, person, said, rules, window_id)


def rule_fork(
    cursor: Cursor, case_id: str, proves: bool, person: str, reason: str, at_s: int, rules: Rulebook
) -> Case | Refusal | None:
    """A person says that the netted record of a fork is right, or that it is not: escrow goes to
    the acquirer, or to the issuer. None when a second person has to say the same.

    Refuses with CASE_REASON, CASE_FROZEN or CASE_TWO_PERSONS.
    """
    case = table.find_case(cursor, case_id)
    assert case is not None
    case = pass_time(cursor, case, at_s, rules)
    amount_fen = 0 if proves else case.escrow_fen
    said = CaseAct(act_id=person, act="rule", case_id=case_id, amount_fen=amount_fen, reason=reason)
    found = act_on(cursor, said, "", person, at_s, rules)
    return None if isinstance(found, Case) and found.is_open else found


def pass_time(cursor: Cursor, case: Case, now_s: int, rules: Rulebook) -> Case:
    """A case as passing time has left it at `now_s`; each silence in the window of its deadline."""

    def window(deadline_s: int) -> str:
        stamped_s = max(deadline_s, window_table.last_closed_cutoff(cursor))
        return _open_window(cursor, window_of(stamped_s, rules), rules)

    return _lapsed(cursor, case, now_s, rules, window)


def lapse_before(cursor: Cursor, cutoff_s: int, window_id: str, rules: Rulebook) -> None:
    """For the closing of a window: let pass whatever was due before its cut-off, in that window."""
    for case in table.cases_due(cursor, cutoff_s):
        _lapsed(cursor, case, cutoff_s - 1, rules, lambda _: window_id)


def _lapsed(cursor: Cursor, case: Case, now_s: int, rules: Rulebook, window: _Window) -> Case:
    terms = terms_of(case.terms).dispute
    ends_s = due_s(case, terms)
    if ends_s is None or ends_s > now_s:
        return case
    for moved in lapse(case, _about(cursor, case, rules), now_s, terms):
        by = moved.by if moved.act == THAW else case.member(moved.by)
        case = _keep(cursor, moved, by, None, rules, window(moved.at_s))
    return case


def _about(cursor: Cursor, case: Case, rules: Rulebook) -> About:
    about = recovery_table.about_asked(cursor, case.case_id)
    if about is not None:
        return about
    about = table.about_record(cursor, case.record_id, rules, case.case_id, is_netted=False)
    assert about is not None, case.record_id
    return about


def _keep(
    cursor: Cursor,
    moved: Moved,
    by: str,
    act: CaseAct | None,
    rules: Rulebook,
    window_id: str,
) -> Case:
    """Write down what a step made: the case, the step, and its money by window."""
    case, terms = moved.case, terms_of(moved.case.terms).dispute
    turn, ends_s = turn_of(case, terms), due_s(case, terms)
    member = case.member(turn) if turn else ""
    table.write_case(cursor, case, moved.act in _DISPUTING, member, ends_s)
    told = table.Told(
        act=moved.act,
        done_by=by,
        at_s=moved.at_s,
        window_id=window_id,
        amount_fen=0 if act is None else act.amount_fen,
        reason="" if act is None else act.reason,
        note="" if act is None else act.note,
        evidence=() if act is None else tuple(act.evidence),
    )
    table.write_event(cursor, case, told, member, ends_s)
    moves = [(money, max(window_id, window_of(money.at_s, rules))) for money in moved.money]
    table.write_money(cursor, case.case_id, moves)
    if not case.is_open and moved.act in (RULE, SILENCE):
        _end_fork(cursor, moved, by, told, rules)
    return case


def _end_fork(cursor: Cursor, moved: Moved, by: str, told: table.Told, rules: Rulebook) -> None:
    """If the case was about a fork, its end is a step in the life of its record too."""
    case = moved.case
    if not table.is_fork(cursor, case.case_id):
        return
    event = RecordEvent.DISPROOF if case.to_issuer_fen else RecordEvent.PROOF
    event = RecordEvent.DEADLINE if moved.act == SILENCE else event
    person = BY_ITSELF if moved.act == SILENCE else by
    why = told.note or told.reason or "its days are over"
    life_table.write_event(cursor, case.record_id, event, moved.at_s, person, why, rules.version)


def _open_window(cursor: Cursor, window_id: str, rules: Rulebook) -> str:
    window_table.open_window(cursor, window_id, window_times(window_id, rules).cutoff_s)
    return window_id


__all__ = ["SILENCE", "act_on", "lapse_before", "open_about", "pass_time"]
