"""What a gate asks of a legacy medium (M1) beside all else: may it still be used here, and how far.

Such a card may be a copy, and its balance may have been written by its holder. So it is taken at
home only, only while the city's dated data says so, and only within caps that make a copy worth
little; never on an account. A medium that can prove itself passes both questions unasked. Neither
may ever be answered from what the medium claims in its own favour.
"""

from tongxing.deciding.facts import GateContext, ValidatorFacts
from tongxing.deciding.purse import bill
from tongxing.deciding.token import MediumToken
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.network.legacy import LEGACY, LegacyTerms


def legacy_medium(
    token: MediumToken, facts: ValidatorFacts, context: GateContext
) -> Refusal | None:
    """Whether a legacy medium is taken at this gate on this day, with what it says it holds."""
    if token.trust != LEGACY:
        return None
    if token.funding != "purse" or token.medium_kind == "code":
        return Refusal("LEGACY_ON_ACCOUNT")
    if token.issuer != facts.city:
        return Refusal("M1_CARD_REFUSED")
    terms = _terms(token, context)
    if not terms.accepts_on(calendar_date(context.now_s)):
        return Refusal("LEGACY_SUPPORT_ENDED", values={"until": str(terms.accepted_until)})
    if token.balance_fen > terms.balance_max_fen:
        return Refusal("LEGACY_BALANCE_IMPLAUSIBLE", values={"limit": yuan(terms.balance_max_fen)})
    return None


def legacy_charge(
    token: MediumToken, facts: ValidatorFacts, context: GateContext
) -> Refusal | None:
    """Whether the tap takes no more from a legacy purse than a ride of one may cost; what it
    collects for an earlier ride is a ride of its own. Where rides are free it takes nothing."""
    if token.trust != LEGACY or context.mode == "free_ride":
        return None
    due = bill(token, facts, context, "")
    limit_fen = _terms(token, context).charge_max_fen
    if max(due.charge_fen, due.half_trip_fen) <= limit_fen:
        return None
    return Refusal("LEGACY_CHARGE_ABOVE_CAP", values={"limit": yuan(limit_fen)})


def _terms(token: MediumToken, context: GateContext) -> LegacyTerms:
    return context.legacy.terms(token.scheme, token.issuer, calendar_date(context.now_s))
