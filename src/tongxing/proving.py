"""Every house's proofs together, and the proofs that need two houses at once.

All of it is read in one transaction, as of one moment. Nothing here writes. It stands above the
actors because they may not read each other's books; an auditor may read all of them.
"""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from tongxing.city.proofs import prove_city
from tongxing.hub.proofs import prove_hub
from tongxing.hub.signing import record_proof
from tongxing.kernel.proofs import Proof
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database
from tongxing.storage.database import house_schemas

Cursor = psycopg.Cursor[tuple[Any, ...]]

CITY_PREFIX = "city_"
HUB = "hub"
PROOF_TIMEOUT_MS = 600_000


def prove_houses(database: Database) -> list[Proof]:
    """Every truth over the live books of one server, in order of house and truth.

    Empty when no house keeps books there. Raises Problem(DB_UNAVAILABLE).
    """
    connection = database.connect_to_read(PROOF_TIMEOUT_MS)
    try:
        with connection.cursor() as cursor:
            return prove_all(cursor, house_schemas(connection))
    finally:
        connection.close()


def prove_record(database: Database, record_id: str) -> bytes | Refusal:
    """The proof file of a record from the hub's books on a server.

    Refuses with NOTHING_TO_PROVE (no hub keeps books there) and as `hub.signing.record_proof` does.
    Raises Problem(DB_UNAVAILABLE).
    """
    connection = database.connect_to_read(PROOF_TIMEOUT_MS)
    try:
        with connection.cursor() as cursor:
            if HUB not in house_schemas(connection):
                return Refusal("NOTHING_TO_PROVE", HUB)
            return record_proof(_within(cursor, HUB), record_id)
    finally:
        connection.close()


def prove_all(cursor: Cursor, schemas: Iterable[str]) -> list[Proof]:
    """The proofs of the houses in these schemas, over one transaction of the caller's."""
    found: list[Proof] = []
    cities = [name.removeprefix(CITY_PREFIX) for name in schemas if name.startswith(CITY_PREFIX)]
    for city in cities:
        found += prove_city(_within(cursor, CITY_PREFIX + city), city)
    if HUB in schemas:
        found += prove_hub(_within(cursor, HUB))
        found += [_city_and_hub_agree(cursor, city) for city in cities]
    return found


def _within(cursor: Cursor, schema: str) -> Cursor:
    cursor.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema)))
    return cursor


def _city_and_hub_agree(cursor: Cursor, city: str) -> Proof:
    """What the hub accepted from a city is what the city booked as accepted, record by record,
    and the statements both hold say the same; a member without business has no position there."""
    names = {"city": sql.Identifier(CITY_PREFIX + city), "sender": sql.Literal(f"ACQ-{city}")}
    differing = _one(
        cursor,
        sql.SQL(
            "SELECT count(*) FROM (SELECT record_id, delta_fen FROM {city}.verdict"
            " JOIN {city}.trip_revision USING (record_id) WHERE status = 'accepted') AS ours"
            " FULL JOIN (SELECT record_id, delta_fen FROM hub.record"
            " WHERE status = 'accepted' AND sender = {sender}) AS theirs"
            " ON theirs.record_id = ours.record_id AND theirs.delta_fen = ours.delta_fen"
            " WHERE theirs.record_id IS NULL OR ours.record_id IS NULL"
        ).format(**names),
    )
    statements = _one(
        cursor,
        sql.SQL(
            "SELECT count(*) FROM {city}.statement AS ours LEFT JOIN hub.member_position AS theirs"
            " USING (window_id, member) WHERE coalesce(theirs.net_fen, 0) <> -ours.net_fen"
        ).format(**names),
    )
    records = _one(
        cursor,
        sql.SQL("SELECT count(*) FROM hub.record WHERE sender = {sender}").format(**names),
    )
    figures = {
        "records": records,
        "records_differing": differing,
        "statements_differing": statements,
    }
    return Proof(4, "city_and_hub_agree", city, not differing and not statements, figures)


def _one(cursor: Cursor, query: sql.Composed) -> int:
    row = cursor.execute(query).fetchone()
    assert row is not None
    return int(row[0])
