"""The bank's lines and the breaks in the database."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import LiteralString, NamedTuple

from tongxing.hub.iso20022.bank_statements import BankLine, BankStatement
from tongxing.hub.matching import Break, Same
from tongxing.hub.settlement import Payment
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.payments import PAYMENT, payment_of


class KeptBreak(NamedTuple):
    """A break as it is kept; the last three are None while it is open."""

    break_no: int
    kind: str
    reference: str
    amount_fen: int
    found_s: int
    ended_s: int | None
    ended_by: str | None
    ending: str | None


_HAS_LINE: LiteralString = (
    "EXISTS (SELECT FROM bank_line WHERE matched AND return_reason = '' AND same_as IS NULL"
    " AND end_to_end_id = instruction_id)"
)
_CAME_BACK: LiteralString = (
    "EXISTS (SELECT FROM payment_return r WHERE r.instruction_id = i.instruction_id)"
)
_LINE: LiteralString = (
    "bank_reference, end_to_end_id, amount_fen, return_reason, is_told, original_fen"
)
_BREAK = "break_no, kind, reference, amount_fen, found_s, ended_s, ended_by, ending"


def statement_sha256(cursor: Cursor, statement_id: str) -> str | None:
    """The hash of a statement that was taken; None for one that was not."""
    row = cursor.execute(
        "SELECT sha256 FROM bank_statement WHERE statement_id = %s", (statement_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def write_statement(cursor: Cursor, taken: BankStatement, sha256: str, now_s: int) -> None:
    """Keep a statement's head."""
    cursor.execute(
        "INSERT INTO bank_statement VALUES (%s, %s, %s, %s, %s, %s)",
        (taken.statement_id, taken.message, taken.until_s, taken.closing_fen, sha256, now_s),
    )


def known_lines(cursor: Cursor, references: Iterable[str]) -> dict[str, BankLine]:
    """Those of these lines that are kept already."""
    rows = cursor.execute(
        f"SELECT {_LINE} FROM bank_line WHERE bank_reference = ANY(%s)",
        (list(references),),
    )
    return {str(row[0]): BankLine(*row) for row in rows}


def write_lines(cursor: Cursor, statement_id: str, lines: Iterable[BankLine]) -> None:
    """Keep lines that are new."""
    cursor.executemany(
        f"INSERT INTO bank_line ({_LINE}, statement_id) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [(*astuple(one), statement_id) for one in lines],
    )


def unmatched_lines(cursor: Cursor) -> list[BankLine]:
    """Lines that belong to no payment yet, in order of reference."""
    rows = cursor.execute(
        f"SELECT {_LINE} FROM bank_line WHERE NOT matched ORDER BY bank_reference"
    )
    return [BankLine(*row) for row in rows]


def lines_without_twin(cursor: Cursor, named: Iterable[str]) -> list[BankLine]:
    """Lines of these payments of which not both tellings have come, those that fit before others,
    then in order of reference."""
    rows = cursor.execute(
        f"SELECT {_LINE} FROM bank_line WHERE same_as IS NULL AND end_to_end_id = ANY(%s)"
        " ORDER BY matched DESC, bank_reference",
        (list(named),),
    )
    return [BankLine(*row) for row in rows]


def set_same(cursor: Cursor, one: Same) -> None:
    """Note that a told return and a line of the account are one movement."""
    cursor.execute(
        "UPDATE bank_line SET matched = matched OR bank_reference = %(silent)s,"
        " same_as = CASE bank_reference WHEN %(told)s THEN %(line)s ELSE %(told)s END"
        " WHERE bank_reference IN (%(told)s, %(line)s)",
        one._asdict(),
    )


def returns_not_seen(cursor: Cursor) -> list[Break]:
    """Returns that were told before the bank told of every line, and that have no line."""
    rows = cursor.execute(
        "SELECT bank_reference, -amount_fen FROM bank_line JOIN bank_statement s"
        " USING (statement_id) WHERE is_told AND same_as IS NULL"
        " AND s.taken_s < (SELECT max(until_s) FROM bank_statement) ORDER BY bank_reference"
    )
    return [Break("return_missing", str(row[0]), int(row[1])) for row in rows]


def debtors_of(cursor: Cursor, named: Iterable[str]) -> frozenset[str]:
    """Those of these payments that a member makes to the hub."""
    rows = cursor.execute(
        "SELECT instruction_id FROM instruction WHERE phase = 1 AND instruction_id = ANY(%s)",
        (list(named),),
    )
    return frozenset(str(row[0]) for row in rows)


def set_matched(cursor: Cursor, references: Iterable[str]) -> None:
    """Note that these lines are their payments'."""
    cursor.execute(
        "UPDATE bank_line SET matched = true WHERE bank_reference = ANY(%s)", (list(references),)
    )


def told_until(cursor: Cursor) -> int:
    """Up to when whole statements told of every line; 0 without any."""
    row = cursor.execute("SELECT coalesce(max(until_s), 0) FROM bank_statement").fetchone()
    assert row is not None
    return int(row[0])


def payments_to_match(
    cursor: Cursor, named: Iterable[str]
) -> tuple[list[Payment], frozenset[str], dict[str, int]]:
    """The payments of these names and those that were paid and have no line; which of them have
    their line; and when each was reported."""
    rows = cursor.execute(
        f"SELECT {PAYMENT}, reported_s, {_HAS_LINE} AS has_line FROM instruction i"
        f" WHERE phase <> 3 AND (instruction_id = ANY(%s) OR ((state = 'settled' OR {_CAME_BACK})"
        f" AND NOT {_HAS_LINE})) ORDER BY instruction_id",
        (list(named),),
    ).fetchall()
    taken = frozenset(str(row[0]) for row in rows if row[-1])
    reported_s = {str(row[0]): int(row[-2]) for row in rows if row[-2] is not None}
    return [payment_of(row) for row in rows], taken, reported_s


def load_breaks(cursor: Cursor, *, only_open: bool = False) -> list[KeptBreak]:
    """All breaks, or those that are open, oldest first."""
    where = " WHERE ended_s IS NULL" if only_open else ""
    return [
        KeptBreak(*row)
        for row in cursor.execute(f"SELECT {_BREAK} FROM bank_break{where} ORDER BY break_no")
    ]


def ended_by_people(cursor: Cursor) -> Mapping[tuple[str, str], str]:
    """What people decided of breaks, by kind and reference: these do not open again."""
    rows = cursor.execute(
        "SELECT kind, reference, ending FROM bank_break WHERE ending NOT IN ('explained')"
    )
    return {(str(row[0]), str(row[1])): str(row[2]) for row in rows}


def open_break(cursor: Cursor, found: Break, now_s: int) -> int:
    """Note a break; its number."""
    row = cursor.execute(
        "INSERT INTO bank_break (kind, reference, amount_fen, found_s) VALUES (%s, %s, %s, %s)"
        " RETURNING break_no",
        (*found, now_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def end_break(cursor: Cursor, break_no: int, ending: str, by: str, now_s: int) -> None:
    """Note how a break ended."""
    cursor.execute(
        "UPDATE bank_break SET ended_s = %s, ended_by = %s, ending = %s"
        " WHERE break_no = %s AND ended_s IS NULL",
        (now_s, by, ending, break_no),
    )
