"""Two truths of passengers' money, held against the live books; `city/proofs.py` calls them."""

from tongxing.city.members import issuer_member
from tongxing.city.money.store import checks
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.proofs import Proof
from tongxing.ledger.store import account_balances


def payments_booked_once(cursor: Cursor, city: str) -> Proof:
    """Every paid order is in the books with its own amount, once, and no order that is not paid."""
    paid, paid_fen, not_booked = checks.paid_orders(cursor, issuer_member(city))
    figures = {"orders_paid": paid, "paid_fen": paid_fen, "not_booked": not_booked}
    return Proof(5, "payments_booked_once", city, not_booked == 0, figures)


def refunds_set_aside(cursor: Cursor, city: str) -> Proof:
    """What is set aside in the ledger for each refund is what of it is still under way, and no
    payment went back by more than it was."""
    booked = account_balances(cursor, issuer_member(city), "liab_refund:")
    waiting = checks.under_way(cursor)
    differing = sum(
        booked.get(f"liab_refund:{refund_id}", 0) != -fen for refund_id, fen in waiting.items()
    ) + sum(name.partition(":")[2] not in waiting for name in booked)
    over = checks.refunded_too_much(cursor)
    figures = {
        "set_aside_fen": -sum(booked.values()),
        "under_way_fen": sum(waiting.values()),
        "differing": differing,
        "refunded_too_much": over,
    }
    return Proof(5, "refunds_set_aside", city, differing == 0 and over == 0, figures)
