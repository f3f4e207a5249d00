"""Rides that really took place, as the dry run reads them: who rode with what, where and when.

A file of rides has one JSON object per line: ``{"medium": …, "account": …, "rider": {…},
"ride": {…}}`` with the fields of `Rider` and `RideFacts`. It is read strictly: a line with an
unknown field, a wrong kind of value or times that make no sense refuses the file, because money
that is compared must be complete.
"""

from collections.abc import Collection, Iterable
from datetime import date

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from tongxing.fares.model import RideFacts, Rider
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.network.transport import MODES

MEDIA = ("card", "code", "cash")
LAST_TIME_S = at(date(2101, 1, 1)) - 1


class _StrictRide(RideFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`RideFacts`, refusing what it does not know."""


class _StrictRider(Rider, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`Rider`, refusing what it does not know."""


class RiddenRide(Struct, frozen=True):
    """One ride of the past. `account` is whose media count together, "" where that is not known;
    `operator` is who ran it, "" to ask the network."""

    medium: str
    rider: Rider
    ride: RideFacts
    account: str = ""
    operator: str = ""

    @property
    def passenger(self) -> str:
        """Who is asked for the money: the account, else the medium itself."""
        return self.account or self.medium

    @property
    def charged_s(self) -> int:
        """When the ride was charged: at its exit, or at its only tap."""
        return self.ride.exited_s or self.ride.entered_s


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    medium: str
    rider: _StrictRider
    ride: _StrictRide
    account: str = ""
    operator: str = ""


_DECODER = msgspec.json.Decoder(_Line)


def read_rides(
    lines: Iterable[bytes], products: Collection[str] = ()
) -> list[RiddenRide] | Refusal:
    """The rides of a file in the order in which they were charged, or why it cannot be read.

    With `products` a class of card that is not among them refuses the file. Empty lines are
    skipped. Rides charged in one second keep the order of the file.
    """
    found: list[RiddenRide] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _refused(number, str(error))
        wrong = _wrong(read, products)
        if wrong:
            return _refused(number, wrong)
        rider, ride = Rider(**asdict(read.rider)), RideFacts(**asdict(read.ride))
        found.append(RiddenRide(read.medium, rider, ride, read.account, read.operator))
    if not found:
        return Refusal("RIDES_NONE")
    return in_order(found)


def in_order(rides: Iterable[RiddenRide]) -> list[RiddenRide]:
    """The rides as they were charged; what happened in one second keeps its order."""
    return sorted(rides, key=lambda one: one.charged_s)


def write_ride(ride: RiddenRide) -> bytes:
    """A ride as one line of a file of rides, without its end of line."""
    return msgspec.json.encode(ride)


def _wrong(line: _Line, products: Collection[str]) -> str:
    """What makes no sense in a line, "" when all does."""
    ride, rider = line.ride, line.rider
    if rider.medium_kind not in MEDIA:
        return f"`rider.medium_kind` {rider.medium_kind} is none of {', '.join(MEDIA)}"
    if ride.mode and ride.mode not in MODES:
        return f"`ride.mode` {ride.mode} is none of {', '.join(MODES)}"
    if products and rider.product not in products:
        return f"`rider.product` {rider.product} is none of {', '.join(sorted(products))}"
    if not line.medium or not ride.mode:
        return "`medium` and `ride.mode` must not be empty"
    if min(ride.entered_s, ride.exited_s) < 0 or not (ride.entered_s or ride.exited_s):
        return "`ride.entered_s` or `ride.exited_s` must be a time"
    if max(ride.entered_s, ride.exited_s) > LAST_TIME_S:
        return "`ride.entered_s` and `ride.exited_s` are seconds, and lie before 2101"
    if ride.exited_s and ride.exited_s < ride.entered_s:
        return "`ride.exited_s` lies before `ride.entered_s`"
    if ride.metres < -1 or ride.slow_metres < 0:
        return "`ride.metres` and `ride.slow_metres` must not be negative"
    if ride.slow_metres > max(0, ride.metres):
        return "`ride.slow_metres` are part of `ride.metres`"
    return ""


def _refused(number: int, detail: str) -> Refusal:
    return Refusal("RIDES_FILE", f":{number}", {"line": number, "detail": detail})
