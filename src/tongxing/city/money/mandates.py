"""Password-free payment (免密): asked for, signed at the partner, ended by either side.

Ended is final: a signing that is told later than the end is ended again at the partner. From the
end on nothing is debited, and what the account may still do is what it has: in the same transaction
its limits become those of an account without a mandate, so the next deny list and the next ride
code know it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tongxing.city.members import issuer_member
from tongxing.city.money import exposure
from tongxing.city.money.quarantine import keep_answer
from tongxing.city.money.store import credit as store
from tongxing.city.money.store import orders as order_store
from tongxing.city.money.store import refunds as refund_store
from tongxing.city.money.store.credit import MandateAt, MandateRow
from tongxing.city.money.till import Till, request_id_objection
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import MandateOrder, MandateState

Move = Literal["sign", "end"]
EndedBy = Literal["us", "partner"]

MOVES: Mapping[tuple[MandateAt, Move], MandateAt | None] = {
    ("asked", "sign"): "signed",
    ("asked", "end"): "ended",
    ("signed", "sign"): None,
    ("signed", "end"): "ended",
    ("ended", "sign"): None,
    ("ended", "end"): None,
}
"""Every state and everything that can happen to a mandate; None leaves it as it is."""

SUBJECT = "通行乘车免密支付 Tongxing password-free rides"


@dataclass(frozen=True, slots=True)
class MandateAsked:
    """Where the passenger signs."""

    mandate_id: str
    sign_url: str


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate as it is shown."""

    mandate_id: str
    account: str
    channel: str
    state: MandateAt
    asked_s: int
    signed_s: int | None
    ended_s: int | None


def mandate_of(row: MandateRow) -> Mandate:
    """A mandate as it is shown."""
    return Mandate(
        row.mandate_id, row.account, row.channel, row.state, row.asked_s, row.signed_s, row.ended_s
    )


def ask_mandate(
    till: Till, account: str, request_id: str, channel: str, return_url: str, now_s: int
) -> MandateAsked | Refusal:
    """Begin a mandate and say where it is signed; the same request again answers the same.

    Refuses REQUEST_ID_INVALID, REQUEST_REUSED, CHANNEL_UNKNOWN, RIDER_UNKNOWN, MANDATE_EXISTS, and
    what the partner refuses: the mandate then waits for the same request to come again.
    """
    refusal = request_id_objection(request_id)
    partner = till.channel(channel)
    if refusal is not None or isinstance(partner, Refusal):
        return refusal or Refusal("CHANNEL_UNKNOWN", channel)
    content = digest("mandate", account, channel)
    with till.office.writing() as cursor:
        row = _begun(cursor, till, account, request_id, content, channel, now_s)
    if isinstance(row, Refusal):
        return row
    if row.sign_url:
        return MandateAsked(row.mandate_id, row.sign_url)
    asked = partner.ask_mandate(MandateOrder(row.mandate_id, account, SUBJECT, return_url))
    if isinstance(asked, Refusal):
        return asked
    with till.office.writing() as cursor:
        store.keep_sign_url(cursor, row.mandate_id, asked.url)
    return MandateAsked(row.mandate_id, asked.url)


def _begun(
    cursor: Cursor,
    till: Till,
    account: str,
    request_id: str,
    content: str,
    channel: str,
    now_s: int,
) -> MandateRow | Refusal:
    order_store.one_at_a_time(cursor, request_id)
    purse = store.lock_purse(cursor, account)
    before = store.mandate_of_request(cursor, request_id)
    if before is not None:
        return before if before.content == content else Refusal("REQUEST_REUSED", request_id)
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    if store.signed_mandate(cursor, account) is not None:
        return Refusal("MANDATE_EXISTS", account)
    mandate_id = digest("mandate", till.city, request_id)
    row = MandateRow(
        mandate_id, request_id, content, account, channel, now_s, "asked", "", "", 0, None, None,
        "", True,
    )  # fmt: skip
    store.write_mandate(cursor, row)
    exposure.enrol(cursor, till.terms(now_s), account, now_s)
    return row


def take_mandate(
    cursor: Cursor, till: Till, mandate_id: str, channel: str, found: MandateState, now_s: int
) -> Refusal | None:
    """Book what a partner says of a mandate; again has no effect.

    Refuses ORDER_UNKNOWN (another channel's mandate too) and CALLBACK_ACCOUNT.
    """
    row = store.lock_mandate(cursor, mandate_id)
    if row is None or row.channel != channel:
        return Refusal("ORDER_UNKNOWN", mandate_id[:64])
    if found.account_ref and found.account_ref != row.account:
        return Refusal("CALLBACK_ACCOUNT", mandate_id)
    if found.state == "ended" and MOVES[row.state, "end"] is not None:
        _end(cursor, till, row, found.mandate_ref or row.mandate_ref, "partner", True, now_s)
    elif found.state == "ended":
        store.set_told(cursor, mandate_id, row.mandate_ref or found.mandate_ref, True)
    elif found.state == "signed":
        _signed(cursor, till, row, found, now_s)
    return None


def end_mandate(till: Till, account: str, now_s: int) -> Mandate | Refusal:
    """The passenger ends the signed mandate: with us at once, at the partner as soon as it answers
    (`tell_partners` goes on asking). Refuses MANDATE_NOT_SIGNED."""
    with till.office.writing() as cursor:
        found = store.signed_mandate(cursor, account)
        row = None if found is None else store.lock_mandate(cursor, found.mandate_id)
        if row is None or row.state != "signed":
            return Refusal("MANDATE_NOT_SIGNED", account)
        _end(cursor, till, row, row.mandate_ref, "us", False, now_s)
    tell_partner(till, row)
    with till.office.reading() as cursor:
        return mandate_of(store.mandate_by_id(cursor, row.mandate_id))


def tell_partner(till: Till, row: MandateRow) -> bool:
    """Whether the partner knows now that a mandate ended."""
    partner = till.channel(row.channel)
    if isinstance(partner, Refusal):
        return False
    answer = partner.end_mandate(row.mandate_id, row.mandate_ref)
    if answer.state not in ("ended", "absent"):
        return False
    with till.office.writing() as cursor:
        store.set_told(cursor, row.mandate_id, row.mandate_ref, True)
    return True


def tell_partners(till: Till) -> int:
    """Tell every partner of mandates that ended and of which it does not know; how many do now."""
    with till.office.reading() as cursor:
        rows = store.untold_mandates(cursor)
    return sum(tell_partner(till, row) for row in rows)


def check_mandate(till: Till, account: str, now_s: int) -> Mandate | None:
    """The account's mandate, asked about at the partner while it is not signed yet."""
    with till.office.reading() as cursor:
        rows = store.mandates_of(cursor, account)
    if not rows:
        return None
    if rows[0].state == "asked":
        partner = till.channel(rows[0].channel)
        if not isinstance(partner, Refusal):
            found = partner.query_mandate(rows[0].mandate_id)
            with till.office.writing() as cursor:
                _answered(cursor, till, rows[0], found, now_s)
    with till.office.reading() as cursor:
        return mandate_of(store.mandates_of(cursor, account)[0])


def _answered(cursor: Cursor, till: Till, row: MandateRow, found: MandateState, now_s: int) -> None:
    refusal = take_mandate(cursor, till, row.mandate_id, row.channel, found, now_s)
    if refusal is not None:
        keep_answer(cursor, row.channel, refusal, row.mandate_id, found, now_s)


def _signed(cursor: Cursor, till: Till, row: MandateRow, found: MandateState, now_s: int) -> None:
    if row.state == "ended":
        if row.ended_by == "us":
            store.set_told(cursor, row.mandate_id, found.mandate_ref or row.mandate_ref, False)
        return
    if MOVES[row.state, "sign"] is None:
        return
    purse = store.lock_purse(cursor, row.account)
    if purse is None or store.signed_mandate(cursor, row.account) is not None:
        store.close_mandate(cursor, row.mandate_id, found.mandate_ref, "us", False, now_s)
        return
    spent_fen = refund_store.charged(cursor, issuer_member(till.city), purse.liability)
    store.sign_mandate(cursor, row.mandate_id, found.mandate_ref, spent_fen, now_s)
    store.forget_failures(cursor, row.account)
    exposure.review(cursor, till.terms(now_s), row.account, now_s)
    till.tell(cursor, row.account, "mandate_signed", {"channel": row.channel}, now_s)


def _end(
    cursor: Cursor,
    till: Till,
    row: MandateRow,
    mandate_ref: str,
    ended_by: EndedBy,
    told: bool,
    now_s: int,
) -> None:
    store.close_mandate(cursor, row.mandate_id, mandate_ref, ended_by, told, now_s)
    exposure.review(cursor, till.terms(now_s), row.account, now_s)
    if row.state == "signed":
        till.tell(cursor, row.account, "mandate_ended", {"channel": row.channel}, now_s)
