"""Where cases for members are played: the system behind its port, and the hub it hears."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from msgspec.structs import replace

from tongxing.conformance.member.cases import MemberCaseBook
from tongxing.conformance.member.hub import KitHub
from tongxing.conformance.member.looking import Looking
from tongxing.conformance.member.port import HubSetup, MemberBooks, MemberPort, MemberSetup
from tongxing.conformance.member.registers import RegisterShelf
from tongxing.conformance.member.serving import HubServer, served_hub
from tongxing.media.conformance.results import Differs
from tongxing.messages import (
    HUB_SENDER,
    IssuerDetail,
    Record,
    Share,
    SigningKey,
    Statement,
    StatementLine,
    TapRef,
    seal,
)

ROUNDS_MAX = 5
SECRET_BYTES = 32
FOREIGN_FEN = 200
ELSEWHERE = "990900"


@dataclass
class MemberWorld:
    """One member under test. `can` is what it offers; `hub` is a new one after each `fresh`."""

    port: MemberPort
    book: MemberCaseBook
    can: Sequence[str]
    address: str
    server: HubServer
    clock: Callable[[], int]
    draw: Callable[[int], bytes]
    hub: KitHub = field(init=False)
    windows: int = 0
    ridden_fen: int = 0
    foreign_fen: int = 0

    def fresh(self) -> None:
        """A new hub with a new key, and a member with empty books."""
        book, secret = self.book, self.draw(SECRET_BYTES)
        key = SigningKey.from_secret(book.acquirer, secret)
        sealing = SigningKey.from_secret(HUB_SENDER, self.draw(SECRET_BYTES))
        stranger = SigningKey.from_secret(HUB_SENDER, self.draw(SECRET_BYTES))
        looking = Looking(book.key_id, key.private.public_key(), book.acquirer)
        self.hub = self.server.hub = KitHub(
            sealing, stranger, looking, (book.acquirer, book.issuer), self.window, self.clock,
            time.monotonic, RegisterShelf(looking, (book.acquirer, book.issuer, book.city)),
        )  # fmt: skip
        self.ridden_fen = self.foreign_fen = 0
        public = sealing.public_bytes().hex()
        hub = HubSetup(
            address=self.address, sender=HUB_SENDER, key_id=HUB_SENDER, public_key=public
        )
        self.port.setup(
            MemberSetup(
                hub=hub,
                city=book.city,
                acquirer=book.acquirer,
                issuer=book.issuer,
                key_id=book.key_id,
                secret=secret.hex(),
            )
        )

    @property
    def window(self) -> str:
        """The window of the case that is played."""
        return f"W{self.book.first_window + timedelta(days=self.windows):%Y%m%d}"

    def next_window(self) -> str:
        """Open another window."""
        self.windows += 1
        self.foreign_fen = 0
        self.hub.open_window(self.window)
        return self.window

    def rides(self, count: int = 2) -> None:
        """Rides that are due at the hub."""
        found = self.port.rides(count)
        if found.count != count or found.sum_fen <= 0:
            raise Differs("rides", expected=str(count), found=f"{found.count}, {found.sum_fen} fen")
        self.ridden_fen += found.sum_fen

    def rounds(self, done: Callable[[], bool], what: str, expected: str = "") -> None:
        """Rounds until something is so; it fails as `what` when it never is."""
        for _ in range(ROUNDS_MAX):
            if done():
                return
            self.port.round()
            self.blameless()
        if not done():
            raise Differs(what, expected=expected, found=self.told())

    def blameless(self) -> None:
        """Fail with the first thing that it sent and may not."""
        with self.hub.lock:
            faults = list(self.hub.looking.faults)
        if faults:
            first = faults[0]
            raise Differs(f"sent.{first.what}", expected=first.expected, found=first.found)

    def told(self) -> str:
        """What its books say, in short."""
        books = self.port.books()
        files = [f"{one.file_id}: {'booked' if one.booked else 'open'}" for one in books.files]
        due = [f"{one.member} {one.window_id}: {one.due_fen}" for one in books.due]
        return ", ".join([*files, *due]) or "—"

    def all_booked(self) -> bool:
        """Whether all its rides are in files that the hub and the member have booked."""
        with self.hub.lock:
            booked = {name for name, known in self.hub.looking.files.items() if known.letter}
            sums = sum(
                record.delta_fen
                for known in self.hub.looking.files.values()
                for record in known.records
            )
        files = self.port.books().files
        here = {one.file_id for one in files if one.booked}
        return sums == self.ridden_fen and here == booked and len(files) == len(booked)

    def settled(self, window: str = "") -> None:
        """Everything is booked on both sides, once, and the books agree with the hub's."""
        self.rounds(self.all_booked, "not_booked", f"{self.ridden_fen} fen")
        with self.hub.lock:
            accepted = self.hub.accepted_fen
        self.due(accepted, -accepted - self.foreign_fen, window)
        self.blameless()

    def due(self, acquirer_fen: int, issuer_fen: int, window: str = "") -> None:
        """What the books must say of a window."""
        books, book = self.port.books(), self.book
        window = window or self.window
        found = [books.due_fen(window, member) for member in (book.acquirer, book.issuer)]
        expected = [acquirer_fen, issuer_fen]
        if found != expected:
            raise Differs("due", expected=f"{window}: {expected}", found=f"{window}: {found}")

    def close_window(self, wrong_by_fen: int = 0, *, detail_last: bool = False) -> None:
        """What the hub hands out when a window closes; the letter of an unknown kind among it."""
        hub, book = self.hub, self.book
        window = self.window
        hub.hand_out(book.acquirer, "kit.unknown", window, b"a kind that nobody knows")
        papers = [("statement", self._statement(book.issuer, wrong_by_fen))]
        if "issuer" in self.can:
            detail = IssuerDetail(
                window_id=window, issuer=book.issuer, records=[foreign(book, window)]
            )
            papers.insert(1 if detail_last else 0, ("issuer_detail", seal(detail, hub.key)))
        for kind, content in papers:
            hub.hand_out(book.issuer, kind, window, content)
        statement = self._statement(book.acquirer, wrong_by_fen)
        hub.hand_out(book.acquirer, "statement", window, statement)

    def statements(self) -> MemberBooks:
        """The books, once both statements are in them."""
        members = {self.book.acquirer, self.book.issuer}

        def both() -> bool:
            found = self.port.books().statements
            return {one.member for one in found if one.window_id == self.window} == members

        self.rounds(both, "statement_missing", ", ".join(sorted(members)))
        return self.port.books()

    def _statement(self, member: str, wrong_by_fen: int) -> bytes:
        hub, book = self.hub, self.book
        if "issuer" in self.can:
            self.foreign_fen = FOREIGN_FEN
        is_acquirer = member == book.acquirer
        net = hub.accepted_fen if is_acquirer else -hub.accepted_fen - self.foreign_fen
        payouts = [Share(name, fen) for name, fen in sorted(hub.by_operator.items())]
        line = StatementLine(
            counterparty=book.issuer if is_acquirer else book.acquirer,
            kind="trips",
            count=1,
            amount_fen=net,
        )
        plain = Statement(
            window_id=self.window,
            member=member,
            cutoff_s=self.clock(),
            lines=[line],
            net_fen=net,
            fee_income_fen=0,
            operator_fees=[],
            operator_payouts=payouts if is_acquirer else [],
        )
        return seal(replace(plain, net_fen=net + wrong_by_fen), hub.key)


def foreign(book: MemberCaseBook, window: str) -> Record:
    """A ride of a passenger of the member in another city."""
    return Record(
        record_id=f"kit-{window}.1",
        trip_id=f"kit-{window}",
        revision=1,
        acquirer=f"ACQ-{ELSEWHERE}",
        issuer=book.issuer,
        medium_no="9900000000000017",
        medium_kind="card",
        scheme="t_union",
        funding="purse",
        city=ELSEWHERE,
        place=ELSEWHERE,
        mode="bus",
        operator="OP-KIT",
        line="K1",
        origin="",
        destination="",
        entered_s=1_773_706_500,
        exited_s=1_773_706_500,
        how="single_tap",
        fare_fen=FOREIGN_FEN,
        charge_fen=FOREIGN_FEN,
        delta_fen=FOREIGN_FEN,
        tariff="K",
        deny_list_version=0,
        taps=[TapRef(f"KIT-{window}", 1, 1)],
    )


@contextmanager
def opened_member_world(
    port: MemberPort,
    book: MemberCaseBook,
    can: Sequence[str],
    host: str,
    clock: Callable[[], int],
    draw: Callable[[int], bytes],
) -> Iterator[MemberWorld]:
    """A world whose hub is served at `host`, an address under which the member reaches this
    machine. Raises OSError when it cannot be had."""
    with served_hub(host) as (server, taken):
        named = f"[{host}]" if ":" in host else host
        yield MemberWorld(port, book, can, f"http://{named}:{taken}", server, clock, draw)
