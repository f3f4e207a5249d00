"""A small settlement day that can be broken anywhere: its files, its bank, and processes that die.

The day is worked in five calls, as a timer would make them. Each call is a process of its own, so
that it can be killed; every statement and every file that it puts on the disk is counted, so that
"in the middle of a step" is a number.
"""

import json
import os
import signal
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psycopg
from hub_world import (
    HUB_KEY,
    RULES,
    TRUSTED,
    B,
    PlainGround,
    Sender,
    make_world,
    revised,
    ride,
)
from msgspec.structs import replace
from psycopg import sql

from tongxing.hub import Hub, HubStore, WindowClosing
from tongxing.hub.running import ORDER, DayDesk, Folders, Step
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import account_balances
from tongxing.simulation.bank import Bank
from tongxing.storage import Database
from tongxing.storage.database import Connection

MONDAY = date(2026, 3, 30)
WINDOW = "W20260330"
CALLS_S = tuple(at(MONDAY, *clock) for clock in ((6,), (12, 31), (15,), (15, 30), (16,)))
"""When somebody works the day: early, after the cut-off, and three times for the bank."""

MOMENTS = ("before", "inside", "after")
FAILED = 6
_PARTIES = ("HUB", "ACQ-990100", "ACQ-990200", "OP1", "OP2", "OP3", "ISS-990100", "ISS-990200")
_MEMBER_A, _MEMBER_B = "ACQ-990100", "ACQ-990200"


@dataclass
class Counter:
    """Counts what a process puts on the disk, by step; at `at_count` of `step` it `strikes`."""

    step: Step | None = None
    at_count: int = 0
    strikes: Callable[[], None] = lambda: None
    now: Step | None = None
    seen: dict[str, int] = field(default_factory=dict)

    def tick(self) -> None:
        if self.now is None:
            return
        self.seen[self.now] = self.seen.get(self.now, 0) + 1
        if self.now is self.step and self.seen[self.now] == self.at_count:
            self.strikes()


class CountingDatabase(Database):
    """A database whose statements are counted."""

    counter: Counter

    def connect(self, schema: str) -> Connection:
        connection = Database.connect(self, schema)
        counter = self.counter

        class CountingCursor(psycopg.Cursor[tuple[Any, ...]]):
            """A cursor that counts before it does."""

            def execute(self, *args: Any, **kwargs: Any) -> "CountingCursor":
                counter.tick()
                super().execute(*args, **kwargs)
                return self

            def executemany(self, *args: Any, **kwargs: Any) -> None:
                counter.tick()
                super().executemany(*args, **kwargs)

        connection.cursor_factory = CountingCursor
        return connection


class WatchedDesk(DayDesk):
    """The desk itself; it tells the counter which step is being done, and strikes around one."""

    counter: Counter
    moment = ""

    def watch(self, counter: Counter, moment: str) -> None:
        self.counter, self.moment = counter, moment
        self._doers = {step: self._watched(step, do) for step, do in self._doers.items()}

    def _watched(self, step: Step, do: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            if self.moment == "before" and step is self.counter.step:
                self.counter.strikes()
            self.counter.now = step
            found = do(*args)
            self.counter.now = None
            return found

        return watched

    def _write(self, step: Step, *args: Any) -> None:
        super()._write(step, *args)
        if self.moment == "after" and step is self.counter.step:
            self.counter.strikes()


@dataclass
class SettlementDay:
    """The day of one clearing house: its database, its folders, and the bank that answers it."""

    database: Database
    folders: Folders
    files: list[tuple[int, str, bytes, bytes]]
    bank: Bank = field(default_factory=lambda: Bank("Bank of both cities"))

    def __post_init__(self) -> None:
        for party in _PARTIES:
            self.bank.deposit(party, 1_000_000, CALLS_S[0], "opening")
        for folder in (self.folders.inbox, self.folders.bank_in):
            folder.mkdir(parents=True, exist_ok=True)

    def others_act(self, call: int) -> None:
        """What members and bank lay down before a call."""
        for before, name, manifest, data in self.files:
            if before == call:
                (self.folders.inbox / f"{name}.gz").write_bytes(data)
                (self.folders.inbox / f"{name}.manifest").write_bytes(manifest)
        for order in sorted(self.folders.bank_out.glob("*/*.xml")):
            report = self.bank.execute(order.read_bytes(), CALLS_S[call] - 60)
            known = list(self.folders.bank_in.glob(f"**/{order.stem}*"))
            if not known:
                (self.folders.bank_in / order.name).write_bytes(report)

    def work(self, call: int, counter: Counter | None = None, moment: str = "") -> int:
        """One call, in this process: 0, or 5 for a refusal."""
        counted = counter or Counter()
        database = CountingDatabase(self.database.dsn)
        object.__setattr__(database, "counter", counted)
        store = HubStore(database)
        try:
            hub = Hub(store, HUB_KEY, TRUSTED, RULES, PlainGround())
            desk = WatchedDesk(store, hub, HUB_KEY, TRUSTED, RULES, self.folders)
            desk.watch(counted, moment)
            found = desk.work(CALLS_S[call], "night-shift")
            return 5 if isinstance(found, Refusal) else 0
        finally:
            store.close()

    def dump(self) -> dict[str, str]:
        """All that the hub keeps, and every file in its folders, by name."""
        found = {}
        with psycopg.connect(self.database.dsn) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'hub'"
                " AND tablename <> 'migration' ORDER BY 1"
            ).fetchall()
            for (table,) in tables:
                query = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier("hub", table))
                rows = sorted(str(row[0]) for row in connection.execute(query))
                found[f"table {table}"] = "\n".join(rows)
        root = self.folders.root
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            found[str(path.relative_to(root))] = sha256_hex(path.read_bytes())
        return found


def deliveries() -> list[tuple[int, str, bytes, bytes]]:
    """Before which call, under which name: two files of B in the wrong order of names, one of A,
    one that does not add up, and one that comes after the cut-off."""
    a, b = Sender(_MEMBER_A, files=1), Sender(_MEMBER_B)
    a.last = sha256_hex(_early_file()[0])
    day = MONDAY - timedelta(days=1)
    rides = [
        ride("d1", day=day),
        ride("d2", issuer=B, charge_fen=500, day=day),
        replace(ride("d3", day=day), line="M7"),
    ]
    found = [(0, "a-0-wrong", *a.file([ride("d9", day=day)], delta_sum_fen=1))]
    found.append((0, "a-1", *a.file(rides)))
    a.took(found[-1][2])
    found.append((0, "b-9-first", *b.file([ride("e1", where="bus", charge_fen=180, day=day)])))
    b.took(found[-1][2])
    buses = [ride("e2", issuer=B, where="bus", charge_fen=160, day=day)]
    found.append((0, "b-1-second", *b.file(buses)))
    found.append((1, "a-late", *a.file([revised(rides[0], 400)])))
    return found


def _early_file() -> tuple[bytes, bytes]:
    """A file of ten days ago with a record that is on hold since."""
    held = replace(ride("old", day=MONDAY - timedelta(days=11)), line="M7")
    return Sender(_MEMBER_A).file([held])


def prepare(database: Database) -> None:
    """A hub with its members, and a record on hold whose days are over at the day's cut-off."""
    world = make_world(database)
    early_s = at(MONDAY - timedelta(days=10), 6)
    assert isinstance(world.hub.receive_file(*_early_file(), early_s), bytes)
    assert isinstance(world.hub.close_window("W20260320", CALLS_S[0]), WindowClosing)
    world.hub.close()


def in_a_process(do: Callable[[], int]) -> int:
    """The exit status of a process that does this, below zero for the signal that killed it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what is forked here makes no threads
        child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 99
    try:
        code = do()
    except (psycopg.OperationalError, OSError):
        code = FAILED
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def count_files(counter: Counter) -> None:
    """Count every flush and every move of a file, from here on, in this process."""
    flush, move = os.fsync, os.replace

    def counted_flush(handle: int) -> None:
        counter.tick()
        flush(handle)

    def counted_move(source: Any, target: Any) -> None:
        counter.tick()
        move(source, target)

    os.fsync, os.replace = counted_flush, counted_move


def kill_ourselves() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def books_are_even(database: Database) -> bool:
    """Whether no member has a position left."""
    store = HubStore(database)
    try:
        with store.reading() as cursor:
            left = account_balances(cursor, "HUB")
    finally:
        store.close()
    return not any(fen for account, fen in left.items() if account.startswith("pos:"))


@dataclass(frozen=True)
class Strike:
    """Where a day is struck: at the `count`-th thing that a step puts on the disk in a call, or
    before or after the step."""

    step: Step
    moment: str
    call: int
    count: int = 0


Told = tuple[Strike, int]
"""A strike and the exit status of the call that it hit."""


def play(
    day: SettlementDay,
    strikes: Sequence[Strike] = (),
    strike: Callable[[], None] = kill_ourselves,
    mend: Callable[[], None] = lambda: None,
) -> list[Told]:
    """The whole day, struck here and there; after each strike the damage is mended and the call
    made again. What became of the calls that were to be struck."""
    told = []
    for call in range(len(CALLS_S)):
        day.others_act(call)
        for blow in (one for one in strikes if one.call == call):
            counter = Counter(blow.step, blow.count, strike)
            told.append((blow, _called(day, call, counter, blow.moment)))
            mend()
        assert _called(day, call, Counter(), "") == 0
    return told


def _called(day: SettlementDay, call: int, counter: Counter, moment: str) -> int:
    """One call in a process of its own."""

    def do() -> int:
        count_files(counter)
        return day.work(call, counter, moment)

    return in_a_process(do)


Counts = dict[Step, list[int]]


def measure(day: SettlementDay) -> Counts:
    """How often each step puts something on the disk, call by call, of an undisturbed day."""
    found: Counts = {step: [] for step in ORDER}
    report = day.folders.root.with_suffix(".counts")
    for call in range(len(CALLS_S)):
        day.others_act(call)
        counter = Counter()

        def do(call: int = call, counter: Counter = counter) -> int:
            count_files(counter)
            code = day.work(call, counter)
            report.write_text(json.dumps(counter.seen))
            return code

        assert in_a_process(do) == 0
        seen = json.loads(report.read_text())
        for step, counts in found.items():
            counts.append(seen.get(step.value, 0))
    return found


def strikes(counts: Counts, moments: Sequence[str] = MOMENTS) -> list[Strike]:
    """One strike for each step and moment, in the order in which they come to pass. `inside` is
    the middle of the call in which a step does most."""
    found = []
    for step, by_call in counts.items():
        most = max(by_call)
        first = next(call for call, count in enumerate(by_call) if count)
        last = len(by_call) - 1 if step in (Step.SETTLE, Step.FINISH) else 1
        places = {
            "before": Strike(step, "before", first),
            "inside": Strike(step, "inside", by_call.index(most), most // 2),
            "after": Strike(step, "after", last),
        }
        found += [places[moment] for moment in moments]
    return found


def everywhere(counts: Counts) -> list[Strike]:
    """One strike for each single thing that any step puts on the disk in any call."""
    return [
        Strike(step, "inside", call, count)
        for step, by_call in counts.items()
        for call, most in enumerate(by_call)
        for count in range(1, most + 1)
    ]
