"""A journal with many taps in it, as a gate that was cut off for days has written them one by one.

Here they are written in one transaction, since nobody waits at a lane; numbers, checksums and order
are what the journal itself would have made. The journal must not be open elsewhere.
"""

import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msgspec.json import Encoder
from msgspec.structs import replace

from tongxing.messages import Tap, TapRef

_ENCODER = Encoder(order="deterministic")


def queue_taps(path: Path, taps: Iterable[Tap]) -> int:
    """Number taps and write them behind those that are there; how many. Their `ref` names the
    terminal; the rest of it is assigned."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        (epoch,) = connection.execute("SELECT epoch FROM storage").fetchone()
        last = Counter(dict(connection.execute("SELECT terminal_id, last_seq FROM terminal")))
        connection.execute("BEGIN IMMEDIATE")
        count = 0
        for tap in taps:
            terminal = tap.ref.terminal_id
            last[terminal] += 1
            body = _ENCODER.encode(replace(tap, ref=TapRef(terminal, epoch, last[terminal])))
            connection.execute(
                "INSERT INTO tap (terminal_id, seq, crc, body) VALUES (?, ?, ?, ?)",
                (terminal, last[terminal], zlib.crc32(body), body),
            )
            count += 1
        connection.executemany(
            "INSERT INTO terminal VALUES (?, ?) ON CONFLICT (terminal_id)"
            " DO UPDATE SET last_seq = excluded.last_seq",
            last.items(),
        )
        connection.execute("COMMIT")
        return count
    finally:
        connection.close()
