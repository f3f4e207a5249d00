"""What the issuer bears of a lost medium: the trips that began after the report took effect.

A gate without a connection may open to a lost medium for days. What such a trip cost is a fact, and
the fold books it as ever; whose it is follows from its time alone. So for each trip that began at
or after the effective time of a loss, and has a tap of the lost medium from then on, the charge as
it is booked now goes back to the passenger and is the issuer's loss. A trip that began before stays
the passenger's, though it ended after. Booked again whenever a trip is revised: for any order of
taps, twice or late, the same fen.
"""

from collections.abc import Iterable
from datetime import date

from tongxing.city.members import issuer_member
from tongxing.city.store import losing as store
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings

LATE_TAP_LOSS = "exp_late_tap_loss"


def bear_late_trips(cursor: Cursor, city: str, rider_ids: Iterable[str], booked_on: date) -> int:
    """Bring what is borne for these riders' lost media up to what their booked trips say; how many
    trips were touched. Whoever books trips or rides elsewhere calls this in the same transaction.
    """
    due = store.due_steps(cursor, sorted(set(rider_ids)))
    if not due:
        return 0
    issuer = issuer_member(city)
    write_postings(
        cursor,
        [
            Posting(
                posting_id=digest("late_tap_loss", city, step.trip_key, step.number),
                kind="late_tap_loss",
                occurred_s=step.occurred_s,
                booked_on=booked_on,
                source=step.trip_key,
                lines=(
                    debit(issuer, LATE_TAP_LOSS, step.amount_fen),
                    credit(issuer, step.liability, step.amount_fen),
                ),
            )
            for step in due
        ],
    )
    for step in due:
        media.add_to_balance(cursor, step.rider_id, step.amount_fen)
    store.write_steps(cursor, due)
    return len(due)
