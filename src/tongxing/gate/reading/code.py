"""A ride code at a gate: verified without a network, then a token like any other medium's.

Signatures, dates, limit and form are asked by `media.code.verify`, in its own order; acceptance,
deny list and whether this display was shown before are the gate's own questions, as for every
medium. A code that is refused still leaves a token behind as far as it could be read: refusals are
taps too.
"""

from collections.abc import Mapping
from datetime import date

from tongxing.deciding.checks import ANY_RIDER
from tongxing.deciding.facts import ENDING_ROLES, GateContext, ValidatorFacts
from tongxing.deciding.rides import single_tap
from tongxing.deciding.token import MediumToken
from tongxing.fares import pricing_refusal
from tongxing.gate.reading.kinds import ORDINARY, product_of
from tongxing.gate.reading.setup import MediaSetup
from tongxing.gate.reading.writing import highest_fare
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import RideCode
from tongxing.media.code.verify import Accepted, verify
from tongxing.media.code.verify import Role as Side
from tongxing.messages.taps import MediumKind, account_token

_SIDES: Mapping[str, Side] = {"entry": "entry", "board": "entry", "exit": "exit", "alight": "exit"}

UNREAD = "unread"
"""What stands in a tap for the number, scheme and product of a medium that could not be read."""


def read_code(
    raw: bytes, facts: ValidatorFacts, context: GateContext, setup: MediaSetup
) -> tuple[MediumToken, Refusal | None]:
    """The token of a scanned code, and why it may not be used, if it may not.

    Refusals are the codes of `media.code.verify`; the token is `unread_token` when nothing could be
    read of it.
    """
    verdict = verify(
        raw,
        setup.trust,
        context.now_s,
        caches=setup.caches,
        sm2=setup.sm2,
        skew_s=context.rules.clock_skew_s,
        fare_fen=_fare_ahead(facts, context),
        denied=lambda account: _denied(account, context),
        role=_SIDES.get(facts.role, "single"),
    )
    if isinstance(verdict, Accepted):
        return _token(verdict.code, setup), None
    code = verdict.code
    token = unread_token("code") if code is None else _token(code, setup)
    return token, verdict.refusal


def _denied(account: str, context: GateContext) -> str:
    """Why an account or a card of this number is denied; "" when it is not."""
    return context.deny.reason(account_token(account)) or context.deny.reason(account)


def unread_token(kind: MediumKind) -> MediumToken:
    """What is known of a medium that could not be read: that somebody held something there."""
    return MediumToken(
        scheme=UNREAD,
        medium_no=UNREAD,
        medium_kind=kind,
        issuer="",
        product=ORDINARY,
        funding="account",
        expires=date.max,
    )


def _token(code: RideCode, setup: MediaSetup) -> MediumToken:
    scheme, issuer = setup.issuers.get(code.issuer_id, (UNREAD, ""))
    return MediumToken(
        scheme=scheme,
        medium_no=account_token(code.payment_account or UNREAD),
        medium_kind="code",
        issuer=issuer,
        product=product_of(issuer, "code", code.account_type),
        funding="account",
        expires=calendar_date(code.authorisation_ends_s),
        code_issued_s=code.generated_s,
        code_expires_s=code.last_good_s,
    )


def _fare_ahead(facts: ValidatorFacts, context: GateContext) -> int:
    """What a ride that begins here can cost at most (fen); 0 where one ends, since only the account
    knows where it began, and where nothing can be priced: `decide` says so."""
    if facts.role in ENDING_ROLES:
        return 0
    if pricing_refusal(context.fares, single_tap(facts, context.now_s), ANY_RIDER) is not None:
        return 0
    return highest_fare(ANY_RIDER, facts, context)
