"""What the interface is given: the counter, members' keys, its own key, time, limits."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from tongxing.hub.exchange import ExchangeDesk, MemberKeys, Spool
from tongxing.signed_http import HttpKey
from tongxing.web.surrounding import LOOPBACK


def wall_clock() -> int:
    """Now, in Unix seconds."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class HubLimits:
    """What may come from whom. A member's key may send `burst` requests at once and `a_second` for
    ever, an address that is not believed far fewer. `rest_s` is how long a body may pause,
    `part_bytes` how much of a letter one answer to a range brings."""

    burst: int = 240
    a_second: float = 20.0
    strangers_burst: int = 60
    strangers_a_second: float = 1.0
    known_most: int = 20_000
    rest_s: float = 20.0
    part_bytes: int = 8 << 20


@dataclass(frozen=True)
class HubDesks:
    """`signing` gives the key that answers are signed with now.
    `hosts` are the names under which the hub is reached, without ports. `clock` gives Unix seconds,
    `ticks` seconds that only rise."""

    desk: ExchangeDesk
    keys: MemberKeys
    spool: Spool
    signing: Callable[[], HttpKey]
    hosts: Collection[str] = LOOPBACK
    limits: HubLimits = field(default_factory=HubLimits)
    clock: Callable[[], int] = wall_clock
    ticks: Callable[[], float] = time.monotonic
