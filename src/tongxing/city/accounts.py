"""Passengers and their money: accounts shared by card and code, purses, top-ups, lost media.

An account is one balance for all its media (R-001, R-002); fare counters stay with each medium
(R-007). Money enters a balance only together with the float that backs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.city.members import issuer_member
from tongxing.city.riding import EMPTY_FARE_STATE, RiderState
from tongxing.city.store import bound_cards, media
from tongxing.city.store.cursor import Cursor
from tongxing.fares import FareState
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Line, Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.messages.taps import MediumKind
from tongxing.network.legacy import Trust, legacy_objection

FLOAT = "bank_float"
CARD_REPLACED = "CARD_REPLACED"
OPENING_LINES_MAX = 5_000


@dataclass(frozen=True, slots=True)
class MediumOpening:
    """A medium as it is taken over: its number, kind, product, counters from before, what it can
    prove (an M1 card is `legacy_untrusted`), and when it was handed out, None where nobody knows.
    """

    medium_no: str
    medium_kind: MediumKind
    scheme: str
    product: str
    fare_state: FareState = EMPTY_FARE_STATE
    trust: Trust = "proven"
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class RiderOpening:
    """An account with all its media, or a purse (exactly one card, `purse` true), with its money.

    `limit_fen` is how far an account may go below zero by agreement: the risk the issuer carries
    for rides that gates admit offline.
    """

    rider_id: str
    media: tuple[MediumOpening, ...]
    balance_fen: int
    limit_fen: int = 0
    purse: bool = False

    @property
    def liability(self) -> str:
        """The ledger account that says what the issuer owes this rider."""
        return f"liab_purse:{self.rider_id}" if self.purse else f"liab_acct:{self.rider_id}"


def open_riders(
    cursor: Cursor, city: str, openings: Sequence[RiderOpening], opened_s: int, booked_on: date
) -> None:
    """Take riders over with balances, media and counters; their money comes into the float.

    Raises ValueError for a legacy medium on an account, to which it cannot be bound, and
    psycopg.errors.UniqueViolation for a rider or medium that is there already.
    """
    for item in openings:
        for medium in item.media:
            bound = None if item.purse else legacy_objection("bind", medium.trust, item.rider_id)
            if bound is not None:
                raise ValueError(f"{bound.code}: a legacy medium on account {bound.where}")
    media.write_riders(
        cursor,
        [
            (
                item.rider_id,
                "purse" if item.purse else "account",
                item.liability,
                item.balance_fen,
                item.limit_fen,
                _opening_state(item),
            )
            for item in openings
        ],
    )
    media.write_media(
        cursor,
        [
            (
                medium.medium_no,
                item.rider_id,
                medium.medium_kind,
                medium.scheme,
                medium.product,
                medium.trust,
            )
            for item in openings
            for medium in item.media
        ],
    )
    known = [medium for item in openings for medium in item.media if medium.issued_on is not None]
    media.note_issued(cursor, {one.medium_no: one.issued_on for one in known if one.issued_on})
    for start in range(0, len(openings), OPENING_LINES_MAX):
        chunk = openings[start : start + OPENING_LINES_MAX]
        write_postings(cursor, [_opening_posting(city, chunk, opened_s, booked_on)])


def top_up(
    cursor: Cursor,
    city: str,
    rider_id: str,
    amount_fen: int,
    reference: str,
    occurred_s: int,
    booked_on: date,
) -> Refusal | None:
    """Add paid-in money to a rider's balance, once per `reference` of the payment.

    Refuses AMOUNT_NOT_POSITIVE, RIDER_UNKNOWN, LEGACY_TOP_UP_REFUSED (a purse whose card proves
    nothing), CARD_REPLACED, and CARD_TOP_UP_ON_ACCOUNT for the old purse of a card that was an
    account's by then; the same reference again has no effect.
    """
    if amount_fen <= 0:
        return Refusal("AMOUNT_NOT_POSITIVE", rider_id)
    liability = media.liability_of(cursor, rider_id)
    if liability is None:
        return Refusal("RIDER_UNKNOWN", rider_id)
    posting_id = digest("top_up", city, reference)
    if media.posting_exists(cursor, posting_id):
        return None
    bound_s = bound_cards.bound_since(cursor, rider_id)
    if bound_s is not None and occurred_s >= bound_s:
        return Refusal("CARD_TOP_UP_ON_ACCOUNT", rider_id)
    purse = media.purse_of(cursor, rider_id)
    if purse is not None:
        trust, denied = purse
        if denied == CARD_REPLACED:
            return Refusal(CARD_REPLACED, rider_id)
        refusal = legacy_objection("top_up", trust, rider_id)
        if refusal is not None:
            return refusal
    issuer = issuer_member(city)
    lines = (debit(issuer, FLOAT, amount_fen), credit(issuer, liability, amount_fen))
    write_postings(cursor, [Posting(posting_id, "top_up", occurred_s, booked_on, reference, lines)])
    media.add_to_balance(cursor, rider_id, amount_fen)
    return None


def report_lost(cursor: Cursor, medium_no: str) -> Refusal | None:
    """Put a real-name account's medium on the deny list.

    Refuses MEDIUM_UNKNOWN, and LOSS_REPORT_ANONYMOUS for a purse: an anonymous card cannot be
    reported lost (R-203).
    """
    kind = media.rider_kind_of(cursor, medium_no)
    if kind is None:
        return Refusal("MEDIUM_UNKNOWN", medium_no)
    if kind != "account":
        return Refusal("LOSS_REPORT_ANONYMOUS", medium_no)
    media.deny(cursor, medium_no, "MEDIUM_LOST")
    return None


def _opening_state(item: RiderOpening) -> RiderState:
    return RiderState(
        None,
        {
            medium.medium_no: medium.fare_state
            for medium in item.media
            if medium.fare_state != EMPTY_FARE_STATE
        },
    )


def _opening_posting(
    city: str, chunk: Sequence[RiderOpening], opened_s: int, booked_on: date
) -> Posting:
    issuer = issuer_member(city)
    lines: list[Line] = [credit(issuer, item.liability, item.balance_fen) for item in chunk]
    lines.append(debit(issuer, FLOAT, sum(item.balance_fen for item in chunk)))
    return Posting(
        posting_id=digest("opening", city, chunk[0].rider_id),
        kind="opening",
        occurred_s=opened_s,
        booked_on=booked_on,
        source="opening",
        lines=tuple(lines),
    )
