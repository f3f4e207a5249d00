"""What a partner said and nobody may book, kept for staff and partner to reconcile.

A notice is kept as it came, an answer to a question of ours as it was understood; the same again is
counted. Whoever likes can send what carries no signature, so of that only so many an hour are kept
(a number of the city); the rest is counted.
"""

from collections.abc import Mapping

import msgspec

from tongxing.city.money.store import quarantine as store
from tongxing.city.money.store.quarantine import Kept
from tongxing.city.money.till import Till
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import MandateState, PayState, RefundState

_ANYBODYS = ("CALLBACK_SIGNATURE", "CALLBACK_MALFORMED")
_HOUR_S = 3_600


def keep_notice(
    till: Till,
    channel: str,
    refusal: Refusal,
    order_id: str,
    headers: Mapping[str, str],
    body: bytes,
    now_s: int,
) -> None:
    """Keep a refused notice, or count it where too many came this hour that anybody can send."""
    content = digest("notice", channel, refusal.code, body)
    written = msgspec.json.encode(dict(sorted(headers.items()))).decode()
    row = Kept(content, channel, refusal.code, order_id, written, body, now_s)
    with till.office.writing() as cursor:
        if store.count_again(cursor, content, now_s):
            return
        if refusal.code in _ANYBODYS:
            most = till.terms(now_s).unread_kept_per_hour
            hour_s = now_s - now_s % _HOUR_S
            if not store.has_room(cursor, channel, refusal.code, hour_s, most, now_s):
                return
        store.keep(cursor, row)


def keep_answer(
    cursor: Cursor,
    channel: str,
    refusal: Refusal,
    order_id: str,
    found: PayState | RefundState | MandateState,
    now_s: int,
) -> None:
    """Keep what a partner answered about an order, a part of a refund or a mandate of ours."""
    body = msgspec.json.encode(found)
    content = digest("answer", channel, refusal.code, order_id, body)
    store.keep(cursor, Kept(content, channel, refusal.code, order_id, "", body, now_s))
