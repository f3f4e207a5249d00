"""What tests of the deny list share: pairs read back from an index, a city that publishes."""

import random
from dataclasses import dataclass, field

from gate_world import CITY_KEY
from msgspec.structs import replace

from tongxing.gate.denylist import DenyIndex
from tongxing.gate.packed import Packed, Pair
from tongxing.messages import DenyDelta, DenyEntry, DenyList, SigningKey, seal
from tongxing.messages.deltas import delta_between

REASONS = ["MEDIUM_LOST", "ACCOUNT_OVERDRAWN", "CARD_REPLACED", "INVENTED_NEXT_YEAR"]


def unpacked(packed: Packed) -> set[Pair]:
    """All pairs, read back from the arrays."""
    found = set(packed.odd)
    for (first, length), pages in packed.by_shape.items():
        for page, keys in pages.items():
            assert len(keys), "an empty array is not kept"
            assert (keys[1:] > keys[:-1]).all(), "sorted, each once"
            for key in keys.tolist():
                if isinstance(key, bytes):
                    number, code = key[:-1].decode(), key[-1] - 1
                    assert len(number) == length
                else:
                    number, code = f"{first}{key >> 4:0{length}}", key & 15
                found.add((number, packed.names[16 * page + code]))
    return found


def pairs_of(deny: DenyIndex) -> set[Pair]:
    """All pairs of an index, its edits included."""
    added = {(number, code) for number, listed in deny.edits.added.items() for code in listed}
    return (unpacked(deny.packed) - deny.edits.removed) | added


@dataclass
class Publisher:
    """A city that publishes version upon version; what every gate holds must be one of them."""

    dice: random.Random
    numbers: list[str]
    versions: list[DenyList] = field(default_factory=list)

    def publish(self, edits: int) -> DenyList:
        """The next version, so many entries put in, taken out or given another reason."""
        last = self.versions[-1] if self.versions else None
        listed = {entry.medium_no: entry.reason for entry in last.entries} if last else {}
        for number in self.dice.sample(self.numbers, edits):
            reason = self.dice.choice([*REASONS, ""])
            if reason:
                listed[number] = reason
            else:
                listed.pop(number, None)
        entries = [DenyEntry(*pair) for pair in sorted(listed.items())]
        self.dice.shuffle(entries)
        version = last.version + self.dice.choice([1, 1, 1, 3]) if last else 1
        notices = [DenyEntry(self.dice.choice(self.numbers), "CARD_NOW_BOUND")]
        made = DenyList(
            city="500000",
            version=version,
            published_s=1_770_000_000 + version,
            entries=entries,
            notices=notices if self.dice.random() < 0.5 else [],
        )
        self.versions.append(made)
        return made

    def of(self, version: int) -> DenyList:
        return next(one for one in self.versions if one.version == version)


def sealed_delta(old: DenyList, new: DenyList, key: SigningKey = CITY_KEY, **lies: object) -> bytes:
    """The delta between two versions, sealed; with fields that say something else."""
    delta: DenyDelta = replace(delta_between(old, new), **lies)
    return seal(delta, key)
