"""Truth 6 over a month: the same files again, in another order and over kills, give the same bytes.

Every byte that leaves the hub is compared: verdict files, documents, payments, checkpoints.
"""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import psycopg
import pytest
from hub_world import (
    DAY,
    HUB_KEY,
    MEMBERS,
    RULES,
    TRUSTED,
    A,
    B,
    PlainGround,
    Sender,
    World,
    make_world,
    revised,
    ride,
)
from psycopg import sql

from tongxing.checkpoint import check_chain, verifier_of
from tongxing.hub import Hub, HubStore, WindowClosing, prove_hub, window_of
from tongxing.kernel.clock import at
from tongxing.messages import Record
from tongxing.simulation.hosting import Killed
from tongxing.simulation.house import Fuse, FusedDatabase
from tongxing.storage import Database

DAYS = 30
RIDES = 8
_KEPT = ("record_file", "document", "instruction", "checkpoint", "checkpoint_leaves")

File = tuple[str, bytes, bytes, int]
"""Sender, manifest, data, and the second at which it was complete."""


def month(random: Random) -> list[list[File]]:
    """The files of each day: one or two of each acquirer, some rides revised a day later."""
    senders = {member: Sender(member) for member in ("ACQ-990100", "ACQ-990200")}
    days: list[list[File]] = []
    earlier: list[Record] = []
    for number in range(DAYS):
        day = DAY + timedelta(days=number)
        records = [
            ride(
                f"d{number:02d}r{n}",
                issuer=random.choice([A, B]),
                where=random.choice(["S1-S9", "S2-S8", "bus"]),
                charge_fen=random.randrange(180),
                day=day,
            )
            for n in range(RIDES)
        ]
        again = [revised(record, random.randrange(180)) for record in earlier[:3]]
        days.append([])
        for member, sender in senders.items():
            own = [record for record in [*records, *again] if record.acquirer == member]
            for part in (own[::2], own[1::2]):
                if part:
                    manifest, data = sender.file(part)
                    sender.took(manifest)
                    days[-1].append((member, manifest, data, 0))
        earlier = records
    return days


def arriving(days: list[list[File]], random: Random | None) -> list[list[File]]:
    """The files with their seconds of arrival; with `random` other ones of the same window, and
    senders mixed, but each sender's own in the order of its chain."""
    found = []
    for number, files in enumerate(days):
        opens_s = at(DAY + timedelta(days=number + 1), 1)
        waiting: dict[str, list[File]] = {}
        for file in files:
            waiting.setdefault(file[0], []).append(file)
        arrivals, now_s = [], opens_s
        while any(waiting.values()):
            senders = sorted(name for name, own in waiting.items() if own)
            sender = senders[0] if random is None else random.choice(senders)
            now_s += 60 if random is None else random.randrange(3_600)
            arrivals.append((*waiting[sender].pop(0)[:3], now_s))
        found.append(arrivals)
    return found


def play(world: World, days: list[list[File]], random: Random | None = None) -> list[bytes]:
    """Give the hub every file and close every window; all verdict files by sender and order. With
    `random` files come twice now and then, and windows are closed twice."""
    answers = {}
    for number, files in enumerate(days):
        for _, manifest, data, received_s in files:
            for _ in range(1 if random is None else random.choice([1, 2])):
                answer = world.hub.receive_file(manifest, data, received_s)
                assert isinstance(answer, bytes), answer
                assert answers.setdefault(manifest, answer) == answer
        close(world.hub, number)
        if random is not None and random.random() < 0.3:
            close(world.hub, number)
    return [answers[manifest] for manifest in sorted(answers)]


def close(hub: Hub, number: int) -> WindowClosing:
    cutoff_s = at(DAY + timedelta(days=number + 1), 12)
    closing = hub.close_window(window_of(cutoff_s - 1, RULES), cutoff_s)
    assert isinstance(closing, WindowClosing), closing
    return closing


def everything(world: World) -> list[tuple[object, ...]]:
    """All that the hub keeps to hand out, but the seconds at which files came."""
    found: list[tuple[object, ...]] = []
    with world.store.reading() as cursor:
        for table in _KEPT:
            cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                kept = zip(names, row, strict=True)
                found.append((table, *(v for name, v in kept if name != "received_s")))
    return sorted(found, key=repr)


@pytest.fixture(scope="module")
def days() -> list[list[File]]:
    return month(Random(7))


@pytest.fixture
def first(database: Database, days: list[list[File]]) -> Iterator[tuple[World, list[bytes]]]:
    world = make_world(database)
    yield world, play(world, arriving(days, None))
    world.hub.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_month_in_any_order_gives_the_same_bytes(
    first: tuple[World, list[bytes]], database: Database, days: list[list[File]], seed: int
) -> None:
    world, answers = first
    random = Random(seed)
    twin = make_world(database, schema="hub_twin")
    shuffled = arriving(days, random)
    assert shuffled != arriving(days, None)
    assert play(twin, shuffled, random) == answers
    kept = everything(world)
    assert len(kept) > DAYS * 10
    assert everything(twin) == kept
    with twin.store.reading() as cursor:
        assert all(proof.holds for proof in prove_hub(cursor))
        notes = dict(cursor.execute("SELECT window_id, content FROM checkpoint").fetchall())
    links = check_chain(notes, verifier_of(HUB_KEY))
    assert isinstance(links, list) and len(links) == DAYS
    twin.hub.close()


@pytest.mark.slow
def test_a_closing_killed_at_every_statement_ends_in_the_same_bytes(
    first: tuple[World, list[bytes]], database: Database, days: list[list[File]]
) -> None:
    """Three windows, each closed by a hub that dies one statement later every time, until one
    lives through it; nothing of a dead one stays."""
    world, _ = first
    fuse = Fuse("connection")
    arrivals = arriving(days, None)[:3]
    twin = make_world(database, schema="hub_twin")
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
    assert deaths > 3 * 10
    windows = {f"W202603{18 + number}" for number in range(3)}
    expected = [row for row in everything(world) if windows & {str(part) for part in row}]
    assert everything(twin) == expected
    twin.hub.close()
