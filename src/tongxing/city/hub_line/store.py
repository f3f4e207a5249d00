"""The letters a city had, and the files that have no answer yet, in its books."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tongxing.checkpoint import Succession, read_succession
from tongxing.city.desk import schema_of
from tongxing.city.hub_line.trust import HubTrust
from tongxing.messages.letters import Letter
from tongxing.storage import Database, migrate
from tongxing.storage.database import Connection

MIGRATIONS = "tongxing.city.hub_line.migrations"
COMPONENT = "city_hub_line"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that is not booked yet; `why` is the code for which it waits, "" before the first
    try."""

    member: str
    number: int
    kind: str
    window_id: str
    name: str
    content: bytes
    why: str


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A record file that the hub has not answered."""

    file_id: str
    manifest: bytes
    data: bytes


class LetterBook:
    """The letters of one city, on a connection beside that of the city's desk. Each call is a
    transaction."""

    def __init__(self, database: Database, city: str) -> None:
        self._connection: Connection = database.connect(schema_of(city))
        migrate(self._connection, COMPONENT, MIGRATIONS)
        self._connection.commit()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def trust_in(self, given: Succession, clock: Callable[[], int]) -> HubTrust:
        """What to believe of the hub's keys: those that a person has given, and what was learned of
        their successors before."""
        with self._connection.transaction():
            row = self._connection.execute(
                "SELECT content FROM hub_keys ORDER BY number DESC LIMIT 1"
            ).fetchone()
        kept = None if row is None else read_succession(str(row[0]))

        def keep(learned: Succession) -> None:
            with self._connection.transaction():
                self._connection.execute(
                    "INSERT INTO hub_keys (content, learned_s) VALUES (%s, %s)",
                    (learned.text, clock()),
                )

        if isinstance(kept, Succession) and kept.has(given.last):
            return HubTrust(kept, keep)
        if row is None or str(row[0]) != given.text:
            keep(given)
        return HubTrust(given, keep)

    def last(self, member: str) -> int:
        """The highest number that a member has; 0 for none."""
        with self._connection.transaction():
            row = self._connection.execute(
                "SELECT coalesce(max(number), 0) FROM hub_letter WHERE member = %s", (member,)
            ).fetchone()
        assert row is not None
        return int(row[0])

    def keep(self, member: str, letter: Letter, content: bytes, state: str, now_s: int) -> None:
        """Keep a letter as it came; one that is here already stays."""
        with self._connection.transaction():
            self._connection.execute(
                "INSERT INTO hub_letter VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', %s)"
                " ON CONFLICT DO NOTHING",
                (
                    member,
                    letter.number,
                    letter.kind,
                    letter.window_id,
                    letter.name,
                    letter.sha256,
                    content,
                    state,
                    now_s,
                ),
            )

    def waiting(self) -> list[Waiting]:
        """All that is not booked, in order of window, member and number."""
        with self._connection.transaction():
            rows = self._connection.execute(
                "SELECT member, number, kind, window_id, name, content, why FROM hub_letter"
                " WHERE state = 'waits' ORDER BY window_id, member, number"
            ).fetchall()
        return [Waiting(*row) for row in rows]

    def mark(self, letter: Waiting, state: str, why: str, now_s: int) -> None:
        """Note what became of a letter."""
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE hub_letter SET state = %s, why = %s, changed_s = %s"
                " WHERE member = %s AND number = %s",
                (state, why, now_s, letter.member, letter.number),
            )

    def instruction(self, name: str) -> tuple[str, str, bytes] | None:
        """A payment that the hub instructed: the member of ours that it told, the window, the
        message; None when we were told of none by that name."""
        with self._connection.transaction():
            row = self._connection.execute(
                "SELECT member, window_id, content FROM hub_letter"
                " WHERE kind = 'instruction' AND name = %s ORDER BY member LIMIT 1",
                (name,),
            ).fetchone()
        return None if row is None else (str(row[0]), str(row[1]), bytes(row[2]))

    def open_files(self) -> Iterator[OpenFile]:
        """The record files without an answer, oldest first, one in memory at a time."""
        with self._connection.transaction():
            names = self._connection.execute(
                "SELECT file_id FROM record_file WHERE file_code IS NULL ORDER BY number"
            ).fetchall()
        for (name,) in names:
            with self._connection.transaction():
                row = self._connection.execute(
                    "SELECT manifest, data FROM record_file WHERE file_id = %s", (name,)
                ).fetchone()
            assert row is not None
            yield OpenFile(str(name), bytes(row[0]), bytes(row[1]))

    def counts(self) -> dict[str, int]:
        """How many letters are booked, kept and waiting, and how many files without an answer."""
        with self._connection.transaction():
            found: dict[str, int] = dict(
                self._connection.execute(
                    "SELECT state, count(*) FROM hub_letter GROUP BY state"
                ).fetchall()
            )
            row = self._connection.execute(
                "SELECT count(*) FILTER (WHERE file_code IS NULL), count(*) FROM record_file"
            ).fetchone()
        assert row is not None
        states = {state: found.get(state, 0) for state in ("booked", "kept", "waits")}
        return {"files": int(row[1]), "files_open": int(row[0]), **states}
