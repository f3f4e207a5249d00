"""Between a device and its city, beside taps and lists: enrolment, heartbeat, orders.

A device is the machine of one site (a station's or vehicle's gates, with one journal). It makes
its own key; the city gives it its name. Times are Unix seconds. `docs/device-protocol.md` tells
the same byte by byte.
"""

from typing import Literal

from msgspec import Struct

from tongxing.messages.envelope import reader_of

WAITING_NAMED_MAX = 500
"""How many waiting batches one heartbeat names at most."""

ORDER_KINDS = ("open_all", "manual", "free_ride", "normal")
"""Lanes stand open; staff decide and readers turn everybody to them; whoever has a medium rides
free and is counted; as ever."""

FREE_RIDE = "FREE_RIDE"
"""The reason of a tap that opened under the order `free_ride`: it is counted and costs nothing."""

EVENTS_TOLD_MAX = 100
"""How many events one heartbeat tells at most."""

Outcome = Literal["taken", "over", "passed_over", "unknown"]
"""What became of an order: it is in force, its time was over when it came, a newer one had come
before it, or the device does not know its kind."""


class Enrolment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device asks for its name. Signed with the very key it brings, so that it is known to have
    it; the sender is the text ``enrolment``."""

    code: str
    public_key: bytes
    software: str
    sent_s: int


class Enrolled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The city's answer: under which name the device signs from now on, and for which terminals.

    `public_key` is the one it came with, so that an answer to another device is recognised.
    """

    device: str
    public_key: bytes
    city: str
    site: str
    operator: str
    terminals: list[str]
    time_s: int


class TerminalCount(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last number that a terminal has given in one storage."""

    terminal_id: str
    epoch: int
    last_seq: int


class OrderDone(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An order that has come, when (on the device's clock), and what became of it."""

    order_no: int
    done_s: int
    outcome: Outcome


class DeviceEvent(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Something that happened to a device, at that time of its own clock. `number` rises and is
    given once. Kinds: ``replay_mode`` (another register of displays answers from now on),
    ``passed_twice`` (a display opened lanes here and elsewhere), ``new_epoch`` (a storage begins to
    count anew, and why), ``kept_time_ahead`` (a time it held for good was so many seconds ahead of
    the city's); `values` say more."""

    number: int
    at_s: int
    kind: str
    values: dict[str, str]


class Heartbeat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a device is. `number` rises with each; an older one is refused.

    `lists` are the versions of lists in force by name (``deny``), and under the name with
    ``.next`` one that waits for its time; `expired` are those past their last day, which stay in
    force for want of newer ones. `tariff` is the tariff's name.
    `waiting_taps` have no receipt yet; `waiting_batches` are the SHA-256 (hex) of sealed batches
    without one, oldest first. `clock_offset_s` is how far the city's clock was ahead when last
    compared, None before that. `mode` is the kind of the order in force. `events` are what no
    answer has confirmed yet. `last_order` is the highest order number ever had (0: none), and
    `published` when the lists told were published: a city restored from a backup sees by both
    which numbers it had given. `refused` are those waiting batches that the city would not take as
    they are, with the reason it gave: they stay where they are.
    """

    device: str
    number: int
    sent_s: int
    software: str
    lists: dict[str, int]
    tariff: str
    waiting_taps: int
    waiting_batches: list[str]
    events: list[DeviceEvent] = []
    counts: list[TerminalCount]
    free_bytes: int
    clock_offset_s: int | None
    mode: str
    done: list[OrderDone]
    expired: list[str] = []
    last_order: int = 0
    published: dict[str, int] = {}
    refused: dict[str, str] = {}


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff want of a device from now until `until_s`. Numbers rise; each is done once."""

    order_no: int
    kind: str
    from_s: int
    until_s: int
    ordered_by: str


class TapRange(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Taps of one terminal's storage, both numbers included."""

    terminal_id: str
    epoch: int
    first: int
    last: int


class Orders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The city's answer to a heartbeat, whose `number` it repeats.

    `orders` are those the device has not said to have had, oldest first; `lists` the versions
    there are; `missing` the numbers told that are not here: those that once had a receipt must be
    sent again. `marks` are the highest numbers here of the storages told; one above the device's
    own shows that an old image of its storage was put back. The next heartbeat is due in `next_s`.
    """

    device: str
    number: int
    time_s: int
    next_s: int
    lists: dict[str, int]
    orders: list[Order]
    missing: list[TapRange]
    marks: list[TerminalCount]


class Asking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who asks for something that has no body: goes, sealed, into the header of a GET."""

    device: str
    path: str
    sent_s: int


ENROLMENT_SENDER = "enrolment"

for _body in (Enrolment, Enrolled, Heartbeat, Orders, Asking):
    reader_of(_body)
