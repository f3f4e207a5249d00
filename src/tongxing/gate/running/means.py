"""A running gate's own means: the time by its city's word, and accounts' rides since it was heard.

Both outlive a restart by what the journal keeps. Everything but `now_s` is for the gate's own
thread; `now_s` is read by all of them.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection

from tongxing.gate.clearance import CONTACT, Clearance, begins_on_account, contact_bytes, limits_of
from tongxing.gate.clock import KEPT, GateClock
from tongxing.gate.journal import Journal
from tongxing.gate.offline import OfflineLimits, OfflineRules
from tongxing.gate.site import Site
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap
from tongxing.messages.fleet import WAITING_NAMED_MAX

TIME_AHEAD = "kept_time_ahead"
"""The event of a time kept as good that the city's answer shows to have been ahead."""
_log = logging.getLogger("tongxing.gate")


class Means:
    """What a site with a city asks itself before it opens. `mono_s` is the clock nobody can set."""

    def __init__(
        self, clock: GateClock, limits: OfflineLimits, mono_s: Callable[[], float]
    ) -> None:
        """Use `Means.open`."""
        self.clearance = Clearance(clock, mono_s, limits)
        self.mono_s = mono_s
        self._clock, self._limits = clock, limits
        self._lock = threading.Lock()
        self._heard = False

    @classmethod
    def open(
        cls, journal: Journal, wall_s: float, mono_s: Callable[[], float]
    ) -> "Means | Refusal":
        """As they stood when the gate ended. Refuses what the journal refuses."""
        good, contact = journal.kept(KEPT), journal.kept(CONTACT)
        if isinstance(good, Refusal):
            return good
        if isinstance(contact, Refusal):
            return contact
        clock = GateClock(wall_s, mono_s(), good)
        limits = limits_of(OfflineRules(), contact, journal, clock.now_s(mono_s()))
        if isinstance(limits, Refusal):
            return limits
        return cls(clock, limits, mono_s)

    def now_s(self) -> int:
        """The time by which the gate decides."""
        with self._lock:
            return self._clock.now_s(self.mono_s())

    def heard(
        self, site: Site, city_s: int, asked_mono_s: float, mono_s: float, new_epoch: int
    ) -> list[Refusal]:
        """The city has said what time it is; what could not be done about that.

        A clock that was far ahead goes back only in a new epoch of the journal. A time that was
        kept as good and was ahead of the city's is written anew at once, and the city hears of it.
        """
        with self._lock:
            correction = self._clock.heard(city_s, asked_mono_s, mono_s)
        if isinstance(correction, Refusal):
            _log.warning("the city's time: %s", correction.code)
            return [correction]
        self._heard = True
        ended = None
        if correction.ends_epoch:
            ended = site.journal.begin_epoch(new_epoch, "clock_set_back")
        told = self._tell_ahead(site, correction.kept_ahead_s)
        return [refusal for refusal in (ended, told, self.keep(site)) if refusal is not None]

    def _tell_ahead(self, site: Site, ahead_s: int) -> Refusal | None:
        if not ahead_s:
            return None
        _log.warning("the time kept as good was %d s ahead of the city's", ahead_s)
        return site.events.add([(TIME_AHEAD, self.now_s(), {"seconds": str(ahead_s)})])

    def keep(self, site: Site) -> Refusal | None:
        """Write the good time down, when it is due and the city has confirmed it."""
        good = self._clock.to_keep(self.mono_s())
        return None if good is None else site.journal.keep(KEPT, good)

    def settled(self, site: Site, refused: Collection[str] = ()) -> Refusal | None:
        """A step of the upload went well to its end. If the city was heard since the last time, and
        has all there was, rides out of contact are counted anew: all but those in the batches (by
        hash) that it `refused`, which is an answer and no silence."""
        if not self._heard:
            return None
        state = site.journal.state(WAITING_NAMED_MAX)
        if isinstance(state, Refusal):
            return state
        batches = zip(state.waiting_batches, state.batch_taps, strict=True)
        if state.waiting_taps > sum(taps for name, taps in batches if name in refused):
            return None
        not_taken: Counter[str] = Counter()

        def note(_position: int, tap: Tap) -> None:
            if begins_on_account(tap):
                not_taken[tap.medium_no] += 1

        now_s = self.now_s()
        refusal = site.journal.read_waiting(note) or site.journal.keep(
            CONTACT, contact_bytes(now_s, state.newest, not_taken)
        )
        if refusal is None:
            self._heard = False
            self._limits.contact(now_s, not_taken)
        return refusal
