"""Lost media: reports, what the issuer bears of them, and what was found in their purses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from tongxing.city.store.cursor import Cursor

NEVER_S = 2**62
"""Later than any tap."""

_REPORTS: LiteralString = (
    "SELECT report_id, account, medium_no, purse_rider, reported_s, effective_s, money_s, lifted_s,"
    " found_s, amount_fen, (SELECT coalesce(sum(loss_borne.amount_fen), 0)::bigint FROM loss_borne"
    " WHERE loss_borne.report_id = loss_report.report_id) FROM loss_report"
    " LEFT JOIN loss_lifted USING (report_id)"
    " LEFT JOIN (SELECT report_id, found_s, amount_fen FROM loss_found) AS found USING (report_id)"
)
_SPANS: LiteralString = (
    "WITH span AS (SELECT report_id, medium_no, account, purse_rider, effective_s,"
    " coalesce(lifted_s, %(never)s) AS until_s FROM loss_report"
    " LEFT JOIN loss_lifted USING (report_id)"
    " WHERE account = ANY(%(riders)s) OR purse_rider = ANY(%(riders)s)),"
)
_DUE: LiteralString = (
    _SPANS + " home AS (SELECT DISTINCT ON (trip_id) trip_id AS trip_key, report_id, rider_id,"
    " charge_fen, entered_s FROM span JOIN trip ON rider_id IN (account, purse_rider)"
    " AND entered_s >= effective_s AND entered_s < until_s WHERE how <> 'void' AND EXISTS"
    " (SELECT 1 FROM trip_tap JOIN tap USING (terminal_id, epoch, seq)"
    " WHERE trip_tap.trip_id = trip.trip_id AND trip_tap.revision = trip.revision"
    " AND tap.time_s >= effective_s AND tap.time_s < until_s"
    " AND tap.body::json ->> 'medium_no' = span.medium_no) ORDER BY trip_id, report_id),"
    " away AS (SELECT city || '|' || (record::json ->> 'trip_id') AS trip_key,"
    " min(report_id) AS report_id, min(CASE WHEN purse_rider <> '' AND"
    " record::json ->> 'funding' = 'purse' THEN purse_rider ELSE account END) AS rider_id,"
    " sum(delta_fen)::bigint AS charge_fen,"
    " min((record::json ->> 'entered_s')::bigint) AS entered_s FROM span"
    " JOIN issuer_record USING (medium_no)"
    " WHERE (record::json ->> 'entered_s')::bigint >= effective_s"
    " AND (record::json ->> 'entered_s')::bigint < until_s GROUP BY 1),"
    " wanted AS (SELECT * FROM home UNION ALL SELECT * FROM away),"
    " borne AS (SELECT trip_key, max(report_id) AS report_id, max(rider_id) AS rider_id,"
    " sum(amount_fen)::bigint AS total, max(number) AS number FROM loss_borne WHERE rider_id IN"
    " (SELECT account FROM span UNION SELECT purse_rider FROM span) GROUP BY trip_key)"
    " SELECT trip_key, coalesce(number, 0) + 1, rider.rider_id, liability,"
    " coalesce(wanted.report_id, borne.report_id), coalesce(charge_fen, 0) - coalesce(total, 0),"
    " coalesce(entered_s, (SELECT effective_s FROM loss_report"
    " WHERE loss_report.report_id = borne.report_id))"
    " FROM wanted FULL JOIN borne USING (trip_key)"
    " JOIN rider ON rider.rider_id = coalesce(wanted.rider_id, borne.rider_id)"
    " WHERE coalesce(charge_fen, 0) <> coalesce(total, 0) ORDER BY trip_key"
)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One loss report and what became of it. `purse_rider` is "" where the medium has no purse of
    its own; `lifted_s` and `found_s` are None until it was."""

    report_id: str
    account: str
    medium_no: str
    purse_rider: str
    reported_s: int
    effective_s: int
    money_s: int
    lifted_s: int | None = None
    found_s: int | None = None
    found_fen: int | None = None
    borne_fen: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of what is borne for a trip: above zero the issuer bears more, below zero less.
    `occurred_s` is when the trip began, or the loss took effect where there is no trip any more."""

    trip_key: str
    number: int
    rider_id: str
    liability: str
    report_id: str
    amount_fen: int
    occurred_s: int


@dataclass(frozen=True, slots=True)
class FoundMoney:
    """What a lost card's own purse still has, and the account it goes to."""

    report_id: str
    purse_rider: str
    purse_liability: str
    account: str
    account_liability: str
    amount_fen: int


def due_steps(cursor: Cursor, rider_ids: Sequence[str]) -> list[Step]:
    """What must be booked so that the issuer bears what it has to for these riders' lost media."""
    asked = {"riders": list(rider_ids), "never": NEVER_S}
    lost = cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM loss_report WHERE account = ANY(%(riders)s)"
        " OR (purse_rider <> '' AND purse_rider = ANY(%(riders)s)))",
        asked,
    ).fetchone()
    if lost is None or not lost[0]:
        return []
    return [Step(*row) for row in cursor.execute(_DUE, asked)]


def write_steps(cursor: Cursor, steps: Sequence[Step]) -> None:
    """Note the steps; the caller posts them in the same transaction."""
    cursor.executemany(
        "INSERT INTO loss_borne (trip_key, number, rider_id, report_id, amount_fen)"
        " VALUES (%s, %s, %s, %s, %s)",
        [
            (step.trip_key, step.number, step.rider_id, step.report_id, step.amount_fen)
            for step in steps
        ],
    )


def purse_rider_of(cursor: Cursor, medium_no: str) -> str:
    """Whose is what is left in the own purse of an account's card; "" where it has none."""
    row = cursor.execute(
        "SELECT purse_rider FROM medium WHERE medium_no = %s",
        (medium_no,),
    ).fetchone()
    return "" if row is None else str(row[0])


def purse_fen(cursor: Cursor, purse_rider: str) -> int:
    """What such a purse has by now; 0 for ""."""
    row = cursor.execute(
        "SELECT greatest(balance_fen, 0) FROM rider WHERE rider_id = %s", (purse_rider,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def write_report(cursor: Cursor, row: ReportRow) -> None:
    """Keep a loss report."""
    cursor.execute(
        "INSERT INTO loss_report VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (row.report_id, row.account, row.medium_no, row.purse_rider, row.reported_s,
         row.effective_s, row.money_s),
    )  # fmt: skip


def find_report(cursor: Cursor, report_id: str) -> ReportRow | None:
    """A loss report with what became of it."""
    found = _reports(cursor, " WHERE report_id = %s", report_id)
    return found[0] if found else None


def standing_report(cursor: Cursor, medium_no: str) -> ReportRow | None:
    """The report by which a medium is lost now; None when it is not, or was found again."""
    found = _reports(cursor, " WHERE medium_no = %s AND lifted_s IS NULL", medium_no)
    return found[0] if found else None


def reports_of(cursor: Cursor, account: str) -> list[ReportRow]:
    """All loss reports of an account, newest first."""
    return _reports(cursor, " WHERE account = %s", account)


def find_lift(cursor: Cursor, request_id: str) -> str | None:
    """The report that a request took back."""
    row = cursor.execute(
        "SELECT report_id FROM loss_lifted WHERE request_id = %s", (request_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def write_lift(cursor: Cursor, report_id: str, request_id: str, lifted_s: int) -> None:
    """Note that a medium was found again."""
    cursor.execute("INSERT INTO loss_lifted VALUES (%s, %s, %s)", (report_id, request_id, lifted_s))


def undeny(cursor: Cursor, medium_no: str, reason: str) -> None:
    """Take a medium off the deny list, if it stands there for this reason."""
    cursor.execute(
        "UPDATE medium SET denied = '' WHERE medium_no = %s AND denied = %s", (medium_no, reason)
    )


def money_due(cursor: Cursor, now_s: int) -> list[FoundMoney]:
    """What waited long enough in lost cards' own purses, with purses that have nothing."""
    rows = cursor.execute(
        "SELECT report_id, purse_rider, purse.liability, account, owner.liability,"
        " greatest(purse.balance_fen, 0) FROM loss_report LEFT JOIN loss_lifted USING (report_id)"
        " JOIN rider AS purse ON purse.rider_id = purse_rider"
        " JOIN rider AS owner ON owner.rider_id = account"
        " WHERE money_s <= %s AND lifted_s IS NULL AND NOT EXISTS (SELECT 1 FROM loss_found"
        " WHERE loss_found.purse_rider = loss_report.purse_rider)"
        " ORDER BY report_id",
        (now_s,),
    )
    return [FoundMoney(*row) for row in rows]


def write_found(cursor: Cursor, found: Sequence[FoundMoney], found_s: int) -> None:
    """Note what went to the accounts; the caller posts it in the same transaction."""
    cursor.executemany(
        "INSERT INTO loss_found VALUES (%s, %s, %s, %s, %s)",
        [(one.report_id, one.purse_rider, one.account, one.amount_fen, found_s) for one in found],
    )


def _reports(cursor: Cursor, where: LiteralString, value: str) -> list[ReportRow]:
    rows = cursor.execute(_REPORTS + where + " ORDER BY reported_s DESC, report_id", (value,))
    return [ReportRow(*row) for row in rows]
