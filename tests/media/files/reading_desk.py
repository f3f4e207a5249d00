"""Cards to be read in tests: software ones, played-back ones, and links that do harm."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from tongxing.media.card.chip import CardImage, MemoryStore, SoftwareCard
from tongxing.media.card.chip.profile import CardKeyUse, CardProfile, personalise
from tongxing.media.card.link import CardGone, CardLink, Gone

NUMBER, UNION_NUMBER = "3199010000000000013", "4000990000000017"
_USES: tuple[CardKeyUse, ...] = ("DPK", "DLK", "DTK", "DAMK")
KEYS = {(use, 1): bytes((place,)) * 16 for place, use in enumerate(_USES, 1)}
DAYS = date(2026, 1, 1), date(2036, 12, 31)


def union_profile() -> CardProfile:
    return CardProfile(
        number=UNION_NUMBER, issuer_id=b"\x07\x31" + bytes(6), keys=KEYS, starts=DAYS[0],
        expires=DAYS[1], scheme="city_union", city="4100", province="4100",
        security_code=bytes(9), balance_fen=777,
    )  # fmt: skip


def profile(second: CardProfile | None = None, *, shared_purse: bool = False) -> CardProfile:
    return CardProfile(
        number=NUMBER, issuer_id=bytes.fromhex("99016900FFFFFFFF"), keys=KEYS, starts=DAYS[0],
        expires=DAYS[1], balance_fen=6070, second=second, shared_purse=shared_purse,
    )  # fmt: skip


def software_card(image: CardImage | None = None) -> SoftwareCard:
    chance = random.Random(7)
    return SoftwareCard(MemoryStore(image or personalise(profile())), chance.randbytes)


@dataclass
class Played:
    """Answers by command, both in hex; any other command is answered `otherwise`."""

    answers: Mapping[str, str]
    otherwise: str = "6A82"
    asked: list[str] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        self.asked.append(command.hex().upper())
        return bytes.fromhex(self.answers.get(self.asked[-1], self.otherwise))


@dataclass
class Spoiled:
    """A card whose answers from the `at`-th on (only that one, with `once`) are spoiled."""

    card: CardLink
    at: int
    spoil: Callable[[bytes], bytes]
    once: bool = True
    count: int = 0

    def transmit(self, command: bytes) -> bytes:
        answer = self.card.transmit(command)
        self.count += 1
        is_hit = self.count == self.at + 1 if self.once else self.count > self.at
        return self.spoil(answer) if is_hit else answer


def leaves(code: Gone) -> Callable[[bytes], bytes]:
    """A spoiler that takes the card away."""

    def gone(_answer: bytes) -> bytes:
        raise CardGone(code)

    return gone
