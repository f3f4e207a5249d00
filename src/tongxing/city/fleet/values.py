"""What the fleet's desk speaks of: invitations, devices and how they are, orders, lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tongxing.messages.fleet import Heartbeat
from tongxing.messages.lists import DataName


@dataclass(frozen=True, slots=True)
class Invitation:
    """The leave to enrol one device, for these terminals of a site and their operator.

    `code` is shown once, to whoever made it, and is "" ever after. `expires_s` is None until a
    second person has confirmed; `lapses_s` is until when that can be done.
    """

    number: int
    site: str
    operator: str
    terminals: tuple[str, ...]
    made_by: str
    lapses_s: int
    valid_s: int
    confirmed_by: str = ""
    expires_s: int | None = None
    device: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """One device. `revoked_s` is None while it is trusted."""

    device: str
    site: str
    operator: str
    terminals: tuple[str, ...]
    public_key: bytes
    enrolled_s: int
    revoked_s: int | None = None
    revoked_why: str = ""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device and what it last told; `late` when it should have told more by now. `heard_s` is
    None and `heartbeat` too when it never did. `missing` taps had been numbered, and are not here.
    `notices` are the kinds of what the city noticed of it and is not over.
    """

    device: Device
    heard_s: int | None
    heartbeat: Heartbeat | None
    late: bool
    clock_off_s: int | None
    missing: int
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventTold:
    """Something that happened to a device, and when it was told."""

    device: str
    number: int
    at_s: int
    heard_s: int
    kind: str
    values: Mapping[str, str]


class OrderOutcome(NamedTuple):
    """What a device did with an order (`messages.fleet.Outcome`), when by its own clock, and when
    the city heard of it."""

    device: str
    outcome: str
    done_s: int
    heard_s: int


@dataclass(frozen=True, slots=True)
class OrderGiven:
    """An order to a device or to a whole site (the other one is ""). `meant` are the devices that
    it is or was for, `done` those that have told what they did with it."""

    order_no: int
    site: str
    device: str
    kind: str
    from_s: int
    until_s: int
    ordered_by: str
    why: str
    done: tuple[OrderOutcome, ...] = ()
    meant: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListDraft:
    """A list that one person handed in. `not_before_s` 0: from its release on; `not_after_s` 0: no
    end is set; `follows` is the newest version at that time, 0 for none."""

    number: int
    name: DataName
    follows: int
    not_before_s: int
    not_after_s: int
    why: str
    drafted_by: str
    drafted_s: int
    lapses_s: int


@dataclass(frozen=True, slots=True)
class ListReleased:
    """A version that a second person released, and of how many bytes its content is."""

    draft: ListDraft
    version: int
    released_by: str
    released_s: int
    content_bytes: int


class Span(NamedTuple):
    """A released version of a list, and from when until when it is good; 0 where no end is set."""

    name: str
    version: int
    from_s: int
    until_s: int

    def is_over(self, now_s: int) -> bool:
        """Whether its last moment has passed."""
        return 0 < self.until_s <= now_s
