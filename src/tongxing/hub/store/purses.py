"""Purse chains in the database: the neighbours of some purchases, new ones, and what is missing."""

from collections.abc import Container, Iterable, Sequence

from tongxing.hub.admission import Judgement, told_links
from tongxing.hub.purses import Gap, Link, add_links, believed_links
from tongxing.hub.store.connection import Cursor
from tongxing.messages import Record

_LINK = "card, counter, before_fen, amount_fen, mark, record_id"


def chains_with(
    cursor: Cursor, records: Iterable[Record], wrong: Container[str]
) -> dict[str, list[Link]]:
    """The purse chains of the books around these records, with theirs added; a record whose
    signature is wrong adds nothing."""
    links = believed_links(records, wrong)
    return add_links(_load_chains(cursor, links), links)


def _load_chains(cursor: Cursor, links: Sequence[Link]) -> dict[str, list[Link]]:
    """What is known of the same cards at these counters, one before and one after."""
    if not links:
        return {}
    rows = cursor.execute(
        f"SELECT DISTINCT {_LINK} FROM purse_link AS known"
        " JOIN unnest(string_to_array(%s, ' '), %s::int[]) AS asked (of_card, at_counter)"
        "  ON card = of_card AND counter BETWEEN at_counter - 1 AND at_counter + 1"
        " ORDER BY card, counter, mark",
        (" ".join(link.card for link in links), [link.counter for link in links]),
    )
    found: dict[str, list[Link]] = {}
    for card, counter, before_fen, amount_fen, mark, record_id in rows:
        link = Link(card, int(counter), int(before_fen), int(amount_fen), mark, record_id)
        found.setdefault(card, []).append(link)
    return found


def write_links(cursor: Cursor, judgements: Iterable[Judgement]) -> None:
    """Keep the purchases that rows tell of; one that is known stays as it was first told."""
    add_told(cursor, told_links(judgements))


def add_told(cursor: Cursor, links: Sequence[Link]) -> None:
    """Keep these purchases; one that is known stays as it was first told."""
    columns = list(zip(*sorted(links), strict=True))
    if columns:
        cursor.execute(
            f"INSERT INTO purse_link ({_LINK}) SELECT * FROM unnest"
            "(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])"
            " ON CONFLICT DO NOTHING",
            [list(column) for column in columns],
        )


def load_gaps(cursor: Cursor) -> list[Gap]:
    """Counters that no record has told of, between the first and the last known of each card."""
    rows = cursor.execute(
        "SELECT card, counter + 1, next - 1 FROM (SELECT card, counter,"
        " lead(counter) OVER (PARTITION BY card ORDER BY counter) AS next"
        " FROM (SELECT DISTINCT card, counter FROM purse_link) AS told) AS pairs"
        " WHERE next > counter + 1 ORDER BY card, counter"
    )
    return [Gap(card, int(first), int(last)) for card, first, last in rows]
