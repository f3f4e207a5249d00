"""A ride code as a QR picture: bytes as they are (byte mode, no ECI), error correction level M.

Level M puts 332 bytes into version 14 (73 × 73). Pictures are made in memory; nothing is written.
"""

import io
from typing import Literal

import segno

Level = Literal["L", "M", "Q", "H"]
QUIET_MODULES = 4
TERMINAL_QUIET_MODULES = 3
"""One less than the standard's 4: version 14 then takes 79 columns and fits a terminal of 80."""


def png(code: bytes, pixels: int = 420, level: Level = "M") -> bytes:
    """A PNG at most `pixels` wide, in whole pixels for each module and at least one."""
    qr = _drawn(code, level)
    width = qr.symbol_size(border=QUIET_MODULES)[0]
    out = io.BytesIO()
    qr.save(out, kind="png", scale=max(1, pixels // width), border=QUIET_MODULES)
    return out.getvalue()


def svg(code: bytes, level: Level = "M") -> str:
    """A scalable picture, black on white."""
    out = io.BytesIO()
    _drawn(code, level).save(out, kind="svg", border=QUIET_MODULES, light="white", nl=False)
    return out.getvalue().decode("utf-8")


def terminal(code: bytes, level: Level = "M") -> str:
    """Text for a terminal: half blocks, white drawn as ink for the usual dark background."""
    rows = [list(row) for row in _drawn(code, level).matrix_iter(border=TERMINAL_QUIET_MODULES)]
    rows += [[1] * len(rows[0])] * (len(rows) % 2)
    blocks = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join(
        "".join(blocks[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in pairs
    )


def _drawn(code: bytes, level: Level) -> segno.QRCode:
    return segno.make_qr(code, error=level, mode="byte", boost_error=False)
