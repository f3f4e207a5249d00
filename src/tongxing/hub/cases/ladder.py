"""The ladder of a dispute as a pure machine: an act, or silence, and what follows from it.

Which acts there are, who may take them, how long each side has and what silence means is data
(`rules`). Every way through it ends, by its last deadline at the latest, and what was put in escrow
has then left it. Acts that come too late, out of turn or from the wrong side change nothing.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from tongxing.hub.cases.money import Money, back, case_fees, chargeback, escrow_out, more, pool
from tongxing.hub.cases.rules import (
    WEIGHED,
    Actor,
    Asked,
    DisputeTerms,
    Ending,
    Opening,
    Side,
    Step,
)
from tongxing.hub.cases.weighing import weighed
from tongxing.hub.cases.words import act_and_side
from tongxing.hub.terms import bank_deadline, deadline, next_workday_s
from tongxing.hub.words import in_both
from tongxing.kernel.clock import DAY_S, at, calendar_date, stamp
from tongxing.kernel.payments import is_same_person
from tongxing.kernel.reasons import Refusal
from tongxing.messages import CaseAct, Share

SILENCE, THAW, FREEZE = "silence", "unfreeze", "freeze"
CHARGE_BACK, RULE, PRESENT_MORE = "charge_back", "rule", "present_more"
OBJECT, CONFIRM = "object", "confirm"
RECOVER, CONSENTED = "recover", "consented"
HUB_ITSELF = "hub"


@dataclass(frozen=True, slots=True)
class About:
    """What a case is about, as the hub has it at the moment of an act.

    `left_fen` is what of the trip's charge may still be disputed: what was accepted, less what
    earlier cases gave back. `whole` is how the charge is split among operators.
    """

    record_id: str
    trip_id: str
    issuer: str
    acquirer: str
    settled_on: date
    codes: tuple[str, ...]
    how: str
    is_signed: bool
    left_fen: int
    whole: tuple[Share, ...]
    was_disputed: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it stands. `stage` is an ending's name once `ended_s` is set; `escrow_fen` is
    what lies in escrow for it; `proposed_...` is the first of two persons' ruling."""

    case_id: str
    record_id: str
    trip_id: str
    issuer: str
    acquirer: str
    opened_by: Side
    opened_s: int
    terms: str
    stage: str
    stage_s: int
    amount_fen: int = 0
    escrow_fen: int = 0
    frozen_s: int | None = None
    pause_days: int = 0
    freezes: int = 0
    proposed_by: str = ""
    proposed_fen: int = 0
    ended_s: int | None = None
    to_issuer_fen: int = 0

    @property
    def is_open(self) -> bool:
        return self.ended_s is None

    def member(self, side: str) -> str:
        """The member on a side; the hub for any other."""
        return {"issuer": self.issuer, "acquirer": self.acquirer}.get(side, HUB_ITSELF)


@dataclass(frozen=True, slots=True)
class Moved:
    """What an act or a silence made: the case after it, who did it, and the money that moves."""

    case: Case
    act: str
    by: str
    at_s: int
    money: tuple[Money, ...] = ()


def turn_of(case: Case, terms: DisputeTerms) -> str:
    """Whose turn it is: "issuer", "acquirer" or "hub"; "" when the case has ended."""
    if not case.is_open:
        return ""
    if case.frozen_s is not None:
        return HUB_ITSELF
    return _side(terms.stages[case.stage].turn, case)


def due_s(case: Case, terms: DisputeTerms) -> int | None:
    """The first second at which it is too late for the next step: the end of the stage, or of the
    freeze; None when the case has ended."""
    if not case.is_open:
        return None
    if case.frozen_s is not None:
        return deadline(case.frozen_s, terms.freeze_days, terms.ends_at)
    stage = terms.stages[case.stage]
    count = bank_deadline if stage.bank_days else deadline
    ends_s = count(case.stage_s, stage.days, terms.ends_at) + case.pause_days * DAY_S
    return next_workday_s(ends_s) if stage.bank_days and case.pause_days else ends_s


def permitted(case: Case, terms: DisputeTerms) -> list[tuple[str, str]]:
    """The acts that are open now, each with the side that may take it."""
    if not case.is_open:
        return []
    if case.frozen_s is not None:
        return [(THAW, HUB_ITSELF)]
    steps = [(step.act, _side(step.by, case)) for step in terms.steps_from(case.stage)]
    can_freeze = case.freezes < terms.freezes_most
    return [*steps, (FREEZE, HUB_ITSELF)] if can_freeze else list(steps)


def open_case(
    case_id: str,
    act: CaseAct,
    side: Side,
    about: About,
    at_s: int,
    version: str,
    terms: DisputeTerms,
) -> Moved | Refusal:
    """A new case by a member's act.

    Refuses with CASE_OPENING (no case opens so, or not by this side), CASE_TOO_LATE, CASE_CODES,
    what `_objection` refuses, and CASE_WORD for a reason that none may have.
    """
    opening = terms.opening_of(act.act)
    if opening is None or side not in opening.by:
        return Refusal("CASE_OPENING", act.record_id, act_and_side(act.act, side))
    ends_s = deadline(_noon_s(about.settled_on), opening.within_days, terms.ends_at)
    if at_s >= ends_s:
        values = {"record": about.record_id, "until": stamp(ends_s)}
        return Refusal("CASE_TOO_LATE", act.record_id, values)
    if opening.codes and not set(opening.codes) & set(about.codes):
        values = {"record": about.record_id, "codes": ", ".join(opening.codes)}
        return Refusal("CASE_CODES", act.record_id, values)
    takes_all = opening.act in (OBJECT, RECOVER)
    if takes_all and about.left_fen <= 0:
        return Refusal("CASE_AMOUNT", act.record_id, {"amount": about.left_fen, "most": 0})
    most_fen = opening.amount_max_fen or about.left_fen
    if opening.act != PRESENT_MORE:
        most_fen = min(most_fen, about.left_fen)
    refusal = _objection(_asked(opening), act, about, range(1, most_fen + 1))
    if refusal is not None:
        return refusal
    if opening.reasons and act.reason not in opening.reasons:
        values = {"reason": act.reason, "codes": ", ".join(opening.reasons)}
        return Refusal("CASE_WORD", act.record_id, values)
    case = Case(
        case_id=case_id,
        record_id=about.record_id,
        trip_id=about.trip_id,
        issuer=about.issuer,
        acquirer=about.acquirer,
        opened_by=side,
        opened_s=at_s,
        terms=version,
        stage="",
        stage_s=at_s,
        amount_fen=about.left_fen if takes_all else act.amount_fen,
    )
    return _moved(case, opening, act, side, about, at_s, terms)


def take(
    case: Case, act: CaseAct, side: str, person: str, about: About, at_s: int, terms: DisputeTerms
) -> Moved | Refusal:
    """A step of an open case, in time: whoever asks has called `lapse` for this moment before.
    `side` is the member's, or "hub" with the name of the person.

    Refuses with CASE_ENDED, CASE_FROZEN, CASE_STEP (not now, or not by this side),
    CASE_TWO_PERSONS, what `_objection` refuses, and for freezing CASE_NOT_FROZEN and CASE_FREEZES.
    """
    if not case.is_open:
        return Refusal("CASE_ENDED", case.case_id, in_both("ending", f"case.ending.{case.stage}"))
    if act.act in (FREEZE, THAW):
        return _freezing(case, act, side, person, at_s, terms)
    if case.frozen_s is not None:
        return Refusal("CASE_FROZEN", case.case_id)
    steps = [
        step
        for step in terms.steps_from(case.stage)
        if step.act == act.act and _side(step.by, case) == side
    ]
    if not steps:
        values = act_and_side(act.act, side) | in_both("stage", f"case.stage.{case.stage}")
        return Refusal("CASE_STEP", case.case_id, values)
    step = steps[0]
    amounts = range(case.escrow_fen + 1) if step.act == RULE else range(1, about.left_fen + 1)
    refusal = _objection(_asked(step), act, about, amounts)
    if refusal is not None:
        return refusal
    bound_fen = step.two_persons_above_fen
    bound_fen = terms.two_persons_above_fen if bound_fen is None else bound_fen
    if step.act == RULE and case.escrow_fen > bound_fen:
        if not case.proposed_by or case.proposed_fen != act.amount_fen:
            proposed = replace(case, proposed_by=person, proposed_fen=act.amount_fen)
            return Moved(proposed, act.act, person, at_s)
        if is_same_person(case.proposed_by, person):
            return Refusal("CASE_TWO_PERSONS", case.case_id, {"person": person})
    says_dispute = step.says_amount and step.act != RULE
    after = replace(case, amount_fen=act.amount_fen) if says_dispute else case
    return _moved(after, step, act, person or side, about, at_s, terms)


def lapse(case: Case, about: About, now_s: int, terms: DisputeTerms) -> list[Moved]:
    """What passing time alone has made of a case until now: silences, each at its own deadline, and
    freezes that are over."""
    found: list[Moved] = []
    while (ends_s := due_s(case, terms)) is not None and ends_s <= now_s:
        if case.frozen_s is not None:
            moved = Moved(_thawed(case, ends_s), THAW, HUB_ITSELF, ends_s)
        else:
            moved = _silent(case, about, ends_s, terms)
        found.append(moved)
        case = moved.case
    return found


def foreseen(case: Case, now_s: int, terms: DisputeTerms) -> Case:
    """A case as `lapse` will find that it stands now, all but its money: that moves when a window
    closes, or when somebody acts in the case."""
    while (ends_s := due_s(case, terms)) is not None and ends_s <= now_s:
        if case.frozen_s is not None:
            case = _thawed(case, ends_s)
            continue
        to = terms.stages[case.stage].silence
        over_s = None if to in terms.stages else ends_s
        case = replace(case, stage=to, stage_s=ends_s, pause_days=0, ended_s=over_s)
    return case


def _asked(item: Opening | Step) -> Asked:
    return Asked(item.evidence, item.says_amount, item.says_reason, item.once)


def _objection(asked: Asked, act: CaseAct, about: About, amounts: range) -> Refusal | None:
    """What an act lacks. Refuses with CASE_ONCE, CASE_EVIDENCE, CASE_REASON or CASE_AMOUNT."""
    where = act.case_id or act.record_id
    if asked.once and about.was_disputed:
        return Refusal("CASE_ONCE", where, {"trip": about.trip_id})
    if asked.evidence and not act.evidence:
        return Refusal("CASE_EVIDENCE", where, in_both("act", f"case.act.{act.act}"))
    if asked.reason and not act.reason:
        return Refusal("CASE_REASON", where, in_both("act", f"case.act.{act.act}"))
    if asked.amount and act.amount_fen not in amounts:
        values = {"amount": act.amount_fen, "most": max(0, amounts.stop - 1)}
        return Refusal("CASE_AMOUNT", where, values)
    return None


def _moved(
    case: Case,
    lead: Opening | Step,
    act: CaseAct,
    by: str,
    about: About,
    at_s: int,
    terms: DisputeTerms,
) -> Moved:
    """Where an act leads, with its money: into escrow first, then what an ending moves."""
    money: list[Money] = []
    if lead.act in (CHARGE_BACK, OBJECT):
        case = replace(case, escrow_fen=case.amount_fen)
        money.append(chargeback(case.acquirer, case.escrow_fen, at_s))
    to = weighed(act, about, terms).ending if lead.to == WEIGHED else lead.to
    if to in terms.stages:
        after = replace(case, stage=to, stage_s=at_s, pause_days=0)
        return Moved(after, act.act, by, at_s, tuple(money))
    ruled_fen = act.amount_fen if lead.act == RULE else 0
    after, moves = _ended(case, terms.endings[to], about, at_s, terms, "", ruled_fen)
    if terms.endings[to].money == "pool":
        found = weighed(act, about, terms)
        moves = [*pool(after, found.issuer_points, found.acquirer_points, at_s), *moves]
    return Moved(after, act.act, by, at_s, (*money, *moves))


def _silent(case: Case, about: About, at_s: int, terms: DisputeTerms) -> Moved:
    stage = terms.stages[case.stage]
    silent = _side(stage.turn, case)
    if stage.silence in terms.stages:
        after = replace(case, stage=stage.silence, stage_s=at_s, pause_days=0)
        return Moved(after, SILENCE, silent, at_s)
    after, moves = _ended(case, terms.endings[stage.silence], about, at_s, terms, silent, 0)
    return Moved(after, SILENCE, silent, at_s, tuple(moves))


def _ended(
    case: Case,
    ending: Ending,
    about: About,
    at_s: int,
    terms: DisputeTerms,
    silent: str,
    ruled_fen: int,
) -> tuple[Case, list[Money]]:
    """A case at its end and the money of it. What goes to the issuer is never more than is left of
    the trip's charge by then: a later revision may have given it back already."""
    ruled = {"issuer": case.escrow_fen, "ruling": ruled_fen}.get(ending.escrow, 0)
    to_issuer_fen = min(ruled, max(0, about.left_fen))
    money = escrow_out(case, to_issuer_fen, about.whole, at_s)
    if ending.money == "back":
        to_issuer_fen = case.amount_fen
        money.append(back(case, about.whole, at_s))
    elif ending.money == "more":
        to_issuer_fen = -case.amount_fen
        money.append(more(case, about.whole, at_s))
    elif ending.money == "pool":
        to_issuer_fen = case.amount_fen
    against = silent if ending.borne_by == "silent" else ending.borne_by
    fee_fen = terms.fee_fen(ending.fee)
    money += case_fees(case, ending.fee, fee_fen, against, ruled, at_s)
    after = replace(
        case, stage=ending.name, ended_s=at_s, escrow_fen=0, to_issuer_fen=to_issuer_fen
    )
    return after, money


def _freezing(
    case: Case, act: CaseAct, side: str, person: str, at_s: int, terms: DisputeTerms
) -> Moved | Refusal:
    """Stop a case's clock, or let it go on. Only the hub may."""
    if side != HUB_ITSELF:
        values = act_and_side(act.act, side) | in_both("stage", f"case.stage.{case.stage}")
        return Refusal("CASE_STEP", case.case_id, values)
    if act.act == THAW:
        if case.frozen_s is None:
            return Refusal("CASE_NOT_FROZEN", case.case_id)
        return Moved(_thawed(case, at_s), THAW, person, at_s)
    if not act.reason:
        return Refusal("CASE_REASON", case.case_id, in_both("act", f"case.act.{act.act}"))
    if case.frozen_s is not None:
        return Refusal("CASE_FROZEN", case.case_id)
    if case.freezes >= terms.freezes_most:
        return Refusal("CASE_FREEZES", case.case_id, {"most": terms.freezes_most})
    frozen = replace(case, frozen_s=at_s, freezes=case.freezes + 1)
    return Moved(frozen, FREEZE, person, at_s)


def _thawed(case: Case, at_s: int) -> Case:
    """A frozen case that goes on: its deadline moves by every day that the freeze touched."""
    assert case.frozen_s is not None
    touched = (calendar_date(at_s) - calendar_date(case.frozen_s)) // timedelta(days=1) + 1
    return replace(case, frozen_s=None, pause_days=case.pause_days + touched)


def _side(turn: Actor, case: Case) -> str:
    if turn == "opener":
        return case.opened_by
    if turn == "other":
        return "acquirer" if case.opened_by == "issuer" else "issuer"
    return turn


def _noon_s(day: date) -> int:
    return at(day, 12)
