"""A station's or vehicle's gates: decide, journal, write the medium, open the lane, in this order.

A site works alone for as long as it must: it needs its journal, its tariffs and its lists, and no
network. Upwards it hands on taps in signed batches until the city's receipt lets it forget them;
downwards it takes lists. It must never open a lane for a tap that is not on disk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from tongxing.deciding.decide import decide, refused, tap_of, tariff_name
from tongxing.deciding.facts import (
    KIND_OF,
    RULES,
    Decision,
    EntryAtGate,
    GateContext,
    GateRules,
    ValidatorFacts,
)
from tongxing.deciding.recent import RecentTaps
from tongxing.deciding.token import MediumToken
from tongxing.fares import CityFares
from tongxing.gate import data_lists
from tongxing.gate.clearance import Clearance
from tongxing.gate.data_lists import DataLists, EntryOf, GateData, Ground, ReadyList
from tongxing.gate.denylist import DenyIndex, read_deny_list
from tongxing.gate.events import EventLog
from tongxing.gate.heads import side_of
from tongxing.gate.journal import Journal, unnumbered
from tongxing.gate.kept_list import PreparedList, commit_list, load_list, prepare_list
from tongxing.gate.lane import LaneOutput
from tongxing.gate.orders import OrderBook
from tongxing.gate.reading.setup import MediaSetup
from tongxing.gate.reading.torn import TornTaps
from tongxing.gate.remembering import NEWEST_MOST, remember
from tongxing.gate.touch import Touch
from tongxing.gate.visit import Visit
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.legacy import LegacyFace
from tongxing.media.card.link import CardLink
from tongxing.messages import KeyRing, Receipt, SigningKey, TapBatch, seal, unseal
from tongxing.messages.lists import DENY, DataName
from tongxing.network.legacy import load_legacy
from tongxing.network.registry import Registry

MediumWriter = Callable[[MediumToken], None]
"""Writes a token to the medium that is still in the reader's field."""


@dataclass(frozen=True, slots=True)
class SiteSetup:
    """How a site is configured: where it stands, what it may charge, and whom it trusts.

    `key` signs its batches, and its sender is the site's name. `city_keys` holds the keys of the
    site's own city and no other. `media` is how it reads real cards and codes; without it the site
    takes tokens alone. `clearance` is what it asks itself before it opens: the time, the rides of
    accounts since the city was last heard, the other gates. `entry` is the policy it was given for
    who enters, None where nothing is asked; `entry_of` makes it of the policies that its city
    publishes. Fares, media and entry hold until lists of the city say otherwise.
    """

    city: str
    validators: Mapping[str, ValidatorFacts]
    fares: CityFares
    registry: Registry
    key: SigningKey
    city_keys: KeyRing
    rules: GateRules = RULES
    media: MediaSetup | None = None
    clearance: Clearance = field(default_factory=Clearance)
    entry: EntryAtGate | None = None
    entry_of: EntryOf | None = None

    def ground(self) -> Ground:
        """What there is before any list."""
        data = GateData(self.fares, load_legacy(), self.registry, self.entry, self.media)
        return Ground(self.city, data, self.entry_of)


class Site:
    """The gates of one station or vehicle, with the one journal that they share."""

    def __init__(
        self,
        setup: SiteSetup,
        journal: Journal,
        lane: LaneOutput,
        deny: DenyIndex,
        lists: DataLists,
        orders: OrderBook,
        events: EventLog,
    ) -> None:
        """Use `Site.open`, which takes up the lists that were in force before."""
        self.name = journal.site
        self.deny = deny
        self.lists = lists
        self.journal = journal
        self.orders = orders
        self.events = events
        self._setup = setup
        self._journal = journal
        self._lane = lane
        self._recent = RecentTaps()
        self._clearance = setup.clearance
        self._touch = None if setup.media is None else Touch(setup.media, journal, setup.clearance)

    def _remember(self) -> Refusal | None:
        """Know again, after a restart, who has just passed here."""
        taps = self._journal.newest(NEWEST_MOST)
        if isinstance(taps, Refusal):
            return taps
        remember(self._recent, taps, self._setup.validators)
        settled = TornTaps(self._journal).settled()
        if isinstance(settled, Refusal):
            return settled
        for one in settled:
            self._recent.note_touch(one.medium_no, one.role, one.at_s)
        return None

    @classmethod
    def open(cls, setup: SiteSetup, journal: Journal, lane: LaneOutput) -> "Site | Refusal":
        """A site on its journal. Refuses when the journal cannot be read.

        Raises ValueError when the key's sender is not the journal's site: the city would refuse
        every batch.
        """
        if setup.key.sender != journal.site:
            raise ValueError(f"{setup.key.sender} cannot sign for {journal.site}")
        deny = load_list(journal, setup.city)
        if isinstance(deny, Refusal):
            return deny
        lists = DataLists.open(journal, setup.ground(), setup.clearance.is_time_confirmed)
        if isinstance(lists, Refusal):
            return lists
        orders = OrderBook.open(journal)
        if isinstance(orders, Refusal):
            return orders
        events = EventLog.open(journal)
        if isinstance(events, Refusal):
            return events
        site = cls(setup, journal, lane, deny, lists, orders, events)
        refusal = site._remember()
        return site if refusal is None else refusal

    def present(
        self, token: MediumToken, terminal_id: str, now_s: int, write: MediumWriter | None = None
    ) -> tuple[Decision, MediumToken]:
        """A medium is held to a terminal of this site; the answer, and the medium afterwards.

        The tap is on disk before `write` changes the medium, and that before the lane is told. A
        journal that cannot take the tap turns the answer into a refusal: then the medium is
        unchanged and the lane stays shut. A decision that is `pending` is none yet: the same medium
        comes again. Raises KeyError for a terminal of another site.
        """
        context = self._context(now_s)
        facts = side_of(token, self._setup.validators[terminal_id], context)
        unsure = self._clearance.unsure(token, context.mode, None)
        if unsure is None:
            decision = decide(token, facts, context)
        else:
            decision = refused(KIND_OF[facts.role], token, tariff_name(context), unsure)
        if decision.pending:
            return decision, token
        held = self._clearance.refusal(decision, token, facts.role, now_s, context.mode)
        if held is not None:
            decision = refused(decision.kind, token, decision.tariff, held)
        tap = tap_of(token, facts, decision, unnumbered(terminal_id), now_s, self.deny.version)
        if band_s := self._clearance.time_band_s():
            tap = replace(tap, time_band_s=band_s)
        written = self._journal.append(tap)
        if isinstance(written, Refusal):
            if decision.opened:
                self._clearance.not_opened(token)
            decision = refused(decision.kind, token, decision.tariff, written)
        elif decision.opened:
            if write is not None and decision.token_after is not token:
                write(decision.token_after)
            self._passed(token, facts, decision, now_s)
        self._lane(terminal_id, decision)
        return decision, decision.token_after

    def present_card(self, card: CardLink | LegacyFace, terminal_id: str, now_s: int) -> Decision:
        """A real card is held to a terminal of this site: it signs what it pays for.

        An old card without a processor comes as the reader recognised it, and is turned away. The
        tap, with the card's signature, is on disk before the lane is told. Raises ValueError at a
        site without `media`, KeyError for a terminal of another site.
        """
        if isinstance(card, LegacyFace):
            return self._shown(terminal_id, now_s, lambda touch, visit: touch.legacy(card, visit))
        return self._shown(terminal_id, now_s, lambda touch, visit: touch.card(card, visit))

    def present_code(self, raw: bytes, terminal_id: str, now_s: int) -> Decision:
        """A ride code is shown to a terminal of this site; `raw` is what the scanner read.

        The tap, with the whole code, is on disk before the lane is told. Raises as `present_card`.
        """
        return self._shown(terminal_id, now_s, lambda touch, visit: touch.code(raw, visit))

    def report_unconfirmed(self, now_s: int) -> int | Refusal:
        """Hand on the taps of cards that left while they signed and never came back; how many."""
        return 0 if self._touch is None else self._touch.report_unconfirmed(now_s)

    def next_batch(self) -> bytes | Refusal | None:
        """The oldest batch of taps without a receipt, signed; None when there is nothing to send.

        Until its receipt comes this is the same message, byte for byte, however often it is asked.
        """
        batches = self.next_batches(1)
        if isinstance(batches, Refusal):
            return batches
        return batches[0] if batches else None

    def next_batches(self, limit: int) -> list[bytes] | Refusal:
        """The oldest batches without a receipt, at most `limit`, for a link that carries several
        at a time. They may be sent in any order, twice, and again after a restart."""
        outgoing = self._journal.outgoing(limit)
        if isinstance(outgoing, Refusal):
            return outgoing
        messages = []
        for batch in outgoing:
            message = seal(TapBatch(site=self.name, taps=batch.taps), self._setup.key)
            refusal = self._journal.note_sent(batch, sha256_hex(message))
            if refusal is not None:
                return refusal
            messages.append(message)
        return messages

    def take_receipt(self, message: bytes, now_s: int) -> int | Refusal:
        """Take the city's receipt; how many taps it newly covers (0 when it came before).

        Refuses what `unseal` refuses, RECEIPT_OTHER_SITE, RECEIPT_UNKNOWN, RECEIPT_MISMATCH. A
        refused receipt changes nothing: the taps stay, and are sent again.
        """
        opened = unseal(message, Receipt, self._setup.city_keys)
        if isinstance(opened, Refusal):
            return opened
        _, receipt = opened
        if receipt.site != self.name:
            return Refusal(
                "RECEIPT_OTHER_SITE", self.name, {"expected": self.name, "found": receipt.site}
            )
        return self._journal.acknowledge(receipt, now_s)

    def load_deny_list(self, message: bytes, now_s: int | None = None) -> Refusal | None:
        """Read a newer deny list and put it in force, all here and now; `prepare_deny` and
        `take_deny` do the same in two threads.

        After a refusal the old list stays in force.
        """
        prepared = self.prepare_deny(message, self.deny, now_s)
        return self.take_deny(prepared) if isinstance(prepared, PreparedList) else prepared

    def prepare_deny(
        self, message: bytes, current: DenyIndex, now_s: int | None
    ) -> PreparedList | Refusal | None:
        """A newer deny list, read and lying on the disk, whole or made of a delta; None when it is
        `current` again. May be called beside the site's own thread, by one at a time.

        Refuses what `read_deny_list` and `prepare_list` refuse; after one of `ASK_WHOLE` the city
        must send the whole list. Without a time nobody asks whether its days are over.
        """
        change = read_deny_list(message, self._setup.city_keys, current, now_s)
        if change is None or isinstance(change, Refusal):
            return change
        return prepare_list(self._journal.path, change, current.version)

    def take_deny(self, prepared: PreparedList) -> Refusal | None:
        """Put a deny list in force, from now on and after every restart. Refuses LIST_DELTA_GAP
        where another one came meanwhile, and what the journal refuses."""
        if prepared.follows != self.deny.version:
            values = {"since": prepared.follows, "current": self.deny.version}
            return Refusal("LIST_DELTA_GAP", self.name, values)
        refusal = commit_list(self._journal, prepared)
        if refusal is None:
            self.deny = prepared.deny
        return refusal

    def read_list(
        self, message: bytes, name: DataName, held: Sequence[ReadyList], now_s: int
    ) -> ReadyList | Refusal | None:
        """One of the city's other lists, for `lists.take`; as `data_lists.read_list`. May be called
        beside the site's own thread."""
        keys, ground = self._setup.city_keys, self.lists.ground
        return data_lists.read_list(message, keys, name, held, ground, now_s)

    def versions(self, now_s: int) -> dict[str, int]:
        """The versions of all lists in force, as a heartbeat tells them. From any thread."""
        return {DENY: self.deny.version, **self.lists.versions(now_s)}

    def expired(self, now_s: int) -> list[str]:
        """The names of lists in force past their last moment: better than none, but somebody must
        know. From any thread."""
        own = [DENY] if 0 < self.deny.head.not_after_s <= now_s else []
        return [*own, *self.lists.expired(now_s)]

    def entry(self, now_s: int) -> EntryAtGate | None:
        """The condition of entry in force; None where nothing is asked."""
        return self.lists.at(now_s).entry

    def tariff_name(self, now_s: int) -> str:
        """The tariff in force, "" when there is none. From any thread."""
        tariff = self.lists.data.fares.book.at(now_s)
        return "" if tariff is None else tariff.name

    def forget(self, now_s: int) -> int | Refusal:
        """Delete taps whose receipt is older than the retention; how many there were."""
        return self._journal.forget(now_s)

    def _shown(
        self, terminal_id: str, now_s: int, take: Callable[[Touch, Visit], Decision]
    ) -> Decision:
        if self._touch is None:
            raise ValueError(f"{self.name} reads no real media")
        facts = self._setup.validators[terminal_id]
        decision = take(self._touch, Visit(facts, self._context(now_s)))
        if decision.pending:
            return decision
        if decision.opened:
            self._passed(decision.token_after, facts, decision, now_s)
        self._lane(terminal_id, decision)
        return decision

    def _passed(
        self, token: MediumToken, facts: ValidatorFacts, decision: Decision, now_s: int
    ) -> None:
        """The tap is on disk, and the lane opens."""
        role = facts.role
        if facts.one_head:
            role = "alight" if decision.kind == "exit" else "board"
            if token.funding == "account":
                self._recent.note_aboard(facts.vehicle, token.medium_no, role, now_s)
        self._recent.note(token, role, now_s)
        self._clearance.opened(token, role)

    def _context(self, now_s: int) -> GateContext:
        data, setup = self.lists.at(now_s), self._setup
        if self._touch is not None and data.media is not None:
            self._touch.setup = data.media
        return GateContext(
            data.fares,
            data.registry,
            self.deny,
            now_s,
            setup.rules,
            self._recent,
            legacy=data.legacy,
            entry=data.entry,
            mode=self.orders.mode(now_s),
        )
