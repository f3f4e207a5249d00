"""Everything a gate asks of a medium before money comes into it, in one fixed order.

Each check returns None or a refusal, and the first refusal wins: a passenger hears exactly one
reason, the one that has to be put right first. docs/algorithms/decision.md carries the same table;
a test holds the two together. A check reads plain values and must never change anything.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tongxing.deciding.entering import entry_condition
from tongxing.deciding.facts import ENDING_ROLES, GateContext, ValidatorFacts
from tongxing.deciding.legacy import legacy_charge, legacy_medium
from tongxing.deciding.rides import half_trip, rider_of, single_tap
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.fares import Rider, pricing_refusal
from tongxing.kernel.clock import business_date, calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.network.registry import Registry

_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z:_.-]{3,39}", re.ASCII)
_SCHEME = re.compile(r"[a-z][a-z0-9_]{1,31}(:[0-9]{6})?", re.ASCII)
_ISSUER = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_PRODUCT = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
COUNTER_MAX = 0xFFFF
ANY_RIDER = Rider()


@dataclass(frozen=True, slots=True)
class Check:
    """One question, and the reasons it may give in the order in which it looks for them."""

    name: str
    reasons: tuple[str, ...]
    ask: Callable[[MediumToken, ValidatorFacts, GateContext], Refusal | None]


def gate_ready(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Refusal | None:
    """Whether this gate can price a ride from where it stands at the time its own clock shows: a
    wrong clock or configuration must not be blamed on the passenger."""
    return pricing_refusal(context.fares, single_tap(facts, context.now_s), ANY_RIDER)


def medium_form(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Refusal | None:
    """Whether what was read can be a medium at all (B48, B59, B60, R-208)."""
    if token.medium_kind == "code":
        return None if _is_code(token, context) else Refusal("QR_MALFORMED")
    if not (_is_written_well(token) and _is_card_number(token, context.registry)):
        return Refusal("CARD_NUMBER")
    if token.funding == "purse":
        if not 0 <= token.balance_fen <= context.rules.balance_max_fen:
            return Refusal("CARD_BALANCE_IMPLAUSIBLE")
        if not 0 <= token.counter < COUNTER_MAX:
            return Refusal("CARD_COUNTER_SPENT")
    return None


def medium_status(
    token: MediumToken, facts: ValidatorFacts, context: GateContext
) -> Refusal | None:
    """Whether the medium is still, and already, good (B61). The day of expiry is a good day."""
    if calendar_date(context.now_s) > token.expires:
        return Refusal("CARD_EXPIRED")
    return None if token.enabled else Refusal("CARD_NOT_ACTIVE")


def code_window(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Refusal | None:
    """Whether a code is fresh, and shown for the first time at this site (B50, B51)."""
    if token.medium_kind != "code":
        return None
    if context.now_s > token.code_expires_s:
        return Refusal("QR_EXPIRED")
    if token.code_issued_s - context.now_s > context.rules.clock_skew_s:
        return Refusal("QR_CLOCK_SKEW")
    return Refusal("QR_REPLAYED") if context.recent.has_shown(token) else None


def acceptance(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Refusal | None:
    """Whether this scheme and issuer are accepted at this place, mode, line and day (R-311)."""
    return accepted_here(token.scheme, token.issuer, facts, context)


def accepted_here(
    scheme: str, issuer: str, facts: ValidatorFacts, context: GateContext
) -> Refusal | None:
    """Why a scheme's medium of an issuer is not accepted at this validator; None when it is."""
    line = context.fares.network.lines.get(facts.line)
    answer = context.registry.acceptance(
        scheme,
        issuer,
        facts.place,
        facts.mode,
        calendar_date(context.now_s),
        facts.line,
        line.schemes if line is not None else (),
    )
    return answer.refusal(facts.terminal_id)


def deny_list(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Refusal | None:
    """Whether the city has told its gates to refuse this medium, and why."""
    reason = context.deny.reason(token.medium_no)
    return Refusal(reason) if reason else None


def sequence(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Refusal | None:
    """Whether this side of a ride can come now. Only a purse carries its open ride with it."""
    if _is_double_tap(token, facts, context):
        return Refusal("DOUBLE_TAP")
    if token.funding != "purse":
        return None
    entry = token.open_entry
    if facts.role in ENDING_ROLES:
        return _ending(token, facts, context)
    if entry is None:
        return None
    if entry.city != facts.city:
        # One tap that is a whole ride leaves the record of the open ride where it is.
        return None if facts.role == "ride" else Refusal("RIDE_OPEN_ELSEWHERE")
    return None if _is_readable(token, entry, facts, context) else Refusal("ENTRY_RECORD_INVALID")


CHECKS: tuple[Check, ...] = (
    Check(
        "gate_ready",
        (
            "FARES_NO_TARIFF",
            "FARES_NO_MODE",
            "FARES_NO_LINE",
            "FARES_NO_STATION",
            "FARES_NO_FARE",
        ),
        gate_ready,
    ),
    Check(
        "medium_form",
        ("QR_MALFORMED", "CARD_NUMBER", "CARD_BALANCE_IMPLAUSIBLE", "CARD_COUNTER_SPENT"),
        medium_form,
    ),
    Check("medium_status", ("CARD_EXPIRED", "CARD_NOT_ACTIVE"), medium_status),
    Check("code_window", ("QR_EXPIRED", "QR_CLOCK_SKEW", "QR_REPLAYED"), code_window),
    Check("acceptance", (), acceptance),
    Check("deny_list", (), deny_list),
    Check(
        "legacy_medium",
        (
            "LEGACY_ON_ACCOUNT",
            "M1_CARD_REFUSED",
            "LEGACY_SUPPORT_ENDED",
            "LEGACY_BALANCE_IMPLAUSIBLE",
        ),
        legacy_medium,
    ),
    Check(
        "entry_condition",
        (
            "ENTRY_MANUAL_LANE",
            "ENTRY_TURNED_BACK",
            "ENTRY_NOT_UPGRADED",
            "ENTRY_NO_ANSWER",
            "ENTRY_STAFF_CHECK",
        ),
        entry_condition,
    ),
    Check(
        "sequence",
        (
            "DOUBLE_TAP",
            "EXIT_WITHOUT_ENTRY",
            "EXIT_OTHER_CITY",
            "RIDE_OPEN_ELSEWHERE",
            "ENTRY_RECORD_INVALID",
            "ENTRY_OTHER_DAY",
        ),
        sequence,
    ),
    Check("legacy_charge", ("LEGACY_CHARGE_ABOVE_CAP",), legacy_charge),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which questions are put: all of them at a gate. Whoever repeats a decision from a tap leaves
    out the checks that the tap's evidence cannot answer, and the `money` (nothing is priced then, a
    purse is left as it is) where it does not say what is on the card."""

    checks: tuple[Check, ...] = CHECKS
    money: bool = True


ALL_ASKED = Asked()


def first_objection(
    token: MediumToken, facts: ValidatorFacts, context: GateContext, checks: tuple[Check, ...]
) -> Refusal | None:
    """The refusal of the first of these checks that objects, None when none does."""
    for check in checks:
        refusal = check.ask(token, facts, context)
        if refusal is not None:
            return refusal
    return None


def _is_written_well(token: MediumToken) -> bool:
    return bool(
        _NUMBER.fullmatch(token.medium_no)
        and _SCHEME.fullmatch(token.scheme)
        and _ISSUER.fullmatch(token.issuer)
        and _PRODUCT.fullmatch(token.product)
    )


def _is_code(token: MediumToken, context: GateContext) -> bool:
    """Whether it can be a ride code: well written, on an account, good for a bounded time."""
    life_s = token.code_expires_s - token.code_issued_s
    return (
        _is_written_well(token)
        and token.funding == "account"
        and 0 < life_s <= context.rules.code_life_s_max
    )


def _is_card_number(token: MediumToken, registry: Registry) -> bool:
    """Whether the number can belong to the scheme; an unknown scheme is for `acceptance`."""
    if token.scheme not in registry.schemes:
        return True
    return token.scheme in _schemes_of_number(registry, token.medium_no)


@lru_cache(maxsize=65_536)
def _schemes_of_number(registry: Registry, number: str) -> frozenset[str]:
    matches = registry.identify(number)
    if isinstance(matches, Refusal):
        return frozenset()
    return frozenset(match.scheme for match in matches)


def _ending(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Refusal | None:
    entry = token.open_entry
    if entry is None:
        return Refusal("EXIT_WITHOUT_ENTRY")
    if entry.city != facts.city:
        return Refusal("EXIT_OTHER_CITY")
    if not _is_readable(token, entry, facts, context):
        return Refusal("ENTRY_RECORD_INVALID")
    if not _belong_together(entry, facts):
        return Refusal("EXIT_WITHOUT_ENTRY")
    if business_date(entry.time_s) == business_date(context.now_s):
        return None
    overnight = context.now_s - entry.time_s <= context.rules.overnight_s
    return None if overnight else Refusal("ENTRY_OTHER_DAY")


def _belong_together(entry: OpenEntry, facts: ValidatorFacts) -> bool:
    """Whether this exit can end that entry's ride: rail anywhere, elsewhere the same vehicle."""
    if entry.mode != facts.mode:
        return False
    return facts.mode == "rail" or (entry.line, entry.vehicle) == (facts.line, facts.vehicle)


def _is_double_tap(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> bool:
    last = context.recent.last(token.medium_no)
    if last is None or last[0] != facts.role:
        return False
    rules = context.rules
    limit_s = rules.ride_double_tap_s if facts.role == "ride" else rules.double_tap_s
    return 0 <= context.now_s - last[1] <= limit_s


def _is_readable(
    token: MediumToken, entry: OpenEntry, facts: ValidatorFacts, context: GateContext
) -> bool:
    """Whether the entry record names a time, a line and a station that this city can price."""
    line = context.fares.network.lines.get(entry.line)
    if line is None or line.mode != entry.mode:
        return False
    age_s = context.now_s - entry.time_s
    if not -context.rules.clock_skew_s <= age_s <= context.rules.entry_age_s_max:
        return False
    if entry.station not in context.fares.network.stations:
        return False
    ride = half_trip(entry, context.now_s)
    return pricing_refusal(context.fares, ride, rider_of(token, facts)) is None
