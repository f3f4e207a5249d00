"""What the fleet's desk speaks of: invitations, devices and how they are, orders."""

from dataclasses import dataclass

from tongxing.messages.fleet import Heartbeat


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
    """

    device: Device
    heard_s: int | None
    heartbeat: Heartbeat | None
    late: bool
    clock_off_s: int | None
    missing: int


@dataclass(frozen=True, slots=True)
class OrderGiven:
    """An order to a device or to a whole site (the other one is "")."""

    order_no: int
    site: str
    device: str
    kind: str
    from_s: int
    until_s: int
    ordered_by: str
    why: str
    done: tuple[tuple[str, str], ...] = ()
