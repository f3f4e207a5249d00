"""A gate, a card and a passenger who takes the card away at any moment: for tests of tearing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import MemoryStore, SoftwareCard, Switches, personalise
from tongxing.media.card.chip.trial import trial_profile
from tongxing.media.card.link import CardGone, CardLink
from tongxing.media.card.terminal import (
    COMPOSITE,
    CardIds,
    Debit,
    MemorySerials,
    NotDone,
    Purchase,
    RecordWrite,
    SoftwareSam,
    Unfinished,
    UnfinishedList,
    begin,
    finish,
    read_ids,
    select,
)
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.software import SoftwareVault

NUMBER = "3199010000000000013"
TERMINAL = bytes.fromhex("690000000001")
BALANCE_FEN, FARE_FEN = 6070, 315
TIME = "20260108175510"
TRIP = RecordWrite(0x01, 0x1A, bytes.fromhex("27017D") + b"\x01\x01\x00" + b"\x02" * 122)
JOURNEY = RecordWrite(0x00, 0x1E, bytes((4,)) + bytes(47))
VAULT = SoftwareVault(simulated_masters())


def new_card(balance_fen: int = BALANCE_FEN, switches: Switches | None = None) -> SoftwareCard:
    """The same card each time, down to the random numbers it draws."""
    drawn = iter(range(1, 1 << 30))
    image = personalise(trial_profile(NUMBER, balance_fen=balance_fen, switches=switches))
    return SoftwareCard(MemoryStore(image), lambda count: next(drawn).to_bytes(count, "big"))


def new_sam() -> SoftwareSam:
    return SoftwareSam(TERMINAL, VAULT, MemorySerials(299))


def plan_of(kind: int, algorithm: int, amount_fen: int = FARE_FEN) -> Purchase:
    index = 0x41 if algorithm == 4 else 0x01
    if kind == COMPOSITE:
        return Purchase(amount_fen, COMPOSITE, TIME, (TRIP, JOURNEY), index)
    return Purchase(amount_fen, 0x06, TIME, (), index)


@dataclass(frozen=True)
class Tear:
    """The card leaves at command number `at` (from 0). Having done it or not; `kept` bytes of the
    answer still arrive, None when the reader reports that the card has gone."""

    at: int
    done: bool
    kept: int | None = None


class TearingLink:
    """A card that leaves at one moment and stays away. Remembers how long each answer was."""

    def __init__(self, card: CardLink, tear: Tear | None = None) -> None:
        self._card, self._tear = card, tear
        self.lengths: list[int] = []
        self.gone = False

    def transmit(self, command: bytes) -> bytes:
        if self.gone:
            raise CardGone
        tear = self._tear
        if tear is None or len(self.lengths) != tear.at:
            answer = self._card.transmit(command)
            self.lengths.append(len(answer))
            return answer
        self.gone = True
        answer = self._card.transmit(command) if tear.done else b""
        if tear.kept is None:
            raise CardGone
        return answer[: tear.kept]


def all_tears(lengths: list[int]) -> Iterator[Tear]:
    """Every command not done, done without an answer, and after each byte of its answer."""
    for at, length in enumerate(lengths):
        yield Tear(at, done=False)
        yield Tear(at, done=True)
        yield from (Tear(at, done=True, kept=kept) for kept in range(length))


def boundary_tears(commands: int) -> Iterator[Tear]:
    return (Tear(at, done) for at in range(commands) for done in (False, True))


@dataclass
class Gate:
    """A gate in the order of the book: what waits first, then the journal, then the money."""

    plan: Purchase
    sam: SoftwareSam = field(default_factory=new_sam)
    waiting: UnfinishedList = field(default_factory=UnfinishedList)
    opened: list[Debit] = field(default_factory=list)

    def tap(self, link: CardLink) -> Debit | Refusal:
        """One presentation; opens when the money is there, and then only."""
        found = self._tapped(link)
        if isinstance(found, Debit):
            self.opened.append(found)
        return found

    def _tapped(self, link: CardLink) -> Debit | Refusal:
        selected = select(link)
        if isinstance(selected, Refusal):
            return selected
        ids = read_ids(link)
        if isinstance(ids, Refusal):
            return ids
        resumed = self.waiting.resume(link, ids, self.sam)
        if resumed is not None and not isinstance(resumed[1], NotDone):
            return resumed[1]
        return self._charged(link, ids)

    def _charged(self, link: CardLink, ids: CardIds) -> Debit | Refusal:
        unfinished = begin(link, self.sam, ids, self.plan)
        if isinstance(unfinished, Refusal):
            return unfinished
        self.waiting.keep(unfinished)
        debit = finish(link, self.sam, unfinished)
        if isinstance(debit, Debit):
            self.waiting.close(unfinished)
        return debit


def lengths_of(plan: Purchase) -> list[int]:
    """How long the answers of a tap are that nobody interrupts."""
    link = TearingLink(new_card())
    assert isinstance(Gate(plan).tap(link), Debit)
    return link.lengths


def begun(card: CardLink, sam: CardLink, plan: Purchase) -> Unfinished:
    """A purchase on a card, up to the moment before its money moves."""
    assert not isinstance(select(card), Refusal)
    ids = read_ids(card)
    assert isinstance(ids, CardIds)
    unfinished = begin(card, sam, ids, plan)
    assert isinstance(unfinished, Unfinished)
    return unfinished
