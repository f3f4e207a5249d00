"""Cards as their issuers know them: which code a ride on a card leads to, and whose loss it is.

Everything goes by the moment of the tap. A closed card is a denied one: the same table of liability
says whose loss the ride is, by the list that the record proves its terminal had (`liability`).
"""

from datetime import date
from typing import NamedTuple

from tongxing.hub.evidence import CardFacts, Evidence
from tongxing.hub.liability import deny_rule
from tongxing.hub.verdicts import verdict_code
from tongxing.kernel.clock import calendar_date
from tongxing.messages import Record

UNKNOWN, EXPIRED, WRONG_KIND, CLOSED = "1008", "1010", "1015", "1003"


class CardFault(NamedTuple):
    """A verdict code, a detail for the hub's own staff, and who bears the loss where that is not
    whom the table of codes names."""

    code: str
    detail: str
    bearer: str = ""


def card_fault(record: Record, evidence: Evidence) -> CardFault | None:
    """What is wrong with a record's card or account, if its issuer said anything of its cards.

    What gives money back is not asked for its card.
    """
    facts = evidence.issued.get((record.issuer, record.medium_no))
    if facts is None and evidence.cards is not None:
        facts = evidence.cards.get(record.medium_no)
        if facts is None:
            return CardFault(UNKNOWN, "its issuer does not know it")
    if facts is None or record.delta_fen < 0:
        return None
    on = calendar_date(record.entered_s)
    return _range_fault(record, facts, on) or _closed(record, facts, evidence)


def _range_fault(record: Record, facts: CardFacts, on: date) -> CardFault | None:
    by = f" ({facts.told})" if facts.told else ""
    if facts.expires_on is not None and on > facts.expires_on:
        return CardFault(EXPIRED, f"good until {facts.expires_on}{by}")
    if facts.schemes and record.scheme not in facts.schemes:
        return CardFault(WRONG_KIND, f"a card of {' '.join(facts.schemes)}{by}")
    was_issued = facts.issued_on is not None and facts.issued_on <= on
    if facts.must_have_range and not was_issued:
        return CardFault(UNKNOWN, f"no number that was issued{by}")
    return None


def _closed(record: Record, facts: CardFacts, evidence: Evidence) -> CardFault | None:
    if facts.closed_s is not None and record.entered_s >= facts.closed_s:
        return CardFault(CLOSED, "closed before the tap")
    for closure in facts.closures:
        if record.entered_s < closure.reported_s or closure.is_over(record.entered_s):
            continue
        name, rule = deny_rule(
            closure, record.entered_s, record.deny_list_version, evidence.liability
        )
        if not rule.code:
            continue
        detail = f"closed before the tap, {name} ({facts.told})"
        is_taken = verdict_code(rule.code).severity == "soft"
        return CardFault(rule.code if is_taken else CLOSED, detail, rule.bearer)
    return None
