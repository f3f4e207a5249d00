"""Evidence: writing taps once, and finding what came twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.city.store.cursor import Cursor
from tongxing.city.store.riders import Owners
from tongxing.city.trip import order_key
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import digest
from tongxing.messages import Receipt, Tap, TapRef
from tongxing.messages.envelope import encode


@dataclass(frozen=True, slots=True)
class ArrivedTap:
    """A tap as it came in: with its site's name, its canonical text and the hash of that."""

    tap: Tap
    site: str
    body: str
    content_hash: str
    set_aside: str = ""


_COPY = (
    "COPY arriving (terminal_id, epoch, seq, content_hash, rider_id, order_key, time_s,"
    " business_date, mode, station, outcome, reason, site, received_s, body, set_aside) FROM STDIN"
)


def arrived_tap(tap: Tap, site: str, set_aside: str = "") -> ArrivedTap:
    """The tap with what is stored of it, worked out once; `set_aside` is the reason why it moves
    no money, if there is one."""
    body = encode(tap)
    return ArrivedTap(tap, site, body.decode(), digest(body), set_aside)


def write_new_taps(
    cursor: Cursor, arrived: Sequence[ArrivedTap], owners: Owners, received_s: int
) -> tuple[set[TapRef], set[TapRef]]:
    """Store the taps not seen before; quarantine those whose identity carries other content.

    `arrived` holds each identity at most once; `owners` names the riders of their media.
    Returns the identities that are new and those that are in conflict; the rest are duplicates.
    """
    cursor.execute("CREATE TEMP TABLE arriving (LIKE tap) ON COMMIT DROP")
    with cursor.copy(_COPY) as copy:
        for item in arrived:
            rider_id = owners.of(item.tap.medium_no, item.tap.funding)
            copy.write_row(_row(item, rider_id, received_s))
    new = {
        TapRef(str(terminal), int(epoch), int(seq))
        for terminal, epoch, seq in cursor.execute(
            "INSERT INTO tap SELECT * FROM arriving"
            " ON CONFLICT (terminal_id, epoch, seq) DO NOTHING RETURNING terminal_id, epoch, seq"
        )
    }
    conflicts = _conflicts(cursor) if len(new) < len(arrived) else set()
    cursor.execute("DROP TABLE arriving")
    quarantine(cursor, [item for item in arrived if item.tap.ref in conflicts], received_s)
    return new, conflicts


def _conflicts(cursor: Cursor) -> set[TapRef]:
    """Which of the arriving taps carry other content than the stored one of their identity. Asked
    only when one of them was there before: the join looks at every tap there is."""
    return {
        TapRef(str(terminal), int(epoch), int(seq))
        for terminal, epoch, seq in cursor.execute(
            "SELECT arriving.terminal_id, arriving.epoch, arriving.seq"
            " FROM arriving JOIN tap USING (terminal_id, epoch, seq)"
            " WHERE arriving.content_hash <> tap.content_hash"
        )
    }


def quarantine(cursor: Cursor, arrived: Sequence[ArrivedTap], received_s: int) -> None:
    """Keep taps whose identity already carries other content, for a person to judge (B67)."""
    cursor.executemany(
        "INSERT INTO tap_quarantine VALUES (%s, %s, %s, %s, 'TAP_KEY_CONFLICT', %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [
            (
                *_identity(item.tap.ref),
                item.content_hash,
                item.site,
                received_s,
                item.body,
            )
            for item in arrived
        ],
    )


def _identity(ref: TapRef) -> tuple[str, int, int]:
    return ref.terminal_id, ref.epoch, ref.seq


def _row(item: ArrivedTap, rider_id: str, received_s: int) -> tuple[object, ...]:
    tap = item.tap
    return (
        *_identity(tap.ref),
        item.content_hash,
        rider_id,
        order_key(tap),
        tap.time_s,
        business_date(tap.time_s),
        tap.mode,
        tap.station,
        tap.outcome,
        tap.reason,
        item.site,
        received_s,
        item.body,
        item.set_aside,
    )


def write_uploads(cursor: Cursor, receipts: Sequence[Receipt], received_s: int) -> None:
    """Note the batches seen: what a gate was told, and how often it asked."""
    cursor.executemany(
        "INSERT INTO upload (site, batch_sha256, received_s, taps, duplicates)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (site, batch_sha256)"
        " DO UPDATE SET times_seen = upload.times_seen + 1",
        [
            (item.site, item.batch_sha256, received_s, item.accepted, item.duplicates)
            for item in receipts
        ],
    )
