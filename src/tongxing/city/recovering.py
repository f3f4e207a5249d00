"""Rides of ours that came too late for the hub and that their issuers agreed to pay after all.

The hub tells it as the end of a case (`consented`). What was booked when the ride was turned away
is taken back, so that it is on its way again, and its record goes into the next file as it was.
"""

from collections.abc import Iterable
from datetime import date

from tongxing.city.charging import IN_TRANSIT, PRESENTED, UNSPLIT
from tongxing.city.feedback import MISMATCH
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.store import cases, exchange, media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.messages import CaseNews

CONSENTED = "consented"
TOO_LATE = "1005"


def present_again(
    cursor: Cursor, city: str, news: Iterable[CaseNews], received_s: int, booked_on: date
) -> None:
    """Let the records about which there is such news be presented again, each once."""
    names = [item.record_id for item in news if item.stage == CONSENTED]
    late = cases.refused_as(cursor, names, TOO_LATE)
    deltas = exchange.deltas_of(cursor, late)
    postings = []
    for record_id in late:
        posting = _on_its_way(city, record_id, *deltas[record_id], received_s, booked_on)
        if not media.posting_exists(cursor, posting.posting_id):
            postings.append(posting)
    write_postings(cursor, postings)
    cases.mark_unsent(cursor, [posting.source for posting in postings])


def _on_its_way(
    city: str, record_id: str, record_issuer: str, delta_fen: int, received_s: int, booked_on: date
) -> Posting:
    issuer, acquirer = issuer_member(city), acquirer_member(city)
    own_fen = delta_fen if record_issuer == issuer else 0
    return Posting(
        posting_id=digest("recovery", city, record_id),
        kind="recovery",
        occurred_s=received_s,
        booked_on=booked_on,
        source=record_id,
        lines=(
            credit(issuer, IN_TRANSIT, own_fen),
            debit(issuer, MISMATCH, own_fen),
            debit(acquirer, PRESENTED, delta_fen),
            credit(acquirer, UNSPLIT, delta_fen),
        ),
    )
