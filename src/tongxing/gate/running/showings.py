"""One presentation for one display: a scanner sees a code many times while it is held there.

The same bytes seen again without a pause are the same presentation. After a pause they are another
one: shown by the next passenger, and refused by the site as used. A code that nothing was decided
about, since the lane was not free, is tried again while it is held there.
"""

import threading

PAUSE_S = 1.5
_KEPT_MOST = 16


class Showings:
    """What one terminal's scanner has just seen, by the time of a clock that only runs forward."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._seen: dict[bytes, float] = {}
        self._put_off: dict[bytes, float] = {}

    def is_new(self, raw: bytes, now: float) -> bool:
        """Whether this code has just come, noting that it is there."""
        with self._lock:
            before = self._seen.pop(raw, None)
            self._seen[raw] = now
            if len(self._seen) > _KEPT_MOST:
                self._put_off.pop(oldest := next(iter(self._seen)), None)
                del self._seen[oldest]
            is_new = before is None or now - before > self._pause_s
            if is_new or now - self._put_off.get(raw, now) > self._pause_s:
                self._put_off.pop(raw, None)
                return True
            return False

    def put_off(self, raw: bytes, now: float) -> None:
        """Nothing was decided about it: after a pause it counts anew, though it never left."""
        with self._lock:
            if raw in self._seen:
                self._put_off[raw] = now

    def forget(self, raw: bytes) -> None:
        """It was not taken after all: the next look at it counts."""
        with self._lock:
            self._seen.pop(raw, None)
            self._put_off.pop(raw, None)
