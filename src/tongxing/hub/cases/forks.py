"""The case that the hub opens itself: a purse forked, and what it paid for was netted already."""

from tongxing.hub.cases.ladder import HUB_ITSELF, About, Case, Moved
from tongxing.hub.cases.money import chargeback
from tongxing.hub.cases.rules import DisputeTerms

FORK, FORKED = "fork", "forked"
"""What opens it, and the stage at which it stands until a person or its deadline decides."""


def fork_case(case_id: str, about: About, at_s: int, version: str, terms: DisputeTerms) -> Moved:
    """The new case: all that is left of the charge goes into escrow."""
    case = Case(
        case_id=case_id,
        record_id=about.record_id,
        trip_id=about.trip_id,
        issuer=about.issuer,
        acquirer=about.acquirer,
        opened_by="issuer",
        opened_s=at_s,
        terms=version,
        stage=terms.stages[FORKED].name,
        stage_s=at_s,
        amount_fen=about.left_fen,
        escrow_fen=about.left_fen,
    )
    money = (chargeback(case.acquirer, case.escrow_fen, at_s),)
    return Moved(case, FORK, HUB_ITSELF, at_s, money)
