"""The settlement day in the database: deliveries and their stamps, and the steps that are done."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tongxing.hub.settlement import PaymentState
from tongxing.hub.store.connection import Cursor

WAITS, TAKEN = "", "OK"
"""The codes of a delivery that nobody has judged yet, and of one that was taken."""


class Arrival(NamedTuple):
    """A record file that was whole in the inbox at `received_s`; `code` is why it was refused."""

    manifest_sha256: str
    data_sha256: str
    name: str
    received_s: int
    code: str = WAITS


class BankReport(NamedTuple):
    """A report of the bank that was there at `received_s`; `code` as for an arrival."""

    sha256: str
    name: str
    received_s: int
    code: str = WAITS


@dataclass(frozen=True, slots=True)
class DoneStep:
    """A step that is done: when, by whom, and what it came to."""

    step: str
    done_s: int
    done_by: str
    figures: Mapping[str, int]


def open_day(cursor: Cursor, window_id: str, opened_s: int) -> None:
    """Make sure that a day is there to be worked."""
    cursor.execute(
        "INSERT INTO settlement_day VALUES (%s, %s) ON CONFLICT DO NOTHING", (window_id, opened_s)
    )


def last_day(cursor: Cursor) -> str | None:
    """The newest day that was opened."""
    row = cursor.execute("SELECT max(window_id) FROM settlement_day").fetchone()
    return None if row is None or row[0] is None else str(row[0])


def first_open_window(cursor: Cursor) -> str | None:
    """The oldest window that still takes files; None when there is none."""
    row = cursor.execute(
        "SELECT min(window_id) FROM clearing_window WHERE state = 'open'"
    ).fetchone()
    return None if row is None or row[0] is None else str(row[0])


def days_without(cursor: Cursor, step: str) -> list[str]:
    """The days for which a step is still to be done, oldest first."""
    rows = cursor.execute(
        "SELECT window_id FROM settlement_day d WHERE NOT EXISTS (SELECT FROM day_step s"
        " WHERE s.window_id = d.window_id AND step = %s) ORDER BY window_id",
        (step,),
    )
    return [str(window_id) for (window_id,) in rows]


def is_day(cursor: Cursor, window_id: str) -> bool:
    """Whether a day was opened."""
    row = cursor.execute(
        "SELECT count(*) FROM settlement_day WHERE window_id = %s", (window_id,)
    ).fetchone()
    return row is not None and row[0] == 1


def steps_done(cursor: Cursor, window_id: str) -> dict[str, DoneStep]:
    """The steps of a day that are done, by name."""
    rows = cursor.execute(
        "SELECT step, done_s, done_by, figures FROM day_step WHERE window_id = %s", (window_id,)
    )
    return {
        str(step): DoneStep(str(step), int(done_s), str(done_by), json.loads(figures))
        for step, done_s, done_by, figures in rows
    }


def write_step(
    cursor: Cursor, window_id: str, step: str, done_s: int, done_by: str, figures: Mapping[str, int]
) -> None:
    """Write down that a step is done; the first word stands."""
    cursor.execute(
        "INSERT INTO day_step VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (window_id, step, done_s, done_by, json.dumps(figures, sort_keys=True)),
    )


def write_arrivals(cursor: Cursor, arrivals: Iterable[Arrival]) -> None:
    """Stamp deliveries that were seen whole; the first stamp of a second stands."""
    cursor.executemany(
        "INSERT INTO arrival VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING", list(arrivals)
    )


def waiting_arrivals(cursor: Cursor) -> list[Arrival]:
    """The deliveries that are not judged yet, in the order in which they are."""
    rows = cursor.execute(
        "SELECT manifest_sha256, data_sha256, name, received_s, code FROM arrival WHERE code = ''"
        " ORDER BY received_s, name"
    )
    return [Arrival(*row) for row in rows]


def arrivals_between(cursor: Cursor, from_s: int, until_s: int) -> list[Arrival]:
    """The deliveries stamped from one second until before another."""
    rows = cursor.execute(
        "SELECT manifest_sha256, data_sha256, name, received_s, code FROM arrival"
        " WHERE received_s >= %s AND received_s < %s ORDER BY received_s, name",
        (from_s, until_s),
    )
    return [Arrival(*row) for row in rows]


def last_arrival_s(cursor: Cursor) -> int:
    """The second of the newest delivery that the books know; 0 before the first."""
    row = cursor.execute("SELECT coalesce(max(received_s), 0) FROM arrival").fetchone()
    return 0 if row is None else int(row[0])


def judge_arrival(cursor: Cursor, arrival: Arrival, code: str) -> None:
    """Write down what became of a delivery."""
    cursor.execute(
        "UPDATE arrival SET code = %s WHERE manifest_sha256 = %s AND received_s = %s",
        (code, arrival.manifest_sha256, arrival.received_s),
    )


def write_reports(cursor: Cursor, reports: Iterable[BankReport]) -> None:
    """Stamp reports of the bank; the first stamp of a second stands."""
    cursor.executemany(
        "INSERT INTO bank_report VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", list(reports)
    )


def waiting_reports(cursor: Cursor) -> list[BankReport]:
    """The reports that are not judged yet, in the order in which they are."""
    rows = cursor.execute(
        "SELECT sha256, name, received_s, code FROM bank_report WHERE code = ''"
        " ORDER BY received_s, name"
    )
    return [BankReport(*row) for row in rows]


def judge_report(cursor: Cursor, report: BankReport, code: str) -> None:
    """Write down what became of a report."""
    cursor.execute(
        "UPDATE bank_report SET code = %s WHERE sha256 = %s AND received_s = %s",
        (code, report.sha256, report.received_s),
    )


def is_booked(
    cursor: Cursor, instruction_id: str, state: PaymentState, received_s: int, reference: str
) -> bool:
    """Whether a payment has its state from exactly this report, taken at this second."""
    row = cursor.execute(
        "SELECT state, reported_s, bank_reference FROM instruction WHERE instruction_id = %s",
        (instruction_id,),
    ).fetchone()
    return row is not None and row == (state.value, received_s, reference)


def admitted(cursor: Cursor, window_id: str) -> dict[str, int]:
    """What came into a window: files, rows, and what became of the rows when they came; what was
    carried for a suspended member is not on hold, for nobody decides about it."""
    row = cursor.execute(
        "SELECT count(*), coalesce(sum(rows), 0), coalesce(sum(accepted), 0),"
        " coalesce(sum(held - carried), 0), coalesce(sum(carried), 0), coalesce(sum(rejected), 0)"
        " FROM record_file WHERE window_id = %s",
        (window_id,),
    ).fetchone()
    assert row is not None
    names = ("files", "rows", "accepted", "held", "carried", "rejected")
    return {name: int(value) for name, value in zip(names, row, strict=True)}


def verdict_files(cursor: Cursor, window_id: str) -> list[tuple[str, str, bytes]]:
    """Sender, file id and sealed answer of every file of a window."""
    rows = cursor.execute(
        "SELECT sender, file_id, verdicts FROM record_file WHERE window_id = %s"
        " ORDER BY sender, number",
        (window_id,),
    )
    return [(str(row[0]), str(row[1]), bytes(row[2])) for row in rows]


def ended_at(cursor: Cursor, event: str, at_s: int) -> int:
    """How many records ended by an event at a second."""
    row = cursor.execute(
        "SELECT (SELECT count(*) FROM record_event WHERE event = %(event)s AND at_s = %(at)s)"
        " + (SELECT count(*) FROM twin_event WHERE event = %(event)s AND at_s = %(at)s)",
        {"event": event, "at": at_s},
    ).fetchone()
    assert row is not None
    return int(row[0])
