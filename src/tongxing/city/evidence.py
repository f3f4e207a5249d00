"""Taps as evidence, for those who carry them elsewhere: read-only, in a steady order, streamed.

SQL over a city's tables stands beside the city. Nothing here writes, and nothing is kept.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from tongxing.messages import Tap

_TAP = msgspec.json.Decoder(Tap)
_AT_ONCE = 5_000


def count_taps(connection: psycopg.Connection[Any], city: str, first: date, last: date) -> int:
    """How many taps a city keeps of these business days, both included."""
    _look_in(connection, city)
    row = connection.execute(
        "SELECT count(*) FROM tap WHERE business_date BETWEEN %s AND %s", (first, last)
    ).fetchone()
    return int(row[0]) if row else 0


def taps_between(
    connection: psycopg.Connection[Any], city: str, first: date, last: date
) -> Iterator[Tap]:
    """A city's taps of these business days, both included, by time, terminal and number.

    Streamed inside the caller's transaction, so that any number of them fits.
    """
    _look_in(connection, city)
    with connection.cursor(name="taps_between") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(
            "SELECT body FROM tap WHERE business_date BETWEEN %s AND %s"
            " ORDER BY business_date, time_s, terminal_id, epoch, seq",
            (first, last),
        )
        for (body,) in cursor:
            yield _TAP.decode(body)


def _look_in(connection: psycopg.Connection[Any], city: str) -> None:
    name = sql.Identifier(f"city_{city}")
    connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
