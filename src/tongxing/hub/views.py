"""What pages and reports ask of the hub: read-only queries, answered as plain values.

Every function takes a cursor whose names resolve in the hub's schema; none writes, and none keeps
anything. A window that is still open is netted as it stands, with its fees as they would be now.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from tongxing.hub.cases import netted
from tongxing.hub.instructions import HUB
from tongxing.hub.netting import HUB_ACCOUNTS, Netting, net
from tongxing.hub.payment_views import PaymentLine, payments
from tongxing.hub.rulebook import FeeRules
from tongxing.hub.split import Explanation, SplitBasis, explain
from tongxing.hub.store.cases import money_due, money_of_window
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.members import load_members
from tongxing.hub.store.records import pair_totals
from tongxing.hub.store.recoveries import free_records
from tongxing.hub.store.windows import operator_lines
from tongxing.hub.verdicts import VerdictCode, verdict_code
from tongxing.hub.windows import WindowState
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record, Share

_decode_record = msgspec.json.Decoder(Record).decode
_decode_basis = msgspec.json.Decoder(SplitBasis).decode
_decode_shares = msgspec.json.Decoder(tuple[Share, ...]).decode


@dataclass(frozen=True, slots=True)
class WindowLine:
    """A window in a list: what came in, what was accepted, how far its payments are."""

    window_id: str
    state: WindowState
    cutoff_s: int
    files: int
    records: int
    delta_fen: int
    payments: int
    payments_settled: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: what an acquirer is owed by an issuer, and the fee on it.
    `adjusted_fen` of it is of cases, not of records."""

    issuer: str
    acquirer: str
    is_cross_city: bool
    records: int
    delta_fen: int
    fee_fen: int
    fee_issuer_fen: int
    fee_acquirer_fen: int
    fee_hub_fen: int
    adjusted_fen: int
    adjustments: int

    @property
    def trips_fen(self) -> int:
        """The records' own money."""
        return self.delta_fen - self.adjusted_fen


@dataclass(frozen=True, slots=True)
class PositionLine:
    """A member's position: `net_fen` above zero pays, below zero receives."""

    member: str
    debit_fen: int
    credit_fen: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """What an operator earned in a window, the fee it bears, and what its acquirer owes it."""

    acquirer: str
    operator: str
    share_fen: int
    fee_fen: int

    @property
    def payout_fen(self) -> int:
        return self.share_fen - self.fee_fen


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many rows got a code, and their money (0 for rows that were refused)."""

    code: VerdictCode
    status: str
    rows: int
    delta_fen: int


@dataclass(frozen=True, slots=True)
class FileLine:
    """A record file in a list."""

    sender: str
    file_id: str
    number: int
    received_s: int
    window_id: str
    rows: int
    accepted: int
    held: int
    rejected: int
    accepted_fen: int
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """One time a record was presented: in which file and row, and the answer."""

    sender: str
    file_id: str
    row_no: int
    received_s: int
    status: str
    codes: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class RecordLife:
    """A record from its file to the bank: all that became of it, and why its money is shared so.

    `record`, `explanation` and `window_id` are None for one that never stood. `cell` is where it
    was netted, `payments` the ones that settle the two members of its window and its operators.
    """

    record_id: str
    record: Record | None
    presentations: tuple[Presentation, ...]
    window_id: str | None
    window_state: WindowState | None
    cell: Cell | None
    payments: tuple[PaymentLine, ...]
    explanation: Explanation | None
    revisions: tuple[str, ...]


def windows(cursor: Cursor) -> list[WindowLine]:
    """All windows, newest first."""
    rows = cursor.execute(
        "SELECT window_id, state, cutoff_s,"
        " (SELECT count(*) FROM record_file f WHERE f.window_id = w.window_id),"
        " coalesce(seen.records, 0), coalesce(seen.fen, 0),"
        " (SELECT count(*) FROM instruction i WHERE i.window_id = w.window_id"
        "   AND i.state <> 'replaced'),"
        " (SELECT count(*) FROM instruction i WHERE i.window_id = w.window_id"
        "   AND i.state IN ('settled', 'covered'))"
        " FROM clearing_window w LEFT JOIN (SELECT window_id, count(*) AS records,"
        "   sum(delta_fen)::bigint AS fen FROM record GROUP BY window_id) AS seen USING (window_id)"
        " ORDER BY window_id DESC"
    )
    return [WindowLine(row[0], WindowState(row[1]), *row[2:]) for row in rows]


def matrix(cursor: Cursor, window_id: str, fee: FeeRules) -> list[Cell]:
    """The bilateral matrix of a window, in order of (acquirer, issuer)."""
    if not _is_open(cursor, window_id):
        rows = cursor.execute(
            "SELECT issuer, acquirer, is_cross_city, records, delta_fen, fee_fen, fee_issuer_fen,"
            " fee_acquirer_fen, fee_hub_fen, adjusted_fen, adjustments FROM pair_net"
            " WHERE window_id = %s ORDER BY acquirer, issuer",
            (window_id,),
        )
        return [Cell(*row) for row in rows]
    return [
        Cell(
            pair.total.issuer,
            pair.total.acquirer,
            pair.total.is_cross_city,
            pair.total.records,
            pair.total.delta_fen,
            pair.fee.fee_fen,
            pair.fee.issuer_fen,
            pair.fee.acquirer_fen,
            pair.fee.hub_fen,
            pair.total.adjusted_fen,
            pair.total.adjustments,
        )
        for pair in _netting_now(cursor, window_id, fee).pairs
    ]


def positions(cursor: Cursor, window_id: str, fee: FeeRules) -> list[PositionLine]:
    """The positions of a window in order of member; those with no business are left out."""
    if not _is_open(cursor, window_id):
        rows = cursor.execute(
            "SELECT member, debit_fen, credit_fen, net_fen FROM member_position"
            " WHERE window_id = %s ORDER BY member",
            (window_id,),
        )
        return [PositionLine(*row) for row in rows]
    return [
        PositionLine(item.member, item.debit_fen, item.credit_fen, item.net_fen)
        for item in _netting_now(cursor, window_id, fee).positions
    ]


def hub_moves_fen(cursor: Cursor, window_id: str) -> int:
    """What cases brought to the hub's own accounts in a window: escrow, pool and fees together."""
    is_open = _is_open(cursor, window_id)
    money = money_due(cursor, window_id) if is_open else money_of_window(cursor, window_id)
    gained = sum(item.amount_fen for item in money if item.creditor in HUB_ACCOUNTS)
    return gained - sum(item.amount_fen for item in money if item.debtor in HUB_ACCOUNTS)


def operator_revenue(cursor: Cursor, window_id: str, fee: FeeRules) -> list[OperatorLine]:
    """What each operator earned in a window, in order of (acquirer, operator)."""
    if not _is_open(cursor, window_id):
        rows = cursor.execute(
            "SELECT acquirer, operator, sum(share_fen)::bigint, sum(fee_fen)::bigint"
            " FROM operator_net WHERE window_id = %s GROUP BY 1, 2 ORDER BY 1, 2",
            (window_id,),
        )
        return [OperatorLine(*row) for row in rows]
    found: dict[tuple[str, str], list[int]] = {}
    for _, acquirer, operator, share_fen, fee_fen in operator_lines(
        _netting_now(cursor, window_id, fee)
    ):
        total = found.setdefault((acquirer, operator), [0, 0])
        total[0] += share_fen
        total[1] += fee_fen
    return [OperatorLine(*key, *total) for key, total in sorted(found.items())]


def verdict_counts(cursor: Cursor, window_id: str) -> list[VerdictCount]:
    """The answers on all rows that arrived in a window, by deciding code and status."""
    rows = cursor.execute(
        "SELECT code, status, sum(n)::bigint, sum(fen)::bigint FROM ("
        " SELECT split_part(codes, ' ', 1) AS code, r.status, count(*) AS n,"
        "  sum(delta_fen)::bigint AS fen FROM record r JOIN record_file f USING (sender, file_id)"
        "  WHERE f.window_id = %s GROUP BY 1, 2"
        " UNION ALL"
        " SELECT code, status, count(*), 0 FROM refused_row JOIN record_file f"
        "  USING (sender, file_id) WHERE f.window_id = %s GROUP BY 1, 2"
        ") AS answers GROUP BY 1, 2 ORDER BY 1, 2",
        (window_id, window_id),
    )
    return [VerdictCount(verdict_code(row[0]), *row[1:]) for row in rows]


def files(cursor: Cursor, window_id: str) -> list[FileLine]:
    """The record files of a window, in order of arrival."""
    rows = cursor.execute(
        "SELECT sender, file_id, number, received_s, window_id, rows, accepted, held, rejected,"
        " accepted_fen, manifest_sha256 FROM record_file WHERE window_id = %s"
        " ORDER BY received_s, sender, number",
        (window_id,),
    )
    return [FileLine(*row) for row in rows]


def record_life(cursor: Cursor, record_id: str, fee: FeeRules) -> RecordLife | Refusal:
    """Everything the hub knows of one record. Refuses with RECORD_UNKNOWN."""
    presentations = _presentations(cursor, record_id)
    if not presentations:
        return Refusal("RECORD_UNKNOWN", values={"record": record_id})
    row = cursor.execute(
        "SELECT r.body, r.window_id, w.state, b.body, before.whole FROM record r"
        " JOIN split_basis b USING (basis_id) LEFT JOIN clearing_window w USING (window_id)"
        " LEFT JOIN record before"
        "  ON before.record_id = r.trip_id || '.' || (r.revision - 1)::text"
        " WHERE r.record_id = %s",
        (record_id,),
    ).fetchone()
    if row is None:
        return RecordLife(record_id, None, presentations, None, None, None, (), None, ())
    record, window_id = _decode_record(row[0]), row[1]
    before = () if row[4] is None else _decode_shares(row[4])
    explanation = explain(record_id, record.charge_fen, _decode_basis(row[3]), before)
    parties = {record.issuer, record.acquirer, *(share.operator for share in explanation.shares)}
    return RecordLife(
        record_id=record_id,
        record=record,
        presentations=presentations,
        window_id=window_id,
        window_state=None if window_id is None else WindowState(row[2]),
        cell=_cell_of(matrix(cursor, window_id, fee) if window_id else (), record),
        payments=_payments_between(payments(cursor, window_id) if window_id else (), parties),
        explanation=explanation,
        revisions=_revisions(cursor, record.trip_id),
    )


def _is_open(cursor: Cursor, window_id: str) -> bool:
    row = cursor.execute(
        "SELECT state FROM clearing_window WHERE window_id = %s", (window_id,)
    ).fetchone()
    return row is None or row[0] == WindowState.OPEN.value


def _netting_now(cursor: Cursor, window_id: str, fee: FeeRules) -> Netting:
    members, money = load_members(cursor), money_due(cursor, window_id)
    free = free_records(cursor, [item.record_id for item in money])
    totals = netted.adjusted(pair_totals(cursor, window_id, members), money, members, free)
    return net(totals, fee, netted.moves(money), netted.recoveries(money))


def _presentations(cursor: Cursor, record_id: str) -> tuple[Presentation, ...]:
    rows = cursor.execute(
        "SELECT sender, file_id, row_no, received_s, status, codes, detail FROM ("
        " SELECT sender, file_id, row_no, status, codes, detail FROM record WHERE record_id = %s"
        " UNION ALL SELECT sender, file_id, row_no, status, codes, detail FROM refused_row"
        "  WHERE record_id = %s) AS answers JOIN record_file USING (sender, file_id)"
        " ORDER BY received_s, number, row_no",
        (record_id, record_id),
    )
    return tuple(
        Presentation(row[0], row[1], row[2], row[3], row[4], tuple(row[5].split()), row[6])
        for row in rows
    )


def _cell_of(cells: Iterable[Cell], record: Record) -> Cell | None:
    key = (record.issuer, record.acquirer)
    return next((cell for cell in cells if (cell.issuer, cell.acquirer) == key), None)


def _payments_between(lines: Iterable[PaymentLine], parties: set[str]) -> tuple[PaymentLine, ...]:
    known = parties | {HUB}
    return tuple(line for line in lines if {line.debtor, line.creditor} <= known)


def _revisions(cursor: Cursor, trip_id: str) -> tuple[str, ...]:
    rows = cursor.execute(
        "SELECT record_id FROM record WHERE record_id > %s AND record_id < %s ORDER BY revision",
        (f"{trip_id}.", f"{trip_id}/"),  # every name that is the trip's, a dot and a number
    )
    return tuple(str(row[0]) for row in rows)
