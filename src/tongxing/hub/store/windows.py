"""Windows, their steps, what a closing computed, and the documents it handed out."""

from collections.abc import Iterable, Mapping

from tongxing.hub.netting import Netting
from tongxing.hub.store.connection import Cursor
from tongxing.hub.windows import WindowEvent, WindowState
from tongxing.kernel.ids import sha256_hex


def window_state(cursor: Cursor, window_id: str) -> WindowState | None:
    """The state of a window; None for one that no file and no closing has touched."""
    row = cursor.execute(
        "SELECT state FROM clearing_window WHERE window_id = %s", (window_id,)
    ).fetchone()
    return None if row is None else WindowState(row[0])


def open_window(cursor: Cursor, window_id: str, cutoff_s: int) -> None:
    """Make sure that a window exists."""
    cursor.execute(
        "INSERT INTO clearing_window (window_id, state, cutoff_s) VALUES (%s, 'open', %s)"
        " ON CONFLICT DO NOTHING",
        (window_id, cutoff_s),
    )


def last_closed_cutoff(cursor: Cursor) -> int:
    """The cut-off of the newest window that is no longer open; 0 when there is none."""
    row = cursor.execute(
        "SELECT coalesce(max(cutoff_s), 0) FROM clearing_window WHERE state <> 'open'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def earlier_open_window(cursor: Cursor, window_id: str) -> str | None:
    """The oldest window before this one that is still open."""
    row = cursor.execute(
        "SELECT window_id FROM clearing_window WHERE state = 'open' AND window_id < %s"
        " ORDER BY window_id LIMIT 1",
        (window_id,),
    ).fetchone()
    return None if row is None else str(row[0])


def set_state(
    cursor: Cursor, window_id: str, state: WindowState, event: WindowEvent, at_s: int
) -> None:
    """Move a window on, and keep the step."""
    cursor.execute(
        "UPDATE clearing_window SET state = %s WHERE window_id = %s", (state.value, window_id)
    )
    cursor.execute(
        "INSERT INTO window_event (window_id, number, event, at_s)"
        " SELECT %s, count(*) + 1, %s, %s FROM window_event WHERE window_id = %s",
        (window_id, event.value, at_s, window_id),
    )


def set_rulebook(cursor: Cursor, window_id: str, version: str, sha256: str) -> None:
    """Note the rules a window was closed under."""
    cursor.execute(
        "UPDATE clearing_window SET rulebook_version = %s, rulebook_sha256 = %s"
        " WHERE window_id = %s",
        (version, sha256, window_id),
    )


def write_netting(cursor: Cursor, window_id: str, netting: Netting) -> None:
    """Keep the matrix, the operators' parts and the positions of a window."""
    for pair in netting.pairs:
        total, fee = pair.total, pair.fee
        cursor.execute(
            "INSERT INTO pair_net VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                window_id,
                total.issuer,
                total.acquirer,
                total.is_cross_city,
                total.records,
                total.delta_fen,
                fee.fee_fen,
                fee.issuer_fen,
                fee.acquirer_fen,
                fee.hub_fen,
                total.adjusted_fen,
                total.adjustments,
            ),
        )
    cursor.executemany(
        "INSERT INTO operator_net VALUES (%s, %s, %s, %s, %s, %s)",
        [(window_id, *line) for line in operator_lines(netting)],
    )
    cursor.executemany(
        "INSERT INTO member_position VALUES (%s, %s, %s, %s, %s)",
        [
            (window_id, item.member, item.debit_fen, item.credit_fen, item.net_fen)
            for item in netting.positions
        ],
    )


def operator_lines(netting: Netting) -> list[tuple[str, str, str, int, int]]:
    """What operators earned of each pair, less what they gave back after disputes, and the fee they
    bear: issuer, acquirer, operator, fen, fee."""
    earned: dict[tuple[str, str, str], int] = {}
    fees: dict[tuple[str, str, str], int] = {}
    for pair in netting.pairs:
        key = (pair.total.issuer, pair.total.acquirer)
        for share in pair.total.operators:
            earned[*key, share.operator] = share.share_fen
        for share in pair.fee.borne_by:
            fees[*key, share.operator] = share.share_fen
    for item in netting.recoveries:
        own = (item.issuer, item.acquirer, item.operator)
        earned[own] = earned.get(own, 0) - item.fen
    return [(*key, fen, fees.get(key, 0)) for key, fen in earned.items()]


def write_documents(
    cursor: Cursor, window_id: str, documents: Mapping[tuple[str, str], bytes]
) -> None:
    """Keep what was handed out, by (kind, party)."""
    cursor.executemany(
        "INSERT INTO document (window_id, kind, party, sha256, content)"
        " VALUES (%s, %s, %s, %s, %s)",
        [
            (window_id, kind, party, sha256_hex(content), content)
            for (kind, party), content in documents.items()
        ],
    )


def load_documents(
    cursor: Cursor, window_id: str, kinds: Iterable[str]
) -> dict[str, dict[str, bytes]]:
    """What was handed out, by kind and party, in order of party."""
    found: dict[str, dict[str, bytes]] = {kind: {} for kind in kinds}
    for kind, party, content in cursor.execute(
        "SELECT kind, party, content FROM document WHERE window_id = %s AND kind = ANY(%s)"
        " ORDER BY kind, party",
        (window_id, list(found)),
    ):
        found[str(kind)][str(party)] = bytes(content)
    return found
