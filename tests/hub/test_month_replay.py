"""Truth 6 over a month: the same files again, in another order and over kills, give the same bytes.

Every byte that leaves the hub is compared (verdict files, documents, payments, checkpoints), and
all that its books say. The same rows in other files give the same money.
"""

import os
from collections.abc import Iterator
from random import Random
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from hub_world import DAY, HUB_KEY, MEMBERS, RULES, TRUSTED, PlainGround, World, make_world
from month_world import (
    DAYS,
    Day,
    arriving,
    close,
    everything,
    from_the_books,
    money_of,
    month,
    packed,
    play,
    settle,
)

from tongxing.checkpoint import check_chain, verifier_of
from tongxing.hub import Hub, HubStore, prove_hub
from tongxing.kernel.clock import at
from tongxing.simulation.hosting import Killed
from tongxing.simulation.house import Fuse, FusedDatabase
from tongxing.storage import Database


@pytest.fixture(scope="module")
def days() -> list[Day]:
    return month(Random(7))


@pytest.fixture(scope="module")
def database(database_server: Database) -> Iterator[Database]:
    """One for all hubs of this file, each in a schema of its own."""
    name = f"month_{os.getpid()}"
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    parts = urlsplit(database_server.dsn)
    yield Database(urlunsplit(parts._replace(path=f"/{name}")))
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="module")
def first(database: Database, days: list[Day]) -> Iterator[tuple[World, list[bytes]]]:
    """The hub that all others are compared with, and its verdict files."""
    world = make_world(database)
    yield world, play(world, arriving(packed(days)))
    world.hub.close()


@pytest.fixture
def twin(database: Database) -> Iterator[World]:
    """A hub that knows nothing yet."""
    found = make_world(database, schema="hub_twin")
    yield found
    found.hub.close()
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA hub_twin CASCADE")


@pytest.mark.slow
def test_the_month_has_everything_in_it(first: tuple[World, list[bytes]]) -> None:
    """Else the tests below would prove little."""
    world, _ = first
    with world.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT status, split_part(codes, ' ', 1) FROM record"
            " UNION SELECT status, code FROM refused_row"
        ).fetchall()
        endings = cursor.execute("SELECT DISTINCT stage FROM dispute_case").fetchall()
        events = cursor.execute("SELECT DISTINCT event FROM record_event").fetchall()
    codes = {("accepted", code) for code in ("0000", "0012", "0015", "1007")}
    codes |= {("rejected", code) for code in ("1002", "1005", "1006", "1013", "1018")}
    assert set(rows) >= codes | {("void", "1007"), ("void", "1014"), ("held", "1020")}
    assert {row[0] for row in events} >= {"proof", "disproof", "deadline"}
    assert {row[0] for row in endings} == {"not_represented", "not_pursued", "adjusted"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_month_in_any_order_gives_the_same_bytes(
    first: tuple[World, list[bytes]], twin: World, seed: int
) -> None:
    """Replayed from the manifests and files that the first hub kept."""
    world, answers = first
    random = Random(seed)
    files = from_the_books(world)
    shuffled = arriving(files, random)
    assert len(files) == DAYS and shuffled != files
    assert play(twin, shuffled, random) == answers
    kept = everything(world)
    assert len(kept) > DAYS * 50
    assert everything(twin) == kept
    with twin.store.reading() as cursor:
        assert all(proof.holds for proof in prove_hub(cursor))
        notes = dict(cursor.execute("SELECT window_id, content FROM checkpoint").fetchall())
    links = check_chain(notes, verifier_of(HUB_KEY))
    assert isinstance(links, list) and len(links) == DAYS


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_month_in_other_files_gives_the_same_money(
    first: tuple[World, list[bytes]], twin: World, days: list[Day], seed: int
) -> None:
    """The same rows cut into any files, mixed inside them, some of them twice: each statement, each
    payment and each journal is the same bytes, and so are the papers that checkpoints name."""
    world, _ = first
    random = Random(seed)
    play(twin, arriving(packed(days, random), random), random)
    assert everything(twin, whatever_the_files=True) == everything(world, whatever_the_files=True)
    assert everything(twin) != everything(world)
    papers = []
    for one in (world, twin):
        with one.store.reading() as cursor:
            notes = cursor.execute("SELECT content FROM checkpoint ORDER BY window_id").fetchall()
        papers.append(
            [line for (note,) in notes for line in note.split(b"\n") if b"papers" in line]
        )
    assert papers[0] == papers[1] and len(papers[0]) == DAYS


@pytest.mark.slow
def test_forks_across_cities_end_in_the_same_money_whoever_came_first(
    database: Database, twin: World
) -> None:
    """Who came first hears twice, and so the verdict files differ; what anybody pays does not."""
    world = make_world(database, schema="hub_forks")
    files = arriving(packed(month(Random(7), forks=frozenset({8, 9, 14, 15}))))
    random = Random(3)
    answers = play(world, files), play(twin, arriving(files, random), random)
    assert answers[0] != answers[1]
    assert money_of(twin) == money_of(world)
    with world.store.reading() as cursor:
        row = cursor.execute("SELECT count(*) FROM record_event WHERE event = 'freeze'").fetchone()
        assert row is not None and row[0] >= 4
        assert all(proof.holds for proof in prove_hub(cursor))
    world.hub.close()


@pytest.mark.slow
def test_a_closing_killed_at_every_statement_ends_in_the_same_bytes(
    first: tuple[World, list[bytes]], twin: World, database: Database
) -> None:
    """Two windows, each closed by a hub that dies one statement later every time, until one
    lives through it; nothing of a dead one stays."""
    world, _ = first
    fuse = Fuse("connection")
    arrivals = from_the_books(world)[:2]
    deaths = 0
    for number, files in enumerate(arrivals):
        for _, manifest, data, received_s in files:
            assert isinstance(twin.hub.receive_file(manifest, data, received_s), bytes)
        before = everything(twin)
        statements = 0
        while True:
            fuse.statements_left = None
            store = HubStore(FusedDatabase(database.dsn, fuse=fuse), "hub_twin")
            hub = Hub(store, HUB_KEY, TRUSTED, RULES, PlainGround())
            assert hub.enrol(MEMBERS, at(DAY)) is None
            fuse.statements_left = statements
            try:
                close(hub, number)
                break
            except (Killed, psycopg.OperationalError):
                assert everything(twin) == before
                deaths, statements = deaths + 1, statements + 1
        fuse.statements_left = None
        hub.close()
        settle(twin.hub, number)
    assert deaths > 2 * 10
    windows = {f"W202603{18 + number}" for number in range(2)}
    found, expected = (
        [row for row in everything(one) if windows & {str(part) for part in row}]
        for one in (twin, world)
    )
    assert len(found) > 2 * 50 and found == expected
