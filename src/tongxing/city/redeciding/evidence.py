"""What a tap says of the medium and the gate, and which questions it leaves open. Pure.

A check is left out, never guessed, where the tap and the city's books do not carry what it needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from tongxing.city.riding import RiderState
from tongxing.deciding.checks import CHECKS, Asked
from tongxing.deciding.facts import ValidatorFacts
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.fares import CityFares
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import all_reasons
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.messages import DenyEntry, Tap
from tongxing.messages.fleet import FREE_RIDE
from tongxing.network.legacy import LEGACY, LegacyBook, Trust
from tongxing.network.registry import Registry

MONEY, DEVICE = "money", "device"
"""Besides the checks: what the tap takes, and what only the device itself sees (signatures of the
medium, its own clock, quota and neighbours)."""

UNKNOWN_REASON = "MEDIUM_DENIED"
_UNREAD = "unread"
_CHECK_NAMES = frozenset(check.name for check in CHECKS)
_WITHOUT_TIME = frozenset({"medium_form", "deny_list"})
_SKEW_S = 90
_ORDERS = {"GATE_MANUAL": ("manual",), FREE_RIDE: ("free_ride", "open_all")}


@dataclass(frozen=True, slots=True)
class DeniedThen:
    """One published version of the deny list, as far as it names the media that are looked at."""

    version: int
    reasons: Mapping[str, str]

    def reason(self, medium_no: str) -> str:
        """Why this medium was denied, "" where it was not; a code is denied by its account too."""
        found = self.reasons.get(medium_no, "")
        return found or (self.reasons.get(medium_no[1:], "") if medium_no[:1] == "Q" else "")

    def notice(self, medium_no: str) -> str:
        """Nothing: what a lane shows beside its answer is no part of it."""
        return ""


def denied_then(version: int, entries: Sequence[DenyEntry]) -> DeniedThen:
    """A version from those of its entries that name media which are looked at."""
    reasons: dict[str, str] = {}
    for entry in sorted(entries, key=lambda one: one.reason):
        known = entry.reason if entry.reason in all_reasons() else UNKNOWN_REASON
        if reasons.get(entry.medium_no, UNKNOWN_REASON) == UNKNOWN_REASON:
            reasons[entry.medium_no] = known
    return DeniedThen(version, reasons)


@dataclass(frozen=True, slots=True)
class OrderThen:
    """An order of the city to a site: how passengers were to be treated there, and when."""

    site: str
    kind: str
    from_s: int
    until_s: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the city knows besides the taps: its data, the versions of its deny list that are asked
    about, when each was published (oldest first), what it knows of media, its orders, and whether
    it has a condition of entry. `list_due_s` is how soon a list must be at every gate."""

    code: str
    fares: CityFares
    registry: Registry
    legacy: LegacyBook
    denied: Mapping[int, DeniedThen]
    published: Sequence[tuple[int, int]]
    list_due_s: int
    trust: Mapping[str, Trust]
    orders: Sequence[OrderThen]
    asks_entry: bool

    def due_version(self, time_s: int) -> int:
        """The version that every gate had to have at an instant; 0 before the first."""
        due = [version for version, at_s in self.published if at_s + self.list_due_s <= time_s]
        return due[-1] if due else 0

    def mode(self, tap: Tap, site: str) -> str:
        """How passengers were to be treated: by the order that the gate's answer speaks of, where
        the city gave one; as ever, else."""
        spoken_of = _ORDERS.get(tap.reason)
        if spoken_of is None:
            return "normal"
        given = {
            order.kind
            for order in self.orders
            if order.site in (site, tap.ref.terminal_id)
            and order.from_s - _SKEW_S <= tap.time_s < order.until_s + _SKEW_S
        }
        return next((kind for kind in spoken_of if kind in given), "normal")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A tap as it is put to the decision: medium, validator, what is asked and what is not."""

    token: MediumToken
    facts: ValidatorFacts
    asked: Asked
    left_out: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all can be asked: nobody could read the medium."""
        return not self.asked.checks


def evidence_of(tap: Tap, known: Known, state: RiderState, *, purse_known: bool) -> Evidence:
    """What a tap says. `state` is what the city's fold knows of the rider before it, and
    `purse_known` whether that is all that happened to the purse."""
    found = parse_code(tap.code) if tap.code else None
    code = found if isinstance(found, RideCode) else None
    trust = _trust(tap, known)
    left_out = _left_out(tap, known, code, trust, purse_known=purse_known)
    return Evidence(_token(tap, known, state, code, trust), _facts(tap), asked(left_out), left_out)


@lru_cache(maxsize=256)
def asked(left_out: frozenset[str]) -> Asked:
    """All questions but those left out."""
    checks = tuple(check for check in CHECKS if check.name not in left_out)
    return Asked(checks, MONEY not in left_out)


def counter_before(tap: Tap) -> int:
    """The counter of the purse before the tap."""
    assert tap.purse is not None
    if tap.proof is not None:
        return tap.proof.counter
    return tap.purse.counter - (1 if tap.purse.taken_fen else 0)


def _left_out(
    tap: Tap, known: Known, code: RideCode | None, trust: Trust | None, *, purse_known: bool
) -> frozenset[str]:
    if tap.scheme == _UNREAD:
        return _CHECK_NAMES | {MONEY, DEVICE}
    out: set[str] = set()
    if tap.time_band_s:
        out |= (_CHECK_NAMES - _WITHOUT_TIME) | {MONEY}
    if tap.medium_kind == "card":
        out.add("medium_status")
    elif code is None:
        out |= {"medium_form", "medium_status", "code_window"}
    if trust is None:
        out |= {"legacy_medium", "legacy_charge"}
    if tap.funding == "purse" and tap.purse is None:
        out.add("medium_form")
    if tap.funding == "purse" and not purse_known:
        out |= {"sequence", "legacy_charge", MONEY}
    if tap.kind != "exit" and known.asks_entry:
        out.add("entry_condition")
    if tap.deny_list_version not in known.denied:
        out.add("deny_list")
    return frozenset(out)


def _trust(tap: Tap, known: Known) -> Trust | None:
    """What the medium can prove: by what it signed, by the city's own books, or by what the gate
    said of it; None where nobody knows."""
    if tap.proof is not None or tap.medium_kind == "code":
        return "proven"
    if tap.reason.startswith("LEGACY_") or tap.reason == "M1_CARD_REFUSED":
        return LEGACY
    return known.trust.get(tap.medium_no)


def _token(
    tap: Tap, known: Known, state: RiderState, code: RideCode | None, trust: Trust | None
) -> MediumToken:
    purse, entry = tap.purse, None if state.open is None else _entry(state.open.tap)
    fares = state.fare_states.get(tap.medium_no)
    return MediumToken(
        scheme=tap.scheme,
        medium_no=tap.medium_no,
        medium_kind=tap.medium_kind,
        issuer=tap.issuer,
        product=tap.product,
        funding=tap.funding,
        trust=trust or "proven",
        expires=date.max if code is None else calendar_date(code.authorisation_ends_s),
        code_issued_s=0 if code is None else code.generated_s,
        code_expires_s=0 if code is None else code.last_good_s,
        balance_fen=0 if purse is None else purse.balance_before_fen,
        counter=0 if purse is None else counter_before(tap),
        open_entry=entry,
        fare_states={} if fares is None else {known.code: fares},
    )


def _entry(tap: Tap) -> OpenEntry:
    return OpenEntry(
        city=tap.city,
        station=tap.station,
        line=tap.line,
        mode=tap.mode,
        place=tap.place,
        time_s=tap.time_s,
        tariff=tap.tariff,
        vehicle=tap.vehicle,
    )


def _facts(tap: Tap) -> ValidatorFacts:
    return ValidatorFacts(
        terminal_id=tap.ref.terminal_id,
        city=tap.city,
        place=tap.place,
        mode=tap.mode,
        operator=tap.operator,
        line=tap.line,
        station=tap.station,
        vehicle=tap.vehicle,
        role=tap.kind,
    )
