"""Which storage is this? A journal may be copied, swapped, or an old image of it put back.

A number of an epoch may never be used twice with other content. What a file says of itself cannot
show that it is the newest of its copies; so the right to go on with an epoch lies outside it, in a
slip that is written when the journal is closed in order and used up when it is opened. No slip,
another device's, or one of other numbers: a new epoch begins, and the city sees it in every tap.
Best the slip lies on other storage than the journal. Where both have been put back together, the
city still knows the higher numbers, and says so (`ahead`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder, Encoder
from msgspec.structs import replace

from tongxing.kernel.files import sync_folder, write_whole
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import TapRef

Cause = Literal[
    "created", "other_device", "no_slip", "old_image", "city_knows_more", "clock_set_back"
]
"""Why an epoch began: with the file, on another device than before, after an end without order (a
power cut, or a copy made while it ran), on an image other than the one closed last, or because the
city holds numbers that this file has not reached."""

_ENCODER = Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Custody:
    """Whose hands a journal is in: the device's own id, and where its slip lies."""

    device: str
    slip: Path


class Slip(Struct, frozen=True, forbid_unknown_fields=True):
    """What the last owner left: which journal, of which device, closed at which numbers."""

    site: str
    device: str
    epoch: int
    numbers: dict[str, int]
    check: str = ""


_DECODER = Decoder(Slip)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a journal stands: its site, its epoch, the device that began it ("" before any was
    known), and each terminal's last number."""

    site: str
    epoch: int
    device: str
    numbers: Mapping[str, int]


def cause_of_new_epoch(standing: Standing, device: str, slip: Slip | None) -> Cause | None:
    """Why this device may not go on with the journal's epoch; None when it may."""
    if standing.device not in ("", device):
        return "other_device"
    if slip is None or (slip.site, slip.device) != (standing.site, device):
        return "no_slip"
    same = slip.epoch == standing.epoch and slip.numbers == dict(standing.numbers)
    return None if same else "old_image"


def ahead(standing: Standing, marks: Mapping[str, TapRef]) -> list[str]:
    """The terminals of which the city holds higher numbers of this very epoch than the file has
    given out: an older image has been put back. `marks` is the city's highest tap of each."""
    return sorted(
        terminal
        for terminal, ref in marks.items()
        if ref.epoch == standing.epoch and ref.seq > standing.numbers.get(terminal, 0)
    )


def write_slip(path: Path, standing: Standing, device: str) -> None:
    """Leave the slip of a journal that has been closed. Raises OSError when it cannot be kept."""
    slip = Slip(standing.site, device, standing.epoch, dict(standing.numbers))
    write_whole(path, _ENCODER.encode(_checked(slip)), private=True)


def take_slip(path: Path) -> Slip | None:
    """Use the slip up: it is gone from the disk when this returns. None when there was none, or
    one that is not whole. Raises OSError when it cannot be removed: then it must not be used."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return None
    path.unlink()
    sync_folder(path.parent)
    try:
        slip = _DECODER.decode(body)
    except (DecodeError, ValidationError, UnicodeDecodeError):
        return None
    return slip if slip == _checked(slip) else None


def _checked(slip: Slip) -> Slip:
    plain = replace(slip, check="")
    return replace(plain, check=sha256_hex(_ENCODER.encode(plain)))
