"""What the proofs of passengers' money compare. Nothing here writes."""

from tongxing.city.store.cursor import Cursor


def paid_orders(cursor: Cursor, entity: str) -> tuple[int, int, int]:
    """Paid orders, their sum, and how many of all orders are in the books otherwise than they say:
    a paid one without one posting of its amount to its account, another one with a payment."""
    row = cursor.execute(
        "SELECT count(*) FILTER (WHERE state = 'paid'),"
        " coalesce(sum(amount_fen) FILTER (WHERE state = 'paid'), 0),"
        " count(*) FILTER (WHERE (state = 'paid') <> (booked IS NOT NULL)"
        " OR (booked IS NOT NULL AND booked <> ARRAY[amount_fen]))"
        " FROM (SELECT payment_order.state, payment_order.amount_fen,"
        " (SELECT array_agg(-line.amount_fen) FROM posting"
        " JOIN posting_line line USING (posting_id) JOIN rider ON rider_id = payment_order.account"
        " WHERE posting.source = channel || ':' || partner_no AND posting.kind = 'top_up'"
        " AND partner_no <> '' AND line.entity = %s AND line.account = liability) AS booked"
        " FROM payment_order) AS ordered",
        (entity,),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def under_way(cursor: Cursor) -> dict[str, int]:
    """What of each refund is neither done nor failed."""
    rows = cursor.execute(
        "SELECT refund_id, sum(amount_fen)::bigint FROM refund_part"
        " WHERE state IN ('set_aside', 'asked') GROUP BY refund_id"
    )
    return {str(refund_id): int(fen) for refund_id, fen in rows}


def refunded_too_much(cursor: Cursor) -> int:
    """How many orders had more sent back than was paid with them."""
    row = cursor.execute(
        "SELECT count(*) FROM (SELECT 1 FROM refund_part JOIN payment_order USING (order_id)"
        " WHERE refund_part.state <> 'failed' GROUP BY order_id, payment_order.amount_fen,"
        " payment_order.state HAVING sum(refund_part.amount_fen) > payment_order.amount_fen"
        " OR payment_order.state <> 'paid') AS over"
    ).fetchone()
    assert row is not None
    return int(row[0])
