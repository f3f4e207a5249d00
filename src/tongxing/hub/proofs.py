"""The truths, held against the hub's live books. Each proof only reads, and shows its figures.

Sums are taken again from the records, the postings and the very documents that were handed out,
never from the figures that a closing wrote beside them.
"""

import csv
from collections import defaultdict
from io import StringIO
from typing import LiteralString

from tongxing.hub.books import POSITION_PREFIX, SETTLE_BANK
from tongxing.hub.closing import CSV
from tongxing.hub.instructions import HUB
from tongxing.hub.netting import ESCROW, FEE_INCOME, HUB_ACCOUNTS, POOL
from tongxing.hub.rulebook import Rulebook, load_rulebook
from tongxing.hub.signed_proofs import prove_signed
from tongxing.hub.store.connection import Cursor
from tongxing.hub.windows import window_of
from tongxing.kernel.proofs import Proof
from tongxing.ledger.store import entity_totals, orphaned_lines, unbalanced_postings

HOUSE = "hub"


def prove_hub(cursor: Cursor, rules: Rulebook | None = None) -> list[Proof]:
    """Every truth that the hub's books can show by themselves, in the order of DESIGN.md 5.

    `rules` are those the windows were made by; the project's own rulebook when not given.
    """
    lines = _statement_lines(cursor)
    return [
        _postings_balance(cursor),
        _each_record_one_window(cursor, rules or load_rulebook()),
        _net_is_zero(cursor),
        _statements_mirror(lines),
        _statements_are_books(cursor, lines),
        _settled_is_zero(cursor),
        _cases_end(cursor),
        _documents_unchanged(cursor),
        *prove_signed(cursor),
        _every_split_explained(cursor),
    ]


def _count(cursor: Cursor, query: LiteralString, *parameters: object) -> int:
    row = cursor.execute(query, parameters).fetchone()
    assert row is not None
    return int(row[0] or 0)


def _proof(truth: int, name: str, figures: dict[str, int], *must_be_zero: str) -> Proof:
    return Proof(truth, name, HOUSE, not any(figures[key] for key in must_be_zero), figures)


def _postings_balance(cursor: Cursor) -> Proof:
    figures = {
        "postings": _count(cursor, "SELECT count(*) FROM posting"),
        "unbalanced": unbalanced_postings(cursor),
        "orphaned_lines": orphaned_lines(cursor),
        "entities_off_zero": sum(1 for total in entity_totals(cursor).values() if total),
    }
    return _proof(
        1, "postings_balance", figures, "unbalanced", "orphaned_lines", "entities_off_zero"
    )


def _each_record_one_window(cursor: Cursor, rules: Rulebook) -> Proof:
    """An accepted record is in the window of its arrival, and a closed window counted all of its
    records once."""
    arrivals = cursor.execute(
        "SELECT window_id, admitted_s, count(*) FROM record WHERE status = 'accepted' GROUP BY 1, 2"
    ).fetchall()
    counted_otherwise = _count(
        cursor,
        "SELECT count(*) FROM clearing_window"
        " LEFT JOIN (SELECT window_id, count(*) AS n FROM record GROUP BY 1) AS seen"
        "  USING (window_id)"
        " LEFT JOIN (SELECT window_id, sum(records) AS n FROM pair_net GROUP BY 1) AS netted"
        "  USING (window_id)"
        " WHERE state <> 'open' AND coalesce(seen.n, 0) <> coalesce(netted.n, 0)",
    )
    figures = {
        "accepted": sum(int(count) for _, _, count in arrivals),
        "in_another_window": sum(
            int(count)
            for window_id, admitted_s, count in arrivals
            if window_of(int(admitted_s), rules) != window_id
        ),
        "windows_counted_otherwise": counted_otherwise,
    }
    return _proof(
        3, "each_record_one_window", figures, "in_another_window", "windows_counted_otherwise"
    )


def _net_is_zero(cursor: Cursor) -> Proof:
    """Positions less what the hub's own accounts got are zero in every window, and the matrix is
    what records and adjustments add up to."""
    not_zero = _count(
        cursor,
        "SELECT count(*) FROM clearing_window WHERE"
        " (SELECT coalesce(sum(net_fen), 0) FROM member_position AS p"
        "   WHERE p.window_id = clearing_window.window_id)"
        " <> (SELECT coalesce(sum(fee_hub_fen), 0) FROM pair_net AS n"
        "   WHERE n.window_id = clearing_window.window_id)"
        " + (SELECT coalesce(sum(CASE WHEN creditor = ANY(%s) THEN amount_fen ELSE 0 END"
        "   - CASE WHEN debtor = ANY(%s) THEN amount_fen ELSE 0 END), 0) FROM case_money AS m"
        "   WHERE m.window_id = clearing_window.window_id)",
        list(HUB_ACCOUNTS),
        list(HUB_ACCOUNTS),
    )
    off_records = _count(
        cursor,
        "SELECT count(*) FROM pair_net FULL JOIN"
        " (SELECT window_id, issuer, acquirer, sum(delta_fen) AS fen FROM record"
        "   JOIN clearing_window USING (window_id) WHERE state <> 'open' GROUP BY 1, 2, 3) AS seen"
        " USING (window_id, issuer, acquirer) FULL JOIN"
        " (SELECT m.window_id, issuer, acquirer, sum(CASE kind WHEN 'adjustment'"
        "   THEN -m.amount_fen ELSE m.amount_fen END) AS fen FROM case_money AS m"
        "   JOIN dispute_case USING (case_id) WHERE kind IN ('adjustment', 'presentment')"
        "   AND m.window_id IS NOT NULL GROUP BY 1, 2, 3) AS cases"
        " USING (window_id, issuer, acquirer)"
        " WHERE coalesce(delta_fen, 0) <> coalesce(seen.fen, 0) + coalesce(cases.fen, 0)"
        " OR coalesce(adjusted_fen, 0) <> coalesce(cases.fen, 0)",
    )
    figures = {
        "windows": _count(cursor, "SELECT count(*) FROM clearing_window WHERE state <> 'open'"),
        "positions_fen": _count(cursor, "SELECT sum(net_fen) FROM member_position"),
        "hub_fee_fen": _count(cursor, "SELECT sum(fee_hub_fen) FROM pair_net"),
        "windows_not_zero": not_zero,
        "pairs_off_their_records": off_records,
    }
    return _proof(4, "net_is_zero", figures, "windows_not_zero", "pairs_off_their_records")


_Lines = dict[tuple[str, str, str], int]


def _statement_lines(cursor: Cursor) -> _Lines:
    """Fen by (window, member, counterparty), read from the sheets that were handed out."""
    found: _Lines = defaultdict(int)
    for (content,) in cursor.execute("SELECT content FROM document WHERE kind = %s", (CSV,)):
        for row in csv.DictReader(StringIO(bytes(content).decode("utf-8"))):
            found[row["window"], row["member"], row["counterparty"]] += int(row["amount_fen"])
    return found


def _statements_mirror(lines: _Lines) -> Proof:
    """What A's statement says of B, B's says of A with the other sign. The hub has no statement:
    what all say of it is what it earned."""
    differing = [
        key
        for key in lines
        if key[2] != HUB and lines[key] + lines.get((key[0], key[2], key[1]), 0) != 0
    ]
    figures = {"lines": len(lines), "differing": len(differing)}
    return _proof(4, "statements_mirror", figures, "differing")


def _statements_are_books(cursor: Cursor, lines: _Lines) -> Proof:
    """Each statement's net is what the hub's books say of that member in that window."""
    nets: dict[tuple[str, str], int] = defaultdict(int)
    for (window_id, member, _), amount_fen in lines.items():
        nets[window_id, member] += amount_fen
    booked: dict[tuple[str, str], int] = {}
    for window_id, account, amount_fen in cursor.execute(
        "SELECT source, account, sum(amount_fen)::bigint FROM posting_line"
        " JOIN posting USING (posting_id) WHERE entity = %s AND starts_with(account, %s)"
        " AND kind IN ('net_trips', 'net_fee', 'net_move') GROUP BY 1, 2",
        (HUB, POSITION_PREFIX),
    ):
        booked[str(window_id), str(account).removeprefix(POSITION_PREFIX)] = -int(amount_fen)
    differing = [
        key for key in nets.keys() | booked.keys() if nets.get(key, 0) != booked.get(key, 0)
    ]
    figures = {"positions": len(booked), "differing": len(differing)}
    return _proof(4, "statements_are_books", figures, "differing")


def _settled_is_zero(cursor: Cursor) -> Proof:
    """A settled window leaves every position at zero and in the bank what the hub earned and what
    it keeps in escrow and has in the pool."""
    positions_left = _count(
        cursor,
        "SELECT count(*) FROM (SELECT 1 FROM posting_line JOIN posting USING (posting_id)"
        " JOIN clearing_window ON window_id = source WHERE state = 'settled' AND entity = %s"
        " AND starts_with(account, %s) GROUP BY source, account HAVING sum(amount_fen) <> 0) AS x",
        HUB,
        POSITION_PREFIX,
    )
    settled_sum: LiteralString = (
        "SELECT coalesce(sum(amount_fen), 0) FROM posting_line JOIN posting USING (posting_id)"
        " JOIN clearing_window ON window_id = source"
        " WHERE state = 'settled' AND entity = %s AND account = %s"
    )
    bank_fen = _count(cursor, settled_sum, HUB, SETTLE_BANK)
    earned_fen = -_count(cursor, settled_sum, HUB, FEE_INCOME)
    kept_fen = -sum(_count(cursor, settled_sum, HUB, account) for account in (ESCROW, POOL))
    figures = {
        "windows": _count(cursor, "SELECT count(*) FROM clearing_window WHERE state = 'settled'"),
        "positions_left": positions_left,
        "bank_fen": bank_fen,
        "earned_fen": earned_fen,
        "kept_fen": kept_fen,
        "difference_fen": bank_fen - earned_fen - kept_fen,
    }
    return _proof(4, "settled_is_zero", figures, "positions_left", "difference_fen")


def _cases_end(cursor: Cursor) -> Proof:
    """What is in escrow is what open cases say, netted or on its way; nobody's deadline is past in
    a closed window; what the pool pays, it gets back."""
    moved: LiteralString = (
        "SELECT coalesce(sum(CASE creditor WHEN %s THEN amount_fen ELSE 0 END"
        " - CASE debtor WHEN %s THEN amount_fen ELSE 0 END), 0) FROM case_money"
    )
    figures = {
        "cases": _count(cursor, "SELECT count(*) FROM dispute_case"),
        "open": _count(cursor, "SELECT count(*) FROM dispute_case WHERE ended_s IS NULL"),
        "escrow_fen": _count(cursor, "SELECT sum(escrow_fen) FROM dispute_case"),
        "escrow_off": _count(
            cursor,
            "SELECT count(*) FROM dispute_case AS c WHERE escrow_fen <>"
            " (SELECT coalesce(sum(CASE creditor WHEN %s THEN m.amount_fen ELSE 0 END"
            " - CASE debtor WHEN %s THEN m.amount_fen ELSE 0 END), 0) FROM case_money AS m"
            " WHERE m.case_id = c.case_id)",
            ESCROW,
            ESCROW,
        ),
        "overdue": _count(
            cursor,
            "SELECT count(*) FROM dispute_case WHERE due_s <"
            " (SELECT coalesce(max(cutoff_s), 0) FROM clearing_window WHERE state <> 'open')",
        ),
        "pool_off": _count(cursor, moved, POOL, POOL),
        "books_off": sum(
            _count(cursor, moved + " WHERE window_id IS NOT NULL", account, account)
            != -_count(
                cursor,
                "SELECT coalesce(sum(amount_fen), 0) FROM posting_line"
                " WHERE entity = %s AND account = %s",
                HUB,
                account,
            )
            for account in (ESCROW, POOL)
        ),
    }
    return _proof(4, "cases_end", figures, "escrow_off", "overdue", "pool_off", "books_off")


def _documents_unchanged(cursor: Cursor) -> Proof:
    """Everything that was handed out is still, byte for byte, what it was."""
    changed = _count(
        cursor,
        "SELECT (SELECT count(*) FROM document WHERE encode(sha256(content), 'hex') <> sha256)"
        " + (SELECT count(*) FROM instruction WHERE encode(sha256(content), 'hex') <> sha256)"
        " + (SELECT count(*) FROM record_file WHERE encode(sha256(data), 'hex') <> data_sha256"
        "    OR encode(sha256(manifest), 'hex') <> manifest_sha256)",
    )
    figures = {
        "documents": _count(cursor, "SELECT count(*) FROM document"),
        "instructions": _count(cursor, "SELECT count(*) FROM instruction"),
        "files": _count(cursor, "SELECT count(*) FROM record_file"),
        "changed": changed,
    }
    return _proof(6, "documents_unchanged", figures, "changed")


def _every_split_explained(cursor: Cursor) -> Proof:
    """Operators' shares add up to each record's part of the charge, and what they rest on is
    kept."""
    figures = {
        "records": _count(cursor, "SELECT count(*) FROM record"),
        "not_adding_up": _count(
            cursor,
            "SELECT count(*) FROM record WHERE delta_fen <>"
            " (SELECT coalesce(sum(fen), 0) FROM unnest(share_fen) AS fen)",
        ),
        "without_basis": _count(
            cursor,
            "SELECT count(*) FROM record LEFT JOIN split_basis USING (basis_id)"
            " WHERE split_basis.basis_id IS NULL",
        ),
    }
    return _proof(7, "every_split_explained", figures, "not_adding_up", "without_basis")
