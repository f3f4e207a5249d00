"""A PostgreSQL of one's own, for settlement days that kill it or fill its disk."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit, urlunsplit

import psycopg
from day_world import SettlementDay, deliveries, prepare

from tongxing.hub.running import Folders
from tongxing.storage import Database, open_database


class Cluster:
    """A PostgreSQL of one's own that can be killed; each day gets a copy of the prepared books."""

    def __init__(self, home: Path) -> None:
        self.server = open_database(None, home)
        self.home = home
        self._days = 0
        self._administer("ALTER SYSTEM SET max_wal_size = '64MB'")
        self._administer("CREATE DATABASE prepared")
        prepare(self._named("prepared"))

    def new_day(self) -> SettlementDay:
        """A day that nobody has touched."""
        self._days += 1
        name = f"day_{self._days}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE prepared STRATEGY file_copy")
        return SettlementDay(self._named(name), Folders(self.home / name), deliveries())

    def forget(self, day: SettlementDay) -> None:
        """Make room: nobody looks at that day again."""
        self._administer(f"DROP DATABASE {urlsplit(day.database.dsn).path[1:]} WITH (FORCE)")
        shutil.rmtree(day.folders.root)

    def kill(self) -> None:
        """SIGKILL to every process of the server; none is left when this returns."""
        first = self.server.embedded.get_postmaster_info().process
        for process in (first, *first.children(recursive=True)):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        while Path(f"/proc/{first.pid}").exists() and first.status() != "zombie":
            sleep(0.01)

    def mend(self) -> None:
        """The server runs, whatever happened to it. Where nobody reaps dead processes a killed one
        stays in their list, and the files that name its number must not count for it."""
        info = self.server.embedded.get_postmaster_info()
        if not info.process.is_running() or info.process.status() == "zombie":
            (self.home / "postgres" / "postmaster.pid").unlink(missing_ok=True)
            for lock in info.socket_dir.glob(".s.PGSQL.*.lock"):
                lock.unlink()
        self.server.embedded.ensure_postgres_running()
        for _ in range(200):
            try:
                psycopg.connect(self.server.dsn).close()
            except psycopg.OperationalError:
                sleep(0.05)
            else:
                return

    def close(self) -> None:
        self.server.close()

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.server.dsn, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _named(self, name: str) -> Database:
        return Database(urlunsplit(urlsplit(self.server.dsn)._replace(path=f"/{name}")))
