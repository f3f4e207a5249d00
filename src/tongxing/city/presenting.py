"""Evidence for the hub: the revisions not presented yet, as one file with a signed manifest.

The file is gzip of one JSON record per line, made so that the same rows give the same bytes. Its
manifest names the manifest before it; a resend is the stored bytes, never made again.
"""

import gzip

from tongxing.city.members import acquirer_member
from tongxing.city.store import exchange
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import Manifest, SigningKey, seal

ROWS_MAX = 999_999


def make_record_file(
    cursor: Cursor, city: str, key: SigningKey, created_s: int
) -> tuple[bytes, bytes] | None:
    """The sealed manifest and the data of the next file; None when nothing waits to be presented.

    The rows are marked as belonging to the file in the caller's transaction. At most 999,999 rows
    go into one file (clearing reference 1.4); the rest waits for the next.
    """
    rows = exchange.unsent_records(cursor, ROWS_MAX)
    if not rows:
        return None
    number, previous = exchange.last_file(cursor)
    data = gzip.compress(
        "".join(f"{record}\n" for _, record, _ in rows).encode(), compresslevel=1, mtime=0
    )
    day = business_date(created_s)
    manifest = Manifest(
        file_id=f"{acquirer_member(city)}-{day:%Y%m%d}-{number + 1:04d}",
        sender=acquirer_member(city),
        created_s=created_s,
        rows=len(rows),
        delta_sum_fen=sum(delta for _, _, delta in rows),
        data_sha256=sha256_hex(data),
        previous_manifest_sha256=previous,
    )
    sealed = seal(manifest, key)
    exchange.write_file(cursor, number + 1, manifest, sealed, data)
    exchange.mark_sent(cursor, [record_id for record_id, _, _ in rows], manifest.file_id)
    return sealed, data
