"""What a gate remembers of codes: signatures found good, and displays that have opened a gate.

Only good signatures are remembered, and only signatures: dates, revocation and lists are asked
anew every time. All of it is bounded and in memory. Free to share among the threads of a station.
"""

from collections import OrderedDict
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from tongxing.media.code.layout import Certificate, RideCode
from tongxing.media.code.travel import parse_travel
from tongxing.media.crypto.sm2 import PublicKey

CERTIFICATES_MAX = 256
AUTHORISATIONS_MAX = 20_000
SEQUENCES_MAX = 100_000
_SWEEP_EVERY_S = 60
_CLOCK_STEPS_BACK_S = 60

_Display = tuple[str, str, str, int]
Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Lru(Generic[Key, Kept]):
    """The things used last, at most `room` of them."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Kept | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Key, value: Kept) -> None:
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > self._room:
                self._kept.popitem(last=False)


class KnownIssuer(NamedTuple):
    """A certificate whose signature is good, the root key it is good under, and its own key.

    `ends_s` is the first instant after its month in China; None when it names no month.
    """

    certificate: Certificate
    root: bytes
    key: PublicKey
    ends_s: int | None


class CodeCaches:
    """The signatures that one gate or one station need not compute twice.

    Certificates are known by SHA-256 of their 117 bytes, authorisations by SHA-256 of what the
    issuer signed and of the signature itself; with the latter stays the phone's key.
    """

    def __init__(
        self, certificates: int = CERTIFICATES_MAX, authorisations: int = AUTHORISATIONS_MAX
    ) -> None:
        self.issuers: Lru[bytes, KnownIssuer] = Lru(certificates)
        self.users: Lru[bytes, PublicKey] = Lru(authorisations)


class ReplayWindow:
    """The displays that have opened a gate here, each until it would have ended anyway.

    A display is known by its issuer, accounts and time of making, so the same bytes are always the
    same display, in whatever wrapping they came. Of a code that carries a sequence (`travel`) the
    highest one seen is kept too: a lower one comes from an older state.
    """

    def __init__(self) -> None:
        self._last_good_s: dict[_Display, int] = {}
        self._sequences: Lru[tuple[str, str], int] = Lru(SEQUENCES_MAX)
        self._sweep_s = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._last_good_s)

    def has(self, code: RideCode) -> bool:
        """Whether this display has opened a gate here, or is of a state before one that has."""
        if _display(code) in self._last_good_s:
            return True
        travel = parse_travel(code.custom)
        seen = self._sequences.get((code.issuer_id, code.card_account)) if travel else None
        return travel is not None and seen is not None and travel.sequence < seen

    def note(self, code: RideCode, now_s: int) -> bool:
        """Remember a display that is about to open a gate; False when it has been noted already.

        Of two lanes that ask at the same moment, only one is told True.
        """
        display = _display(code)
        with self._lock:
            if now_s >= self._sweep_s:
                self._sweep(now_s)
            if display in self._last_good_s:
                return False
            self._last_good_s[display] = code.last_good_s + _CLOCK_STEPS_BACK_S
        travel = parse_travel(code.custom)
        if travel is not None:
            owner = code.issuer_id, code.card_account
            self._sequences.put(owner, max(self._sequences.get(owner) or 0, travel.sequence))
        return True

    def _sweep(self, now_s: int) -> None:
        self._sweep_s = now_s + _SWEEP_EVERY_S
        kept = self._last_good_s.items()
        self._last_good_s = {display: last_s for display, last_s in kept if last_s >= now_s}


def _display(code: RideCode) -> _Display:
    return code.issuer_id, code.payment_account, code.card_account, code.generated_s
