"""The desk where a card and an account become one, step by step, each of them repeatable.

It reads no clock and keeps nothing in memory: whoever asks, at whichever desk, goes on where the
binding stands. Cards are talked to between transactions, never inside one; one desk at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from tongxing.city.binding import leaving, terms
from tongxing.city.binding.moving import Neighbours
from tongxing.city.binding.proving import advance, lapse
from tongxing.city.binding.steps import Event, step_after
from tongxing.city.binding.terms import BindingTerms, Branch, MachineStation, TermsOf
from tongxing.city.binding.values import (
    Binding,
    BoundCard,
    Consents,
    Freeze,
    Mandates,
    Notify,
    binding_of,
)
from tongxing.city.binding.visit import Visit
from tongxing.city.money.balances import freeze as freeze_money
from tongxing.city.office import Office
from tongxing.city.people.notices import notify as notify_person
from tongxing.city.store import binding as store
from tongxing.city.store import bound_cards
from tongxing.city.store.binding import BindingRow, Channel
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardLink
from tongxing.media.keys.vault import KeyVault

AT_CARD_S = 60
"""So long at most a desk that died keeps others from its card."""
_TOKEN_BYTES = 8


@dataclass(frozen=True, slots=True)
class _At:
    """Where a request wants to take a binding."""

    row: BindingRow
    terms: BindingTerms


class BindingDesk:
    """The bindings of one city.

    `draw` gives random bytes that nobody can foresee. `freeze` and `notify` work in our
    transactions, `people` and `money` are asked outside of them.
    """

    def __init__(
        self,
        office: Office,
        vault: KeyVault,
        people: Consents,
        money: Mandates,
        draw: Callable[[int], bytes],
        *,
        freeze: Freeze = freeze_money,
        notify: Notify = notify_person,
        terms_of: TermsOf = terms.binding_terms,
    ) -> None:
        self._office = office
        self._vault = vault
        self._people = people
        self._money = money
        self._draw = draw
        self._neighbours = Neighbours(freeze, notify)
        self._terms_of = terms_of

    def begin(
        self, person_id: str, request_id: str, channel: Channel, now_s: int
    ) -> Binding | Refusal:
        """Begin to bind a card to a person's account; the same request answers the same.

        Refuses what people refuse of the person, REQUEST_REUSED, BINDING_NOT_OFFERED,
        BINDING_ACCOUNT_CLOSED, BINDING_NEEDS_LEVEL, RIDER_UNKNOWN, CARD_LIMIT_REACHED, and
        BINDING_UNDER_WAY while another one is and has not been forgotten.
        """
        person = self._people.person(person_id)
        if isinstance(person, Refusal):
            return person
        with self._office.writing() as cursor:
            cards = bound_cards.cards_of_account(cursor, person.account)
            before = store.of_request(cursor, request_id)
            if before is not None:
                same = (before.person_id, before.channel) == (person_id, channel)
                return binding_of(before) if same else Refusal("REQUEST_REUSED", request_id)
            asked = self._terms_of(self._office.code, now_s)
            if not asked.offered or channel not in asked.channels:
                return Refusal("BINDING_NOT_OFFERED")
            if person.closed_s is not None:
                return Refusal("BINDING_ACCOUNT_CLOSED")
            if person.level < asked.level_min:
                return Refusal("BINDING_NEEDS_LEVEL")
            if not bound_cards.is_account(cursor, person.account):
                return Refusal("RIDER_UNKNOWN")
            if cards >= asked.cards_max:
                return Refusal("CARD_LIMIT_REACHED", values={"most": asked.cards_max})
            earlier = store.under_way(cursor, person.account)
            if earlier is not None and not lapse(cursor, earlier, asked, now_s):
                return Refusal("BINDING_UNDER_WAY", earlier.binding_id)
            row = _new(self._office.code, person_id, person.account, request_id, channel, now_s)
            store.write(cursor, row)
            store.note_event(cursor, row, "begun", "", now_s, "rider", channel)
            return binding_of(row)

    def current(self, person_id: str) -> Binding | None:
        """The newest binding of a person that has not ended, else the newest of all."""
        with self._office.reading() as cursor:
            row = store.newest_of(cursor, person_id)
        return None if row is None else binding_of(row)

    def binding(self, binding_id: str) -> Binding | Refusal:
        """A binding by its id. Refuses BINDING_UNKNOWN."""
        with self._office.reading() as cursor:
            row = store.find(cursor, binding_id)
        return Refusal("BINDING_UNKNOWN") if row is None else binding_of(row)

    def prove(
        self,
        binding_id: str,
        link: CardLink,
        now_s: int,
        clock: Callable[[], int] | None = None,
        *,
        ours: bool = False,
    ) -> Binding | Refusal:
        """Have the card in the field prove that it is there, and reserve it. Repeatable.

        `clock`, where there is one, says how late it is when the card has answered; `ours`, that
        the reader is the issuer's own, not the passenger's. Refuses BINDING_UNKNOWN, BINDING_ENDED,
        BINDING_BUSY, what `proving.take_proof` refuses, and what card and reader refuse.
        After money has begun to move this changes nothing.
        """
        found = self._at(binding_id, now_s)
        if isinstance(found, Refusal):
            return found
        if found.row.step in ("moving", "sealing", "active"):
            return binding_of(found.row)
        with self._card(binding_id, now_s) as is_ours:
            if not is_ours:
                return Refusal("BINDING_BUSY")
            visit = self._visit(link, found.terms, now_s, ours)
            proven = visit.prove(found.row, clock or (lambda: now_s))
        return proven if isinstance(proven, Refusal) else binding_of(proven)

    def mandated(self, binding_id: str, now_s: int) -> Binding | Refusal:
        """Note that the passenger has agreed and signed password-free payment. Repeatable.

        Refuses BINDING_UNKNOWN, BINDING_ENDED, CARD_PROOF_REQUIRED before the card has proven
        itself, BINDING_NEEDS_CONSENT and BINDING_NEEDS_MANDATE.
        """
        found = self._at(binding_id, now_s)
        if isinstance(found, Refusal):
            return found
        if found.row.step in ("moving", "sealing", "active"):
            return binding_of(found.row)
        objects = self._not_agreed(found)
        if objects is not None:
            return objects
        with self._office.writing() as cursor:
            row = store.find(cursor, binding_id, lock=True)
            assert row is not None, "a binding is never deleted"
            if row.step == "proven":
                after = advance(cursor, row, "mandated", now_s)
                assert after is not None, "the card is this binding's"
                row = after
            return binding_of(row)

    def activate(
        self, binding_id: str, link: CardLink, now_s: int, *, ours: bool = False
    ) -> Binding | Refusal:
        """Move the purse's money to the account and seal the card, once; touch it again after a
        tear and it goes on. `ours` says that the reader is the issuer's own:
        then what it sees of the mark is kept, also of a card that is active already.

        Refuses BINDING_UNKNOWN, BINDING_ENDED, CARD_PROOF_REQUIRED, BINDING_NEEDS_CONSENT,
        BINDING_NEEDS_MANDATE, BINDING_BUSY, CARD_MONEY_NOT_IN_BOOKS, BINDING_NEEDS_BRANCH,
        CARD_PROOF_INVALID, what `rules.objection` refuses, and what card and reader refuse.
        """
        found = self._at(binding_id, now_s)
        if isinstance(found, Refusal):
            return found
        if found.row.step == "active" and not ours:
            return binding_of(found.row)
        if found.row.step not in ("moving", "sealing", "active"):
            objects = self._not_agreed(found)
            if objects is not None:
                return objects
            if found.row.step != "mandated":
                return Refusal("BINDING_NEEDS_MANDATE")
        with self._card(binding_id, now_s) as is_ours:
            if not is_ours:
                return Refusal("BINDING_BUSY")
            visit = self._visit(link, found.terms, now_s, ours)
            active = visit.activate(self._fresh(binding_id))
            if ours and not isinstance(active, Refusal):
                active = visit.see_seal(active)
        return active if isinstance(active, Refusal) else binding_of(active)

    def abandon(self, binding_id: str, now_s: int) -> Binding | Refusal:
        """The passenger gives a binding up; its card is free again. Repeatable.

        Refuses BINDING_UNKNOWN, and BINDING_CANNOT_STOP once money has begun to move.
        """
        return self._end(binding_id, "abandoned", "rider", now_s)

    def refuse(self, binding_id: str, staff: str, now_s: int) -> Binding | Refusal:
        """Staff turn a binding down before money moves. Refuses as `abandon` does."""
        return self._end(binding_id, "refused", staff, now_s)

    def settle_by_hand(
        self, binding_id: str, paid: bool, staff: str, now_s: int
    ) -> Binding | Refusal:
        """Staff say what a card did that has forgotten it; see `leaving.settle_by_hand`."""
        with self._office.alone() as cursor:
            return leaving.settle_by_hand(
                cursor, self._office.code, binding_id, paid, staff,
                self._terms_of(self._office.code, now_s), self._neighbours, now_s,
            )  # fmt: skip

    def release(
        self, binding_id: str, request_id: str, staff: str, shown: leaving.Shown, now_s: int
    ) -> Binding | Refusal:
        """Staff release a card from its account; see `leaving.release`."""
        with self._office.alone() as cursor:
            return leaving.release(
                cursor, binding_id, request_id, staff, shown, self._neighbours.notify, now_s
            )

    def bound(self, account: str) -> BoundCard | None:
        """The card that draws on an account, None where none does."""
        with self._office.reading() as cursor:
            row = store.active_of(cursor, account)
            return None if row is None else leaving.bound_card(cursor, row)

    def in_force(self, cursor: Cursor, medium_no: str) -> BoundCard | None:
        """The binding of a card by which it draws on an account, in the caller's transaction."""
        return leaving.in_force(cursor, medium_no)

    def end(self, cursor: Cursor, binding_id: str, why: Event, now_s: int) -> None:
        """End a binding in the caller's transaction, who deals with its money and its card."""
        leaving.end(cursor, binding_id, why, now_s)

    def machines(self, city: str, on: date) -> list[MachineStation]:
        """The stations of a city whose machines bind cards on a day."""
        return terms.machines(city, on)

    def branches(self, city: str, on: date) -> list[Branch]:
        """The branches of a city that bind cards on a day."""
        return terms.branches(city, on)

    def _at(self, binding_id: str, now_s: int) -> _At | Refusal:
        with self._office.reading() as cursor:
            row = store.find(cursor, binding_id)
        if row is None:
            return Refusal("BINDING_UNKNOWN")
        if row.step == "ended":
            return Refusal("BINDING_ENDED")
        return _At(row, self._terms_of(self._office.code, now_s))

    def _fresh(self, binding_id: str) -> BindingRow:
        with self._office.reading() as cursor:
            row = store.find(cursor, binding_id)
        assert row is not None, "a binding is never deleted"
        return row

    def _not_agreed(self, at: _At) -> Refusal | None:
        """What is still missing before money may move: the card's proof, the consents, the
        mandate, in this order (R-014)."""
        if at.row.step == "begun":
            return Refusal("CARD_PROOF_REQUIRED")
        for text_id in at.terms.consents:
            if not self._people.has_consent(at.row.person_id, text_id):
                return Refusal("BINDING_NEEDS_CONSENT", text_id)
        mandate = self._money.mandate(at.row.account)
        if mandate is None or mandate.state != "signed":
            return Refusal("BINDING_NEEDS_MANDATE")
        return None

    def _end(self, binding_id: str, event: Event, by: str, now_s: int) -> Binding | Refusal:
        with self._office.writing() as cursor:
            row = store.find(cursor, binding_id, lock=True)
            if row is None:
                return Refusal("BINDING_UNKNOWN")
            if row.step == "ended":
                return binding_of(row)
            if step_after(row.step, event) is None:
                return Refusal("BINDING_CANNOT_STOP")
            after = advance(cursor, row, event, now_s, by)
            assert after is not None, "an ended binding holds no card"
            return binding_of(after)

    @contextmanager
    def _card(self, binding_id: str, now_s: int) -> Iterator[bool]:
        """Be the only desk that talks to a binding's card; False where another does."""
        who = self._draw(_TOKEN_BYTES).hex()
        with self._office.writing() as cursor:
            is_ours = store.take_card(cursor, binding_id, who, now_s, now_s + AT_CARD_S)
        try:
            yield is_ours
        finally:
            if is_ours:
                with self._office.writing() as cursor:
                    store.let_card_go(cursor, binding_id, who)

    def _visit(self, link: CardLink, asked: BindingTerms, now_s: int, ours: bool) -> Visit:
        return Visit(
            self._office, self._vault, link, asked, self._neighbours, self._draw, now_s, ours
        )


def _new(
    city: str, person_id: str, account: str, request_id: str, channel: Channel, now_s: int
) -> BindingRow:
    return BindingRow(
        binding_id=digest("binding", city, request_id),
        request_id=request_id,
        person_id=person_id,
        account=account,
        channel=channel,
        step="begun",
        medium_no="",
        purse="",
        card_balance_fen=0,
        keep_fen=0,
        moved_fen=0,
        begun_s=now_s,
        changed_s=now_s,
        from_s=None,
        hold_until_s=None,
        ended_why="",
    )
