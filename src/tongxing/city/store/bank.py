"""What the bank moved for the members and operators of a city, what it turned down, what is sent
again."""

from typing import NamedTuple

from tongxing.city.store.cursor import Cursor


class Movement(NamedTuple):
    """A line that was booked. `return_reason` is "" for a payment; `payment` is its end-to-end id,
    "" where nobody named it."""

    window_id: str
    party: str
    bank_reference: str
    payment: str
    amount_fen: int
    return_reason: str
    booked_s: int


class Refused(NamedTuple):
    """A payout that the bank turned down."""

    payment: str
    window_id: str
    operator: str
    reason: str
    told_s: int


class Reissue(NamedTuple):
    """What two persons decided of a payout that came back; the last five are None until the second
    one has agreed. `account` is "" where it is to be paid to the account of before."""

    payment: str
    window_id: str
    operator: str
    account: str
    why: str
    proposed_by: str
    proposed_s: int
    confirmed_by: str | None = None
    confirmed_s: int | None = None
    successor: str | None = None
    due_s: int | None = None
    message: bytes | None = None


_REISSUE = ", ".join(Reissue._fields)


def movements_of(cursor: Cursor, window_id: str, party: str) -> list[Movement]:
    """What the bank moved for a party in a window, in the order in which it was booked."""
    rows = cursor.execute(
        f"SELECT {', '.join(Movement._fields)} FROM bank_movement"
        " WHERE window_id = %s AND party = %s ORDER BY number",
        (window_id, party),
    )
    return [Movement(*row) for row in rows]


def returns(cursor: Cursor) -> list[Movement]:
    """Every return, newest first."""
    rows = cursor.execute(
        f"SELECT {', '.join(Movement._fields)} FROM bank_movement WHERE return_reason <> ''"
        " ORDER BY number DESC"
    )
    return [Movement(*row) for row in rows]


def write_movement(cursor: Cursor, movement: Movement) -> None:
    """Keep a line that is booked with it."""
    cursor.execute(
        f"INSERT INTO bank_movement ({', '.join(Movement._fields)})"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        movement,
    )


def lock_payout(cursor: Cursor, window_id: str, operator: str) -> tuple[int, bool] | None:
    """Amount owed to an operator in a window, and whether it is paid; nobody else changes that
    until the transaction ends. None when nothing is owed."""
    row = cursor.execute(
        "SELECT amount_fen, settled_s FROM payout WHERE window_id = %s AND operator = %s"
        " FOR UPDATE",
        (window_id, operator),
    ).fetchone()
    return None if row is None else (int(row[0]), row[1] is not None)


def owed(cursor: Cursor) -> dict[tuple[str, str], int]:
    """What is to be moved for each party of a window that has something come back, in fen."""
    rows = cursor.execute(
        "SELECT window_id, operator, amount_fen FROM payout JOIN payout_refused"
        " USING (window_id, operator) UNION SELECT window_id, party, amount_fen FROM bank_movement"
        " WHERE return_reason <> ''"
    )
    return {(str(row[0]), str(row[1])): int(row[2]) for row in rows}


def paid_by(cursor: Cursor) -> dict[tuple[str, str], str]:
    """Whoever is paid now, by window and party, and by which payment; a payment that came back has
    paid nobody."""
    rows = cursor.execute(
        "SELECT DISTINCT ON (window_id, party) window_id, party, payment, return_reason"
        " FROM bank_movement ORDER BY window_id, party, number DESC"
    )
    return {(str(row[0]), str(row[1])): str(row[2]) for row in rows if not row[3]}


def payments_moved(cursor: Cursor) -> frozenset[str]:
    """The payments of which the bank has moved the money, also those that came back since."""
    rows = cursor.execute("SELECT DISTINCT payment FROM bank_movement WHERE payment <> ''")
    return frozenset(str(row[0]) for row in rows)


def refused(cursor: Cursor) -> list[Refused]:
    """Every payout that the bank turned down, newest first."""
    rows = cursor.execute(
        f"SELECT {', '.join(Refused._fields)} FROM payout_refused ORDER BY told_s DESC, payment"
    )
    return [Refused(*row) for row in rows]


def write_refused(cursor: Cursor, told: Refused) -> None:
    """Note that the bank turned a payout down; the first word stands."""
    cursor.execute(
        "INSERT INTO payout_refused VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING", told
    )


def reissues(cursor: Cursor) -> dict[str, Reissue]:
    """What was decided of payouts that came back, by the payment that did."""
    rows = cursor.execute(f"SELECT {_REISSUE} FROM payout_reissue ORDER BY payment")
    return {str(row[0]): Reissue(*row) for row in rows}


def reissued_as(cursor: Cursor, successor: str) -> Reissue | None:
    """The decision that made a payment of ours; None when it is none."""
    row = cursor.execute(
        f"SELECT {_REISSUE} FROM payout_reissue WHERE successor = %s", (successor,)
    ).fetchone()
    return None if row is None else Reissue(*row)


def propose(cursor: Cursor, asked: Reissue) -> None:
    """Write down what the first of two persons said."""
    cursor.execute(
        "INSERT INTO payout_reissue (payment, window_id, operator, account, why, proposed_by,"
        " proposed_s) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        asked[:7],
    )


def confirm(cursor: Cursor, agreed: Reissue) -> None:
    """Write down what the second one said, and the payment that it made."""
    cursor.execute(
        "UPDATE payout_reissue SET confirmed_by = %s, confirmed_s = %s, successor = %s, due_s = %s,"
        " message = %s WHERE payment = %s",
        (*agreed[7:], agreed.payment),
    )
