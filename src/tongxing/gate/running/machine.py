"""Which machine is this? A name that does not travel with its storage.

A memory card that is copied or put into another computer carries all its files along, keys too. So
the name is taken from the hardware: the board's serial number, or the addresses of its own network
cards. Only a hash of it is kept, for it is nobody's business.
"""

from pathlib import Path

from tongxing.kernel.ids import sha256_hex

_SERIALS = (
    "sys/firmware/devicetree/base/serial-number",
    "sys/class/dmi/id/product_uuid",
    "sys/class/dmi/id/product_serial",
)
_CARDS = "sys/class/net"
_NAME_DIGITS = 16


def machine_name(root: Path = Path("/")) -> str:
    """The machine's name, "" where its hardware tells none that this user may read."""
    for name in _SERIALS:
        serial = _text(root / name)
        if serial.strip("0- "):
            return _hashed(serial)
    addresses = sorted(
        _text(card / "address")
        for card in _folder(root / _CARDS)
        if (card / "device").exists()  # a real one; a bridge or tunnel is made anew at each start
    )
    return _hashed(" ".join(addresses)) if any(addresses) else ""


def _folder(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""


def _hashed(text: str) -> str:
    return sha256_hex(text.encode())[:_NAME_DIGITS]
