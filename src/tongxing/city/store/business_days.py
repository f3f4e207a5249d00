"""The business day as it is worked, in the database: days, and the steps that are done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import business_day_end

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DoneStep:
    """A step that is done: when, by whom, and what it came to."""

    step: str
    done_s: int
    done_by: str
    figures: Figures


class Files(NamedTuple):
    """A range of record files by number: those above `after`, up to and with `until`."""

    after: int
    until: int


def open_day(cursor: Cursor, day: date, opened_s: int) -> None:
    """Make sure that a day is there to be worked."""
    cursor.execute(
        "INSERT INTO business_day VALUES (%s, %s) ON CONFLICT DO NOTHING", (day, opened_s)
    )


def last_day(cursor: Cursor) -> date | None:
    """The newest day that was opened; before the first, the newest that was closed."""
    row = cursor.execute(
        "SELECT coalesce((SELECT max(business_date) FROM business_day),"
        " (SELECT max(business_date) FROM day_close))"
    ).fetchone()
    assert row is not None
    found: date | None = row[0]
    return found


def first_tap_day(cursor: Cursor) -> date | None:
    """The business day of the oldest tap that counts; None when none came."""
    row = cursor.execute("SELECT min(business_date) FROM tap WHERE set_aside = ''").fetchone()
    assert row is not None
    found: date | None = row[0]
    return found


def days_without(cursor: Cursor, step: str) -> list[date]:
    """The days for which a step is still to be done, oldest first."""
    rows = cursor.execute(
        "SELECT business_date FROM business_day d WHERE NOT EXISTS (SELECT FROM business_day_step s"
        " WHERE s.business_date = d.business_date AND step = %s) ORDER BY business_date",
        (step,),
    )
    return [day for (day,) in rows]


def is_day(cursor: Cursor, day: date) -> bool:
    """Whether a day was opened."""
    row = cursor.execute(
        "SELECT count(*) FROM business_day WHERE business_date = %s", (day,)
    ).fetchone()
    return row is not None and row[0] == 1


def steps_done(cursor: Cursor, day: date) -> dict[str, DoneStep]:
    """The steps of a day that are done, by name."""
    rows = cursor.execute(
        "SELECT step, done_s, done_by, figures FROM business_day_step WHERE business_date = %s",
        (day,),
    )
    return {
        str(step): DoneStep(str(step), int(done_s), str(done_by), json.loads(figures))
        for step, done_s, done_by, figures in rows
    }


def write_step(
    cursor: Cursor, day: date, step: str, done_s: int, done_by: str, figures: Figures
) -> None:
    """Write down that a step is done; the first word stands."""
    cursor.execute(
        "INSERT INTO business_day_step VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (day, step, done_s, done_by, json.dumps(figures, sort_keys=True)),
    )


def set_aside(cursor: Cursor, day: date) -> int:
    """How many taps of a business day move no money until somebody or something clears them."""
    row = cursor.execute(
        "SELECT count(*) FROM tap WHERE business_date = %s AND set_aside <> ''", (day,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def travelled(cursor: Cursor, day: date) -> Figures:
    """What was ridden on a business day, and what its close and the clock made of half trips."""
    return _figures(
        cursor,
        ("trips", "charged_fen", "half_trips", "clock_decided", "waiting"),
        "SELECT (SELECT count(*) FROM trip WHERE business_date = %(day)s AND how <> 'void'),"
        " (SELECT sum(charge_fen) FROM trip WHERE business_date = %(day)s AND how <> 'void'),"
        " (SELECT half_trips FROM day_close WHERE business_date = %(day)s),"
        " (SELECT count(*) FROM half_trip_resolution WHERE decided_by = 'clock'"
        " AND decided_s >= %(over_s)s), (SELECT count(*) FROM half_trip)",
        day=day,
        over_s=business_day_end(day),
    )


def has_unpresented(cursor: Cursor) -> bool:
    """Whether a record waits to go into a file, or a file for its verdicts."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT FROM trip_revision WHERE file_id IS NULL)"
        " OR EXISTS (SELECT FROM record_file WHERE file_code IS NULL)"
    ).fetchone()
    return row is not None and bool(row[0])


def files_until(cursor: Cursor, day: date) -> Files:
    """The record files that a day sent, by what it and the days before it wrote down; as long as it
    has not, all that are there."""
    row = cursor.execute(
        "SELECT max((figures::json ->> 'last_file')::int) FILTER (WHERE business_date < %(day)s),"
        " max((figures::json ->> 'last_file')::int) FILTER (WHERE business_date = %(day)s),"
        " (SELECT max(number) FROM record_file)"
        " FROM business_day_step WHERE step = 'send' AND business_date <= %(day)s",
        {"day": day},
    ).fetchone()
    assert row is not None
    before, own, newest = row
    return Files(int(before or 0), int(newest or 0) if own is None else int(own))


def presented(cursor: Cursor, files: Files) -> Figures:
    """What these files say: how many there are, their rows and money; the number of the last."""
    found = _figures(
        cursor,
        ("files", "rows", "presented_fen"),
        "SELECT count(*), sum(rows), sum(delta_sum_fen) FROM record_file"
        " WHERE number > %(after)s AND number <= %(until)s",
        **files._asdict(),
    )
    return {**found, "last_file": files.until}


def answered(cursor: Cursor, files: Files) -> Figures:
    """What the hub made of the rows of these files."""
    return _figures(
        cursor,
        ("accepted", "held", "rejected"),
        "SELECT count(*) FILTER (WHERE status = 'accepted'),"
        " count(*) FILTER (WHERE status = 'held'), count(*) FILTER (WHERE status = 'rejected')"
        " FROM verdict JOIN record_file USING (file_id)"
        " WHERE number > %(after)s AND number <= %(until)s",
        **files._asdict(),
    )


def windows_without_statement(cursor: Cursor, files: Files, member: str) -> int:
    """How many files up to the last of these have no window yet, or one whose statement for
    `member` is not booked. A file that was refused whole is in no statement."""
    row = cursor.execute(
        "SELECT count(*) FROM record_file f WHERE number <= %s"
        " AND coalesce(file_code, 'OK') = 'OK' AND NOT EXISTS (SELECT FROM statement s"
        " WHERE s.window_id = f.window_id AND s.member = %s)",
        (files.until, member),
    ).fetchone()
    assert row is not None
    return int(row[0])


_UP_TO = (
    "window_id <= (SELECT max(window_id) FROM record_file WHERE number <= %(until)s)"
    " AND window_id > coalesce((SELECT max(window_id) FROM record_file WHERE number <= %(after)s),"
    " '')"
)


def unsettled(cursor: Cursor, files: Files) -> int:
    """How many of the bank's movements are missing, of all windows up to the last of these files.
    Nothing moves where nothing is owed."""
    found = _figures(
        cursor,
        ("legs", "payouts"),
        "SELECT (SELECT count(*) FROM statement WHERE settled_s IS NULL AND net_fen <> 0"
        " AND window_id <= w.newest), (SELECT count(*) FROM payout WHERE settled_s IS NULL"
        " AND amount_fen <> 0 AND window_id <= w.newest)"
        " FROM (SELECT max(window_id) AS newest FROM record_file WHERE number <= %(until)s) AS w",
        **files._asdict(),
    )
    return sum(found.values())


def settled(cursor: Cursor, files: Files) -> Figures:
    """What the bank moved of the windows of these files: with the hub, and to operators."""
    return _figures(
        cursor,
        ("legs", "payouts", "paid_fen"),
        f"SELECT (SELECT count(*) FROM statement WHERE settled_s IS NOT NULL AND {_UP_TO}), p.*"
        " FROM (SELECT count(*), sum(amount_fen) FROM payout"
        f" WHERE settled_s IS NOT NULL AND {_UP_TO}) AS p",
        **files._asdict(),
    )


def _figures(
    cursor: Cursor, names: tuple[str, ...], query: str, **parameters: object
) -> dict[str, int]:
    row = cursor.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return {name: int(value or 0) for name, value in zip(names, row, strict=True)}
