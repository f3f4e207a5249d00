"""Forward-only migrations: numbered SQL files of a package, applied once, never changed afterwards.

A file that was applied and has other bytes now is refused: history is not edited, a new file is
added. A database that knows a migration this program does not is refused too.
"""

import re
from importlib.resources import files

from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Problem
from tongxing.storage.database import Connection

_NAME = re.compile(r"^([0-9]{4})_[a-z0-9_]+\.sql$")


def migrate(connection: Connection, component: str, package: str) -> list[str]:
    """Bring `component`'s tables in the connection's schema up to date; the names applied now.

    All missing files are applied in one transaction, in order of number.
    Raises Problem(SCHEMA_MISMATCH) when an applied file is gone or has changed.
    """
    wanted = _files_of(package)
    with connection.transaction():
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (component text, name text, sha256 text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (component, name))"
        )
        connection.execute("LOCK TABLE migration IN EXCLUSIVE MODE")
        applied = {
            str(name): str(checksum)
            for name, checksum in connection.execute(
                "SELECT name, sha256 FROM migration WHERE component = %s", (component,)
            )
        }
        for name, checksum in applied.items():
            if name not in wanted or sha256_hex(wanted[name]) != checksum:
                raise Problem("SCHEMA_MISMATCH", f"{component}/{name}")
        missing = [name for name in sorted(wanted) if name not in applied]
        for name in missing:
            connection.execute(wanted[name])
            connection.execute(
                "INSERT INTO migration (component, name, sha256) VALUES (%s, %s, %s)",
                (component, name, sha256_hex(wanted[name])),
            )
    return missing


def is_behind(connection: Connection, component: str, package: str) -> bool:
    """Whether the connection's schema holds `component` without some of its migrations: the books
    of an older version. False where the component was never set up. Only reads."""
    row = connection.execute("SELECT to_regclass('migration') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return False
    applied = {
        str(name)
        for (name,) in connection.execute(
            "SELECT name FROM migration WHERE component = %s", (component,)
        )
    }
    return bool(applied) and bool(_files_of(package).keys() - applied)


def _files_of(package: str) -> dict[str, bytes]:
    found = {
        entry.name: entry.read_bytes()
        for entry in files(package).iterdir()
        if entry.name.endswith(".sql")
    }
    numbers = [name[:4] for name in found]
    bad = [name for name in found if not _NAME.match(name)]
    if bad or len(set(numbers)) != len(numbers):
        raise ValueError(f"migrations of {package} are not numbered uniquely: {sorted(found)}")
    return found
