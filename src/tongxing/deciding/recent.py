"""The little that a site remembers of who has just passed: so that nobody pays for two touches.

A double touch must not become a second entry, and one display of a code must not let two people in.
Both end by themselves: a touch after seconds, a display when it expires. A site remembers media
and displays, in memory, and knows them again from its journal (`remembering`); of accounts it
remembers who is aboard a vehicle with one reader, for a day at most, and of rides nothing.
"""

from tongxing.deciding.token import MediumToken
from tongxing.kernel.clock import DAY_S

_SWEEP_EVERY_S = 300


class RecentTaps:
    """The last opened tap of each medium at one site, and the code displays that are still good."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, int]] = {}
        self._display_ends_s: dict[tuple[str, int], int] = {}
        self._boarded_s: dict[tuple[str, str], int] = {}
        self._sweep_s = 0

    def __len__(self) -> int:
        return len(self._last) + len(self._display_ends_s) + len(self._boarded_s)

    def last(self, medium_no: str) -> tuple[str, int] | None:
        """In which role and when this medium last opened a lane here, as far as remembered."""
        return self._last.get(medium_no)

    def has_shown(self, token: MediumToken) -> bool:
        """Whether this very display of a code has opened a lane here."""
        return (token.medium_no, token.code_issued_s) in self._display_ends_s

    def boarded_s(self, vehicle: str, medium_no: str) -> int | None:
        """When an account's medium boarded this vehicle, if it has not alighted since."""
        return self._boarded_s.get((vehicle, medium_no))

    def note_aboard(self, vehicle: str, medium_no: str, role: str, at_s: int) -> None:
        """Remember that an account's medium has boarded a vehicle, or has alighted."""
        if role == "board":
            self._boarded_s[vehicle, medium_no] = at_s
        else:
            self._boarded_s.pop((vehicle, medium_no), None)

    def note(self, token: MediumToken, role: str, now_s: int) -> None:
        """Remember a tap that opened a lane."""
        if now_s >= self._sweep_s:
            self._sweep(now_s)
        self.note_touch(token.medium_no, role, now_s)
        if token.medium_kind == "code":
            self.note_display(token.medium_no, token.code_issued_s, token.code_expires_s)

    def note_touch(self, medium_no: str, role: str, at_s: int) -> None:
        """Remember in which role and when a medium opened a lane."""
        self._last[medium_no] = role, at_s

    def note_display(self, medium_no: str, issued_s: int, ends_s: int) -> None:
        """Remember a display of a code that opened a lane, until it ends."""
        self._display_ends_s[medium_no, issued_s] = ends_s

    def _sweep(self, now_s: int) -> None:
        self._sweep_s = now_s + _SWEEP_EVERY_S
        since_s = now_s - _SWEEP_EVERY_S
        self._last = {key: tap for key, tap in self._last.items() if tap[1] >= since_s}
        self._boarded_s = {
            key: at_s for key, at_s in self._boarded_s.items() if at_s >= now_s - DAY_S
        }
        self._display_ends_s = {
            key: ends_s for key, ends_s in self._display_ends_s.items() if ends_s >= now_s
        }
