"""What all tests share: a real PostgreSQL, a real browser, no outside network, an honest ending.

The server is started once per run and each test gets a database of its own in it. Set
TONGXING_TEST_DSN (``postgresql://…``) to use a server of your own.
"""

import gc
import itertools
import os
import shutil
import signal
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from door.machine import find_browser

from tongxing.city.office import Office
from tongxing.hub import HubStore
from tongxing.storage import Database, open_database

_EXIT_INTERRUPTED = 130
_GC_THRESHOLD = (20_000, 20, 50)
_MEMORY, _ROOM_BYTES = Path("/dev/shm"), 8 << 30
_LOUD = {
    "no browser": "set CHROMIUM=path",
    "no PC/SC": "run python3 x.py test as root on Debian, or install pcscd, vpcd and pyscard",
    "no SoftHSM2": "install softhsm2",
    "no Spark": "run python3 x.py test --spark yes, with Java 17 or newer",
    "no Mosquitto": "run python3 x.py test as root on Debian, or install mosquitto",
    "no file system can be mounted": "run as root on Linux, or allow user namespaces",
    "SQLite": "use a Python whose sqlite3 is linked with a shared library",
}
"""What a skipped test may say it lacks, and what helps."""

_EMPTIED = """
DO $$
DECLARE
    found record;
    filled boolean;
BEGIN
    FOR found IN SELECT nspname FROM pg_namespace
        WHERE nspname !~ '^(pg_|information_schema$|public$)' AND nspname !~ '{kept}' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', found.nspname);
    END LOOP;
    FOR found IN SELECT DISTINCT tgrelid::regclass AS name FROM pg_trigger
        WHERE tgenabled = 'D' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER ALL', found.name);
    END LOOP;
    FOR found IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace::regnamespace::text ~ '{kept}'
        AND relkind = 'r' AND relname <> 'migration' AND pg_relation_size(oid) > 0 LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', found.name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %s', found.name);
        END IF;
    END LOOP;
    FOR found IN SELECT schemaname, sequencename FROM pg_sequences
        WHERE last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I.%I RESTART', found.schemaname, found.sequencename);
    END LOOP;
END $$
"""
"""What empties a database of houses: rows, sequences, and schemas that are not `kept`. What guards
evidence and a test has put to sleep is woken."""
_CITIES, _HUB = "^(city|people)_(110000|500000)$", "^hub$"
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

_proven: set[str] = set()
_broken: set[str] = set()
_database_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    """A folder in which an embedded server may live: in memory where there is room, for a commit
    waits for its disk, and what a test proves does not hang on the power.

    Not in pytest's own folder: every new pytest closes that one to other users, and as root the
    server runs as another user.
    """
    where = str(_MEMORY) if _has_room(_MEMORY) else None
    with tempfile.TemporaryDirectory("", "tongxing-", where, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM_BYTES


@pytest.fixture(scope="session")
def database_server(server_home: Path) -> Iterator[Database]:
    """A real PostgreSQL with its real durability settings, for the whole run."""
    found = open_database(os.environ.get("TONGXING_TEST_DSN"), server_home)
    yield found
    found.close()


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database for this test alone. Where tests begin with a city, their folder's conftest.py
    gives `city_database` or `hub_database` instead, which are made once."""
    return empty_database


@pytest.fixture
def empty_database(database_server: Database) -> Iterator[Database]:
    """An empty database of that server, for this test alone; forgotten connections are cut."""
    with _lasting(database_server) as found:
        yield found


@pytest.fixture(scope="session")
def lasting_database(database_server: Database) -> Callable[..., AbstractContextManager[Database]]:
    """Makes a database that is there until the block ends: an empty one, or a copy of a given one
    to which nobody is connected."""
    return partial(_lasting, database_server)


@pytest.fixture(scope="session")
def _cities(database_server: Database) -> Iterator[Database]:
    """A database in which two cities have their tables."""
    with _lasting(database_server) as found:
        for city in ("110000", "500000"):
            Office(city, found, None).close()
        yield found


@pytest.fixture(scope="session")
def _hub(database_server: Database) -> Iterator[Database]:
    """A database in which a hub has its tables."""
    with _lasting(database_server) as found:
        HubStore(found).close()
        yield found


@pytest.fixture
def city_database(_cities: Database) -> Iterator[Database]:
    """That database with nothing in its tables, for this test alone: far quicker than making a
    hundred tables anew. What a test adds beside them goes, and connections it forgot are cut."""
    with _emptied(_cities, _CITIES):
        yield _cities


@pytest.fixture
def hub_database(_hub: Database) -> Iterator[Database]:
    """The same with the tables of a hub."""
    with _emptied(_hub, _HUB):
        yield _hub


@contextmanager
def _lasting(server: Database, like: Database | None = None) -> Iterator[Database]:
    """A database until the block ends."""
    name, more = _new_name(), "" if like is None else f" TEMPLATE {urlsplit(like.dsn).path[1:]}"
    _administer(server, f"CREATE DATABASE {name}{more}")
    yield _named(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _emptied(database: Database, kept: str) -> Iterator[None]:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # evidence cannot be deleted
        connection.execute(_EMPTIED.format(kept=kept).encode())
    yield
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(_CUT.encode())


def _new_name() -> str:
    return f"test_{os.getpid()}_{next(_database_numbers)}"


def _named(server: Database, name: str) -> Database:
    return Database(urlunsplit(urlsplit(server.dsn)._replace(path=f"/{name}")))


def _administer(server: Database, statement: str) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The path of a real Chromium; without one the test is skipped, and the summary says so."""
    found = os.environ.get("CHROMIUM") or find_browser(os.environ)
    if not found:
        pytest.skip("no browser")
    return found


@pytest.fixture(scope="session")
def browser(browser_path: str) -> Iterator[Any]:
    """A running Chromium, as Playwright's `Browser`. It runs scripts as they come: each page is a
    new one, and what it would spend on compiling them well is never earned back."""
    from playwright.sync_api import sync_playwright

    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    arguments = ["--js-flags=--no-opt,--no-maglev", *(["--no-sandbox"] if as_root else [])]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        yield running
        running.close()


@pytest.fixture(autouse=True, scope="session")
def _no_outside_network() -> Iterator[None]:
    """A test that reaches for another machine fails at once."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise OSError(f"a test must not reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths for data folders; none is there before a test makes it."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count(1))


@pytest.fixture(autouse=True)
def _plain_surroundings(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _homes: Iterator[Path]
) -> None:
    """Nobody's language, database or data folder leaks in; programs started find our sources."""
    for name in ("TONGXING_LANG", "TONGXING_DSN", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1] / "src"))
    is_alone = "tmp_path" not in request.fixturenames  # a folder for every test takes its time
    folder = next(_homes) if is_alone else request.getfixturevalue("tmp_path")
    monkeypatch.setenv("TONGXING_HOME", str(folder / "home"))


def pytest_configure(config: pytest.Config) -> None:
    """Being told to stop ends the run as Ctrl-C does, so that fixtures end what they started.

    The card readers of whoever runs this are out of reach: the run has a card service of its own,
    or none. Its address must be set before anybody asks, for the library keeps the first one.

    What is collected stays until the end, so nobody looks through it for garbage, now or later.
    """
    gc.disable()
    gc.set_threshold(*_GC_THRESHOLD)
    config.add_cleanup(gc.unfreeze)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = tempfile.TemporaryDirectory(prefix="tongxing-pcsc-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["PCSCLITE_CSOCK_NAME"] = f"{folder.name}/pcscd.comm"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process works alone at the end, and in turn by
    folder, so that those of a folder that mostly waits are not waited for all at once."""
    slow = dict.fromkeys(item.path for item in items if item.get_closest_marker("slow"))
    turns: Counter[Path] = Counter()
    turn = dict.fromkeys((item.path for item in items), len(slow))
    for path in slow:
        turn[path] = turns[path.parent]
        turns[path.parent] += 1
    items.sort(key=lambda item: turn[item.path])
    for item in items:
        for mark in item.iter_markers("req"):
            item.user_properties.extend(("req", str(argument)) for argument in mark.args)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    ids = {str(value) for name, value in report.user_properties if name == "req"}
    if report.failed:
        _broken.update(ids)
    elif report.when == "call" and report.passed:
        _proven.update(ids)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if terminalreporter.config.option.collectonly:
        return
    proven = len(_proven - _broken)
    terminalreporter.write_line(f"requirements proven by this run: {proven}")
    for requirement in sorted(_broken):
        terminalreporter.write_line(f"  BROKEN {requirement}", red=True)
    told = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for lacking, what_to_do in _LOUD.items():
        if count := sum(lacking in reason for reason in told):
            line = f"!!! {lacking.upper()}: {count} tests were skipped; {what_to_do} !!!"
            terminalreporter.write_line(line, red=True, bold=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        session.exitstatus = _EXIT_INTERRUPTED
