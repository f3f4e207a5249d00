"""A dispute begins; or the card itself takes over the one that a person began.

Whoever holds the card knows more than whoever types its number. So a claim by number freezes no
more than what the binding moved, and an open one is in nobody's way: the card takes it over, what
was proposed until then is void, and staff have their whole time again.
"""

from tongxing.city.losing.claims import objection
from tongxing.city.losing.disputing import JOIN, told
from tongxing.city.losing.settling_dispute import Parties, joined_freeze
from tongxing.city.losing.values import Bound, ByCard, ByPerson, Claim, Dispute
from tongxing.city.loss_terms import LossTerms, loss_terms
from tongxing.city.store import disputes as store
from tongxing.city.store import replacing
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.disputes import CaseRow, ClaimRow, StepRow
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal


def raise_dispute(
    cursor: Cursor,
    city: str,
    parties: Parties,
    medium_no: str,
    claim: Claim,
    request_id: str,
    note: str,
    now_s: int,
) -> Dispute | Refusal:
    """Begin a dispute: money is frozen and the account's holder is told; a card takes an open one
    over that a person began. The same again answers the same.

    A person's claim is kept and counted whatever it found. Refuses REQUEST_REUSED, what `objection`
    names, DISPUTE_NOT_BOUND, DISPUTE_TOO_LATE (a person only), DISPUTE_CARD_REPLACED, DISPUTE_OPEN,
    and DISPUTE_DECIDED where two people decided about this binding.
    """
    before = _before(cursor, medium_no, claim, request_id)
    if before is not None:
        return before
    terms = loss_terms(city, now_s)
    refusal = objection(cursor, parties, medium_no, claim, terms, note, now_s)
    if refusal is not None:
        return refusal
    found = _take(cursor, parties, medium_no, claim, request_id, terms, note, now_s)
    if isinstance(claim, ByPerson):
        answer = found.code if isinstance(found, Refusal) else ""
        row = ClaimRow(request_id, claim.person_id, medium_no, now_s, answer)
        store.write_claim(cursor, row)
    return found


def _before(
    cursor: Cursor, medium_no: str, claim: Claim, request_id: str
) -> Dispute | Refusal | None:
    """What this request was answered before, None for a new one."""
    if isinstance(claim, ByPerson):
        row = store.find_claim(cursor, request_id)
        if row is not None and (row.person_id, row.medium_no) != (claim.person_id, medium_no):
            return Refusal("REQUEST_REUSED", request_id)
        if row is not None and row.answer:
            return Refusal(row.answer, masked(medium_no))
    case = store.find_case(cursor, request_id)
    by = claim.person_id if isinstance(claim, ByPerson) else claim.proof_id
    if case is not None:
        made_by = case.claimant or case.proof_id
        same = (case.medium_no, made_by) == (medium_no, by)
        return told(cursor, case) if same else Refusal("REQUEST_REUSED", request_id)
    step = store.find_step(cursor, request_id)
    if step is None:
        return None
    case = store.find_case(cursor, step.case_id)
    if case is None or (step.kind, step.done_by, case.medium_no) != (JOIN, by, medium_no):
        return Refusal("REQUEST_REUSED", request_id)
    return told(cursor, case)


def _take(
    cursor: Cursor,
    parties: Parties,
    medium_no: str,
    claim: Claim,
    request_id: str,
    terms: LossTerms,
    note: str,
    now_s: int,
) -> Dispute | Refusal:
    bound = parties.bindings.in_force(cursor, medium_no)
    if bound is None or _is_own(parties, claim, bound):
        return Refusal("DISPUTE_NOT_BOUND", masked(medium_no))
    by_card = isinstance(claim, ByCard)
    within_s = terms.person_within_days * DAY_S
    if not by_card and within_s and now_s > bound.from_s + within_s:
        return Refusal("DISPUTE_TOO_LATE", masked(medium_no))
    if replacing.replacement_of(cursor, medium_no) is not None:
        return Refusal("DISPUTE_CARD_REPLACED", masked(medium_no))
    others = store.cases_of_binding(cursor, bound.binding_id)
    standing = next((one for one in others if one.ended_s is None), None)
    if standing is not None:
        if isinstance(claim, ByCard) and not standing.by_card:
            return _join(cursor, parties, standing, claim, request_id, terms, note, now_s)
        return Refusal("DISPUTE_OPEN", masked(medium_no))
    if any(store.was_decided(cursor, one.case_id) for one in others):
        return Refusal("DISPUTE_DECIDED", masked(medium_no))
    row = _case(bound, medium_no, claim, request_id, terms, note, now_s)
    store.write_case(cursor, row)
    frozen_fen = _all_of(cursor, row) if by_card else row.moved_fen
    _freeze(cursor, parties, row, row.case_id, frozen_fen, now_s)
    parties.tell(cursor, row, "dispute_raised", {"deadline_s": row.deadline_s}, now_s)
    return told(cursor, row)


def _is_own(parties: Parties, claim: Claim, bound: Bound) -> bool:
    """Whether somebody claims the card that is bound to their own account."""
    if not isinstance(claim, ByPerson):
        return False
    person = parties.people.person(claim.person_id)
    return not isinstance(person, Refusal) and person.account == bound.account


def _join(
    cursor: Cursor,
    parties: Parties,
    case: CaseRow,
    claim: ByCard,
    request_id: str,
    terms: LossTerms,
    note: str,
    now_s: int,
) -> Dispute:
    """The card takes a person's case over: all that the account has is frozen from now on."""
    number = len(store.steps_of(cursor, case.case_id)) + 1
    step = StepRow(case.case_id, number, request_id, JOIN, "", claim.proof_id, now_s, note)
    store.write_step(cursor, step)
    deadline_s = now_s + terms.dispute_days * DAY_S
    store.write_join(cursor, case.case_id, claim.proof_id, deadline_s)
    parties.money.thaw(cursor, case.case_id, now_s)
    frozen_fen = _all_of(cursor, case)
    _freeze(cursor, parties, case, joined_freeze(case.case_id), frozen_fen, now_s)
    after = store.find_case(cursor, case.case_id)
    assert after is not None
    parties.tell(cursor, after, "dispute_raised", {"deadline_s": deadline_s}, now_s)
    return told(cursor, after)


def _all_of(cursor: Cursor, case: CaseRow) -> int:
    """What the account has now, and what was moved at least."""
    _, balance_fen = store.account_money(cursor, case.account)
    return max(case.moved_fen, balance_fen, 1)


def _freeze(
    cursor: Cursor, parties: Parties, case: CaseRow, freeze_id: str, amount_fen: int, now_s: int
) -> None:
    if amount_fen <= 0:
        return
    frozen = parties.money.freeze(
        cursor, case.account, amount_fen, "dispute", None, freeze_id, now_s
    )
    if isinstance(frozen, Refusal):
        raise ValueError(f"a disputed account could not be frozen: {frozen.code}")


def _case(
    bound: Bound,
    medium_no: str,
    claim: Claim,
    request_id: str,
    terms: LossTerms,
    note: str,
    now_s: int,
) -> CaseRow:
    return CaseRow(
        case_id=request_id,
        binding_id=bound.binding_id,
        account=bound.account,
        medium_no=medium_no,
        by_card=isinstance(claim, ByCard),
        proof_id=claim.proof_id if isinstance(claim, ByCard) else f"person|{request_id}",
        claimant="" if isinstance(claim, ByCard) else claim.person_id,
        moved_fen=bound.moved_fen,
        from_s=bound.from_s,
        raised_s=now_s,
        deadline_s=now_s + terms.dispute_days * DAY_S,
        note=note,
    )
