"""The money of replaced purses goes onto the new card's chip, in two steps that may be torn apart.

The counter starts a load: its amount is fixed from the books, never from the old card. Then the
chip is written. Then the counter says what it saw, and only then is the money moved. A card that
was torn from the reader stays pending until it is read again; meanwhile nothing else is loaded, so
that no fen is ever loaded twice. This module must never guess how a load ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tongxing.city.accounts import CARD_REPLACED
from tongxing.city.covering import cover_purses
from tongxing.city.members import issuer_member
from tongxing.city.replacement_terms import replacement_terms
from tongxing.city.store import media
from tongxing.city.store import replacing as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.replacing import LoadRow, OldPurse
from tongxing.kernel.clock import business_date, stamp
from tongxing.kernel.ids import digest
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings

LoadState = Literal["pending", "loaded", "not_loaded"]


@dataclass(frozen=True, slots=True)
class Load:
    """A load of `amount_fen` onto a card's chip, under the request that started it.

    `already_s` says when the same request started it before (None: only now); it is no part of the
    load, so it is not compared.
    """

    request_id: str
    medium_no: str
    amount_fen: int
    state: LoadState
    already_s: int | None = field(default=None, compare=False)


def start_load(
    cursor: Cursor, city: str, request_id: str, medium_no: str, staff: str, now_s: int
) -> Load | Refusal:
    """Fix what is to be written to the chip now: all that the purses before this card still have
    and that waited long enough, as far as there is room for it. Moves no money yet.

    Refuses REQUEST_REUSED, MEDIUM_UNKNOWN, CARD_REPLACED, MEDIUM_DENIED, LOAD_PENDING,
    LOAD_NOTHING, LOAD_NOT_YET and LOAD_NO_ROOM. The same request again answers the same.
    """
    before = store.find_load(cursor, request_id)
    if before is not None:
        same = (before.new_no, before.started_by) == (medium_no, staff)
        if not same:
            return Refusal("REQUEST_REUSED", request_id)
        return replace(_load(before), already_s=before.started_s)
    card = store.find_medium(cursor, medium_no)
    if card is None:
        return Refusal("MEDIUM_UNKNOWN", medium_no)
    if card.denied:
        replaced = card.denied == CARD_REPLACED
        return Refusal(CARD_REPLACED if replaced else "MEDIUM_DENIED", medium_no)
    pending = store.pending_load(cursor, medium_no)
    if pending is not None:
        return Refusal("LOAD_PENDING", medium_no, {"request": pending.request_id})
    purses = [one for one in store.old_purses(cursor, medium_no) if one.balance_fen > 0]
    ready = [one for one in purses if one.ready_s <= now_s]
    if not purses:
        return Refusal("LOAD_NOTHING", medium_no)
    if not ready:
        from_s = min(one.ready_s for one in purses)
        return Refusal("LOAD_NOT_YET", medium_no, {"ready": stamp(from_s)})
    limit_fen = replacement_terms(city, now_s).balance_max_fen
    parts = _parts(ready, limit_fen - card.balance_fen)
    if not parts:
        return Refusal("LOAD_NO_ROOM", medium_no, {"limit": yuan(limit_fen)})
    row = LoadRow(request_id, medium_no, sum(parts.values()), now_s, staff, None)
    store.write_load(cursor, row, parts)
    return _load(row)


def end_load(
    cursor: Cursor, city: str, request_id: str, loaded: bool, staff: str, now_s: int
) -> Load | Refusal:
    """Say what became of a load: on the chip (`loaded`), or certainly not. Only the first moves
    money; what the old purses no longer have by then is the issuer's loss (`covering`).

    Refuses LOAD_UNKNOWN, and LOAD_ENDED where the other answer was given before. The same answer
    again has no effect.
    """
    row = store.find_load(cursor, request_id)
    if row is None:
        return Refusal("LOAD_UNKNOWN", request_id)
    if row.loaded is not None:
        return _load(row) if row.loaded == loaded else Refusal("LOAD_ENDED", request_id)
    store.write_load_end(cursor, request_id, loaded, now_s, staff)
    if loaded:
        _move(cursor, city, row, now_s)
        cover_purses(cursor, city, now_s)
    return Load(request_id, row.new_no, row.amount_fen, "loaded" if loaded else "not_loaded")


def _parts(ready: Sequence[OldPurse], room_fen: int) -> dict[str, int]:
    parts = {}
    for purse in ready:
        amount_fen = min(purse.balance_fen, room_fen)
        if amount_fen > 0:
            parts[purse.rider_id] = amount_fen
            room_fen -= amount_fen
    return parts


def _move(cursor: Cursor, city: str, row: LoadRow, now_s: int) -> None:
    issuer = issuer_member(city)
    card = store.find_medium(cursor, row.new_no)
    assert card is not None, "a load was started for a medium of ours"
    lines = [credit(issuer, card.liability, row.amount_fen)]
    for rider_id, liability, amount_fen in store.parts_of_load(cursor, row.request_id):
        lines.append(debit(issuer, liability, amount_fen))
        media.add_to_balance(cursor, rider_id, -amount_fen)
    media.add_to_balance(cursor, card.rider_id, row.amount_fen)
    write_postings(
        cursor,
        [
            Posting(
                posting_id=digest("replacement_load", city, row.request_id),
                kind="replacement_load",
                occurred_s=now_s,
                booked_on=business_date(now_s),
                source=row.new_no,
                lines=tuple(lines),
            )
        ],
    )


def _load(row: LoadRow) -> Load:
    states: dict[bool | None, LoadState] = {None: "pending", True: "loaded", False: "not_loaded"}
    return Load(row.request_id, row.new_no, row.amount_fen, states[row.loaded])
