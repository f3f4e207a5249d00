"""QR codes found in a picture, as the bytes that they carry.

The decoder runs in binary mode: what it hands over are the bytes of the symbol, never a text made
of them. A picture from outside is bounded before it is unpacked and never raises.
"""

import io

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import RideCode, parse_code

PIXELS_MAX = 64_000_000
_FORMATS = ("PNG", "JPEG")
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def is_picture(content: bytes) -> bool:
    """Whether these bytes begin like a PNG or JPEG picture."""
    return content.startswith(_MAGIC)


def scan_file(content: bytes) -> list[bytes] | Refusal:
    """The bytes of each QR code in a PNG or JPEG picture; QR_NOT_FOUND when it has none."""
    picture = _unpacked(content)
    found = [] if picture is None else scan(picture)
    return found or Refusal("QR_NOT_FOUND")


def scan(picture: NDArray[np.uint8]) -> list[bytes]:
    """The bytes of each QR code in a grey picture (height, width)."""
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(picture), formats=zxingcpp.BarcodeFormat.QRCode
    )
    return [bytes(barcode.bytes) for barcode in found]


def ride_code_in(content: bytes) -> RideCode | Refusal:
    """The one ride code in a picture, whatever other codes it shows.

    Refuses with QR_NOT_FOUND, with QR_SEVERAL when there are different ride codes, or with what is
    wrong with the code that is there.
    """
    scanned = scan_file(content)
    if isinstance(scanned, Refusal):
        return scanned
    read = [parse_code(one) for one in scanned]
    codes = {code.raw: code for code in read if isinstance(code, RideCode)}
    if len(codes) > 1:
        return Refusal("QR_SEVERAL", values={"count": len(codes)})
    return next(iter(codes.values()), read[0])


def _unpacked(content: bytes) -> NDArray[np.uint8] | None:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return None
            flat = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, *_TOO_LARGE):
        return None
    paper = Image.new("RGBA", flat.size, "white")
    paper.alpha_composite(flat)
    return np.asarray(paper.convert("L"))
