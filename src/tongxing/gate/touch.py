"""A real medium held to a terminal, from the first command to the lane, in the one safe order.

For a card: read it, clear up what an earlier visit left open, decide, prepare the purchase, write
to the journal what is about to happen, let the card sign, write the tap with its signature, and
only then tell the lane. A card that leaves in between leaves an entry that the next visit, here or
days later, finds: nobody rides without a record, and nobody pays twice.

For a code: verify, decide, write the tap with the whole code, tell the lane.
"""

import dataclasses

from msgspec.structs import replace

from tongxing.deciding.decide import decide, refused, tap_of, tariff_name
from tongxing.deciding.facts import KIND_OF, OPEN, Decision
from tongxing.deciding.token import MediumToken
from tongxing.gate.clearance import Clearance
from tongxing.gate.journal import Journal, unnumbered
from tongxing.gate.reading.card import CardInHand, read_card
from tongxing.gate.reading.code import read_code, unread_token
from tongxing.gate.reading.setup import MediaSetup
from tongxing.gate.reading.torn import Settled, TornTap, TornTaps
from tongxing.gate.reading.writing import moment, records_of
from tongxing.gate.visit import Visit
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.legacy import LegacyFace
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import (
    COMPOSITE,
    Debit,
    NotDone,
    Purchase,
    Unfinished,
    begin,
    finish,
    recover,
)
from tongxing.media.card.terminal.locking import lock_card
from tongxing.media.card.terminal.model import TERMINAL_BYTES
from tongxing.media.card.terminal.purchase import READ_TERMINAL_NO
from tongxing.media.card.terminal.talking import ask_sam
from tongxing.messages import CardProof, PurseFacts, Tap

CARD_LOCKED_HERE = "CARD_LOCKED_HERE"
SM4_BIT, _LOCK_VERSION = 0x40, 0x01
"""What tells the keys of the national algorithm, and the version of the maintenance key."""
_DISTRUSTED_S, _DISTRUSTED_MOST = 600, 1_000
UNCONFIRMED = "CARD_UNCONFIRMED"
RECOVERY_TOO_OLD = "RECOVERY_TOO_OLD"
"""What `recover` says when so much was paid with the card since that its log has moved on."""


class Touch:
    """Real media at the terminals of one site; `setup` may be another one between two of them."""

    def __init__(
        self, setup: MediaSetup, journal: Journal, clearance: Clearance | None = None
    ) -> None:
        self.setup = setup
        self._clearance = Clearance() if clearance is None else clearance
        self._journal = journal
        self._torn = TornTaps(journal)
        self._modules: dict[str, CardLink] = {}
        self._numbers: dict[str, bytes] = {}
        self._signed: dict[str, int] = {}
        self._distrusted: dict[str, int] = {}

    def legacy(self, face: LegacyFace, visit: Visit) -> Decision:
        """An M1 card is recognised and not read: what it says proves nothing. Its uid is noted, as
        a reader saw it; anybody can give a card any uid."""
        known = unread_token("card")
        token = replace(known, medium_no=f"M1:{face.uid.hex()}", trust=face.trust)
        return self._turned_away(token, visit, Refusal("LEGACY_NOT_READ"))

    def card(self, link: CardLink, visit: Visit) -> Decision:
        """Take a card through. The tap is on disk when this returns; the lane has not been told."""
        card = read_card(link, visit.facts, visit.context, self.setup)
        if isinstance(card, Refusal):
            return self._turned_away(unread_token("card"), visit, card)
        cleared = self._clear_up(card, visit)
        if isinstance(cleared, Decision):
            return cleared
        card, visit = cleared, visit.of(cleared.token)
        if visit.now_s < self._distrusted.get(card.token.medium_no, 0):
            return self._turned_away(card.token, visit, Refusal("CARD_MAC"))
        if card.objection is not None:
            return self._turned_away(card.token, visit, card.objection)
        decision = decide(card.token, visit.facts, visit.context)
        if decision.pending:
            return decision
        if not decision.opened:
            return self._refuse(card, decision, visit)
        held = self._held(card.token, decision, visit)
        if held is not None:
            return self._turned_away(card.token, visit, held)
        return self._purchase(card, decision, visit)

    def code(self, raw: bytes, visit: Visit) -> Decision:
        """Take a code through; `raw` is what the scanner read."""
        token, refusal = read_code(raw, visit.facts, visit.context, self.setup)
        side = visit.of(token)
        if side.facts.role != visit.facts.role:
            visit = side
            token, refusal = read_code(raw, visit.facts, visit.context, self.setup)
        refusal = self._clearance.unsure(token, visit.context.mode, refusal) or refusal
        if refusal is not None:
            return self._turned_away(token, visit, refusal)
        decision = decide(token, visit.facts, visit.context)
        if decision.pending:
            return decision
        held = self._held(token, decision, visit)
        if held is not None:
            decision = refused(decision.kind, token, decision.tariff, held)
        written = self._written(replace(self._tap(token, decision, visit), code=raw), decision)
        if decision.opened and not written.opened:
            self._clearance.not_opened(token)
        return written

    def report_unconfirmed(self, now_s: int) -> int | Refusal:
        """Hand on, once, the taps of cards that never came back: refused, since the lane stayed
        shut, with what they may have paid. They go on waiting for their card. How many."""
        waiting = self._torn.waiting()
        if isinstance(waiting, Refusal):
            return waiting
        rules = self.setup.recovery
        oldest = sorted(waiting, key=lambda torn: torn.tap.time_s)
        crowded = {torn.tap.medium_no for torn in oldest[: max(len(oldest) - rules.most, 0)]}
        count = 0
        for torn in oldest:
            gone = torn.tap.time_s <= now_s - rules.forget_after_s
            forgotten = gone or torn.tap.medium_no in crowded
            if not torn.reported and (forgotten or torn.tap.time_s <= now_s - rules.report_after_s):
                refusal = self._report(torn)
                if refusal is not None:
                    return refusal
                count += 1
            if forgotten and (refusal := self._torn.forget(torn.tap.medium_no)) is not None:
                return refusal
        return count

    def _report(self, torn: TornTap) -> Refusal | None:
        told = replace(torn.tap, outcome="refused", reason=UNCONFIRMED)
        refusal = self._torn.keep(replace(torn, reported=True))
        written = self._journal.append(told) if refusal is None else refusal
        return written if isinstance(written, Refusal) else None

    def _purchase(self, card: CardInHand, decision: Decision, visit: Visit) -> Decision:
        """Have the card sign what was decided."""
        module = self._module(visit.facts.terminal_id)
        plan = self._plan(card, decision, visit)
        begun = plan if isinstance(plan, Refusal) else begin(card.link, module, card.ids, plan)
        if isinstance(begun, Refusal):
            return self._turned_away(card.token, visit, begun)
        self._signed[visit.facts.terminal_id] = begun.serial
        decision = _as_the_card_says(decision, begun)
        torn = TornTap(
            tap=self._tap(card.token, decision, visit),
            role=visit.facts.role,
            unfinished=begun,
            charge_fen=decision.charge_fen,
            half_trip_fen=decision.half_trip_fen,
            note=decision.note,
        )
        refusal = self._torn.keep(torn)
        if refusal is not None:
            return refused(decision.kind, card.token, decision.tariff, refusal)
        debit = finish(card.link, module, begun)
        if not isinstance(debit, Refusal):
            return self._settled(torn, debit, decision)
        if debit.code != "CARD_MAC":  # nobody knows how it ended; the entry waits for the card
            return refused(decision.kind, card.token, decision.tariff, debit)
        self._distrust(card.token.medium_no, visit.now_s)
        return self._turned_away(card.token, visit, debit)

    def _distrust(self, medium_no: str, now_s: int) -> None:
        """Remember for a while a card whose codes were wrong: a genuine one locks its keys after
        three tries, and a wrong setting of ours must not lock a city's cards."""
        if len(self._distrusted) >= _DISTRUSTED_MOST:
            self._distrusted.clear()
        self._distrusted[medium_no] = now_s + _DISTRUSTED_S

    def _clear_up(self, card: CardInHand, visit: Visit) -> CardInHand | Decision:
        """What an earlier visit of this card left open. The card to go on with, or the decision
        that ends this visit: the passenger has come back for the same thing."""
        torn = self._torn.find(card.token.medium_no)
        if torn is None:
            return card
        if isinstance(torn, Refusal):
            return refused(KIND_OF[visit.facts.role], card.token, tariff_name(visit.context), torn)
        visit = visit.again(torn.role)
        found = torn.found or recover(card.link, torn.unfinished, self._still_signing(torn))
        if isinstance(found, Refusal) and found.code == RECOVERY_TOO_OLD:
            return self._given_up(torn, None, card, visit)
        if isinstance(found, Refusal):
            return self._turned_away(card.token, visit, found)
        if isinstance(found, NotDone):
            refusal = self._torn.forget(card.token.medium_no)
            return card if refusal is None else self._turned_away(card.token, visit, refusal)
        if found.proven:
            return self._happened(torn, found, card, visit, is_last=True)
        torn = replace(torn, found=found, asked=torn.asked + 1)
        is_last = self._torn.keep(torn) or self._prove(torn, card, visit)
        if isinstance(is_last, Refusal):
            return self._turned_away(card.token, visit, is_last)
        return self._happened(torn, found, card, visit, is_last)

    def _still_signing(self, torn: TornTap) -> CardLink | None:
        """The security module that signed this purchase, if it has signed nothing since: it alone
        can tell whether what the card says now is genuine."""
        terminal_id = torn.tap.ref.terminal_id
        if self._signed.get(terminal_id) != torn.unfinished.serial:
            return None
        return self._module(terminal_id)

    def _prove(self, torn: TornTap, card: CardInHand, visit: Visit) -> bool | Refusal:
        """Have the card sign a purchase of nothing that changes nothing: a genuine one can, and its
        counter, which that signature covers, tells whether the torn purchase took place.

        Whether that was the card's last one; refuses CARD_MAC when the counter has not moved on,
        whatever was answered before.
        """
        if card.same is None:
            return Refusal("CARD_RECORDS_MISSING")
        plan = Purchase(0, COMPOSITE, moment(visit.now_s), (card.same,), card.key_index)
        module = self._module(visit.facts.terminal_id)
        begun = begin(card.link, module, card.ids, plan)
        if isinstance(begun, Refusal):
            return begun
        self._signed[visit.facts.terminal_id] = begun.serial
        debit = finish(card.link, module, begun)
        if isinstance(debit, Refusal):
            return debit
        before = torn.unfinished.counter_before
        counted = begun.counter_before - before
        least = 1 if torn.unfinished.amount_fen else 0  # some cards do not count nothing
        return counted <= torn.asked if counted >= least else Refusal("CARD_MAC")

    def _happened(
        self, torn: TornTap, found: Debit, card: CardInHand, visit: Visit, is_last: bool
    ) -> CardInHand | Decision:
        """The card had signed after all. In time and for the same thing, the lane opens. Else the
        money that moved is recorded; an entry that moved none was no entry, for the lane was shut.
        """
        again = is_last and torn.role == visit.facts.role
        in_time = 0 <= visit.now_s - torn.tap.time_s <= self.setup.recovery.window_s
        taken_fen = torn.tap.purse.taken_fen if torn.tap.purse else 0
        if again and in_time:  # a full disk may cost the note of it, and must not cost the tap
            self._torn.note_settled(Settled(torn.tap.medium_no, torn.role, visit.now_s))
        if (again and in_time) or taken_fen or torn.tap.kind == "exit":
            settled = self._settled(torn, found, _as_decided(torn, card.token))
            return settled if (again and in_time) or not settled.opened else card
        return self._given_up(torn, found, card, visit)

    def _given_up(
        self, torn: TornTap, found: Debit | None, card: CardInHand, visit: Visit
    ) -> CardInHand | Decision:
        """The lane had stayed shut: the tap is written as refused, and its ride never began."""
        number = torn.tap.medium_no
        proof = None if found is None else proof_of(number, found)
        told = replace(torn.tap, outcome="refused", reason=UNCONFIRMED, proof=proof)
        written = self._journal.append(told, self._torn.name(number))
        if isinstance(written, Refusal):
            return self._turned_away(card.token, visit, written)
        return _without_ride(card, torn.tap.time_s)

    def _settled(self, torn: TornTap, debit: Debit, decision: Decision) -> Decision:
        """The tap with the card's signature takes the place of the entry that waited for it."""
        tap = replace(torn.tap, proof=proof_of(torn.tap.medium_no, debit))
        written = self._journal.append(tap, self._torn.name(tap.medium_no))
        if isinstance(written, Refusal):
            return refused(decision.kind, decision.token_after, decision.tariff, written)
        return decision

    def _plan(self, card: CardInHand, decision: Decision, visit: Visit) -> Purchase | Refusal:
        terminal_no = self._terminal_no(visit.facts.terminal_id)
        if isinstance(terminal_no, Refusal):
            return terminal_no
        records = records_of(card, decision, visit.facts, visit.context, self.setup, terminal_no)
        if isinstance(records, Refusal):
            return records
        return Purchase(
            amount_fen=0 if decision.purse is None else decision.purse.taken_fen,
            kind=COMPOSITE,
            time=moment(visit.now_s),
            records=records,
            key_index=card.key_index,
            terminal_no=terminal_no,
        )

    def _refuse(self, card: CardInHand, decision: Decision, visit: Visit) -> Decision:
        """A refusal of the decision; a denied card of a local issuer is locked on the spot."""
        if visit.context.deny.reason(card.token.medium_no) == decision.reason:
            module = self._module(visit.facts.terminal_id)
            version = _LOCK_VERSION | (card.key_index & SM4_BIT)
            locked = lock_card(card.link, module, card.ids, self.setup.home, key_version=version)
            if not isinstance(locked, Refusal):
                decision = replace(decision, reason=CARD_LOCKED_HERE)
        return self._written(self._tap(card.token, decision, visit), decision)

    def _turned_away(self, token: MediumToken, visit: Visit, refusal: Refusal) -> Decision:
        """A refusal before or beside the decision; a tap like any other."""
        kind = KIND_OF[visit.facts.role]
        decision = refused(kind, token, tariff_name(visit.context), refusal)
        return self._written(self._tap(token, decision, visit), decision)

    def _written(self, tap: Tap, decision: Decision) -> Decision:
        written = self._journal.append(tap)
        if isinstance(written, Refusal):
            return refused(decision.kind, decision.token_after, decision.tariff, written)
        return decision

    def _tap(self, token: MediumToken, decision: Decision, visit: Visit) -> Tap:
        tap = tap_of(
            token,
            visit.facts,
            decision,
            unnumbered(visit.facts.terminal_id),
            visit.now_s,
            visit.context.deny.version,
        )
        band_s = self._clearance.time_band_s()
        return replace(tap, time_band_s=band_s) if band_s else tap

    def _held(self, token: MediumToken, decision: Decision, visit: Visit) -> Refusal | None:
        """Why the lane stays shut all the same; asked once, since it claims a display."""
        role, mode = visit.facts.role, visit.context.mode
        return self._clearance.refusal(decision, token, role, visit.now_s, mode)

    def _terminal_no(self, terminal_id: str) -> bytes | Refusal:
        """The number of a terminal's module, asked of it once."""
        found = self._numbers.get(terminal_id)
        if found is None:
            asked = ask_sam(self._module(terminal_id), READ_TERMINAL_NO, TERMINAL_BYTES)
            if isinstance(asked, Refusal):
                return asked
            found = self._numbers[terminal_id] = asked
        return found

    def _module(self, terminal_id: str) -> CardLink:
        found = self._modules.get(terminal_id)
        if found is None:
            found = self._modules[terminal_id] = self.setup.sam_of(terminal_id)
        return found


def proof_of(number: str, debit: Debit) -> CardProof | None:
    """What the issuer needs to check the card's signature; None where the card kept none."""
    fields = debit.fields
    if debit.unconfirmed:
        return None
    return CardProof(
        number=number,
        issuer_id=fields.issuer_id,
        card_factor=fields.card_factor,
        key_version=fields.key_version,
        algorithm=fields.algorithm,
        amount_fen=fields.amount_fen,
        kind=fields.kind,
        terminal_no=fields.terminal_no,
        serial=fields.serial,
        time=fields.time,
        counter=fields.counter_before,
        balance_before_fen=fields.balance_before_fen,
        tac=debit.tac,
    )


def _as_the_card_says(decision: Decision, begun: Unfinished) -> Decision:
    """The purse facts with the card's own counter: that of this very purchase."""
    if decision.purse is None:
        return decision
    purse = PurseFacts(
        begun.counter_before + 1, decision.purse.balance_before_fen, decision.purse.taken_fen
    )
    return replace(decision, purse=purse)


def _as_decided(torn: TornTap, token: MediumToken) -> Decision:
    """The decision of the visit at which the card was torn."""
    return Decision(
        outcome="opened",
        reason=OPEN,
        kind=torn.tap.kind,
        token_after=token,
        tariff=torn.tap.tariff,
        purse=torn.tap.purse,
        charge_fen=torn.charge_fen,
        half_trip_fen=torn.half_trip_fen,
        note=torn.note,
    )


def _without_ride(card: CardInHand, entered_s: int) -> CardInHand:
    """The card as if the entry of that moment had not been written."""
    entry = card.token.open_entry
    if entry is None or entry.time_s != entered_s:
        return card
    return dataclasses.replace(card, token=replace(card.token, open_entry=None))
