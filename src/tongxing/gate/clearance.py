"""What a site asks itself after a decision to open and before the journal: may it, just now?

A decision looks at the medium and at lists; these look at the gate's own means. Does it know the
time? Has this account begun too many rides since the city was last heard? Was this display shown
at another gate? Only for media on accounts: a card's purse proves its own money.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from tongxing.deciding.facts import Decision, Role
from tongxing.deciding.token import MediumToken
from tongxing.gate.clock import GateClock
from tongxing.gate.journal import Journal
from tongxing.gate.offline import OfflineLimits, OfflineRules
from tongxing.gate.replay import Display
from tongxing.gate.sharing import DisplayDesk
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap
from tongxing.messages.fleet import FREE_RIDE

FREE_RIDE_MODE = "free_ride"
CONTACT = "contact"
"""Where the journal keeps when the city was last heard."""
TIME_UNKNOWN = -1


class Contact(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When the city had taken all there was, and the journal's last position by then; None in what
    earlier versions kept. `not_taken` are the rides, by account, of batches it had refused."""

    at_s: int
    position: int | None = None
    not_taken: dict[str, int] = {}


_ENCODER, _DECODER = Encoder(), Decoder(Contact)


def contact_bytes(
    at_s: int, position: int | None = None, not_taken: Mapping[str, int] | None = None
) -> bytes:
    """What to keep under `CONTACT`."""
    return _ENCODER.encode(Contact(at_s, position, dict(not_taken or {})))


def limits_of(
    rules: OfflineRules, kept: bytes | None, journal: Journal, now_s: int
) -> OfflineLimits | Refusal:
    """The limits as they stood before a restart, from what the journal holds: switching a gate off
    and on gives nobody a new quota. A contact that is not known was just now, so that a new gate
    can begin; all taps that are here came since. Refuses what the journal refuses."""
    contact = _contact(kept)
    state = journal.state(0)
    if isinstance(state, Refusal):
        return state
    at_s, position = (now_s, 0) if contact is None else (contact.at_s, contact.position)
    limits = OfflineLimits(rules, min(at_s, now_s))

    def count(at: int, tap: Tap) -> None:
        since = position is not None or tap.time_s >= at_s or at >= state.oldest_waiting
        if since and begins_on_account(tap):
            limits.count(tap.medium_no)

    if contact is not None:
        limits.contact(limits.last_contact_s, contact.not_taken)
    refusal = journal.read_after(position or 0, count)
    return limits if refusal is None else refusal


def begins_on_account(tap: Tap) -> bool:
    """Whether a tap let an account begin a ride."""
    return tap.outcome == "opened" and tap.funding == "account" and tap.kind != "exit"


def _contact(kept: bytes | None) -> Contact | None:
    try:
        return None if kept is None else _DECODER.decode(kept)
    except (DecodeError, ValidationError, UnicodeDecodeError):
        return None


@dataclass(frozen=True, slots=True)
class Clearance:
    """What there is to ask; whatever is None is not asked. `mono_s` is the clock's own reading."""

    clock: GateClock | None = None
    mono_s: Callable[[], float] | None = None
    limits: OfflineLimits | None = None
    displays: DisplayDesk | None = None

    def unsure(self, token: MediumToken, mode: str, refusal: Refusal | None) -> Refusal | None:
        """Why a code is not judged at all: GATE_CLOCK_UNSURE. A gate that does not know the time
        must not tell a passenger that the code is old or the phone's clock wrong. Where rides are
        free by order a code is taken all the same, unless there is a `refusal` already."""
        if token.medium_kind != "code" or self.clock is None or self.mono_s is None:
            return None
        if mode == FREE_RIDE_MODE and refusal is None:
            return None
        return self.clock.refusal(self.mono_s())

    def refusal(
        self, decision: Decision, token: MediumToken, role: Role, now_s: int, mode: str = "normal"
    ) -> Refusal | None:
        """Why a lane stays shut that the decision would open: GATE_OFFLINE_QUOTA or QR_REPLAYED.
        The display is claimed with this, so it is asked last and once. A free ride by order of the
        city is nobody's loss; where doors stand open to all (`mode`) a quota keeps nobody out, and
        would only leave the ride uncounted."""
        if not decision.opened or decision.reason == FREE_RIDE:
            return None
        if self.limits is not None and mode != "open_all":
            over = self.limits.refusal(token, role, now_s)
            if over is not None:
                return over
        if token.medium_kind != "code" or self.displays is None:
            return None
        elsewhere = self.displays.shown_elsewhere(_display_of(token), now_s)
        return Refusal("QR_REPLAYED") if elsewhere else None

    def opened(self, token: MediumToken, role: Role) -> None:
        """The tap is on disk, and the lane opens."""
        if self.limits is not None:
            self.limits.note(token, role)
        if self.displays is not None and token.medium_kind == "code":
            self.displays.note_opened()

    def is_time_confirmed(self) -> bool:
        """Whether the time is the city's word, and good still; where no city is heard the machine's
        clock is all there is."""
        if self.clock is None or self.mono_s is None:
            return True
        return self.clock.is_confirmed and self.clock.refusal(self.mono_s()) is None

    def not_opened(self, token: MediumToken) -> None:
        """The tap could not be written, and the lane stays shut: the display may pass elsewhere."""
        if self.displays is not None and token.medium_kind == "code":
            self.displays.withdraw(_display_of(token))

    def time_band_s(self) -> int:
        """What a tap says of the gate's clock: 0 for a good one, else how far it may be off, and
        `TIME_UNKNOWN` when nobody knows."""
        if self.clock is None or self.mono_s is None or self.clock.refusal(self.mono_s()) is None:
            return 0
        band_s = self.clock.band_s(self.mono_s())
        return TIME_UNKNOWN if band_s is None else band_s


def _display_of(token: MediumToken) -> Display:
    return Display(token.medium_no, token.code_issued_s, token.code_expires_s)
