"""The purse's money becomes the account's, exactly once, by what the card signed of it.

The card pays its issuer; its code over amount, terminal, serial and time is the evidence, and not
a fen more or less than it covers is booked. What the purse still has in the books are rides whose
taps have not come yet (and what stays in it by the city's terms): that stays the purse's, so that a
late tap costs what it would have cost in time. One transaction, with the city's door closed.
"""

from dataclasses import dataclass, replace

import msgspec

from tongxing.city.binding.proving import Signed, advance, keep_proof
from tongxing.city.binding.terms import BindingTerms
from tongxing.city.binding.values import Freeze, Notify
from tongxing.city.members import issuer_member
from tongxing.city.store import binding as store
from tongxing.city.store import bound_cards, media
from tongxing.city.store.binding import BindingRow, MoveRow
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import digest, masked
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.media.card.terminal import Unfinished
from tongxing.media.keys.vault import KeyVault
from tongxing.media.tac.single import check_tac

HOLD_WHY = "binding_hold"
BOUND_NOTICE = "card_bound"
_UNFINISHED = msgspec.json.Decoder(Unfinished)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the money room and the people room do in our transaction."""

    freeze: Freeze
    notify: Notify


def unfinished_of(move: MoveRow) -> Unfinished:
    """The purchase by which a card was told to pay."""
    return _UNFINISHED.decode(move.unfinished)


def begin_move(
    cursor: Cursor, row: BindingRow, unfinished: Unfinished, balance_fen: int, now_s: int
) -> BindingRow | Refusal:
    """Note, before the card is told, what it will be told to pay; the binding is locked.

    Refuses CARD_MONEY_NOT_IN_BOOKS when the purse has less in the books than the card would pay.
    """
    amount_fen = unfinished.amount_fen
    _, _, booked_fen = bound_cards.purse_of(cursor, row.medium_no)
    if booked_fen < amount_fen:
        return Refusal("CARD_MONEY_NOT_IN_BOOKS")
    text = msgspec.json.encode(unfinished).decode()
    store.write_move(cursor, row.binding_id, amount_fen, text, now_s)
    planned = replace(row, card_balance_fen=balance_fen, keep_fen=balance_fen - amount_fen)
    begun = advance(cursor, planned, "moving", now_s)
    assert begun is not None, "the card is this binding's"
    return begun


def book_move(
    cursor: Cursor,
    city: str,
    vault: KeyVault,
    row: BindingRow,
    move: MoveRow,
    tac: bytes,
    terms: BindingTerms,
    neighbours: Neighbours,
    now_s: int,
) -> BindingRow | Refusal:
    """Book what the card paid, by its code; the binding is locked. Booked once, however often.

    Refuses CARD_PROOF_INVALID for a wrong code, and what the vault refuses; nothing is booked then.
    """
    signed = Signed(unfinished_of(move).fields, tac)
    right = check_tac(vault, signed.fields, tac)
    if isinstance(right, Refusal):
        return right
    if not right:
        return Refusal("CARD_PROOF_INVALID")
    keep_proof(cursor, row.binding_id, row.medium_no, signed, now_s)
    return settle_move(cursor, city, row, move, terms, neighbours, now_s, "card")


def settle_move(
    cursor: Cursor,
    city: str,
    row: BindingRow,
    move: MoveRow,
    terms: BindingTerms,
    neighbours: Neighbours,
    now_s: int,
    by: str,
) -> BindingRow:
    """Book that a card has paid; `by` is what or who says so."""
    if not store.write_move_end(cursor, row.binding_id, move.number, True, now_s, by):
        return row
    _post(cursor, city, row, move, now_s)
    hold_until_s = now_s + terms.hold_s
    if move.amount_fen:
        case_id = digest(HOLD_WHY, row.binding_id, move.number)
        frozen = neighbours.freeze(
            cursor, row.account, move.amount_fen, HOLD_WHY, hold_until_s, case_id, now_s
        )
        if isinstance(frozen, Refusal):
            raise ValueError(f"moved money could not be held: {frozen.code}")
    moved = replace(row, moved_fen=row.moved_fen + move.amount_fen)
    if row.step != "ended":
        bound_cards.give_to_account(cursor, row.medium_no, row.account, now_s)
        bound_cards.write_notice(cursor, row, now_s)
        first_s = now_s if row.from_s is None else row.from_s
        moved = replace(moved, from_s=first_s, hold_until_s=hold_until_s)
        values = {"card": masked(row.medium_no), "amount_fen": move.amount_fen}
        neighbours.notify(cursor, row.person_id, BOUND_NOTICE, values, now_s)
    after = advance(cursor, moved, "moved", now_s, by, str(move.amount_fen))
    assert after is not None, "the card is this binding's"
    return after


def _post(cursor: Cursor, city: str, row: BindingRow, move: MoveRow, now_s: int) -> None:
    """From the purse to the account; nothing where the card paid nothing."""
    if not move.amount_fen:
        return
    issuer = issuer_member(city)
    purse, purse_liability, _ = bound_cards.purse_of(cursor, row.medium_no)
    liability = media.liability_of(cursor, row.account)
    assert liability is not None, "a binding has an account"
    posting = Posting(
        posting_id=digest("binding_move", city, row.binding_id, move.number),
        kind="binding_move",
        occurred_s=now_s,
        booked_on=business_date(now_s),
        source=row.binding_id,
        lines=(
            debit(issuer, purse_liability, move.amount_fen),
            credit(issuer, liability, move.amount_fen),
        ),
    )
    write_postings(cursor, [posting])
    media.add_to_balance(cursor, purse, -move.amount_fen)
    media.add_to_balance(cursor, row.account, move.amount_fen)
