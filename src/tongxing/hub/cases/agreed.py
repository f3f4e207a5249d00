"""The case that the hub opens and ends in one step: a held record whose members agree on less."""

from tongxing.hub.cases.ladder import HUB_ITSELF, About, Case, Moved
from tongxing.hub.cases.money import back
from tongxing.hub.cases.rules import DisputeTerms

AGREEMENT, AGREED = "agreement", "agreed"
"""What opens it, and how it has ended by then."""


def agreed_case(
    case_id: str, about: About, back_fen: int, at_s: int, version: str, terms: DisputeTerms
) -> Moved:
    """The new case: what the issuer does not owe goes back at once, and nobody pays a fee."""
    case = Case(
        case_id=case_id,
        record_id=about.record_id,
        trip_id=about.trip_id,
        issuer=about.issuer,
        acquirer=about.acquirer,
        opened_by="issuer",
        opened_s=at_s,
        terms=version,
        stage=terms.endings[AGREED].name,
        stage_s=at_s,
        amount_fen=back_fen,
        ended_s=at_s,
        to_issuer_fen=back_fen,
    )
    return Moved(case, AGREEMENT, HUB_ITSELF, at_s, (back(case, about.whole, at_s),))
