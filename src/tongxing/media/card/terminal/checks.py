"""What a terminal asks of a card before it charges, in this order, each with its own reason.

The order is a table, so that it can be read and tested. A check reads values and nothing else: it
sends no command, and what a refusal means (lock the card, send to the booth) is the caller's.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

import msgspec

from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files import Management, PublicInfo, Transit
from tongxing.media.card.terminal.lists import (
    IIN_DIGITS,
    ISSUER_BYTES,
    DeniedList,
    IssuerList,
    denied_entry,
)

BALANCE_MAX_FEN = 500_000

Step = Literal["single", "entry", "exit"]


class Presented(msgspec.Struct, frozen=True):
    """What was read of the card in the field. `local_lock`: the lock byte of an operator's own
    record (file 0x19), 0 where there is none. `waits`: a purchase of it has not been cleared up."""

    public: PublicInfo
    management: Management | None
    transit: Transit | None
    balance_fen: int
    local_lock: int = 0
    waits: bool = False


class Rules(msgspec.Struct, frozen=True):
    """What holds at this terminal now.

    `home`: the 4-byte codes of local issuers. `institution`: our 8 bytes in the card's trip record.
    `step`: entering, leaving, or a single ride with neither. `needed_fen`: the least balance to go
    on with (at a metro entry the lowest or highest fare, in a bus the fare). `trip_max_s`: how long
    a trip may last, 0 for as long as it likes. `time`: YYYYMMDDhhmmss of the terminal.
    """

    issuers: IssuerList
    denied: DeniedList
    home: frozenset[bytes]
    institution: bytes
    time: str
    step: Step = "single"
    needed_fen: int = 0
    balance_max_fen: int = BALANCE_MAX_FEN
    trip_max_s: int = 0

    @property
    def today(self) -> date:
        """The day of the terminal's clock."""
        return _moment(self.time).date()


Check = Callable[[Presented, Rules], Refusal | None]


def first_refusal(card: Presented, rules: Rules) -> tuple[str, Refusal] | None:
    """The first check that this card does not pass, by its name, with the reason; None when it
    passes all."""
    for name, check in CHECKS.items():
        refusal = check(card, rules)
        if refusal is not None:
            return name, refusal
    return None


def is_local(public: PublicInfo, home: frozenset[bytes]) -> bool:
    """Whether a card is of a local issuer."""
    return public.issuer_id[:ISSUER_BYTES] in home


def _cleared_up(card: Presented, _rules: Rules) -> Refusal | None:
    return Refusal("RECOVERY_WAITS") if card.waits else None


def _number(card: Presented, _rules: Rules) -> Refusal | None:
    return Refusal("CARD_NUMBER") if card.public.number is None else None


def _days(card: Presented, rules: Rules) -> Refusal | None:
    public, today = card.public, rules.today
    if public.starts is None or public.expires is None:
        return Refusal("CARD_NOT_ACTIVE")
    if not public.enabled or public.starts > today:
        return Refusal("CARD_NOT_ACTIVE")
    return Refusal("CARD_EXPIRED") if public.expires < max(today, public.starts) else None


def _issuer(card: Presented, rules: Rules) -> Refusal | None:
    return issuer_objection(card.public, rules.issuers)


def issuer_objection(public: PublicInfo, issuers: IssuerList) -> Refusal | None:
    """Why a card's issuer is not taken: not on the list, or not the one of the card's number."""
    found = issuers.find(public.issuer_id[:ISSUER_BYTES])
    if found is None:
        return Refusal("CARD_ISSUER_UNKNOWN")
    iin = (public.number or "")[:IIN_DIGITS]
    return Refusal("CARD_ISSUER_MISMATCH") if found.iins and iin not in found.iins else None


def _travels(card: Presented, rules: Rules) -> Refusal | None:
    if is_local(card.public, rules.home):
        return None
    travels = card.management is not None and card.management.interoperable is True
    return None if travels else Refusal("CARD_NOT_INTEROPERABLE")


def _unlocked(card: Presented, _rules: Rules) -> Refusal | None:
    locked = card.local_lock or (card.transit is not None and card.transit.lock)
    return Refusal("CARD_LOCKED") if locked else None


def _not_elsewhere(card: Presented, rules: Rules) -> Refusal | None:
    transit = card.transit
    if transit is None or not transit.entered:
        return None
    ours = transit.entry_institution == rules.institution
    return None if ours else Refusal("RIDE_OPEN_ELSEWHERE")


def _balance(card: Presented, rules: Rules) -> Refusal | None:
    if card.public.account_based:
        return None
    if not 0 <= card.balance_fen <= rules.balance_max_fen:
        return Refusal("CARD_BALANCE_IMPLAUSIBLE")
    if card.balance_fen >= rules.needed_fen:
        return None
    values = {"balance": yuan(card.balance_fen), "needed": yuan(rules.needed_fen)}
    return Refusal("INSUFFICIENT_BALANCE", values=values)


def _not_denied(card: Presented, rules: Rules) -> Refusal | None:
    entry = denied_entry(card.public.issuer_id, card.public.raw[10:20])
    return Refusal("MEDIUM_DENIED") if entry in rules.denied else None


def _sequence(card: Presented, rules: Rules) -> Refusal | None:
    entered = card.transit is not None and card.transit.entered
    if rules.step == "entry":
        return Refusal("ENTRY_TWICE") if entered else None
    if rules.step != "exit":
        return None
    if card.transit is None or not entered:
        return Refusal("EXIT_WITHOUT_ENTRY")
    since = card.transit.entry_time
    if since is None:
        return Refusal("ENTRY_RECORD_INVALID")
    seconds = (_moment(rules.time) - _moment(since)).total_seconds()
    if seconds < 0:
        return Refusal("ENTRY_RECORD_INVALID")
    return Refusal("TRIP_OVERTIME") if 0 < rules.trip_max_s < seconds else None


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S")


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "unfinished": _cleared_up,
        "number": _number,
        "days": _days,
        "issuer": _issuer,
        "interoperable": _travels,
        "lock": _unlocked,
        "elsewhere": _not_elsewhere,
        "balance": _balance,
        "denied": _not_denied,
        "sequence": _sequence,
    }
)
"""Every check by its name, in the order in which a terminal asks."""
