"""What the hub is told of a city, out of its books: terminals, losses, lists as sealed before."""

from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import calendar_date
from tongxing.messages.registers import LossEntry, TerminalEntry


def terminals(cursor: Cursor) -> list[TerminalEntry]:
    """Every terminal that a device of the fleet has or had, from the day of its enrolment to the
    day on which it was released (a device that is revoked releases its own). A device is of one
    operator, at any line."""
    rows = cursor.execute(
        "SELECT terminal_id, operator, enrolled_s, released_s"
        " FROM device_terminal JOIN device USING (device) ORDER BY terminal_id, enrolled_s"
    )
    return [
        TerminalEntry(
            str(terminal_id),
            str(operator),
            "",
            calendar_date(int(enrolled_s)),
            None if ended_s is None else calendar_date(int(ended_s)),
        )
        for terminal_id, operator, enrolled_s, ended_s in rows
    ]


def losses(cursor: Cursor) -> list[LossEntry]:
    """Every loss of a medium from when its issuer bears what is ridden, with when it was found
    again."""
    rows = cursor.execute(
        "SELECT medium_no, effective_s, coalesce(max(lifted_s), 0) FROM loss_report"
        " LEFT JOIN loss_lifted USING (report_id) GROUP BY medium_no, effective_s"
        " ORDER BY medium_no, effective_s"
    )
    return [
        LossEntry(str(medium), int(effective_s), found_s=max(int(lifted_s), int(effective_s)))
        if lifted_s
        else LossEntry(str(medium), int(effective_s))
        for medium, effective_s, lifted_s in rows
    ]


def sealed_lists(cursor: Cursor) -> dict[str, bytes]:
    """The newest deny list and tariff as they were sealed for the gates."""
    found = {}
    deny = media.newest_deny_list(cursor)
    if deny is not None:
        found["deny"] = deny[1]
    row = cursor.execute(
        "SELECT message FROM gate_list WHERE name = 'tariff' AND version IS NOT NULL"
        " ORDER BY version DESC LIMIT 1"
    ).fetchone()
    if row is not None:
        found["tariff"] = bytes(row[0])
    return found


def lists_since(cursor: Cursor, deny: int, tariff: int, since_s: int) -> list[bytes]:
    """The deny lists and tariffs with higher versions than these, in order, as they were sealed for
    the gates. Of deny lists none that another one had replaced at `since_s`: no record that may
    still come proves it."""
    lists = cursor.execute(
        "SELECT message FROM deny_list WHERE version > %(deny)s AND version >= coalesce("
        "(SELECT max(version) FROM deny_list WHERE published_s <= %(since)s), 0) ORDER BY version",
        {"deny": deny, "since": since_s},
    ).fetchall()
    tariffs = cursor.execute(
        "SELECT message FROM gate_list WHERE name = 'tariff' AND version > %s ORDER BY version",
        (tariff,),
    ).fetchall()
    return [bytes(row[0]) for row in (*lists, *tariffs)]
