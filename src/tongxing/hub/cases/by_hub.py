"""The cases that the hub opens itself: a purse forked when what it paid for was netted already, and
a held record whose members agree on less, which ends at once."""

from dataclasses import replace

from tongxing.hub.cases.ladder import HUB_ITSELF, About, Case, Moved
from tongxing.hub.cases.money import back, chargeback
from tongxing.hub.cases.rules import DisputeTerms

FORK, FORKED = "fork", "forked"
"""What opens it, and the stage at which it stands until a person or its deadline decides."""
AGREEMENT, AGREED = "agreement", "agreed"
"""What opens it, and how it has ended by then."""


def fork_case(case_id: str, about: About, at_s: int, version: str, terms: DisputeTerms) -> Moved:
    """The new case: all that is left of the charge goes into escrow."""
    stage = terms.stages[FORKED].name
    case = _opened(case_id, about, about.left_fen, at_s, version, stage)
    case = replace(case, escrow_fen=about.left_fen)
    money = (chargeback(case.acquirer, case.escrow_fen, at_s),)
    return Moved(case, FORK, HUB_ITSELF, at_s, money)


def agreed_case(
    case_id: str, about: About, back_fen: int, at_s: int, version: str, terms: DisputeTerms
) -> Moved:
    """The new case: what the issuer does not owe goes back at once, and nobody pays a fee."""
    stage = terms.endings[AGREED].name
    case = _opened(case_id, about, back_fen, at_s, version, stage)
    case = replace(case, ended_s=at_s, to_issuer_fen=back_fen)
    return Moved(case, AGREEMENT, HUB_ITSELF, at_s, (back(case, about.whole, at_s),))


def _opened(
    case_id: str, about: About, amount_fen: int, at_s: int, version: str, stage: str
) -> Case:
    return Case(
        case_id=case_id,
        record_id=about.record_id,
        trip_id=about.trip_id,
        issuer=about.issuer,
        acquirer=about.acquirer,
        opened_by="issuer",
        opened_s=at_s,
        terms=version,
        stage=stage,
        stage_s=at_s,
        amount_fen=amount_fen,
    )
