"""Writing postings in bulk and reading balances as folds over their lines.

A batch of postings costs a fixed number of statements, however many lines it has.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from tongxing.ledger.postings import Posting, unbalanced_entities

Cursor = psycopg.Cursor[tuple[Any, ...]]

MIGRATIONS = "tongxing.ledger.store.migrations"


def write_postings(cursor: Cursor, postings: Sequence[Posting]) -> None:
    """Add the postings; the caller's transaction makes them durable.

    Lines of amount zero are left out, and a posting with none left is not written. Raises
    ValueError for a posting that does not balance within an entity, and
    psycopg.errors.UniqueViolation for an id that is in the books already: the caller decides what
    is new before it posts.
    """
    for posting in postings:
        left_over = unbalanced_entities(posting)
        if left_over:
            raise ValueError(f"posting {posting.posting_id} does not balance: {left_over}")
    kept = [posting for posting in postings if any(line.amount_fen for line in posting.lines)]
    if not kept:
        return
    with cursor.copy(
        "COPY posting (posting_id, kind, occurred_s, booked_on, source) FROM STDIN"
    ) as copy:
        for posting in kept:
            copy.write_row(posting[:5])
    with cursor.copy(
        "COPY posting_line (posting_id, line, entity, account, amount_fen) FROM STDIN"
    ) as copy:
        for posting in kept:
            for number, line in enumerate(posting.lines):
                if line.amount_fen:
                    copy.write_row((posting.posting_id, number, *line))


def balance(cursor: Cursor, entity: str, account: str) -> int:
    """An account's balance in fen, debit positive; 0 for an account nobody used."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen), 0)::bigint FROM posting_line"
        " WHERE entity = %s AND account = %s",
        (entity, account),
    ).fetchone()
    assert row is not None
    return int(row[0])


def account_balances(cursor: Cursor, entity: str, prefix: str = "") -> dict[str, int]:
    """Balances of an entity's accounts whose name starts with `prefix`, zeros left out."""
    rows: Iterable[tuple[str, int]] = cursor.execute(
        "SELECT account, sum(amount_fen)::bigint FROM posting_line"
        " WHERE entity = %s AND starts_with(account, %s)"
        " GROUP BY account HAVING sum(amount_fen) <> 0 ORDER BY account",
        (entity, prefix),
    )
    return {account: int(amount) for account, amount in rows}


def entity_totals(cursor: Cursor) -> dict[str, int]:
    """The sum of all lines per entity; each must be zero."""
    rows: Iterable[tuple[str, int]] = cursor.execute(
        "SELECT entity, sum(amount_fen)::bigint FROM posting_line GROUP BY entity ORDER BY entity"
    )
    return {entity: int(total) for entity, total in rows}


def unbalanced_postings(cursor: Cursor) -> int:
    """How many postings do not add up to zero within each entity; 0 in sound books."""
    row = cursor.execute(
        "SELECT count(*) FROM (SELECT 1 FROM posting_line GROUP BY posting_id, entity"
        " HAVING sum(amount_fen) <> 0) AS broken"
    ).fetchone()
    assert row is not None
    return int(row[0])


def orphaned_lines(cursor: Cursor) -> int:
    """How many lines have no posting; 0 in sound books."""
    row = cursor.execute(
        "SELECT count(*) FROM posting_line LEFT JOIN posting USING (posting_id)"
        " WHERE posting.posting_id IS NULL"
    ).fetchone()
    assert row is not None
    return int(row[0])
