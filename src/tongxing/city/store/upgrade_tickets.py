"""First top-ups, single tickets and electronic single tickets of the upgrade service."""

from dataclasses import dataclass

from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """The first top-up of a card."""

    medium_no: str
    request_id: str
    holder: str
    link_id: str
    done_s: int


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A single ticket that somebody may have; `holder` is a blind index."""

    grant_id: str
    request_id: str
    asked: str
    act: str
    holder: str
    helped: str
    staff: str
    checked_s: int
    granted_s: int


@dataclass(frozen=True, slots=True)
class ETicketRow:
    """An electronic single ticket; `how` is "" while it can still be used, `refund` is "" until
    the money's desk has taken the refund over."""

    ticket_no: str
    request_id: str
    account: str
    fare_fen: int
    sold_s: int
    how: str
    refund: str


def find_first_top_up(cursor: Cursor, medium_no: str) -> TopUpRow | None:
    """A card's first top-up."""
    row = cursor.execute(
        "SELECT medium_no, request_id, holder, link_id, done_s FROM upgrade_first_top_up"
        " WHERE medium_no = %s",
        (medium_no,),
    ).fetchone()
    return None if row is None else TopUpRow(*row)


def write_first_top_up(cursor: Cursor, row: TopUpRow) -> None:
    """Note a card's first top-up."""
    cursor.execute(
        "INSERT INTO upgrade_first_top_up VALUES (%s, %s, %s, %s, %s)",
        (row.medium_no, row.request_id, row.holder, row.link_id, row.done_s),
    )


def find_ticket(cursor: Cursor, request_id: str) -> TicketRow | None:
    """What a request for a single ticket was granted."""
    row = cursor.execute(
        "SELECT grant_id, request_id, asked, act, holder, helped, staff, checked_s, granted_s"
        " FROM upgrade_ticket WHERE request_id = %s",
        (request_id,),
    ).fetchone()
    return None if row is None else TicketRow(*row)


def write_ticket(cursor: Cursor, row: TicketRow) -> None:
    """Note that somebody may have a single ticket."""
    cursor.execute(
        "INSERT INTO upgrade_ticket VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (row.grant_id, row.request_id, row.asked, row.act, row.holder, row.helped, row.staff,
         row.checked_s, row.granted_s),
    )  # fmt: skip


_E_TICKET = (
    "SELECT ticket_no, request_id, account, fare_fen, sold_s, coalesce(how, ''),"
    " coalesce(refund, '') FROM upgrade_e_ticket LEFT JOIN upgrade_e_ticket_end USING (ticket_no)"
    " LEFT JOIN upgrade_e_ticket_paid USING (ticket_no) "
)


def find_e_ticket(cursor: Cursor, ticket_no: str, *, lock: bool = False) -> ETicketRow | None:
    """An electronic ticket by its number; `lock` keeps others from ending it meanwhile."""
    if lock:
        cursor.execute(
            "SELECT 1 FROM upgrade_e_ticket WHERE ticket_no = %s FOR UPDATE", (ticket_no,)
        )
    row = cursor.execute(_E_TICKET + "WHERE ticket_no = %s", (ticket_no,)).fetchone()
    return None if row is None else ETicketRow(*row)


def e_ticket_of_request(cursor: Cursor, request_id: str) -> ETicketRow | None:
    """The electronic ticket that a request bought."""
    row = cursor.execute(_E_TICKET + "WHERE request_id = %s", (request_id,)).fetchone()
    return None if row is None else ETicketRow(*row)


def unpaid_rows(cursor: Cursor) -> list[ETicketRow]:
    """The tickets whose money is still to go back: unused ones, and those on their way."""
    rows = cursor.execute(
        _E_TICKET + "WHERE refund IS NULL AND how IS DISTINCT FROM 'used' ORDER BY ticket_no"
    )
    return [ETicketRow(*row) for row in rows]


def write_e_ticket(
    cursor: Cursor, ticket_no: str, request_id: str, account: str, fare_fen: int, sold_s: int
) -> None:
    """Note that an electronic ticket was sold."""
    cursor.execute(
        "INSERT INTO upgrade_e_ticket VALUES (%s, %s, %s, %s, %s)",
        (ticket_no, request_id, account, fare_fen, sold_s),
    )


def end_e_ticket(cursor: Cursor, ticket_no: str, how: str, now_s: int) -> None:
    """Note that a ticket was used, or that its money went back to the account."""
    cursor.execute("INSERT INTO upgrade_e_ticket_end VALUES (%s, %s, %s)", (ticket_no, how, now_s))


def write_e_ticket_paid(cursor: Cursor, ticket_no: str, refund: str, now_s: int) -> None:
    """Note that the way a ticket was paid has taken its refund over."""
    cursor.execute(
        "INSERT INTO upgrade_e_ticket_paid VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (ticket_no, refund, now_s),
    )
