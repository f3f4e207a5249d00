"""Cards and terminals for tests of the ways to a card: fixed numbers, fixed chance."""

from dataclasses import dataclass, field

from tongxing.media.card.chip import MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.trial import ISSUER, trial_profile
from tongxing.media.card.link import CardGone, CardLink, Gone
from tongxing.media.card.terminal import (
    COMPOSITE,
    CardIds,
    MemorySerials,
    Purchase,
    RecordWrite,
    SoftwareSam,
)
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.software import SoftwareVault

NUMBER = "3199010000000000013"
IDS = CardIds(bytes.fromhex("0" + NUMBER), ISSUER, bytes.fromhex(NUMBER[3:]))
TERMINAL = bytes.fromhex("690000000001")
SELECT = bytes.fromhex("00A4040008A00000063201010500")
BALANCE = bytes.fromhex("805C030204")
JOURNEY = RecordWrite(0x00, 0x1E, bytes((3,)) + bytes(47))
PURCHASE = Purchase(315, COMPOSITE, "20260108175510", (JOURNEY,), terminal_no=TERMINAL)
DEBIT = 0x54


def new_card(balance_fen: int = 6070) -> SoftwareCard:
    """A T-Union card that draws the same random numbers each time."""
    image = personalise(trial_profile(NUMBER, balance_fen=balance_fen))
    return SoftwareCard(MemoryStore(image), CountingRandom())


def new_sam() -> SoftwareSam:
    return SoftwareSam(TERMINAL, SoftwareVault(simulated_masters()), MemorySerials(299))


class CountingRandom:
    """Random bytes that are the same in each run: 01010101, 02020202, …"""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, length: int) -> bytes:
        self.drawn += 1
        return bytes((self.drawn & 0xFF,)) * length


@dataclass
class LeavingCard:
    """A card that leaves the field at the command with instruction `at`: it has done it, or not."""

    card: SoftwareCard
    at: int
    has_done_it: bool = True
    code: Gone = "CARD_REMOVED"
    left: bool = False
    heard: list[bytes] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        self.heard.append(command)
        is_moment = len(command) > 1 and command[1] == self.at and not self.left
        if not is_moment:
            return self.card.transmit(command)
        self.left = True
        if self.has_done_it:
            self.card.transmit(command)
        raise CardGone(self.code)

    def reset(self) -> None:
        self.card.reset()


def balance_of(card: CardLink) -> int:
    card.transmit(SELECT)
    return int.from_bytes(card.transmit(BALANCE)[:4], "big")
