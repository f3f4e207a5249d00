"""Purse chains in the database: the neighbours of some purchases, new ones, what is missing, and
what was seen and is not paid."""

from collections.abc import Container, Iterable, Sequence
from typing import Any

from tongxing.hub.admission import Judgement, told_links
from tongxing.hub.purses import (
    Chains,
    Fork,
    Gap,
    Link,
    add_links,
    believed_links,
    forks_with,
)
from tongxing.hub.store.connection import Cursor
from tongxing.messages import Record

_LINK = "card, counter, before_fen, amount_fen, mark, record_id, stands"


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
    for row in rows:
        found.setdefault(row[0], []).append(_link(row))
    return found


def _link(row: tuple[Any, ...]) -> Link:
    card, counter, before_fen, amount_fen, mark, record_id, stands = row
    return Link(card, int(counter), int(before_fen), int(amount_fen), mark, record_id, bool(stands))


def write_links(
    cursor: Cursor, judgements: Iterable[Judgement], forged: Container[str], known: Chains
) -> list[Fork]:
    """Keep the purchases that rows tell of; the records that stand whose purchases these
    contradict, of those `known`. What a trip tells that this file withdraws goes before what takes
    its place."""
    judged = list(judgements)
    withdrawn = {
        item.row.record.trip_id
        for item in judged
        if item.standing is not None
        and item.row.record is not None
        and item.row.record.how == "void"
    }
    judged.sort(key=lambda item: item.row.record_id.rpartition(".")[0] not in withdrawn)
    told = told_links(judged, forged)
    _add_links(cursor, told)
    return forks_with(told, known)


def add_told(cursor: Cursor, links: Sequence[Link]) -> list[Fork]:
    """Keep these purchases; the records that stand whose purchases these contradict."""
    known = _load_chains(cursor, links)
    _add_links(cursor, links)
    return forks_with(links, known)


def _add_links(cursor: Cursor, links: Iterable[Link]) -> None:
    """Keep these purchases; one that is known becomes that of the last record that stands and tells
    it."""
    last: dict[tuple[str, int, str], Link] = {}
    for link in links:
        key = (link.card, link.counter, link.mark)
        if key not in last or link.stands or not last[key].stands:
            last[key] = link
    columns = list(zip(*sorted(last.values()), strict=True))
    if not columns:
        return
    cursor.execute(
        f"INSERT INTO purse_link ({_LINK}) SELECT * FROM unnest"
        "(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bool[])"
        " ON CONFLICT (card, counter, mark) DO UPDATE"
        "  SET record_id = EXCLUDED.record_id, stands = true WHERE EXCLUDED.stands",
        [list(column) for column in columns],
    )


def unpaid_links(cursor: Cursor) -> list[Link]:
    """Purchases that were seen and that no record which stands tells of."""
    rows = cursor.execute(
        f"SELECT {_LINK} FROM purse_link WHERE NOT stands ORDER BY card, counter, mark"
    )
    return [_link(row) for row in rows]


def let_go(cursor: Cursor, trip_id: str, links: Iterable[Link]) -> None:
    """A record of a trip is void: unless another one stands, its purchases were seen and are not
    paid."""
    for link in links:
        cursor.execute(
            "UPDATE purse_link SET stands = false WHERE (card, counter, mark) = (%s, %s, %s)"
            " AND starts_with(record_id, %s) AND NOT EXISTS"
            " (SELECT FROM record WHERE trip_id = %s AND status <> 'void')",
            (link.card, link.counter, link.mark, f"{trip_id}.", trip_id),
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
