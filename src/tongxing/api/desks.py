"""What the interface is given: the fleet's door, the letter box, the time, the limits."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tongxing.api.letterbox import Letterbox
from tongxing.api.limits import Limits
from tongxing.city.fleet import FleetDoor


def wall_clock() -> int:
    """Now, in Unix seconds."""
    return int(time.time())


@dataclass(frozen=True)
class DeviceDesks:
    """`clock` gives Unix seconds, `ticks` seconds that only rise, for rates."""

    door: FleetDoor
    letterbox: Letterbox
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], int] = wall_clock
    ticks: Callable[[], float] = time.monotonic
