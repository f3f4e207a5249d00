"""One presentation for one display: a scanner sees a code many times while it is held there.

The same bytes seen again without a pause are the same presentation. After a pause they are another
one: shown by the next passenger, and refused by the site as used.
"""

PAUSE_S = 1.5
_KEPT_MOST = 16


class Showings:
    """What one terminal's scanner has just seen, by the time of a clock that only runs forward."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._seen: dict[bytes, float] = {}

    def is_new(self, raw: bytes, now: float) -> bool:
        """Whether this code has just come, noting that it is there."""
        before = self._seen.pop(raw, None)
        self._seen[raw] = now
        if len(self._seen) > _KEPT_MOST:
            del self._seen[next(iter(self._seen))]
        return before is None or now - before > self._pause_s

    def forget(self, raw: bytes) -> None:
        """It was not taken after all: the next look at it counts."""
        self._seen.pop(raw, None)
