"""Somebody disputes a binding: whoever holds the card, or a person whose identity is known.

A thief may bind a stranger's bearer card and ask for its money. So the money that a binding moved
can be disputed: it is frozen at once, both sides are told, and two different people decide. The
table of states stands in `STATES`; whatever happens, a dispute ends, and its money is then either
in the card's own purse again or free in the account.
"""

from collections.abc import Mapping, Sequence

from tongxing.city.losing.claims import NOTE_MAX, proof_objection
from tongxing.city.losing.settling_dispute import Parties, settle
from tongxing.city.losing.values import (
    ByCard,
    Claim,
    Dispute,
    DisputeState,
    Evidence,
)
from tongxing.city.loss_terms import Outcome, loss_terms
from tongxing.city.store import disputes as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.disputes import CaseRow, StepRow
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal

RULE = "rule"
"""Who ends a dispute that nobody decided."""
JOIN = "join"
"""The step by which the card itself takes over what a person began (`raising`)."""

STATES: Mapping[DisputeState, Mapping[str, DisputeState | str]] = {
    "open": {
        "evidence": "open",
        "propose": "proposed",
        "approve": "DISPUTE_NOT_PROPOSED",
        "send_back": "DISPUTE_NOT_PROPOSED",
        "withdraw": "released",
        "lapse": "by rule",
    },
    "proposed": {
        "evidence": "proposed",
        "propose": "DISPUTE_PROPOSED",
        "approve": "as proposed",
        "send_back": "open",
        "withdraw": "DISPUTE_PROPOSED",
        "lapse": "by rule",
    },
    "back": dict.fromkeys(
        ("evidence", "propose", "approve", "send_back", "withdraw", "lapse"), "DISPUTE_DECIDED"
    ),
    "released": dict.fromkeys(
        ("evidence", "propose", "approve", "send_back", "withdraw", "lapse"), "DISPUTE_DECIDED"
    ),
}
"""What each step does in each state: the next state, or the code of a refusal."""


def take_step(
    cursor: Cursor,
    city: str,
    parties: Parties,
    case_id: str,
    kind: str,
    outcome: Outcome | None,
    done_by: str,
    request_id: str,
    note: str,
    now_s: int,
) -> Dispute | Refusal:
    """Do one step by the table of states. The same request again answers the same.

    Refuses REQUEST_REUSED, DISPUTE_UNKNOWN, what the table says, DISPUTE_OVER_TIME,
    DISPUTE_EVIDENCE_EMPTY for an empty or overlong note of evidence, and FOUR_EYES when whoever
    proposed approves.
    """
    before = store.find_step(cursor, request_id)
    if before is not None:
        same = (before.case_id, before.kind, before.done_by, before.outcome, before.note) == (
            case_id, kind, done_by, outcome or before.outcome, note,
        )  # fmt: skip
        case = store.find_case(cursor, case_id)
        if not same or case is None:
            return Refusal("REQUEST_REUSED", request_id)
        return told(cursor, case)
    case = store.find_case(cursor, case_id)
    if case is None:
        return Refusal("DISPUTE_UNKNOWN", case_id)
    now = told(cursor, case)
    follows = STATES[now.state][kind]
    if follows.isupper():
        return Refusal(follows, case_id)
    if now_s > case.deadline_s and kind != "lapse":
        return Refusal("DISPUTE_OVER_TIME", case_id)
    if len(note) > NOTE_MAX or (kind == "evidence" and not note.strip()):
        return Refusal("DISPUTE_EVIDENCE_EMPTY", case_id, {"limit": NOTE_MAX})
    if kind == "approve" and done_by == now.proposed_by:
        return Refusal("FOUR_EYES", case_id)
    end = _end(city, case, now, follows)
    step = StepRow(
        case_id, len(now.steps) + 1, request_id, kind, outcome or end or "", done_by, now_s, note
    )
    store.write_step(cursor, step)
    if end is not None:
        settle(cursor, city, parties, case, end, now_s, decided=kind == "approve")
    ended = store.find_case(cursor, case_id)
    assert ended is not None
    return told(cursor, ended)


def withdraw(
    cursor: Cursor,
    city: str,
    parties: Parties,
    case_id: str,
    claim: Claim,
    request_id: str,
    now_s: int,
) -> Dispute | Refusal:
    """Whoever raised a dispute takes it back, by the same card or as the same person.

    Refuses what `take_step` does, DISPUTE_NOT_CLAIMANT, DISPUTE_PROOF_OLD and DISPUTE_PROOF_USED.
    """
    case = store.find_case(cursor, case_id)
    if case is None:
        return Refusal("DISPUTE_UNKNOWN", case_id)
    if isinstance(claim, ByCard):
        done_by, same = claim.proof_id, case.by_card and case.medium_no == claim.medium_no
    else:
        done_by = claim.person_id
        same = not case.by_card and case.claimant == claim.person_id
    if not same:
        return Refusal("DISPUTE_NOT_CLAIMANT", case_id)
    if isinstance(claim, ByCard) and store.find_step(cursor, request_id) is None:
        refusal = proof_objection(cursor, case.medium_no, claim, loss_terms(city, now_s), now_s)
        if refusal is not None:
            return refusal
    return take_step(
        cursor, city, parties, case_id, "withdraw", None, done_by, request_id, "", now_s
    )


def lapse(cursor: Cursor, city: str, parties: Parties, now_s: int) -> list[Dispute]:
    """End every dispute whose time is over, by the rule that is data. Twice is harmless."""
    ended = []
    for case in store.open_cases(cursor):
        if now_s > case.deadline_s:
            found = take_step(
                cursor, city, parties, case.case_id, "lapse", None, RULE,
                digest("lapse", case.case_id), "", now_s,
            )  # fmt: skip
            assert isinstance(found, Dispute), found
            ended.append(found)
    return ended


def told(cursor: Cursor, case: CaseRow) -> Dispute:
    """A dispute with all its steps, as it stands."""
    return _told(case, store.steps_of(cursor, case.case_id))


def told_all(cursor: Cursor, cases: Sequence[CaseRow]) -> list[Dispute]:
    """Disputes with all their steps, read at once."""
    steps: dict[str, list[StepRow]] = {case.case_id: [] for case in cases}
    for step in store.steps_of_all(cursor, list(steps)):
        steps[step.case_id].append(step)
    return [_told(case, steps[case.case_id]) for case in cases]


def _told(case: CaseRow, steps: Sequence[StepRow]) -> Dispute:
    state: DisputeState = "open"
    proposed: Outcome | None = None
    proposed_by = ""
    for step in steps:
        if step.kind == "propose":
            state, proposed, proposed_by = "proposed", _outcome(step.outcome), step.done_by
        elif step.kind in ("send_back", JOIN):
            state, proposed, proposed_by = "open", None, ""
    ended = _outcome(case.outcome or "")
    return Dispute(
        case_id=case.case_id,
        binding_id=case.binding_id,
        account=case.account,
        medium_no=case.medium_no,
        by_card=case.by_card,
        moved_fen=case.moved_fen,
        raised_s=case.raised_s,
        deadline_s=case.deadline_s,
        state=ended or state,
        proposed=proposed,
        proposed_by=proposed_by,
        steps=tuple(
            Evidence(step.kind, _outcome(step.outcome) or "", step.done_by, step.done_s, step.note)
            for step in steps
        ),
        back_fen=case.back_fen,
        borne_fen=case.borne_fen,
        ended_s=case.ended_s,
    )


def _end(city: str, case: CaseRow, now: Dispute, follows: str) -> Outcome | None:
    """The outcome a step brings, None where the dispute goes on."""
    if follows == "as proposed":
        return now.proposed
    if follows == "by rule":
        return loss_terms(city, case.raised_s).undecided(case.by_card)
    return _outcome(follows)


def _outcome(text: str) -> Outcome | None:
    return "back" if text == "back" else "released" if text == "released" else None
