"""The links between media and their holders, the requests that made them, and the list of media."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.city.store.cursor import Cursor

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))"
_LIST_LOCK = "upgrade list"


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link as it was made."""

    link_id: str
    holder: str
    medium_no: str
    kind: str
    place: str
    app: str
    channel: str
    how: str
    helper: str
    staff: str
    linked_s: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """What a request asked and which link answered it."""

    request_id: str
    asked: str
    link_id: str
    repeated: bool
    done_s: int


@dataclass(frozen=True, slots=True)
class NowRow:
    """A link that holds."""

    medium_no: str
    link_id: str
    holder: str
    place: str
    slot: int


@dataclass(frozen=True, slots=True)
class ListRow:
    """One version of the list of linked media, in numbers."""

    version: int
    media: int
    added: int
    removed: int
    made_s: int


def lock(cursor: Cursor, names: Iterable[str]) -> None:
    """Wait until nobody else works on these; always taken in the same order."""
    for name in sorted(set(names)):
        cursor.execute(_LOCK, (f"upgrade:{name}",))


def find_request(cursor: Cursor, request_id: str) -> RequestRow | None:
    """What was done under a request id."""
    row = cursor.execute(
        "SELECT request_id, asked, link_id, repeated, done_s FROM upgrade_request"
        " WHERE request_id = %s",
        (request_id,),
    ).fetchone()
    return None if row is None else RequestRow(*row)


def write_request(cursor: Cursor, row: RequestRow) -> None:
    """Note what a request was answered with."""
    cursor.execute(
        "INSERT INTO upgrade_request VALUES (%s, %s, %s, %s, %s)",
        (row.request_id, row.asked, row.link_id, row.repeated, row.done_s),
    )


def link_of(cursor: Cursor, link_id: str) -> LinkRow:
    """A link by its id, held or ended. Raises AssertionError for one that never was."""
    row = cursor.execute(
        "SELECT link_id, holder, medium_no, kind, place, app, channel, how, helper, staff, linked_s"
        " FROM upgrade_link WHERE link_id = %s",
        (link_id,),
    ).fetchone()
    assert row is not None, "a link id comes from a link"
    return LinkRow(*row)


def current(cursor: Cursor, medium_no: str) -> NowRow | None:
    """The link that a medium has now."""
    row = cursor.execute(
        "SELECT medium_no, link_id, holder, place, slot FROM upgrade_now WHERE medium_no = %s",
        (medium_no,),
    ).fetchone()
    return None if row is None else NowRow(*row)


def links_of_holder(cursor: Cursor, holder: str) -> list[LinkRow]:
    """The links that a holder has now, oldest first."""
    rows = cursor.execute(
        "SELECT link_id, l.holder, medium_no, kind, l.place, app, channel, how, helper, staff,"
        " linked_s FROM upgrade_now JOIN upgrade_link l USING (link_id, medium_no)"
        " WHERE upgrade_now.holder = %s ORDER BY linked_s, link_id",
        (holder,),
    )
    return [LinkRow(*row) for row in rows]


def slots_taken(cursor: Cursor, holder: str, place: str) -> set[int]:
    """Which of a holder's slots for a kind of card are taken."""
    rows = cursor.execute(
        "SELECT slot FROM upgrade_now WHERE holder = %s AND place = %s AND slot > 0",
        (holder, place),
    )
    return {int(slot) for (slot,) in rows}


def helped_links(cursor: Cursor, helper: str, ended_since_s: int) -> int:
    """How many links a helper made for others that hold, or ended after an instant."""
    row = cursor.execute(
        "SELECT count(*) FROM upgrade_link LEFT JOIN upgrade_end USING (link_id)"
        " WHERE helper = %s AND (ended_s IS NULL OR ended_s > %s)",
        (helper, ended_since_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def is_issued(cursor: Cursor, medium_no: str) -> bool:
    """Whether the issuer's books know a medium that is not denied."""
    row = cursor.execute(
        "SELECT 1 FROM medium WHERE medium_no = %s AND denied = ''", (medium_no,)
    ).fetchone()
    return row is not None


def write_link(cursor: Cursor, row: LinkRow, slot: int) -> bool:
    """Make a link; False (and nothing is written) when somebody else's came first."""
    held = cursor.execute(
        "INSERT INTO upgrade_now VALUES (%s, %s, %s, %s, %s) ON CONFLICT (medium_no) DO NOTHING"
        " RETURNING 1",
        (row.medium_no, row.link_id, row.holder, row.place, slot),
    ).fetchone()
    if held is None:
        return False
    cursor.execute(
        "INSERT INTO upgrade_link VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (row.link_id, row.holder, row.medium_no, row.kind, row.place, row.app, row.channel, row.how,
         row.helper, row.staff, row.linked_s),
    )  # fmt: skip
    return True


def end_link(cursor: Cursor, link_id: str, why: str, by: str, now_s: int) -> bool:
    """End a link; False when it has ended already."""
    gone = cursor.execute(
        "DELETE FROM upgrade_now WHERE link_id = %s RETURNING 1", (link_id,)
    ).fetchone()
    if gone is None:
        return False
    cursor.execute("INSERT INTO upgrade_end VALUES (%s, %s, %s, %s)", (link_id, why, by, now_s))
    return True


def tries_on(cursor: Cursor, asker: str, day: date) -> int:
    """How many numbers of others somebody typed on a day."""
    row = cursor.execute(
        "SELECT tries FROM upgrade_try WHERE asker = %s AND day = %s", (asker, day)
    ).fetchone()
    return 0 if row is None else int(row[0])


def count_try(cursor: Cursor, asker: str, day: date) -> None:
    """Note that somebody typed another's number."""
    cursor.execute(
        "INSERT INTO upgrade_try VALUES (%s, %s, 1) ON CONFLICT (asker, day)"
        " DO UPDATE SET tries = upgrade_try.tries + 1",
        (asker, day),
    )


def forget_tries(cursor: Cursor, before: date) -> int:
    """Drop the counts of days long gone; how many."""
    return cursor.execute("DELETE FROM upgrade_try WHERE day < %s", (before,)).rowcount


def newest_list(cursor: Cursor) -> ListRow | None:
    """The newest version of the list; None before the first."""
    row = cursor.execute(
        "SELECT version, media, added, removed, made_s FROM upgrade_list"
        " ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return None if row is None else ListRow(*row)


def make_list(cursor: Cursor, now_s: int) -> ListRow:
    """The next version of the list when anything changed since the newest, else the newest; the
    first is made in any case."""
    lock(cursor, [_LIST_LOCK])
    before = newest_list(cursor)
    version = 1 if before is None else before.version + 1
    added = cursor.execute(
        "INSERT INTO upgrade_list_change SELECT %s, medium_no, true FROM upgrade_now"
        " WHERE NOT EXISTS (SELECT 1 FROM upgrade_listed l WHERE l.medium_no ="
        " upgrade_now.medium_no)",
        (version,),
    ).rowcount
    removed = cursor.execute(
        "INSERT INTO upgrade_list_change SELECT %s, medium_no, false FROM upgrade_listed"
        " WHERE NOT EXISTS (SELECT 1 FROM upgrade_now n WHERE n.medium_no ="
        " upgrade_listed.medium_no)",
        (version,),
    ).rowcount
    if before is not None and not (added or removed):
        return before
    cursor.execute(
        "DELETE FROM upgrade_listed USING upgrade_list_change c WHERE c.version = %s"
        " AND NOT c.added AND upgrade_listed.medium_no = c.medium_no",
        (version,),
    )
    cursor.execute(
        "INSERT INTO upgrade_listed SELECT medium_no FROM upgrade_list_change"
        " WHERE version = %s AND added",
        (version,),
    )
    total = (0 if before is None else before.media) + added - removed
    row = ListRow(version, total, added, removed, now_s)
    cursor.execute(
        "INSERT INTO upgrade_list VALUES (%s, %s, %s, %s, %s)",
        (row.version, row.media, row.added, row.removed, row.made_s),
    )
    return row


def listed_after(cursor: Cursor, medium_no: str, limit: int) -> list[str]:
    """The media of the newest list behind a number, in order."""
    rows = cursor.execute(
        "SELECT medium_no FROM upgrade_listed WHERE medium_no > %s ORDER BY medium_no LIMIT %s",
        (medium_no, limit),
    )
    return [str(found) for (found,) in rows]


def changes_since(cursor: Cursor, version: int) -> list[tuple[str, bool]]:
    """What the newest list has more or less than an older one: media, and whether each was added,
    in order."""
    rows = cursor.execute(
        "SELECT medium_no, added FROM (SELECT DISTINCT ON (medium_no) medium_no, added,"
        " (SELECT NOT f.added FROM upgrade_list_change f WHERE f.medium_no = c.medium_no"
        " AND f.version > %(since)s ORDER BY f.version LIMIT 1) AS was"
        " FROM upgrade_list_change c WHERE version > %(since)s"
        " ORDER BY medium_no, version DESC) AS newest WHERE added <> was ORDER BY medium_no",
        {"since": version},
    )
    return [(str(medium_no), bool(added)) for medium_no, added in rows]


def linked_by_day(
    cursor: Cursor, from_s: int, until_s: int
) -> Sequence[tuple[date, str, str, int]]:
    """How many links were made on each day by each channel for each kind, in order."""
    rows = cursor.execute(
        "SELECT (to_timestamp(linked_s) AT TIME ZONE 'Asia/Shanghai')::date AS day, channel, kind,"
        " count(*) FROM upgrade_link WHERE linked_s >= %s AND linked_s < %s"
        " GROUP BY day, channel, kind ORDER BY day, channel, kind",
        (from_s, until_s),
    )
    return [(day, str(channel), str(kind), int(count)) for day, channel, kind, count in rows]


def ended_by_day(cursor: Cursor, from_s: int, until_s: int) -> dict[date, int]:
    """How many links ended on each day."""
    rows = cursor.execute(
        "SELECT (to_timestamp(ended_s) AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*)"
        " FROM upgrade_end WHERE ended_s >= %s AND ended_s < %s GROUP BY day",
        (from_s, until_s),
    )
    return {day: int(count) for day, count in rows}
