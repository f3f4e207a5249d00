"""Proof that a card is here: it signs a purchase of nothing, over numbers drawn for this binding.

Nobody can foresee the serial, so no answer of before fits; each is taken once; and only the vault
of the issuer can tell whether the card's code over it is right. A typed number proves nothing, and
nothing here takes one. All of it happens in the caller's transaction.
"""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from tongxing.city.binding.card import Nonce, PurseNames, PurseSeen, drawn_nonce, moment_of
from tongxing.city.binding.rules import objection
from tongxing.city.binding.steps import Event, step_after
from tongxing.city.binding.terms import BindingTerms
from tongxing.city.store import binding as store
from tongxing.city.store import bound_cards
from tongxing.city.store.binding import BindingRow
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys.vault import KeyVault
from tongxing.media.tac.fields import TacFields
from tongxing.media.tac.single import check_tac

SERIAL_BYTES = 4
_TRIES = 8

NAMES = msgspec.json.Decoder(PurseNames)
_SIGNED = msgspec.json.Encoder()


class Signed(msgspec.Struct, frozen=True):
    """What a card signed, with its code: all that its issuer needs to compute it again."""

    fields: TacFields
    tac: bytes

    def __repr__(self) -> str:
        return f"Signed({self.fields.amount_fen} fen, serial {self.fields.serial})"


def ask_nonce(
    cursor: Cursor,
    city: str,
    binding_id: str,
    terms: BindingTerms,
    draw: Callable[[int], bytes],
    now_s: int,
) -> Nonce:
    """Numbers that no card was ever asked to sign, noted before anybody sees them.

    Raises ValueError when `draw` gives the same again and again.
    """
    for _ in range(_TRIES):
        nonce = drawn_nonce(city, terms.terminal, draw(SERIAL_BYTES), now_s)
        if store.write_nonce(
            cursor, binding_id, nonce.terminal_no, nonce.serial, nonce.time, now_s
        ):
            return nonce
    raise ValueError("the source of random bytes repeats itself")


def proof_objection(
    cursor: Cursor, vault: KeyVault, binding_id: str, names: PurseNames, signed: Signed
) -> Refusal | None:
    """Why a card's answer is no proof for this binding; None when it is one.

    Refuses CARD_PROOF_INVALID for an answer of another card or to other numbers, one that was taken
    before, and a wrong code; and what the vault refuses.
    """
    fields, ids = signed.fields, names.ids
    asked = store.nonce_of(cursor, fields.terminal_no, fields.serial)
    if asked != (binding_id, fields.time, False):
        return Refusal("CARD_PROOF_INVALID")
    if (fields.issuer_id, fields.card_factor) != (ids.issuer8, ids.card8):
        return Refusal("CARD_PROOF_INVALID")
    right = check_tac(vault, fields, signed.tac)
    if isinstance(right, Refusal):
        return right
    return None if right else Refusal("CARD_PROOF_INVALID")


def keep_proof(cursor: Cursor, binding_id: str, medium_no: str, signed: Signed, now_s: int) -> bool:
    """Keep what a card signed as evidence; False when it was kept before."""
    fields = signed.fields
    return store.write_proof(
        cursor,
        binding_id,
        medium_no,
        fields.terminal_no,
        fields.serial,
        fields.amount_fen,
        _SIGNED.encode(signed).decode(),
        now_s,
    )


def take_proof(
    cursor: Cursor,
    vault: KeyVault,
    row: BindingRow,
    seen: PurseSeen,
    signed: Signed,
    terms: BindingTerms,
    now_s: int,
) -> BindingRow | Refusal:
    """Take a card's answer and reserve the card for this binding, which is locked.

    Refuses CARD_PROOF_INVALID, CARD_PROOF_EXPIRED, what `objection` refuses, CARD_ALREADY_BOUND
    for one that somebody else has reserved, and what the vault refuses.
    """
    wrong = proof_objection(cursor, vault, row.binding_id, seen.names, signed)
    if wrong is not None:
        return wrong
    if now_s - moment_of(signed.fields.time) > terms.proof_age_s_max:
        return Refusal("CARD_PROOF_EXPIRED", values={"seconds": terms.proof_age_s_max})
    if row.medium_no not in ("", seen.number):
        return Refusal("CARD_PROOF_INVALID")
    objects = card_objection(cursor, row, seen, terms, now_s)
    if objects is not None:
        return objects
    if not _is_free(cursor, row, seen.number, terms, now_s):
        return Refusal("CARD_ALREADY_BOUND")
    proven = replace(
        row,
        medium_no=seen.number,
        purse=msgspec.json.encode(seen.names).decode(),
        card_balance_fen=seen.balance_fen,
        keep_fen=terms.kept_of(seen.balance_fen),
    )
    done = advance(cursor, proven, "proved", now_s)
    if done is None:
        return Refusal("CARD_ALREADY_BOUND")
    keep_proof(cursor, row.binding_id, seen.number, signed, now_s)
    return done


def card_objection(
    cursor: Cursor, row: BindingRow, seen: PurseSeen, terms: BindingTerms, now_s: int
) -> Refusal | None:
    """Why the card may not be bound to this binding's account now; see `rules.objection`.

    Refuses BINDING_NEEDS_BRANCH besides where the books have more for its purse than a balance
    that nobody vouches for: rides not told yet, or a reader that lies.
    """
    books = bound_cards.card_in_books(cursor, seen.number)
    cards = bound_cards.cards_of_account(cursor, row.account)
    objects = objection(seen, books, cards, terms, now_s)
    if objects is not None or books is None or seen.vouched:
        return objects
    return Refusal("BINDING_NEEDS_BRANCH") if books.balance_fen > seen.balance_fen else None


def advance(
    cursor: Cursor, row: BindingRow, event: Event, now_s: int, by: str = "rider", detail: str = ""
) -> BindingRow | None:
    """Keep a binding with its next step and note the event; None when another holds its card.

    Raises ValueError for an event that the table does not know at this step.
    """
    step = step_after(row.step, event)
    if step is None:
        raise ValueError(f"{event} cannot happen to a binding that is {row.step}")
    ends = step == "ended" and row.step != "ended"
    after = replace(row, step=step, changed_s=now_s, ended_why=event if ends else row.ended_why)
    if not store.change(cursor, after):
        return None
    store.note_event(cursor, after, event, row.step, now_s, by, detail)
    return after


def lapse(cursor: Cursor, row: BindingRow, terms: BindingTerms, now_s: int) -> bool:
    """End a binding that nobody went on with for too long, so that it stands in nobody's way."""
    stale = row.changed_s + terms.reserve_s <= now_s
    if not stale or step_after(row.step, "lapsed") is None:
        return False
    return advance(cursor, row, "lapsed", now_s, "clock") is not None


def _is_free(
    cursor: Cursor, row: BindingRow, medium_no: str, terms: BindingTerms, now_s: int
) -> bool:
    """Whether no other binding holds the card; one that was forgotten lets it go."""
    holder = store.holder_of(cursor, medium_no)
    if holder is None or holder.binding_id == row.binding_id:
        return True
    if holder.changed_s + terms.reserve_s > now_s:
        return False
    locked = store.find(cursor, holder.binding_id, lock=True)
    return locked is not None and lapse(cursor, locked, terms, now_s)
