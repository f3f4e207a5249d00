"""Cases in the database: opened, moved on, their steps kept for good, their money until netted.

Money waits under the window in which it falls due. A window takes what is due by then, all of it at
once; what a suspended member has to do with stays for a later one, the case's money together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import msgspec

from tongxing.hub.cases.by_hub import FORK, FORKED
from tongxing.hub.cases.ladder import About, Case
from tongxing.hub.cases.money import Money
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store.connection import Cursor
from tongxing.hub.windows import window_times
from tongxing.messages import CaseMoney, CaseNews, Evidence, Record, Share

_COLUMNS = ", ".join(field.name for field in fields(Case))
_decode_record = msgspec.json.Decoder(Record).decode
_decode_shares = msgspec.json.Decoder(tuple[Share, ...]).decode
_decode_evidence = msgspec.json.Decoder(list[Evidence]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Told:
    """What is written down of a step beside the case itself."""

    act: str
    done_by: str
    at_s: int
    window_id: str
    amount_fen: int = 0
    reason: str = ""
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


def find_case(cursor: Cursor, case_id: str) -> Case | None:
    """A case as it stands."""
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM dispute_case WHERE case_id = %s", (case_id,)
    ).fetchone()
    return None if row is None else Case(*row)


def cases_due(cursor: Cursor, before_s: int) -> list[Case]:
    """Open cases whose next deadline is over before a second, in order of deadline."""
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM dispute_case WHERE ended_s IS NULL AND due_s < %s"
        " ORDER BY due_s, case_id",
        (before_s,),
    )
    return [Case(*row) for row in rows]


def open_case_of(cursor: Cursor, trip_id: str) -> str:
    """The case about a trip that is still open; "" for none."""
    row = cursor.execute(
        "SELECT case_id FROM dispute_case WHERE trip_id = %s AND ended_s IS NULL", (trip_id,)
    ).fetchone()
    return "" if row is None else str(row[0])


def fork_about(cursor: Cursor, record_id: str) -> str | None:
    """The open case about a record because its purse forked."""
    row = cursor.execute(
        "SELECT case_id FROM dispute_case WHERE record_id = %s AND ended_s IS NULL AND stage = %s",
        (record_id, FORKED),
    ).fetchone()
    return None if row is None else str(row[0])


def is_fork(cursor: Cursor, case_id: str) -> bool:
    """Whether a case was opened because a purse forked."""
    row = cursor.execute(
        "SELECT act = %s FROM case_event WHERE case_id = %s AND number = 1", (FORK, case_id)
    ).fetchone()
    return row is not None and bool(row[0])


def next_case_id(cursor: Cursor, window_id: str) -> str:
    """The name of the next case of a window: ``C20260318-0001``."""
    row = cursor.execute(
        "SELECT count(*) FROM dispute_case WHERE starts_with(case_id, %s)",
        (f"C{window_id[1:]}-",),
    ).fetchone()
    assert row is not None
    return f"C{window_id[1:]}-{int(row[0]) + 1:04d}"


def is_record(cursor: Cursor, record_id: str) -> bool:
    """Whether a record stands, netted or not."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT FROM record WHERE record_id = %s)", (record_id,)
    ).fetchone()
    return row is not None and bool(row[0])


def about_record(
    cursor: Cursor,
    record_id: str,
    rules: Rulebook,
    case_id: str = "",
    *,
    is_netted: bool = True,
) -> About | None:
    """What a case about a record has to go by, the case itself left out; None for a record that
    is in no window, or (`is_netted`) in one that is still open."""
    row = cursor.execute(
        "SELECT r.window_id, r.issuer, r.acquirer, r.codes, r.body, r.trip_id"
        " FROM record r JOIN clearing_window USING (window_id)"
        " WHERE record_id = %s AND r.status = 'accepted' AND (state <> 'open' OR NOT %s)",
        (record_id, is_netted),
    ).fetchone()
    if row is None:
        return None
    record, trip_id = _decode_record(row[4]), str(row[5])
    accepted_fen, whole = _charge_of(cursor, trip_id)
    gone_fen, was_disputed = _earlier(cursor, trip_id, case_id)
    return About(
        record_id=record_id,
        trip_id=trip_id,
        issuer=row[1],
        acquirer=row[2],
        settled_on=window_times(row[0], rules).settles_on,
        codes=tuple(str(row[3]).split()),
        how=record.how,
        is_signed=bool(record.proofs or record.codes),
        left_fen=accepted_fen - gone_fen,
        whole=whole,
        was_disputed=was_disputed,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a record counts when a small claim about it is weighed."""

    codes: tuple[str, ...]
    how: str
    is_signed: bool


def shown_by(cursor: Cursor, record_id: str) -> Shown | None:
    """What a record shows; None for one that nobody knows."""
    row = cursor.execute(
        "SELECT codes, body FROM record WHERE record_id = %s", (record_id,)
    ).fetchone()
    if row is None:
        return None
    record = _decode_record(row[1])
    return Shown(tuple(str(row[0]).split()), record.how, bool(record.proofs or record.codes))


def _charge_of(cursor: Cursor, trip_id: str) -> tuple[int, tuple[Share, ...]]:
    """What was accepted of a trip, and the whole split of its last charge that was not nothing."""
    rows = cursor.execute(
        "SELECT delta_fen, whole FROM record WHERE trip_id = %s AND status = 'accepted'"
        " ORDER BY revision",
        (trip_id,),
    ).fetchall()
    splits = [_decode_shares(whole) for _, whole in rows]
    charged = [split for split in splits if any(share.share_fen > 0 for share in split)]
    return sum(int(delta) for delta, _ in rows), charged[-1] if charged else ()


def _earlier(cursor: Cursor, trip_id: str, case_id: str) -> tuple[int, bool]:
    """What other cases gave back of a trip (less what they added), and whether one disputed it."""
    row = cursor.execute(
        "SELECT coalesce(sum(to_issuer_fen), 0), coalesce(bool_or(disputed), false)"
        " FROM dispute_case WHERE trip_id = %s AND case_id <> %s",
        (trip_id, case_id),
    ).fetchone()
    assert row is not None
    return int(row[0]), bool(row[1])


def write_case(cursor: Cursor, case: Case, disputed: bool, turn: str, due_s: int | None) -> None:
    """Keep a case as it stands now."""
    values = (*astuple(case), disputed, turn, due_s)
    columns = f"{_COLUMNS}, disputed, turn, due_s"
    marks = ", ".join(["%s"] * len(values))
    names = [name for name in columns.split(", ") if name != "case_id"]
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name != "disputed")
    cursor.execute(
        f"INSERT INTO dispute_case ({columns}) VALUES ({marks}) ON CONFLICT (case_id) DO UPDATE"
        f" SET {changes}, disputed = dispute_case.disputed OR EXCLUDED.disputed",
        values,
    )


def write_event(cursor: Cursor, case: Case, told: Told, turn: str, due_s: int | None) -> None:
    """Write a step down for good."""
    cursor.execute(
        "INSERT INTO case_event SELECT %s, count(*) + 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s"
        " FROM case_event WHERE case_id = %s",
        (
            case.case_id,
            told.act,
            told.done_by,
            told.at_s,
            told.window_id,
            case.stage,
            turn,
            due_s,
            told.amount_fen,
            told.reason,
            told.note,
            _encode(told.evidence).decode(),
            case.case_id,
        ),
    )


def write_money(cursor: Cursor, case_id: str, moves: Iterable[tuple[Money, str]]) -> None:
    """Keep money of a case, each with the window in which it falls due."""
    for money, due_window in moves:
        cursor.execute(
            "INSERT INTO case_money SELECT %s, count(*) + 1, %s, %s, %s, %s, %s, %s, NULL, %s, %s"
            " FROM case_money WHERE case_id = %s",
            (
                case_id,
                money.kind,
                money.debtor,
                money.creditor,
                money.amount_fen,
                money.at_s,
                due_window,
                [share.operator for share in money.shares],
                [share.share_fen for share in money.shares],
                case_id,
            ),
        )


def take_money(cursor: Cursor, window_id: str) -> None:
    """Let a window take all money that is due by then, but that of cases of suspended members."""
    cursor.execute(
        "UPDATE case_money SET window_id = %s WHERE window_id IS NULL AND due_window <= %s"
        " AND NOT EXISTS (SELECT FROM dispute_case c JOIN member ON member_id IN (issuer, acquirer)"
        "  WHERE c.case_id = case_money.case_id AND suspended_s IS NOT NULL)",
        (window_id, window_id),
    )


_MONEY = (
    "SELECT case_id, number, kind, record_id, issuer, acquirer, debtor, creditor,"
    " case_money.amount_fen, operators, share_fen FROM case_money JOIN dispute_case USING (case_id)"
)


def money_of_window(cursor: Cursor, window_id: str) -> list[CaseMoney]:
    """The money of cases that a window netted, in order of case."""
    rows = cursor.execute(
        f"{_MONEY} WHERE case_money.window_id = %s ORDER BY case_id, number", (window_id,)
    )
    return [_case_money(row) for row in rows]


def money_due(cursor: Cursor, window_id: str) -> list[CaseMoney]:
    """The money that a window would take if it closed as things stand."""
    rows = cursor.execute(
        f"{_MONEY} WHERE case_money.window_id IS NULL AND due_window <= %s"
        " AND NOT EXISTS (SELECT FROM member WHERE member_id IN (issuer, acquirer)"
        "  AND suspended_s IS NOT NULL) ORDER BY case_id, number",
        (window_id,),
    )
    return [_case_money(row) for row in rows]


def _case_money(row: tuple[Any, ...]) -> CaseMoney:
    shares = [Share(name, int(fen)) for name, fen in zip(row[9], row[10], strict=True)]
    return CaseMoney(
        case_id=row[0],
        number=row[1],
        kind=row[2],
        record_id=row[3],
        issuer=row[4],
        acquirer=row[5],
        debtor=row[6],
        creditor=row[7],
        amount_fen=row[8],
        shares=shares,
    )


def news_of_window(cursor: Cursor, window_id: str) -> list[tuple[CaseNews, str, str]]:
    """The steps that a window tells, each with its case's issuer and acquirer, in order of case."""
    rows = cursor.execute(
        "SELECT e.case_id, e.number, record_id, e.act, e.done_by, e.at_s, e.stage, e.turn,"
        " coalesce(e.due_s, 0), e.amount_fen, e.reason, e.note, e.evidence, issuer, acquirer"
        " FROM case_event e JOIN dispute_case USING (case_id) WHERE e.window_id = %s"
        " ORDER BY e.case_id, e.number",
        (window_id,),
    )
    return [(news_of(row[:13]), row[13], row[14]) for row in rows]


def news_of(row: Sequence[Any]) -> CaseNews:
    """A step from its columns, in the order of `CaseNews`."""
    return CaseNews(
        case_id=row[0],
        number=row[1],
        record_id=row[2],
        act=row[3],
        by=row[4],
        at_s=row[5],
        stage=row[6],
        turn=row[7],
        deadline_s=row[8],
        amount_fen=row[9],
        reason=row[10],
        note=row[11],
        evidence=_decode_evidence(row[12]),
    )


def find_case_file(cursor: Cursor, sender: str, file_id: str) -> tuple[str, bytes] | None:
    """The SHA-256 of a case file that came before, and its answer."""
    row = cursor.execute(
        "SELECT sha256, answer FROM case_file WHERE sender = %s AND file_id = %s",
        (sender, file_id),
    ).fetchone()
    return None if row is None else (str(row[0]), bytes(row[1]))


def write_case_file(
    cursor: Cursor,
    sender: str,
    file_id: str,
    sha256: str,
    received_s: int,
    message: bytes,
    answer: bytes,
) -> None:
    """Keep a case file with its answer."""
    cursor.execute(
        "INSERT INTO case_file VALUES (%s, %s, %s, %s, %s, %s)",
        (sender, file_id, sha256, received_s, message, answer),
    )
