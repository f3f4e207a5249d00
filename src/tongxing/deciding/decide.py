"""The gate's decision: a pure function of the medium, the validator and what the gate knows.

No network, no clock, no disk: the same inputs give the same answer, in well under a millisecond.
Either every check passes and the money is there, and the lane may open; or exactly one reason says
why not, and nothing about the medium changes. The order of the checks is in `checks`, the money in
`purse`. This function never raises for anything a reader can read.
"""

import re

from msgspec.structs import replace

from tongxing.deciding import purse
from tongxing.deciding.checks import ALL_ASKED, Asked, first_objection
from tongxing.deciding.entering import entry_note, noted_reason
from tongxing.deciding.facts import (
    HALF_TRIP_COLLECTED,
    KIND_OF,
    OPEN,
    Decision,
    GateContext,
    ValidatorFacts,
)
from tongxing.deciding.token import MediumToken
from tongxing.kernel.reasons import Refusal
from tongxing.messages import PurseFacts, Tap, TapRef
from tongxing.messages.fleet import FREE_RIDE
from tongxing.messages.taps import TapKind

_UNSAFE = re.compile(r"[^0-9A-Za-z:_.-]", re.ASCII)
_TEXT_MAX = 40


def decide(
    token: MediumToken, facts: ValidatorFacts, context: GateContext, asked: Asked = ALL_ASKED
) -> Decision:
    """Open or refuse. Nothing has happened yet: the caller journals, writes, then opens."""
    tariff = tariff_name(context)
    kind = KIND_OF[facts.role]
    if context.mode == "manual":
        return refused(kind, token, tariff, Refusal("GATE_MANUAL"))
    refusal = first_objection(token, facts, context, asked.checks)
    if refusal is not None:
        if context.mode == "open_all" and refusal.code == "LEGACY_CHARGE_ABOVE_CAP":
            return _free(token, facts, context, tariff)
        decision = refused(kind, token, tariff, refusal)
        if not decision.pending or context.entry is None:
            return decision
        return replace(decision, holders=context.entry.holders)
    if context.mode == "free_ride":
        return _free(token, facts, context, tariff)
    if token.funding == "purse" and asked.money:
        return _decide_purse(token, facts, context, tariff)
    return Decision(
        outcome="opened",
        reason=OPEN,
        kind=kind,
        token_after=token,
        tariff=tariff,
        note=context.deny.notice(token.medium_no) or entry_note(token, facts, context),
    )


def refused(kind: TapKind, token: MediumToken, tariff: str, refusal: Refusal) -> Decision:
    """A lane that stays shut: nothing is taken, and the medium stays as it is."""
    return Decision(
        outcome="refused",
        reason=refusal.code,
        kind=kind,
        token_after=token,
        tariff=tariff,
        purse=_untouched(token),
        values=refusal.values,
    )


def tap_of(
    token: MediumToken,
    facts: ValidatorFacts,
    decision: Decision,
    ref: TapRef,
    now_s: int,
    deny_list_version: int,
) -> Tap:
    """The evidence of a presentation, opened or refused. What cannot be a medium's text is made
    harmless, since a reader may have read anything; and that a condition of entry kept a lane shut
    is told without what it found, since taps are kept for years."""
    return Tap(
        ref=ref,
        time_s=now_s,
        kind=decision.kind,
        city=facts.city,
        place=facts.place,
        mode=facts.mode,
        operator=facts.operator,
        line=facts.line,
        station=facts.station,
        vehicle=facts.vehicle,
        medium_no=_harmless(token.medium_no),
        medium_kind=token.medium_kind,
        scheme=_harmless(token.scheme),
        issuer=_harmless(token.issuer),
        product=_harmless(token.product),
        funding=token.funding,
        purse=decision.purse,
        outcome=decision.outcome,
        reason=noted_reason(decision.reason),
        tariff=decision.tariff,
        deny_list_version=deny_list_version,
    )


def _decide_purse(
    token: MediumToken, facts: ValidatorFacts, context: GateContext, tariff: str
) -> Decision:
    due = purse.bill(token, facts, context, tariff)
    kind = KIND_OF[facts.role]
    if token.balance_fen < due.needed_fen:
        if context.mode == "open_all":
            return _free(token, facts, context, tariff)
        return Decision(
            outcome="refused",
            reason="INSUFFICIENT_BALANCE",
            kind=kind,
            token_after=token,
            tariff=due.tariff,
            purse=_untouched(token),
            needed_fen=due.needed_fen,
        )
    after = purse.debited(token, facts, context, due)
    return Decision(
        outcome="opened",
        reason=OPEN,
        kind=kind,
        token_after=after,
        tariff=due.tariff,
        purse=PurseFacts(after.counter, token.balance_fen, due.taken_fen),
        charge_fen=due.charge_fen,
        half_trip_fen=due.half_trip_fen,
        lines=due.lines,
        note=(HALF_TRIP_COLLECTED if due.half_trip_fen else context.deny.notice(token.medium_no))
        or entry_note(token, facts, context),
    )


def _free(token: MediumToken, facts: ValidatorFacts, context: GateContext, tariff: str) -> Decision:
    """A ride by order of the city: counted like any other, with nothing taken and nothing asked of
    the purse. A ride that begins is noted on the medium, one that ends is over. Where the doors
    stand open to all it is that of a purse from which the money cannot be taken."""
    kind = KIND_OF[facts.role]
    if token.funding != "purse":
        return Decision(
            outcome="opened", reason=FREE_RIDE, kind=kind, token_after=token, tariff=tariff
        )
    after = purse.debited(token, facts, context, purse.nothing_due(token, facts, tariff))
    return Decision(
        outcome="opened",
        reason=FREE_RIDE,
        kind=kind,
        token_after=after,
        tariff=tariff,
        purse=PurseFacts(after.counter, token.balance_fen, 0),
    )


def tariff_name(context: GateContext) -> str:
    """The tariff in force now, "" when there is none: `gate_ready` refuses then."""
    tariff = context.fares.book.at(context.now_s)
    return "" if tariff is None else tariff.name


def _untouched(token: MediumToken) -> PurseFacts | None:
    """What the purse said when nothing was taken from it; evidence too."""
    if token.funding != "purse":
        return None
    return PurseFacts(token.counter, token.balance_fen, 0)


def _harmless(text: str) -> str:
    return _UNSAFE.sub("?", text[:_TEXT_MAX])
