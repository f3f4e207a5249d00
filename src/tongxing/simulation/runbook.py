"""Which run filled this database and this home folder, so that the next one knows what it may do.

A demo that is killed must simply start again, and must never wipe books it did not make. So a run
signs in before it touches anything: a row in the database and a file in the home. Houses without
that row, or gate journals without that file, belong to somebody else and are left alone.
"""

import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tongxing.city.desk import schema_of
from tongxing.city.office import people_schema_of
from tongxing.kernel.reasons import Problem
from tongxing.storage import Database, migrate
from tongxing.storage.database import Connection

SCHEMA = "simulation"
MIGRATIONS = "tongxing.simulation.migrations"
MARKER = "simulation.json"
FOLDERS = ("gates", "statements", "front")

_CITY = schema_of("")
_RUN_LOCK, _HOUSE_LOCK = 0x746F6E67, 0x746F6E68  # any two fixed numbers
_WAIT_S = 20


@dataclass(frozen=True, slots=True)
class Parameters:
    """What makes a run what it is: the same parameters always give the same books.

    `data` is the digest of the scenario's data.
    """

    seed: int
    date: str
    days: int
    passengers: int
    faults: tuple[str, ...]
    real_media_bp: int
    data: str

    def encoded(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def seed_at(home: Path) -> int | None:
    """The seed of the run whose papers lie in this home folder; None where there is none."""
    try:
        found = json.loads((home / MARKER).read_text(encoding="utf-8"))
        return int(found["seed"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run that signed in here earlier."""

    parameters: str
    finished: bool
    summary: dict[str, Any] | None


class RunBook:
    """The notes of one database and one home folder. Holds a lock as long as it is open."""

    def __init__(self, database: Database, home: Path) -> None:
        """Raises Problem: RUN_ACTIVE while another run works in this database."""
        self._database = database
        self._home = home
        self._connection = database.connect(SCHEMA)
        self._connection.autocommit = True
        try:
            self._wait_for(_RUN_LOCK)
            self._wait_for(_HOUSE_LOCK)
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (_HOUSE_LOCK,))
            migrate(self._connection, "simulation", MIGRATIONS)
        except BaseException:
            self._connection.close()
            raise

    def found(self) -> FoundRun | None:
        """The run that filled this database; None for a database without houses.

        Raises Problem(DATABASE_NOT_OURS) when houses stand here that no run made.
        """
        row = self._connection.execute("SELECT parameters, state, summary FROM run").fetchone()
        if row is None:
            if self._database.schemas():
                raise Problem("DATABASE_NOT_OURS", ", ".join(self._database.schemas()))
            return None
        parameters, state, summary = row
        return FoundRun(
            str(parameters), state == "finished", None if summary is None else json.loads(summary)
        )

    def is_at_home(self, parameters: Parameters) -> bool:
        """Whether this home folder, too, holds the papers of that run."""
        marker = self._home / MARKER
        return (
            marker.is_file() and marker.read_text(encoding="utf-8") == parameters.encoded() + "\n"
        )

    def begin(self, parameters: Parameters) -> None:
        """Sign in, then clear away what an earlier run left in the database and the home.

        Raises Problem(HOME_NOT_OURS) for journals or statements without the marker of a run, and
        HOME_NOT_WRITABLE.
        """
        self.found()
        marker = self._home / MARKER
        strangers = [name for name in FOLDERS if (self._home / name).exists()]
        if strangers and not marker.exists():
            raise Problem("HOME_NOT_OURS", str(self._home / strangers[0]))
        self._write(parameters, "running", None)
        try:
            marker.write_text(_marked(parameters), encoding="utf-8")
            for name in FOLDERS:
                shutil.rmtree(self._home / name, ignore_errors=True)
                (self._home / name).mkdir(parents=True)
        except OSError as error:
            raise Problem("HOME_NOT_WRITABLE", str(self._home)) from error
        for schema in self._database.schemas():
            self._database.drop_schema(schema)
            if schema.startswith(_CITY):
                self._database.drop_schema(people_schema_of(schema.removeprefix(_CITY)))

    def finish(self, parameters: Parameters, summary: dict[str, Any]) -> None:
        """Note that the run came to its end, with what it had to say."""
        self._write(parameters, "finished", json.dumps(summary, ensure_ascii=False))

    def close(self) -> None:
        """Let another run work here."""
        self._connection.close()

    def _write(self, parameters: Parameters, state: str, summary: str | None) -> None:
        self._connection.execute(
            "INSERT INTO run (parameters, state, summary) VALUES (%s, %s, %s)"
            " ON CONFLICT (only_row) DO UPDATE SET parameters = excluded.parameters,"
            " state = excluded.state, summary = excluded.summary",
            (parameters.encoded(), state, summary),
        )

    def _wait_for(self, lock: int) -> None:
        """Houses of a run that was killed may live on for a moment; wait for them a little."""
        until = time.monotonic() + _WAIT_S
        while not self._taken(lock):
            if time.monotonic() > until:
                raise Problem("RUN_ACTIVE", str(self._home))
            time.sleep(0.2)

    def _taken(self, lock: int) -> bool:
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone()
        return row is not None and bool(row[0])


def _marked(parameters: Parameters) -> str:
    return parameters.encoded() + "\n"


def hold_house_lock(connection: Connection) -> None:
    """Keep the next run waiting for as long as this house's connection lives."""
    connection.execute("SELECT pg_advisory_lock_shared(%s)", (_HOUSE_LOCK,))
    connection.commit()
