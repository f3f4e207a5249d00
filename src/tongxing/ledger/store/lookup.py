"""Reading postings back as values, for pages and checks. Nothing here writes."""

from collections.abc import Sequence

from tongxing.ledger.postings import Line, Posting
from tongxing.ledger.store.books import Cursor


def postings_about(cursor: Cursor, sources: Sequence[str]) -> list[Posting]:
    """The postings about these sources, oldest first, each with its lines in their order."""
    found: dict[str, Posting] = {}
    lines: dict[str, list[Line]] = {}
    for (
        posting_id,
        kind,
        occurred_s,
        booked_on,
        source,
        entity,
        account,
        amount_fen,
    ) in cursor.execute(
        "SELECT posting_id, kind, occurred_s, booked_on, source, entity, account, amount_fen"
        " FROM posting JOIN posting_line USING (posting_id) WHERE source = ANY(%s)"
        " ORDER BY occurred_s, booked_on, posting_id, line",
        (list(sources),),
    ):
        key = str(posting_id)
        found.setdefault(key, Posting(key, kind, occurred_s, booked_on, source, ()))
        lines.setdefault(key, []).append(Line(entity, account, amount_fen))
    return [posting._replace(lines=tuple(lines[key])) for key, posting in found.items()]
