"""What the issuer bears: a replaced or legacy purse that spent more than its ledger had.

What a gate took is a fact, however late it is told, and what a counter loaded is one too. When the
money of an old card was loaded onto the new one and a forgotten gate tells afterwards, or a copied
M1 card spends money that nobody paid in, the difference is nobody's balance: it is the issuer's
loss, booked the moment it is known and taken back when it turns out smaller. No other purse is ever
covered: below zero, it must show in the proofs.
"""

from tongxing.city.members import issuer_member
from tongxing.city.store import covers, media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import digest
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings

LOSS = "exp_purse_loss"


def cover_purses(cursor: Cursor, city: str, now_s: int) -> int:
    """Bring every such purse that stands below zero up to it, and take back what is borne for one
    that stands above; how many were touched.

    For any order of taps the loss is the same: what was spent beyond what there was. Whoever books
    money of purses calls this in the same transaction.
    """
    issuer = issuer_member(city)
    due = covers.due(cursor)
    postings = [
        Posting(
            posting_id=digest("purse_cover", city, one.rider_id, one.number),
            kind="purse_cover",
            occurred_s=now_s,
            booked_on=business_date(now_s),
            source=one.rider_id,
            lines=(
                debit(issuer, LOSS, one.amount_fen),
                credit(issuer, one.liability, one.amount_fen),
            ),
        )
        for one in due
    ]
    write_postings(cursor, postings)
    for one in due:
        media.add_to_balance(cursor, one.rider_id, one.amount_fen)
    covers.write(cursor, due, now_s)
    return len(due)
