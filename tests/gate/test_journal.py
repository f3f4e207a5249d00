"""The journal keeps what a gate opened to: numbered without a gap, on disk, until receipted."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gate_world import (
    SITE,
    a_tap,
    code_of,
    compose,
    fill,
    numbers_of,
    open_journal,
    plain_receipt,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import JournalSettings
from tongxing.gate.pool import ConnectionPool, capacity_within
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap

# --- identity and order ---------------------------------------------------------------------------


def test_each_terminal_counts_its_own_taps_from_one(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, epoch=77)
    written = [journal.append(a_tap(terminal)) for terminal in ("G1", "G2", "G1", "G1", "G2")]
    assert [str(tap.ref) for tap in written if isinstance(tap, Tap)] == [
        "G1/4d/1", "G2/4d/1", "G1/4d/2", "G1/4d/3", "G2/4d/2",
    ]  # fmt: skip


def test_unsent_taps_come_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    written = [journal.append(a_tap(terminal)) for terminal in ("G2", "G1", "G2")]
    assert journal.unsent(10) == written
    assert journal.unsent(2) == written[:2]


def test_a_second_process_sees_the_tap_as_soon_as_append_returns(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    tap = fill(journal, 1)[0]
    with sqlite3.connect(journal.path) as other:
        (body,) = other.execute("SELECT body FROM tap").fetchone()
    other.close()
    assert b'"medium_no":"3104000012345678901"' in body
    assert f'"ref":["G1",{tap.ref.epoch},1]'.encode() in body


def test_a_tap_with_an_identity_is_not_written_again(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    tap = fill(journal, 1)[0]
    with pytest.raises(ValueError, match="has an identity already"):
        journal.append(tap)


@given(st.lists(st.sampled_from(["tap G1", "tap G2", "reopen", "send", "receipt", "forget"])))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_numbers_stay_gapless_whatever_happens_in_between(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = open_journal(folder, settings=JournalSettings(retention_s=0))
    count = {"G1": 0, "G2": 0}
    for step in steps:
        if step.startswith("tap"):
            terminal = step[-2:]
            tap = journal.append(a_tap(terminal))
            count[terminal] += 1
            assert isinstance(tap, Tap) and tap.ref.seq == count[terminal]
        elif step == "reopen":
            journal.close()
            journal = open_journal(folder, settings=JournalSettings(retention_s=0))
        elif step == "send":
            compose(journal)
        elif step == "receipt":
            for batch, sha256 in compose(journal):
                assert journal.acknowledge(plain_receipt(batch, sha256), 0) == len(batch.taps)
        else:
            assert not isinstance(journal.forget(now_s=1), Refusal)
    journal.close()


# --- reopening, kills -----------------------------------------------------------------------------


def test_the_epoch_is_drawn_once_and_numbers_go_on_after_reopening(tmp_path: Path) -> None:
    first = open_journal(tmp_path, epoch=5)
    fill(first, 3)
    first.close()
    again = open_journal(tmp_path, epoch=6)
    assert again.epoch == 5
    assert fill(again, 1)[0].ref.seq == 4


def test_a_new_storage_gets_the_new_epoch(tmp_path: Path) -> None:
    fill(open_journal(tmp_path, epoch=5), 3)
    replaced = open_journal(tmp_path / "new card", epoch=6)
    assert str(fill(replaced, 1)[0].ref) == "G1/6/1"


KILLED = """
import sys
from pathlib import Path
from typing import Any
sys.path[:0] = sys.argv[2:]
from gate_world import a_tap, open_journal
journal = open_journal(Path(sys.argv[1]))
while True:
    print(journal.append(a_tap("G1")).ref.seq, flush=True)
"""


def test_kill_9_between_appends_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    here = Path(__file__).parent
    paths = [str(here), str(here.parent), *(path for path in sys.path if path.endswith("src"))]
    answered = 0
    for kill_after in (1, 7, 40, 113):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), *paths], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        for _ in range(kill_after):
            answered = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        answered = int(rest[-1]) if rest else answered
        child.stdout.close()
        child.wait()
        journal = open_journal(tmp_path)
        found = numbers_of(journal)
        journal.close()
        assert found == list(range(1, len(found) + 1)), "a gap"
        assert len(found) in (answered, answered + 1), "lost, or more than the one in flight"


# --- unsafe, damaged, full ------------------------------------------------------------------------


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL", "normal", "0", "FULL; DROP TABLE tap"])
def test_a_setting_that_can_lose_a_commit_is_refused(tmp_path: Path, synchronous: str) -> None:
    answer = Journal.open(tmp_path / "j.db", SITE, 1, JournalSettings(synchronous=synchronous))
    assert code_of(answer) == "UNSAFE_DURABILITY"
    assert not (tmp_path / "j.db").exists()


def test_a_storage_without_a_write_ahead_log_is_refused() -> None:
    answer = Journal.open(Path(":memory:"), SITE, 1)
    assert isinstance(answer, Refusal)
    assert answer.message("en") == "The setting journal_mode=memory could lose committed data"
    assert answer.next_step("en") == "Set it to wal, then start again"


def test_the_open_file_really_is_in_full_sync_with_a_write_ahead_log(tmp_path: Path) -> None:
    pool = ConnectionPool(1)
    journal = open_journal(tmp_path, pool=pool)
    fill(journal, 1)
    connection = pool.get(journal.path, lambda: Refusal("JOURNAL_UNAVAILABLE"))
    assert isinstance(connection, sqlite3.Connection)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_bytes(b"GBK text, or anything else " * 400)
    answer = Journal.open(tmp_path / "j.db", SITE, 1)
    assert code_of(answer) == "JOURNAL_CORRUPT"
    assert (tmp_path / "j.db").read_bytes().startswith(b"GBK text")


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "j.db")
    other.execute("CREATE TABLE diary (page TEXT)")
    other.close()
    assert code_of(Journal.open(tmp_path / "j.db", SITE, 1)) == "JOURNAL_CORRUPT"
    other = sqlite3.connect(tmp_path / "j.db")
    assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["diary"]
    other.close()


def test_another_sites_journal_is_refused(tmp_path: Path) -> None:
    open_journal(tmp_path).close()
    answer = Journal.open(tmp_path / "j.db", "SITE-2", 1)
    assert isinstance(answer, Refusal)
    assert answer.code == "JOURNAL_OTHER_SITE"
    assert answer.message("en") == f"The journal belongs to site {SITE}, not SITE-2"


def damage_a_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 3 * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)


def lie_about_free_pages(path: Path) -> None:
    """Readable everywhere, yet not whole: only the check of all pages can tell."""
    content = bytearray(path.read_bytes())
    content[36:40] = (7).to_bytes(4, "big")
    path.write_bytes(content)


def drop_a_number(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM tap WHERE seq = 3")
    other.close()


def forget_the_newest(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM tap WHERE seq = (SELECT MAX(seq) FROM tap)")
    other.close()


@pytest.mark.parametrize(
    "damage", [damage_a_page, lie_about_free_pages, drop_a_number, forget_the_newest]
)
def test_a_damaged_journal_is_refused_when_it_is_opened(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    journal = open_journal(tmp_path)
    fill(journal, 60)
    journal.close()
    damage(journal.path)
    answer = Journal.open(journal.path, SITE, 1)
    assert isinstance(answer, Refusal)
    assert answer.code == "JOURNAL_CORRUPT"
    assert "{detail}" not in answer.message("zh")


def test_a_changed_byte_in_a_tap_is_never_sent_to_the_city(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    fill(journal, 5)
    with sqlite3.connect(journal.path) as other:
        other.execute("UPDATE tap SET body = replace(body, '3104', '3105') WHERE seq = 2")
    other.close()
    assert code_of(journal.outgoing(1)) == "JOURNAL_CORRUPT"
    assert code_of(journal.unsent(5)) == "JOURNAL_CORRUPT"


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(JournalSettings(bytes_max=400_000), id="nine tenths of its share"),
        pytest.param(JournalSettings(bytes_max=80_000), id="its share, within one room check"),
        pytest.param(JournalSettings(free_bytes_min=2**62), id="the disk"),
    ],
)
def test_a_full_journal_refuses_and_keeps_what_it_has(
    tmp_path: Path, limits: JournalSettings
) -> None:
    journal = open_journal(tmp_path, settings=limits)
    written = 0
    while not isinstance(answer := journal.append(a_tap("G1")), Refusal):
        written += 1
        assert written < 2_000, "it never became full"
    assert answer.code == "JOURNAL_FULL"
    assert numbers_of(journal) == list(range(1, written + 1))
    journal.close()
    assert numbers_of(open_journal(tmp_path)) == list(range(1, written + 1))


def test_a_full_journal_still_takes_receipts_and_then_taps_again(tmp_path: Path) -> None:
    limits = JournalSettings(bytes_max=1_500_000, retention_s=0)
    journal = open_journal(tmp_path, settings=limits)
    while not isinstance(journal.append(a_tap("G1")), Refusal):
        pass
    for batch, sha256 in compose(journal, limit=20):
        assert journal.acknowledge(plain_receipt(batch, sha256), now_s=10) == len(batch.taps)
    forgotten = journal.forget(now_s=10)
    assert isinstance(forgotten, int) and forgotten > 1_000
    assert isinstance(journal.append(a_tap("G1")), Tap)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    answer = Journal.open(tmp_path / "no such folder" / "j.db", SITE, 1)
    assert code_of(answer) == "JOURNAL_UNAVAILABLE"


@pytest.mark.parametrize("epoch", [0, -1, 2**63])
def test_an_epoch_that_is_no_epoch_is_a_bug(tmp_path: Path, epoch: int) -> None:
    with pytest.raises(ValueError, match="epoch"):
        Journal.open(tmp_path / "j.db", SITE, epoch)


def test_a_lock_held_too_long_refuses_this_tap_and_not_the_next(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, settings=JournalSettings(busy_wait_s=0))
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert code_of(journal.append(a_tap("G1"))) == "JOURNAL_UNAVAILABLE"
    other.execute("ROLLBACK")
    other.close()
    assert fill(journal, 1)[0].ref.seq == 1


def test_after_an_io_error_the_journal_is_done_until_it_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = BreakablePool(1)
    journal = open_journal(tmp_path, pool=pool)
    fill(journal, 2)
    pool.broken = True
    assert code_of(journal.append(a_tap("G1"))) == "JOURNAL_UNAVAILABLE"
    pool.broken = False
    assert code_of(journal.append(a_tap("G1"))) == "JOURNAL_UNAVAILABLE", "it must not carry on"
    assert fill(open_journal(tmp_path), 1)[0].ref.seq == 3


class FailingConnection(sqlite3.Connection):
    """A disk whose sync fails: the commit raises, and what it wrote is unknown."""

    failing = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if self.failing and sql == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return super().execute(sql, parameters)


class BreakablePool(ConnectionPool):
    """Hands out connections whose commits can be made to fail."""

    broken = False

    def get(
        self, path: Path, connect: Callable[[], sqlite3.Connection | Refusal]
    ) -> sqlite3.Connection | Refusal:
        def failing() -> sqlite3.Connection | Refusal:
            return sqlite3.connect(path, factory=FailingConnection, isolation_level=None)

        found = super().get(path, failing)
        if isinstance(found, FailingConnection):
            found.failing = self.broken
        return found


# --- kept messages, many journals -----------------------------------------------------------------


def test_a_kept_message_survives_and_is_replaced_whole(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    assert journal.kept("deny_list") is None
    journal.keep("deny_list", b"one")
    journal.keep("deny_list", b"two")
    journal.close()
    journal = open_journal(tmp_path)
    assert journal.kept("deny_list") == b"two"
    with sqlite3.connect(journal.path) as other:
        other.execute("UPDATE kept SET body = x'00'")
    other.close()
    assert code_of(journal.kept("deny_list")) == "JOURNAL_CORRUPT"


def open_files(folder: Path) -> int:
    handles = Path("/proc/self/fd")
    targets = [os.readlink(handle) for handle in handles.iterdir() if handle.is_symlink()]
    return sum(target.startswith(str(folder)) for target in targets)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's list of handles")
def test_many_sites_share_a_bounded_number_of_open_files(tmp_path: Path) -> None:
    pool = ConnectionPool(4)
    journals = [
        open_journal(tmp_path / f"{number:03}", site=f"SITE-{number}", pool=pool)
        for number in range(40)
    ]
    for _ in range(2):
        for journal in journals:
            assert isinstance(journal.append(a_tap("G1")), Tap)
    assert len(pool) == 4
    assert open_files(tmp_path) <= 4 * 3
    assert [numbers_of(journal) for journal in journals] == [[1, 2]] * 40
    pool.close()
    assert open_files(tmp_path) == 0


@pytest.mark.parametrize(
    ("handle_limit", "journals"), [(10, 1), (256, 42), (1_024, 256), (20_000, 2_000)]
)
def test_the_pool_stays_within_the_limit_of_file_handles(handle_limit: int, journals: int) -> None:
    assert capacity_within(handle_limit) == journals
