"""`tongxing bench uplink`: a device that was cut off sends what it has queued to a real city.

Everything is real: a journal with its syncs, sealed batches, HTTP on this machine, a database that
waits for the disk. The figure is taps a second; the reference is the city's intake alone, called
directly with batches of the same kind, in the same run.
"""

import os
import random
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from tongxing.cli.arguments import Whole
from tongxing.cli.bench.rider import _database
from tongxing.cli.common import Words, emit_json, note
from tongxing.cli.shell import command as make_command

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tongxing.gate import Site
    from tongxing.gate.identity import Identity
    from tongxing.messages import SigningKey, Tap
    from tongxing.storage import Database

WORDS = Words("bench")
_TARGET_S, _TARGET_TAPS = 600, 200_000
_REFERENCE_TAPS = 20_000
_BATCH = 500
_MEDIA = 5_000
_NOW_S = 1_773_720_000
_POLL_S = 0.01


@make_command()
@click.option("--taps", type=Whole(1, 1_000_000), default=_TARGET_TAPS, show_default=True)
@click.option("--in-flight", "in_flight", type=Whole(1, 64), default=8, show_default=True)
def command(taps: int, in_flight: int) -> int:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    with (
        _database() as dsn,
        tempfile.TemporaryDirectory(prefix="tongxing-", ignore_cleanup_errors=True) as folder,
    ):
        reference_s = _intake_alone(dsn, min(taps, _REFERENCE_TAPS))
        note(WORDS("uplink.part.reference"))
        seconds, stored = _sent(dsn, Path(folder), taps, in_flight)
    figure = taps / seconds
    reference = min(taps, _REFERENCE_TAPS) / reference_s
    told = {
        "bench": "uplink",
        "figure": round(figure),
        "reference": round(reference),
        "ratio": round(figure / reference, 2),
        "unit": "taps/s",
        "taps": taps,
        "seconds": round(seconds, 1),
        "in_flight": in_flight,
        "stored": stored,
        "fast_enough": _TARGET_TAPS / figure <= _TARGET_S,
        "load": round(load, 1),
        "cores": os.cpu_count() or 1,
    }
    emit_json(told, line=True)
    return 0 if stored == taps + min(taps, _REFERENCE_TAPS) else 1


def _intake_alone(dsn: str, count: int) -> float:
    """Seconds that the city's own intake takes, several batches at a time."""
    from tongxing.city import City
    from tongxing.fares import load_city_fares
    from tongxing.fares.ask import fare_cities
    from tongxing.messages import KeyRing, SigningKey, TapBatch, TapRef, seal
    from tongxing.storage import Database

    code = fare_cities()[0]
    key = SigningKey.from_secret("REFERENCE", secrets.token_bytes(32))
    city = City(
        code, Database(dsn), key, KeyRing({key.sender: key.public_bytes()}), load_city_fares(code)
    )
    made = [
        replace(tap, ref=TapRef("R-IN", 1, number))
        for number, tap in enumerate(_taps(code, "R-IN", count), start=1)
    ]
    batches = [
        seal(TapBatch(site=key.sender, taps=made[start : start + _BATCH]), key)
        for start in range(0, count, _BATCH)
    ]
    try:
        began = time.perf_counter()
        for start in range(0, len(batches), 8):
            city.intake(batches[start : start + 8], _NOW_S)
        return time.perf_counter() - began
    finally:
        city.close()


def _sent(dsn: str, folder: Path, count: int, in_flight: int) -> tuple[float, int]:
    """Seconds in which a device's queue went up, and how many taps the city has at the end."""
    from tongxing.city import schema_of
    from tongxing.fares.ask import fare_cities
    from tongxing.front.devices import device_site
    from tongxing.gate.link import Link
    from tongxing.gate.pacing import Pace
    from tongxing.gate.uplink import Uplink, UplinkSetup
    from tongxing.messages import SigningKey
    from tongxing.storage import Database

    code = fare_cities()[0]
    key = SigningKey.from_secret(code, secrets.token_bytes(32))
    database = Database(dsn)
    with device_site(database, code, key, lambda: _NOW_S) as app, _served(app) as address:
        site, identity = _device(database, folder, code, key, address, count)
        note(WORDS("uplink.part.queued", taps=count))
        setup = UplinkSetup(
            key=identity.key,
            city_keys=identity.city_keys,
            software="bench",
            clock=lambda: _NOW_S + int(time.monotonic()),
            chance=random.random,
            new_epoch=lambda: 2,
            pace=Pace(in_flight=in_flight),
        )
        uplink, left, began = Uplink(setup, Link(address)), count, time.perf_counter()
        while left:
            stepped = uplink.step(lambda work: work(site))
            left -= stepped.acknowledged
            for refusal in stepped.refusals:
                note(refusal.code)
            if not stepped.online:
                time.sleep(stepped.wait_s)
        seconds = time.perf_counter() - began
        uplink.close()
        site.journal.close()
    with database.connect(schema_of(code)) as connection:
        row = connection.execute("SELECT count(*) FROM tap").fetchone()
    return seconds, int(row[0]) if row else 0


def _device(
    database: "Database", folder: Path, code: str, key: "SigningKey", address: str, count: int
) -> "tuple[Site, Identity]":
    """An enrolled device with so many taps queued in its journal."""
    from tongxing.city.fleet import FleetDesk
    from tongxing.city.office import Office
    from tongxing.city.staffing import StaffDesk
    from tongxing.cli.common import granted
    from tongxing.fares import load_city_fares
    from tongxing.gate import Journal, Site, SiteSetup
    from tongxing.gate.identity import enrol
    from tongxing.network.registry import load_registry
    from tongxing.simulation.queueing import queue_taps

    office = Office(code, database, None)
    staff, desk = StaffDesk(office, secrets.token_bytes), FleetDesk(office, secrets.token_bytes)
    word = secrets.token_hex()
    maker = granted(staff.enrol("1", "1", ("desk",), word, "bench", _NOW_S))
    checker = granted(staff.enrol("2", "2", ("supervisor",), word, "bench", _NOW_S))
    operator = next(iter(_taps(code, "B-IN", 1))).operator
    made = granted(desk.invite(maker, "BENCH", operator, ["B-IN"], _NOW_S))
    granted(desk.confirm(checker, made.number, _NOW_S))
    office.close()
    own = folder / "device"
    identity = granted(
        enrol(own, address, made.code, key.public_bytes(), "bench", _NOW_S, secrets.token_bytes)
    )
    path = own / "journal.db"
    journal = granted(Journal.open(path, identity.facts.device, 1))
    journal.close()
    queue_taps(path, _taps(code, "B-IN", count))
    setup = SiteSetup(
        city=code,
        validators={},
        fares=load_city_fares(code),
        registry=load_registry(),
        key=identity.key,
        city_keys=identity.city_keys,
    )
    return granted(Site.open(setup, journal, lambda _terminal, _decision: None)), identity


def _taps(code: str, terminal: str, count: int) -> "Iterator[Tap]":
    """Entries and exits of a few thousand accounts at one station, a second apart."""
    from tongxing.fares import load_city_fares
    from tongxing.messages import Tap, TapRef

    network = load_city_fares(code).network
    line_id, line = next(
        (name, line) for name, line in network.lines.items() if line.mode == "rail"
    )
    station = next(iter(network.stations))
    for number in range(count):
        yield Tap(
            ref=TapRef(terminal, 0, 0),
            time_s=_NOW_S - count + number,
            kind="exit" if number // _MEDIA % 2 else "entry",
            city=code,
            place=line.place,
            mode=line.mode,
            operator=line.operator,
            line=line_id,
            station=station,
            medium_no=f"{terminal}{number % _MEDIA:012d}",
            medium_kind="card",
            scheme=f"local:{code}",
            issuer=code,
            product="ordinary",
            funding="account",
            outcome="opened",
            tariff="bench",
            deny_list_version=0,
        )


@contextmanager
def _served(app: "FastAPI") -> Iterator[str]:
    """The application on a free port of this machine; its address."""
    import uvicorn

    from tongxing.cli.common import loopback_socket

    taken = loopback_socket(0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(_POLL_S)
    try:
        yield "http://{}:{}".format(*taken.getsockname()[:2])
    finally:
        server.should_exit = True
        thread.join()
        taken.close()
