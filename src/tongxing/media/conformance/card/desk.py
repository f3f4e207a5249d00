"""What the cases are written with: a card on a desk, asked and held to what it should answer.

Each question either goes as it should or ends the case with what was sent, expected and found.
Codes are computed here from the card's own answers, as its terminal and its issuer would.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import OK, Answer, Command, parse_answer
from tongxing.media.card.link import CardGone, CardLink
from tongxing.media.card.readers.command import ProgramFailed
from tongxing.media.conformance.card.profile import CardUnderTest
from tongxing.media.conformance.results import Differs, Skipped
from tongxing.media.crypto.suites import CryptoSuite, suite_of
from tongxing.media.keys.vault import KeyUse, KeyVault

LOAD, SINGLE, COMPOSITE = 0x02, 0x06, 0x09
PUBLIC_BYTES = 30
TIME = bytes.fromhex("20260108175510")
_BEGIN = {LOAD: 0x00, SINGLE: 0x01, COMPOSITE: 0x03}
_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Opened:
    """What INITIALIZE answered, and what it was asked for. `mac1` only for a load."""

    kind: int
    amount_fen: int
    balance_fen: int
    counter: int
    version: int
    algorithm: int
    random: bytes
    mac1: bytes = b""


@dataclass(slots=True)
class Desk:
    """One card under test. `reset` takes its power, None where the link cannot; `is_over` says
    that the program in front of the card failed, so that no other case can be tried."""

    card: CardLink = field(repr=False)
    profile: CardUnderTest
    vault: KeyVault = field(repr=False)
    reset: Callable[[], None] | None = None
    serial: int = 300
    is_over: bool = False
    factors: tuple[bytes, bytes] = (b"", b"")
    told: dict[int, tuple[int, int]] = field(default_factory=dict)

    def send(self, command: Command) -> Answer:
        """Whatever the card answers, as long as it is an answer."""
        sent = command.encode()
        try:
            answer = parse_answer(self.card.transmit(sent))
        except CardGone as gone:
            raise self.lost(gone, shown(sent)) from gone
        if isinstance(answer, Refusal):
            raise Differs("answer", shown(sent), "2 … 258", str(answer.values.get("length", "")))
        return answer

    def ok(self, command: Command, length: int | None = None) -> bytes:
        """The data of an answer that must be 9000, of this length where one is given."""
        answer = self.send(command)
        sent = shown(command.encode())
        if answer.status != OK:
            raise Differs("status", sent, f"{OK:04X}", f"{answer.status:04X}")
        if length is not None and len(answer.data) != length:
            raise Differs("length", sent, str(length), str(len(answer.data)))
        return answer.data

    def refuses(self, command: Command, *statuses: int) -> None:
        """The answer must be one of these status words, without data."""
        answer = self.send(command)
        sent = shown(command.encode())
        if answer.status not in statuses:
            wanted = " / ".join(f"{status:04X}" for status in statuses)
            raise Differs("status", sent, wanted, f"{answer.status:04X}")
        if answer.data and answer.status != 0x6283:
            raise Differs("length", sent, "0", str(len(answer.data)))

    def same(self, what: str, expected: object, found: object, *, hidden: bool = False) -> None:
        """Two values must be the same; hidden ones are not printed."""
        if expected != found:
            shown_ones = (_HIDDEN, _HIDDEN) if hidden else (printed(expected), printed(found))
            raise Differs(what, "", *shown_ones)

    def power_cycle(self) -> None:
        """Take the card's power, give it back and select its application again."""
        if self.reset is None:
            raise Skipped("no_reset")
        try:
            self.reset()
        except CardGone as gone:
            raise self.lost(gone) from gone
        self.select()

    def lost(self, gone: CardGone, sent: str = "") -> Differs:
        """What a card that left makes of a case. A program that failed ends the whole run."""
        if isinstance(gone, ProgramFailed):
            self.is_over = True
            return Differs(gone.what, sent, told=gone.told)
        return Differs("gone", sent, "", gone.code)

    def select(self) -> bytes:
        """Select the application under test; its template."""
        return self.ok(Command(0x00, 0xA4, 0x04, 0x00, self.profile.aid, 0))

    def public(self) -> bytes:
        """File 0x15."""
        return self.ok(Command(0x00, 0xB0, 0x95, 0x00, expected=PUBLIC_BYTES), PUBLIC_BYTES)

    def balance(self) -> int:
        """The purse's money, in fen."""
        data = self.ok(Command(0x80, 0x5C, 0x03, 0x02, expected=4), 4)
        return int.from_bytes(data, "big") & 0x7FFF_FFFF

    def log(self, number: int = 1) -> bytes:
        """A line of the log, 23 bytes, newest first; empty when there is none."""
        command = Command(0x00, 0xB2, number, 0x18 << 3 | 4, expected=23)
        answer = self.send(command)
        return answer.data if answer.status == OK else b""

    def meet(self) -> None:
        """Select the application and note the factors of its keys, before any deal."""
        self.select()
        public = self.public()
        self.factors = (public[:8], public[12:20])

    def key(self, use: KeyUse, algorithm: int, version: int) -> tuple[CryptoSuite, bytes]:
        """The suite and the card's key. Asks the card nothing: that would end a deal."""
        suite, key = suite_of(algorithm), self.vault.card_key(use, algorithm, version, self.factors)
        if suite is None or isinstance(key, Refusal):
            raise Differs("key", "", "", f"{use} {algorithm:02X} {version:02X}")
        return suite, key

    def begin(self, kind: int, amount_fen: int, index: int) -> Opened:
        """INITIALIZE a deal; its answer. A load enters the PIN first where the profile has one."""
        if kind == LOAD:
            self.enter_pin()
        size = 16 if kind == LOAD else 15
        data = self.ok(self.beginning(kind, amount_fen, index, size), size)
        tail = data[9:] if kind != LOAD else data[6:]
        return Opened(
            kind,
            amount_fen,
            int.from_bytes(data[:4], "big") & 0x7FFF_FFFF,
            int.from_bytes(data[4:6], "big"),
            tail[0],
            tail[1],
            tail[2:6],
            tail[6:],
        )

    def enter_pin(self) -> None:
        """Verify the profile's PIN; nothing when it has none."""
        if self.profile.pin:
            self.ok(Command(0x00, 0x20, 0x00, 0x00, bytes.fromhex(self.profile.pin)), 0)

    def algorithm_and_version(self, index: int) -> tuple[int, int]:
        """What the card tells of the keys of an index; asked once, for asking ends a deal."""
        if index not in self.told:
            opened = self.begin(SINGLE, 0, index)
            self.told[index] = (opened.algorithm, opened.version)
        return self.told[index]

    def beginning(self, kind: int, amount_fen: int, index: int, size: int) -> Command:
        """The command that begins a deal."""
        data = bytes((index,)) + amount_fen.to_bytes(4, "big") + self.profile.terminal_no
        return Command(0x80, 0x50, _BEGIN[kind], 0x02, data, size)

    def what(self, opened: Opened) -> bytes:
        """Amount, type and terminal, as every code covers them."""
        amount = opened.amount_fen.to_bytes(4, "big")
        return amount + bytes((opened.kind,)) + self.profile.terminal_no


def shown(sent: bytes) -> str:
    """A command for people; a PIN stays hidden."""
    text = sent.hex().upper()
    return text[:8] + "********" if sent[1:2] == b"\x20" else text


def printed(value: object) -> str:
    """A value for people."""
    return value.hex().upper() if isinstance(value, bytes) else str(value)
