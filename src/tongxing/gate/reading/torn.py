"""Cards that left the field while they were signing: kept in the journal until it is known how it
ended (5.5 of the card reference; reasons in docs/media/torn-cards.md).

The entry is written before DEBIT is sent and goes with the tap that settles it, in one transaction.
Nothing here talks to a card.
"""

import msgspec
from msgspec import Struct

from tongxing.deciding.facts import Role
from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import corrupt
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import Debit, Unfinished
from tongxing.messages import Tap

_PREFIX = "torn/"
_SETTLED = "settled"
_SETTLED_MOST = 32
_ENCODER = msgspec.json.Encoder()


class TornTap(Struct, frozen=True, kw_only=True):
    """A tap whose card may have signed: the tap as it will be, and what the terminal knows.

    `note`, `charge_fen` and `half_trip_fen` are what the lane has to say when it opens after all.
    `found` is what the card said when it came back, until the tap is settled, and `asked` how often
    it was asked to sign a purchase of nothing to show that it is genuine. `reported` is set once
    the tap has been handed on as unconfirmed.
    """

    tap: Tap
    role: Role
    unfinished: Unfinished
    charge_fen: int = 0
    half_trip_fen: int = 0
    note: str = ""
    found: Debit | None = None
    asked: int = 0
    reported: bool = False


class Settled(Struct, frozen=True, array_like=True):
    """A torn card that came back and walked through: as what, and when. The tap bears the time at
    which the card signed."""

    medium_no: str
    role: Role
    at_s: int


_DECODER = msgspec.json.Decoder(TornTap)
_SETTLED_DECODER = msgspec.json.Decoder(list[Settled])


class TornTaps:
    """The torn cards of one site, by number."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def find(self, medium_no: str) -> TornTap | Refusal | None:
        """What waits of a card; refuses what the journal refuses."""
        body = self._journal.kept(self.name(medium_no))
        if not isinstance(body, bytes):
            return body
        try:
            return _DECODER.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            return corrupt(self._journal.path, f"{self.name(medium_no)}: {error}")

    def keep(self, torn: TornTap) -> Refusal | None:
        """Write it down, with room left for the tap that settles it; on disk when this returns
        None."""
        return self._journal.reserve(self.name(torn.tap.medium_no), _ENCODER.encode(torn))

    def forget(self, medium_no: str) -> Refusal | None:
        """The card says that nothing happened."""
        return self._journal.discard(self.name(medium_no))

    def waiting(self) -> list[TornTap] | Refusal:
        """All that wait, by number."""
        names = self._journal.kept_names(_PREFIX)
        if isinstance(names, Refusal):
            return names
        found = []
        for name in names:
            torn = self.find(name.removeprefix(_PREFIX))
            if isinstance(torn, Refusal):
                return torn
            if torn is not None:
                found.append(torn)
        return found

    def note_settled(self, settled: Settled) -> Refusal | None:
        """Write down, before its tap is settled, that a card walks through now; the last few are
        kept."""
        before = self.settled()
        if isinstance(before, Refusal):
            return before
        kept = [*before, settled][-_SETTLED_MOST:]
        return self._journal.keep(_SETTLED, msgspec.json.encode(kept))

    def settled(self) -> list[Settled] | Refusal:
        """The torn cards that walked through last, oldest first."""
        body = self._journal.kept(_SETTLED)
        if not isinstance(body, bytes):
            return body if isinstance(body, Refusal) else []
        try:
            return _SETTLED_DECODER.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            return corrupt(self._journal.path, f"{_SETTLED}: {error}")

    def name(self, medium_no: str) -> str:
        """Under which name the journal keeps it."""
        return _PREFIX + medium_no
