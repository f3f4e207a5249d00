"""One visit of a card: told to pay, asked what it did, and sealed, in steps that a tear may end.

Every step is durable before the card is told anything that changes it, so that a card torn away at
any byte, or a machine that dies, leaves something that the next visit takes up. Between two steps
no transaction is open; nothing of the card is believed that it has not signed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tongxing.city.binding import balance, moving, proving
from tongxing.city.binding.card import (
    Nonce,
    PurseNames,
    PurseSeen,
    begin_purchase,
    is_of,
    read_purse,
)
from tongxing.city.binding.moving import Neighbours
from tongxing.city.binding.terms import BindingTerms
from tongxing.city.office import Office
from tongxing.city.store import binding as store
from tongxing.city.store import bound_cards
from tongxing.city.store.binding import BindingRow, MoveRow
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import NotDone, Unfinished, finish, recover
from tongxing.media.card.terminal.reading import select
from tongxing.media.card.terminal.sealing import CardKeys, Sealed, seal_purse
from tongxing.media.keys.vault import KeyVault

_STEPS_MOST = 6
"""A visit that has not come to an end after so many steps is broken off: touch the card again."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A card in the field, for one binding, at one moment. `ours` says that the reader it is held
    to is the issuer's own, at a counter or a station machine, and not the passenger's."""

    office: Office
    vault: KeyVault
    link: CardLink
    terms: BindingTerms
    neighbours: Neighbours
    draw: Callable[[int], bytes]
    now_s: int
    ours: bool = False

    def prove(self, row: BindingRow, clock: Callable[[], int]) -> BindingRow | Refusal:
        """Have the card sign a purchase of nothing, and reserve it; `clock` says how late it is
        once it has answered. Refuses what `proving.take_proof` and the card refuse."""
        seen = self._seen()
        if isinstance(seen, Refusal):
            return seen
        nonce = self._nonce(row.binding_id)
        seen = self._vouched(seen, nonce)
        if isinstance(seen, Refusal):
            return seen
        signed = self._signed_nothing(nonce, seen.names)
        if isinstance(signed, Refusal):
            return signed
        with self.office.writing() as cursor:
            locked = _locked(cursor, row.binding_id)
            if locked.step not in ("begun", "proven", "mandated"):
                return locked
            return proving.take_proof(cursor, self.vault, locked, seen, signed, self.terms, clock())

    def activate(self, row: BindingRow) -> BindingRow | Refusal:
        """Move the money and seal the card, from whatever step the binding stands at.

        Refuses what stops it; the binding then stands where the next visit goes on.
        """
        for _ in range(_STEPS_MOST):
            if row.step == "active":
                return row
            found = self._next(row)
            if isinstance(found, Refusal):
                return found
            row = found
        return Refusal("CARD_STATE")

    def see_seal(self, row: BindingRow) -> BindingRow | Refusal:
        """Note that a reader of ours has seen the mark, on a card that signs that it is here; a
        card without the mark gets it now. Refuses as a proof does; the binding stays active."""
        with self.office.reading() as cursor:
            if bound_cards.seen_sealed(cursor, row.medium_no):
                return row
        sealed = self._marked(row)
        if isinstance(sealed, Refusal):
            return sealed
        names = self._names(row)
        signed = self._signed_nothing(self._nonce(row.binding_id), names)
        if isinstance(signed, Refusal):
            return signed
        with self.office.writing() as cursor:
            locked = _locked(cursor, row.binding_id)
            wrong = proving.proof_objection(cursor, self.vault, row.binding_id, names, signed)
            if wrong is not None:
                return wrong
            proving.keep_proof(cursor, row.binding_id, row.medium_no, signed, self.now_s)
            store.note_event(cursor, locked, store.SEAL_SEEN, locked.step, self.now_s, "card", "")
            return locked

    def _marked(self, row: BindingRow) -> Sealed | Refusal:
        names = self._names(row)
        unfinished = moving.unfinished_of(self._open_move(row.binding_id))
        keys = CardKeys(unfinished.algorithm, unfinished.key_version)
        return seal_purse(self.link, self.vault, names.application, names.ids, keys)

    def _next(self, row: BindingRow) -> BindingRow | Refusal:
        if row.step == "mandated":
            return self._pay(row)
        if row.step == "moving":
            return self._ask(row)
        if row.step == "sealing":
            return self._seal(row)
        return Refusal("BINDING_ENDED")

    def _seen(self) -> PurseSeen | Refusal:
        """The card in the field, if it is one of this city. Refuses CARD_ISSUER_MISMATCH."""
        seen = read_purse(self.link)
        if isinstance(seen, Refusal) or is_of(self.office.code, seen.names):
            return seen
        return Refusal("CARD_ISSUER_MISMATCH")

    def _vouched(self, seen: PurseSeen, nonce: Nonce) -> PurseSeen | Refusal:
        """The balance of the card decides what moves: it must be more than a reader's claim."""
        return balance.vouched(self.link, self.vault, seen, nonce, self.draw, ours=self.ours)

    def _signed_nothing(self, nonce: Nonce, names: PurseNames) -> proving.Signed | Refusal:
        begun = begin_purchase(self.link, self.vault, names, nonce, amount_fen=0)
        if isinstance(begun, Refusal):
            return begun
        unfinished, module = begun
        debit = finish(self.link, module, unfinished)
        if isinstance(debit, Refusal):
            return Refusal("CARD_PROOF_INVALID") if debit.code == "CARD_MAC" else debit
        return proving.Signed(debit.fields, debit.tac)

    def _nonce(self, binding_id: str) -> Nonce:
        with self.office.writing() as cursor:
            return proving.ask_nonce(
                cursor, self.office.code, binding_id, self.terms, self.draw, self.now_s
            )

    def _pay(self, row: BindingRow) -> BindingRow | Refusal:
        """Tell the card to pay what moves to the account, written down before it is told."""
        seen = self._seen()
        if isinstance(seen, Refusal):
            return seen
        if seen.number != row.medium_no:
            return Refusal("CARD_PROOF_INVALID")
        nonce = self._nonce(row.binding_id)
        seen = self._vouched(seen, nonce)
        if isinstance(seen, Refusal):
            return seen
        amount_fen = seen.balance_fen - self.terms.kept_of(seen.balance_fen)
        begun = begin_purchase(self.link, self.vault, seen.names, nonce, amount_fen)
        if isinstance(begun, Refusal):
            return begun
        unfinished, module = begun
        with self.office.writing() as cursor:
            noted = self._noted(cursor, row, seen, unfinished)
        if isinstance(noted, Refusal) or noted.step != "moving":
            return noted
        debit = finish(self.link, module, unfinished)
        if isinstance(debit, Refusal):
            return Refusal("CARD_PROOF_INVALID") if debit.code == "CARD_MAC" else debit
        return self._booked(noted, debit.tac)

    def _noted(
        self, cursor: Cursor, row: BindingRow, seen: PurseSeen, unfinished: Unfinished
    ) -> BindingRow | Refusal:
        locked = _locked(cursor, row.binding_id)
        if locked.step != "mandated":
            return locked
        objects = proving.card_objection(cursor, locked, seen, self.terms, self.now_s)
        if objects is not None:
            return objects
        return moving.begin_move(cursor, locked, unfinished, seen.balance_fen, self.now_s)

    def _ask(self, row: BindingRow) -> BindingRow | Refusal:
        """Ask a card that was told to pay whether it did. Only its code makes money; a card that
        says it did not, and did, has given its money to nobody but us: a branch books it."""
        move = self._open_move(row.binding_id)
        unfinished = moving.unfinished_of(move)
        selected = select(self.link, self._names(row).application.aid)
        if isinstance(selected, Refusal):
            return selected
        found = recover(self.link, unfinished)
        if isinstance(found, Refusal):
            too_old = found.code == "RECOVERY_TOO_OLD"
            return Refusal("BINDING_NEEDS_BRANCH") if too_old else found
        if isinstance(found, NotDone):
            return self._not_moved(row, move)
        return (
            Refusal("BINDING_NEEDS_BRANCH") if found.unconfirmed else self._booked(row, found.tac)
        )

    def _open_move(self, binding_id: str) -> MoveRow:
        with self.office.reading() as cursor:
            return store.moves_of(cursor, binding_id)[-1]

    def _not_moved(self, row: BindingRow, move: MoveRow) -> BindingRow:
        with self.office.writing() as cursor:
            locked = _locked(cursor, row.binding_id)
            if locked.step != "moving":
                return locked
            store.write_move_end(cursor, row.binding_id, move.number, False, self.now_s, "card")
            after = proving.advance(cursor, locked, "not_moved", self.now_s, "card")
            assert after is not None, "the card is this binding's"
            return after

    def _booked(self, row: BindingRow, tac: bytes) -> BindingRow | Refusal:
        with self.office.alone() as cursor:
            locked = _locked(cursor, row.binding_id)
            move = store.moves_of(cursor, row.binding_id)[-1]
            return moving.book_move(
                cursor, self.office.code, self.vault, locked, move, tac, self.terms,
                self.neighbours, self.now_s,
            )  # fmt: skip

    def _seal(self, row: BindingRow) -> BindingRow | Refusal:
        """Mark the card; the binding is active when its chip says that it carries the mark."""
        sealed = self._marked(row)
        if isinstance(sealed, Refusal):
            return sealed
        with self.office.writing() as cursor:
            locked = _locked(cursor, row.binding_id)
            if locked.step != "sealing":
                return locked
            after = proving.advance(cursor, locked, "sealed", self.now_s, "card")
            assert after is not None, "the card is this binding's"
            return after

    @staticmethod
    def _names(row: BindingRow) -> PurseNames:
        return proving.NAMES.decode(row.purse)


def _locked(cursor: Cursor, binding_id: str) -> BindingRow:
    found = store.find(cursor, binding_id, lock=True)
    assert found is not None, "a binding is never deleted"
    return found
