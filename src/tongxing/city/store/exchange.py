"""What goes to the hub and what comes back: files, verdicts, issuer records, statements."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import Manifest, Record, Share, Statement, VerdictFile, content_of

_AT_ONCE = 5_000
_ENCODER = msgspec.json.Encoder(order="deterministic")
_decode_record = msgspec.json.Decoder(Record).decode
_decode_shares = msgspec.json.Decoder(list[Share]).decode


def unsent_records(cursor: Cursor, rows_max: int) -> list[tuple[str, str, int]]:
    """Revisions not presented yet: (record id, record, delta), in the order they are presented.

    Withdrawn trips come before the trips that take their taps, and a trip's revisions in order.
    """
    return [
        (str(record_id), str(record), int(delta))
        for record_id, record, delta in cursor.execute(
            "SELECT record_id, record, delta_fen FROM trip_revision WHERE file_id IS NULL"
            " ORDER BY bool_or(how = 'void') OVER (PARTITION BY trip_id) DESC,"
            " occurred_s, trip_id, revision LIMIT %s",
            (rows_max,),
        )
    ]


def signed_records(cursor: Cursor, issuer: str) -> Iterator[Record]:
    """The records of this issuer's media that carry signatures: ridden here, then elsewhere.

    Streamed under the caller's transaction, so that any number of them fits.
    """
    decode = msgspec.json.Decoder(Record).decode
    signed = "(record LIKE '%%\"proofs\":%%' OR record LIKE '%%\"codes\":%%')"
    with cursor.connection.cursor(name="signed_records") as streaming:
        streaming.itersize = _AT_ONCE
        streaming.execute(
            f"SELECT record FROM trip_revision WHERE issuer = %s AND {signed}"
            f" UNION ALL SELECT record FROM issuer_record WHERE {signed}",
            (issuer,),
        )
        for (record,) in streaming:
            yield decode(record)


def last_file(cursor: Cursor) -> tuple[int, str]:
    """Number and manifest hash of the newest file; (0, "") before the first."""
    row = cursor.execute(
        "SELECT number, manifest_sha256 FROM record_file ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def write_file(cursor: Cursor, number: int, manifest: Manifest, sealed: bytes, data: bytes) -> None:
    """Keep a record file as it was sent: a resend is these bytes."""
    cursor.execute(
        "INSERT INTO record_file (file_id, number, created_s, rows, delta_sum_fen,"
        " manifest_sha256, manifest, data) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            manifest.file_id,
            number,
            manifest.created_s,
            manifest.rows,
            manifest.delta_sum_fen,
            sha256_hex(sealed),
            sealed,
            data,
        ),
    )


def mark_sent(cursor: Cursor, record_ids: Sequence[str], file_id: str) -> None:
    """Note that these records went to the hub in that file."""
    cursor.execute(
        "UPDATE trip_revision SET file_id = %s WHERE record_id = ANY(%s)",
        (file_id, list(record_ids)),
    )


def file_state(cursor: Cursor, file_id: str) -> tuple[int, str | None] | None:
    """Rows and file code (None while unanswered) of a file we sent; None for one we did not."""
    row = cursor.execute(
        "SELECT rows, file_code FROM record_file WHERE file_id = %s", (file_id,)
    ).fetchone()
    return None if row is None else (int(row[0]), row[1])


def sent_deltas(cursor: Cursor, file_id: str) -> dict[str, tuple[str, int]]:
    """Issuer and delta of each record of a file, by record id."""
    return {
        str(record_id): (str(issuer), int(delta))
        for record_id, issuer, delta in cursor.execute(
            "SELECT record_id, issuer, delta_fen FROM trip_revision WHERE file_id = %s", (file_id,)
        )
    }


def deltas_of(cursor: Cursor, record_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Issuer and delta of these records, by record id."""
    return {
        str(record_id): (str(issuer), int(delta))
        for record_id, issuer, delta in cursor.execute(
            "SELECT record_id, issuer, delta_fen FROM trip_revision WHERE record_id = ANY(%s)",
            (list(record_ids),),
        )
    }


def verdicts_of(cursor: Cursor, record_ids: Sequence[str]) -> dict[str, str]:
    """How those of the records stand that have a verdict, by record id."""
    rows = cursor.execute(
        "SELECT record_id, status FROM verdict WHERE record_id = ANY(%s)", (list(record_ids),)
    )
    return {str(record_id): str(status) for record_id, status in rows}


def contents_of(cursor: Cursor, record_ids: Sequence[str]) -> dict[str, str]:
    """What these records of ours say, by record id, as the hub's verdicts name it."""
    rows = cursor.execute(
        "SELECT record_id, record FROM trip_revision WHERE record_id = ANY(%s)", (list(record_ids),)
    )
    return {str(record_id): content_of(_decode_record(record)) for record_id, record in rows}


def shares_of(cursor: Cursor, record_ids: Sequence[str]) -> dict[str, list[Share]]:
    """The operators' shares of the records, as their verdicts have them."""
    rows = cursor.execute(
        "SELECT record_id, shares FROM verdict WHERE record_id = ANY(%s)", (list(record_ids),)
    )
    return {str(record_id): _decode_shares(shares) for record_id, shares in rows}


def rewrite_verdicts(cursor: Cursor, answer: VerdictFile) -> None:
    """Keep what became of records on hold, with the window in which it was decided."""
    cursor.executemany(
        "UPDATE verdict SET status = %s, code = %s, bearer = %s, shares = %s, window_id = %s"
        " WHERE record_id = %s",
        [
            (
                verdict.status,
                verdict.code,
                verdict.bearer,
                _ENCODER.encode(verdict.shares).decode(),
                answer.window_id,
                verdict.record_id,
            )
            for verdict in answer.verdicts
        ],
    )


def write_verdicts(cursor: Cursor, answer: VerdictFile) -> None:
    """Keep the answer to a file, verdict by verdict, with the window it fell into."""
    with cursor.copy("COPY verdict FROM STDIN") as copy:
        for verdict in answer.verdicts:
            copy.write_row(
                (
                    verdict.record_id,
                    answer.file_id,
                    verdict.status,
                    verdict.code,
                    verdict.bearer,
                    _ENCODER.encode(verdict.shares).decode(),
                    answer.window_id,
                )
            )
    cursor.execute(
        "UPDATE record_file SET window_id = %s, file_code = %s WHERE file_id = %s",
        (answer.window_id, answer.file_code, answer.file_id),
    )


def known_issuer_records(cursor: Cursor, record_ids: Sequence[str]) -> set[str]:
    """Those of the records that were booked before."""
    return {
        str(row[0])
        for row in cursor.execute(
            "SELECT record_id FROM issuer_record WHERE record_id = ANY(%s)", (list(record_ids),)
        )
    }


def write_issuer_records(cursor: Cursor, window_id: str, records: Iterable[Record]) -> None:
    """Keep our passengers' rides elsewhere, as the hub told them."""
    with cursor.copy("COPY issuer_record FROM STDIN") as copy:
        for record in records:
            copy.write_row(
                (
                    record.record_id,
                    window_id,
                    record.medium_no,
                    record.city,
                    record.charge_fen,
                    record.delta_fen,
                    _ENCODER.encode(record).decode(),
                )
            )


def statement_of(cursor: Cursor, window_id: str, member: str) -> tuple[Statement, bool] | None:
    """A member's statement of a window, and whether it is settled; None before it came."""
    row = cursor.execute(
        "SELECT body, settled_s FROM statement WHERE window_id = %s AND member = %s",
        (window_id, member),
    ).fetchone()
    if row is None:
        return None
    return msgspec.json.decode(row[0], type=Statement), row[1] is not None


def write_statement(cursor: Cursor, statement: Statement) -> None:
    """Keep a statement with the payouts it asks for; they are not settled yet."""
    cursor.execute(
        "INSERT INTO statement (window_id, member, net_fen, body) VALUES (%s, %s, %s, %s)",
        (
            statement.window_id,
            statement.member,
            statement.net_fen,
            _ENCODER.encode(statement).decode(),
        ),
    )
    _write_payouts(cursor, statement.window_id, statement.operator_payouts)


def _write_payouts(cursor: Cursor, window_id: str, payouts: Sequence[Share]) -> None:
    cursor.executemany(
        "INSERT INTO payout (window_id, operator, amount_fen) VALUES (%s, %s, %s)",
        [(window_id, share.operator, share.share_fen) for share in payouts],
    )


def settle_statement(
    cursor: Cursor, window_id: str, member: str, settled_s: int, bank_reference: str
) -> None:
    """Note that the bank moved a statement's net."""
    cursor.execute(
        "UPDATE statement SET settled_s = %s, bank_reference = %s"
        " WHERE window_id = %s AND member = %s",
        (settled_s, bank_reference, window_id, member),
    )


def settle_payout(
    cursor: Cursor, window_id: str, operator: str, settled_s: int, bank_reference: str
) -> None:
    """Note that the bank paid an operator."""
    cursor.execute(
        "UPDATE payout SET settled_s = %s, bank_reference = %s"
        " WHERE window_id = %s AND operator = %s",
        (settled_s, bank_reference, window_id, operator),
    )


def unsettle(cursor: Cursor, window_id: str, party: str) -> None:
    """Note that the bank gave back what settled a statement or a payout: it is open again."""
    for table, column in (("statement", "member"), ("payout", "operator")):
        cursor.execute(
            f"UPDATE {table} SET settled_s = NULL, bank_reference = NULL"
            f" WHERE window_id = %s AND {column} = %s",
            (window_id, party),
        )
