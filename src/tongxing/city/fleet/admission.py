"""Which batches of which devices the city takes in.

A batch must be signed with the key of the device that it says it is of, and hold taps of that
device's own terminals and operator only (a right key must not speak for another's gate).

**After a revocation** a batch is taken only if the city had heard of that very batch before: named
by its hash in a signed heartbeat, or sent before. The time inside a batch proves nothing, since
whoever has the key writes what they like; a hash heard of before the revocation does: it fixes
every tap, its number and its place. What was not named is refused and nothing of it is stored; it
lies in the device's journal, and a person who holds that device decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.city.fleet.door import FleetDoor
from tongxing.city.fleet.values import Device
from tongxing.city.intake import OpenedBatch, objection
from tongxing.city.store import fleet as store
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import TapBatch


@dataclass(frozen=True, slots=True)
class DeviceBatch:
    """A batch that is a device's own by signature and content."""

    device: Device
    opened: OpenedBatch


def open_batch(door: FleetDoor, message: bytes) -> DeviceBatch | Refusal:
    """Check a sealed batch; nothing of it is used before.

    Refuses what `FleetDoor.open` and `intake.objection` refuse, TERMINAL_UNKNOWN,
    OPERATOR_MISMATCH, and IDENTITY_MISMATCH for a tap in another city.
    """
    opened = door.open(message, TapBatch)
    if isinstance(opened, Refusal):
        return opened
    device, batch = opened
    refusal = objection(batch, device.device)
    if refusal is not None:
        return refusal
    own = set(device.terminals)
    for tap in batch.taps:
        if tap.ref.terminal_id not in own:
            named = tap.ref.terminal_id[:60]
            return Refusal("TERMINAL_UNKNOWN", device.device, {"terminal": named})
        if tap.operator != device.operator:
            return Refusal(
                "OPERATOR_MISMATCH",
                device.device,
                {"expected": device.operator, "found": tap.operator[:60]},
            )
        if tap.city != door.city:  # who is a visitor here, and so the fare, follows from it
            return Refusal("IDENTITY_MISMATCH", device.device, {"site": tap.city[:60]})
    return DeviceBatch(device, OpenedBatch(device.device, sha256_hex(message), batch))


def admit(cursor: Cursor, batches: Sequence[DeviceBatch]) -> list[OpenedBatch | Refusal]:
    """Of batches that hold, those that the city takes in this very transaction, whose caller has
    closed the city's door. Refuses DEVICE_REVOKED."""
    revoked = store.revoked_among(cursor, sorted({item.device.device for item in batches}))
    answers: list[OpenedBatch | Refusal] = []
    for item in batches:
        name = item.device.device
        if name in revoked and not store.was_promised(cursor, name, item.opened.sha256):
            answers.append(Refusal("DEVICE_REVOKED", name, {"device": name}))
        else:
            answers.append(item.opened)
    return answers
