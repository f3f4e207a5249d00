"""How a worked day's dispute ended: its steps taken on the ladder of its day (`cases.ladder`).

A worked day says what happened and asks what it means; a step that came too late or out of turn
changes nothing. Its fees are its own (`config`), so those of the ladder are not looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tongxing.hub.cases.ladder import About, Case, lapse, take
from tongxing.hub.day.model import DayStep, Dispute
from tongxing.hub.day.times import seconds
from tongxing.hub.terms import CaseTerms
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages import CaseAct, CaseActKind, Evidence, Share

_ACTS: dict[str, tuple[CaseActKind, str]] = {
    "ACCEPT": ("accept", "acquirer"),
    "REPRESENT": ("represent", "acquirer"),
    "DROP": ("drop", "issuer"),
    "ARBITRATE": ("arbitrate", "issuer"),
    "RULING": ("rule", "hub"),
}
_PAPER = Evidence("told by the file", "0" * 64)
_EVER_S = 400 * 86_400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dispute ended: when, and who gets what of the escrow."""

    at_s: int
    to_issuer_fen: int
    to_acquirer_fen: int


def outcome_of(
    dispute: Dispute, charged_back_s: int, steps: Iterable[DayStep], terms: CaseTerms
) -> Outcome:
    """The end of a dispute; the two parts always add up to what was charged back. Two persons rule
    the same where that many are needed.

    Raises ValueError for a ruling outside of the amount: nobody can rule what is not there.
    """
    amount_fen = dispute.disputed_amount
    about = _about(dispute, charged_back_s)
    case = Case(
        case_id=dispute.case_id,
        record_id=about.record_id,
        trip_id=about.trip_id,
        issuer=about.issuer,
        acquirer=about.acquirer,
        opened_by="issuer",
        opened_s=charged_back_s,
        terms=terms.version,
        stage="charged_back",
        stage_s=charged_back_s,
        amount_fen=amount_fen,
        escrow_fen=amount_fen,
    )
    for step in sorted(steps, key=lambda step: seconds(step.at)):
        act, side = _ACTS[step.kind]
        at_s = seconds(step.at)
        if at_s < case.stage_s:
            continue
        if act == "rule" and case.stage == "arbitration" and step.to_issuer > amount_fen:
            raise ValueError("a ruling divides what is in escrow, no more")
        said = CaseAct(
            act_id=step.kind,
            act=act,
            case_id=case.case_id,
            amount_fen=step.to_issuer,
            reason=step.kind,
            evidence=[_PAPER],
        )
        case = _until(case, about, at_s, terms)
        for person in ("first", "second") if side == "hub" else ("",):
            moved = take(case, said, side, person, about, at_s, terms.dispute)
            case = case if isinstance(moved, Refusal) else moved.case
    case = _until(case, about, charged_back_s + _EVER_S, terms)
    assert case.ended_s is not None
    return Outcome(case.ended_s, case.to_issuer_fen, amount_fen - case.to_issuer_fen)


def _until(case: Case, about: About, now_s: int, terms: CaseTerms) -> Case:
    passed = lapse(case, about, now_s, terms.dispute)
    return passed[-1].case if passed else case


def _about(dispute: Dispute, charged_back_s: int) -> About:
    return About(
        record_id=dispute.original,
        trip_id=dispute.original,
        issuer=dispute.initiator,
        acquirer=dispute.acquirer,
        settled_on=calendar_date(charged_back_s),
        codes=(),
        how="",
        is_signed=False,
        left_fen=dispute.disputed_amount,
        whole=tuple(Share(name, ppm) for name, ppm in dispute.operator_shares.items()),
    )
