"""Issuers' cards in the database: ranges of numbers, and the cards with which it is otherwise."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.registers import Loss
from tongxing.messages.registers import CardRegister

Pair = tuple[str, str]
"""Issuer and medium."""


class HeadOf(NamedTuple):
    """The version in force of an issuer's register, and whether its ranges are all there are."""

    version: int
    sha256: str
    is_complete: bool


class RangeOf(NamedTuple):
    """What the range of a number says."""

    issued_on: date
    expires_on: date | None
    schemes: tuple[str, ...]


class ExceptionOf(NamedTuple):
    """What stands of a card beside its range: the days on which it was closed, and its own last day
    (None for its range's)."""

    closures: tuple[Loss, ...]
    expires_on: date | None


def write_cards(cursor: Cursor, issuer: str, register: CardRegister, now_s: int) -> None:
    """An issuer's ranges and exceptions, in place of those before. A closure that was told earlier
    keeps the moment at which it first was."""
    cursor.execute("DELETE FROM register_card_head WHERE issuer = %s", (issuer,))
    cursor.execute("DELETE FROM register_card_range WHERE issuer = %s", (issuer,))
    told = {
        (str(row[0]), int(row[1])): int(row[2])
        for row in cursor.execute(
            "DELETE FROM register_card WHERE issuer = %s RETURNING medium_no, closed_s, told_s",
            (issuer,),
        ).fetchall()
    }
    cursor.execute(
        "INSERT INTO register_card_head VALUES (%s, %s, %s)",
        (issuer, register.version, register.is_complete),
    )
    with cursor.copy("COPY register_card_range FROM STDIN") as copy:
        for one in register.ranges:
            days = one.issued_on, one.expires_on
            copy.write_row(
                (issuer, len(one.first_no), one.first_no, one.last_no, *days, one.schemes)
            )
    with cursor.copy("COPY register_card FROM STDIN") as copy:
        for card in register.cards:
            first_s = told.get((card.medium_no, card.closed_s), now_s)
            copy.write_row(
                (issuer, card.medium_no, card.closed_s, card.reopened_s, card.expires_on, first_s)
            )


def load_heads(cursor: Cursor, issuers: Iterable[str]) -> dict[str, HeadOf]:
    """The register in force of each of these issuers that has one."""
    rows = cursor.execute(
        "SELECT issuer, h.version, v.sha256, h.is_complete FROM register_card_head h"
        " JOIN register_version v ON v.kind = 'CardRegister' AND v.owner = h.issuer"
        "  AND v.version = h.version WHERE issuer = ANY(%s)",
        (sorted(set(issuers)),),
    )
    return {str(row[0]): HeadOf(*row[1:]) for row in rows}


_ASKED = "unnest(%s::text[], %s::text[]) AS asked (issuer, medium_no)"


def load_ranges(cursor: Cursor, pairs: Sequence[Pair]) -> dict[Pair, RangeOf]:
    """The range that each of these numbers falls into; one in none is not there."""
    if not pairs:
        return {}
    issuers, media = zip(*pairs, strict=True)
    rows = cursor.execute(
        "SELECT asked.issuer, asked.medium_no, found.issued_on, found.expires_on, found.schemes"
        f" FROM {_ASKED} CROSS JOIN LATERAL (SELECT * FROM register_card_range r"
        "  WHERE r.issuer = asked.issuer AND r.digits = length(asked.medium_no)"
        '  AND r.first_no <= asked.medium_no COLLATE "C" ORDER BY r.first_no DESC LIMIT 1) AS found'
        ' WHERE found.last_no >= asked.medium_no COLLATE "C"',
        (list(issuers), list(media)),
    )
    return {
        (str(issuer), str(medium)): RangeOf(issued_on, expires_on, tuple(schemes))
        for issuer, medium, issued_on, expires_on, schemes in rows
    }


def load_exceptions(cursor: Cursor, pairs: Sequence[Pair]) -> dict[Pair, ExceptionOf]:
    """What is said of these media beside their ranges, closures in order."""
    if not pairs:
        return {}
    issuers, media = zip(*pairs, strict=True)
    closures: dict[Pair, list[Loss]] = {}
    expiries: dict[Pair, date | None] = {}
    for issuer, medium, closed_s, reopened_s, expires_on, told_s in cursor.execute(
        "SELECT DISTINCT issuer, medium_no, closed_s, reopened_s, expires_on, told_s"
        f" FROM register_card JOIN {_ASKED} USING (issuer, medium_no)"
        " ORDER BY issuer, medium_no, closed_s",
        (list(issuers), list(media)),
    ):
        pair = str(issuer), str(medium)
        found = closures.setdefault(pair, [])
        if closed_s:
            found.append(Loss(int(closed_s), int(reopened_s), False, int(told_s)))
        expiries[pair] = expires_on or expiries.get(pair)
    return {pair: ExceptionOf(tuple(found), expiries[pair]) for pair, found in closures.items()}
