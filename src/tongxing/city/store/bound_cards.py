"""Cards that are bound or may be: what the books say of them, whose they are now, who has seen
their mark, and whom gates tell of it."""

from dataclasses import dataclass
from datetime import date

from tongxing.city.store.binding import SEAL_SEEN, BindingRow
from tongxing.city.store.cursor import Cursor
from tongxing.messages import DenyEntry

NOW_BOUND = "CARD_NOW_BOUND"


@dataclass(frozen=True, slots=True)
class CardInBooks:
    """A card as the issuer's books have it, with the purse or account that pays for it; `loading`
    says that money is on its way onto it, or waits for that."""

    medium_no: str
    medium_kind: str
    scheme: str
    product: str
    trust: str
    denied: str
    issued_on: date | None
    rider_id: str
    rider_kind: str
    liability: str
    balance_fen: int
    is_open: bool
    loading: bool


def card_in_books(cursor: Cursor, medium_no: str) -> CardInBooks | None:
    """A medium of ours as a binding asks after it."""
    row = cursor.execute(
        "SELECT medium_no, medium_kind, scheme, product, trust, denied, issued_on, rider_id, kind,"
        " liability, balance_fen, open_since_s IS NOT NULL,"
        " EXISTS (SELECT 1 FROM replacement_load LEFT JOIN replacement_load_end"
        " USING (request_id) WHERE new_no = medium_no AND loaded IS NULL)"
        " OR EXISTS (WITH RECURSIVE older (no) AS (SELECT old_no FROM replacement"
        " WHERE new_no = medium.medium_no UNION ALL SELECT old_no FROM replacement"
        " JOIN older ON new_no = older.no) SELECT 1 FROM older JOIN medium m ON m.medium_no = no"
        " JOIN rider r ON r.rider_id = m.rider_id WHERE r.kind = 'purse' AND r.balance_fen > 0)"
        " FROM medium JOIN rider USING (rider_id) WHERE medium_no = %s",
        (medium_no,),
    ).fetchone()
    return None if row is None else CardInBooks(*row)


def cards_of_account(cursor: Cursor, account: str) -> int:
    """How many cards an account has, those not counted whose place another took or that left it;
    its row is locked, so that nobody adds one meanwhile."""
    cursor.execute("SELECT 1 FROM rider WHERE rider_id = %s FOR UPDATE", (account,))
    row = cursor.execute(
        "SELECT count(*) FROM medium WHERE rider_id = %s AND medium_kind = 'card'"
        " AND denied NOT IN ('CARD_REPLACED', 'CARD_UNBOUND')",
        (account,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def is_account(cursor: Cursor, account: str) -> bool:
    """Whether there is such an account in the books."""
    row = cursor.execute(
        "SELECT 1 FROM rider WHERE rider_id = %s AND kind = 'account'", (account,)
    ).fetchone()
    return row is not None


def give_to_account(cursor: Cursor, medium_no: str, account: str, from_s: int) -> None:
    """From now on a card draws on an account; what its purse paid stays with its purse."""
    cursor.execute(
        "UPDATE medium SET purse_rider = rider_id, rider_id = %s, bound_s = %s"
        " WHERE medium_no = %s AND purse_rider = ''",
        (account, from_s, medium_no),
    )


def purse_of(cursor: Cursor, medium_no: str) -> tuple[str, str, int]:
    """The purse of a card, bound or not: its rider, its ledger account, its money by the books."""
    row = cursor.execute(
        "SELECT rider.rider_id, liability, balance_fen FROM medium JOIN rider ON rider.rider_id ="
        " CASE purse_rider WHEN '' THEN medium.rider_id ELSE purse_rider END WHERE medium_no = %s",
        (medium_no,),
    ).fetchone()
    assert row is not None, "a card that has proven itself is in the books"
    return str(row[0]), str(row[1]), int(row[2])


def bound_since(cursor: Cursor, rider_id: str) -> int | None:
    """Since when the card of a purse draws on an account; None while it does not."""
    row = cursor.execute(
        "SELECT min(bound_s) FROM medium WHERE purse_rider = %s", (rider_id,)
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def card_now(cursor: Cursor, medium_no: str) -> tuple[str, str, str] | None:
    """The card in a bound card's place now (or itself): number, rider, for what it is denied."""
    row = cursor.execute(
        "WITH RECURSIVE chain (no, steps) AS (SELECT %s::text, 0 UNION ALL SELECT new_no, steps + 1"
        " FROM replacement JOIN chain ON old_no = chain.no)"
        " SELECT medium_no, rider_id, denied FROM chain JOIN medium ON medium_no = no"
        " ORDER BY steps DESC LIMIT 1",
        (medium_no,),
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]), str(row[2]))


def seen_sealed(cursor: Cursor, medium_no: str) -> bool:
    """Whether a reader of ours, or a gate by a tap on the account that the card signed, has seen a
    card's mark since it was bound; a passenger's reader may only say so. False if unbound."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM binding_event WHERE binding_id = b.binding_id"
        " AND event = %(event)s) OR EXISTS (SELECT 1 FROM tap WHERE tap.rider_id = b.account"
        " AND tap.time_s >= b.from_s AND tap.outcome = 'opened'"
        " AND tap.body::json ->> 'medium_no' = b.medium_no"
        " AND tap.body::json ->> 'funding' = 'account' AND tap.body::json ->> 'proof' IS NOT NULL)"
        " FROM binding b WHERE medium_no = %(card)s AND from_s IS NOT NULL"
        " ORDER BY from_s DESC LIMIT 1",
        {"card": medium_no, "event": SEAL_SEEN},
    ).fetchone()
    return row is not None and bool(row[0])


def write_notice(cursor: Cursor, row: BindingRow, from_s: int) -> None:
    """Have the gates tell whoever holds the card that it is bound now."""
    cursor.execute(
        "INSERT INTO binding_notice VALUES (%s, %s, %s, %s, NULL) ON CONFLICT DO NOTHING",
        (row.binding_id, row.medium_no, row.account, from_s),
    )


def notices_to_list(cursor: Cursor, since_s: int, version: int) -> list[DenyEntry]:
    """Whom the next deny list's gates tell: cards bound since `since_s` that no gate which knew of
    it has let through yet. Notes that this version carries them."""
    rows = cursor.execute(
        "SELECT binding_id, medium_no FROM binding_notice n WHERE from_s >= %s AND NOT EXISTS"
        " (SELECT 1 FROM tap WHERE tap.rider_id = n.account AND tap.time_s >= n.from_s"
        " AND tap.outcome = 'opened' AND tap.body::json ->> 'medium_no' = n.medium_no"
        " AND (tap.body::json ->> 'deny_list_version')::int >= n.list_version)"
        " ORDER BY medium_no",
        (since_s,),
    ).fetchall()
    cursor.execute(
        "UPDATE binding_notice SET list_version = %s WHERE list_version IS NULL"
        " AND binding_id = ANY(%s)",
        (version, [binding_id for binding_id, _ in rows]),
    )
    return [DenyEntry(str(medium_no), NOW_BOUND) for _, medium_no in rows]
