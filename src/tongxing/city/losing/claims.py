"""Whether somebody may claim a bound card: by the card itself, or by their verified identity.

Whoever only types a number may guess it. So each such claim is kept, whatever it found, they are
few in a day and in a year, and their maker is told the same of all of them until two people have
decided.
"""

from tongxing.city.losing.settling_dispute import Parties
from tongxing.city.losing.values import ByCard, ByPerson, Claim, Claimed, ClaimState
from tongxing.city.loss_terms import LossTerms, loss_terms
from tongxing.city.store import disputes as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.disputes import ClaimRow
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal

NOTE_MAX = 500
IDENTITY = 2
YEAR_DAYS = 365


def objection(
    cursor: Cursor,
    parties: Parties,
    medium_no: str,
    claim: Claim,
    terms: LossTerms,
    note: str,
    now_s: int,
) -> Refusal | None:
    """DISPUTE_EVIDENCE_EMPTY for an overlong note, DISPUTE_NEEDS_IDENTITY, DISPUTE_BUDGET,
    and what `proof_objection` names."""
    if len(note) > NOTE_MAX:
        return Refusal("DISPUTE_EVIDENCE_EMPTY", masked(medium_no), {"limit": NOTE_MAX})
    if isinstance(claim, ByPerson):
        found = parties.people.person(claim.person_id)
        if isinstance(found, Refusal) or found.level < IDENTITY:
            return Refusal("DISPUTE_NEEDS_IDENTITY", masked(medium_no))
        return _budget_objection(cursor, claim.person_id, terms, now_s)
    return proof_objection(cursor, medium_no, claim, terms, now_s)


def proof_objection(
    cursor: Cursor, medium_no: str, claim: ByCard, terms: LossTerms, now_s: int
) -> Refusal | None:
    """DISPUTE_CARD_PROOF for a proof of another card, DISPUTE_PROOF_OLD (also one of the future)
    and DISPUTE_PROOF_USED."""
    if claim.medium_no != medium_no:
        return Refusal("DISPUTE_CARD_PROOF", masked(medium_no))
    if not 0 <= now_s - claim.proven_s <= terms.proof_age_s:
        return Refusal("DISPUTE_PROOF_OLD", masked(medium_no), {"seconds": terms.proof_age_s})
    if store.proof_used(cursor, claim.proof_id):
        return Refusal("DISPUTE_PROOF_USED", masked(medium_no))
    return None


def claims_of(cursor: Cursor, city: str, person_id: str, now_s: int) -> list[Claimed]:
    """What a person claimed by a number, newest first, as they may know it."""
    found = []
    for row in store.claims_of(cursor, person_id):
        until_s = row.claimed_s + loss_terms(city, row.claimed_s).dispute_days * DAY_S
        found.append(Claimed(row.medium_no, row.claimed_s, until_s, _seen(row, until_s, now_s)))
    return found


def _seen(row: ClaimRow, until_s: int, now_s: int) -> ClaimState:
    if row.decided in ("back", "released"):
        return "back" if row.decided == "back" else "released"
    return "examined" if now_s <= until_s else "over"


def _budget_objection(
    cursor: Cursor, person_id: str, terms: LossTerms, now_s: int
) -> Refusal | None:
    """DISPUTE_BUDGET for one claim more than a person may make in a day or in a year."""
    for days, most in ((1, terms.person_day_most), (YEAR_DAYS, terms.person_year_most)):
        if store.claims_since(cursor, person_id, now_s - days * DAY_S) >= most:
            day, year = terms.person_day_most, terms.person_year_most
            return Refusal("DISPUTE_BUDGET", "claims", {"day": day, "year": year})
    return None
