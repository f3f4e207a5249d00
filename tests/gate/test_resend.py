"""The city was restored from a backup: what it had acknowledged comes again from the gates."""

from pathlib import Path

import pytest
from gate_world import (
    Station,
    a_tap,
    code_of,
    compose,
    fill,
    numbers_of,
    open_journal,
    plain_receipt,
)
from gate_world import receipt_of as receipt_for
from hypothesis import given
from hypothesis import strategies as st

from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import JournalSettings
from tongxing.gate.journal_resend import Resend, _cut_anew, _runs
from tongxing.gate.reporting import heartbeat_of, obey
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap, TapRef
from tongxing.messages.fleet import Heartbeat, Orders, TapRange


class RestoredCity:
    """Keeps each identity once; may be put back to what it had earlier."""

    def __init__(self) -> None:
        self.taps: dict[TapRef, Tap] = {}

    def take(self, journal: Journal, now_s: int = 0, lost_receipts: bool = False) -> int:
        """Take what the gate hands on now, four batches a time, the last first and one twice."""
        taken = 0
        while named := compose(journal, 4):
            for batch, sha256 in [*reversed(named), named[0]]:
                for tap in batch.taps:
                    assert self.taps.setdefault(tap.ref, tap) == tap, "one identity, two contents"
                if not lost_receipts:
                    answer = journal.acknowledge(plain_receipt(batch, sha256), now_s)
                    assert isinstance(answer, int), answer
            taken += sum(len(batch.taps) for batch, _ in named)
            if lost_receipts:
                break
        return taken


def test_a_city_restored_from_backup_gets_back_all_it_had_acknowledged(tmp_path: Path) -> None:
    journal, city = open_journal(tmp_path), RestoredCity()
    for _ in range(4):
        fill(journal, 400, "G1")
        fill(journal, 300, "G2")
        city.take(journal)
    everything = dict(city.taps)
    backup = {ref: tap for ref, tap in everything.items() if ref.seq <= 500}
    city.taps = dict(backup)
    for terminal in ("G1", "G2"):
        last = max(ref.seq for ref in backup if ref.terminal_id == terminal)
        answer = journal.resend_from(TapRef(terminal, 1, last + 1))
        assert isinstance(answer, Resend) and answer.oldest_seq == 1
    city.take(journal, lost_receipts=True)
    city.take(journal)
    assert city.taps == everything
    assert compose(journal) == []


def test_nothing_is_forgotten_while_the_city_asks_for_it(tmp_path: Path) -> None:
    journal, city = open_journal(tmp_path, settings=JournalSettings(retention_s=0)), RestoredCity()
    fill(journal, 1_200)
    city.take(journal)
    journal.resend_from(TapRef("G1", 1, 1))
    assert journal.forget(10) == 0
    city.take(journal, now_s=10)
    forgotten = journal.forget(10)
    assert isinstance(forgotten, int) and forgotten > 0


def test_asking_twice_changes_nothing_more(tmp_path: Path) -> None:
    journal, city = open_journal(tmp_path), RestoredCity()
    fill(journal, 700)
    city.take(journal)
    assert journal.resend_from(TapRef("G1", 1, 600)) == Resend(200, 1)
    before = journal.outgoing(10)
    assert journal.resend_from(TapRef("G1", 1, 600)) == Resend(0, 1)
    assert journal.outgoing(10) == before


def test_a_receipt_from_before_the_restore_covers_nothing_that_goes_again(tmp_path: Path) -> None:
    """It is still on its way, it is genuine, and the city no longer has what it promises."""
    station = Station(tmp_path)
    fill(station.journal, 1_001, "IN")
    old = []
    while (message := station.site.next_batch()) is not None:
        assert isinstance(message, bytes)
        old.append(receipt_for(message))
        assert isinstance(station.site.take_receipt(old[-1], 5), int)
    assert station.journal.resend_from(TapRef("IN", 1, 1)) == Resend(1_001, 1)
    for receipt in old:
        assert code_of(station.site.take_receipt(receipt, 6)) == "RECEIPT_UNKNOWN"
    unsent = station.journal.unsent(2_000)
    assert isinstance(unsent, list) and len(unsent) == 1_001


def test_what_is_here_no_longer_is_said(tmp_path: Path) -> None:
    journal, city = open_journal(tmp_path, settings=JournalSettings(retention_s=0)), RestoredCity()
    fill(journal, 1_200)
    city.take(journal)
    assert journal.forget(10) == 1_000
    assert journal.resend_from(TapRef("G1", 1, 1)) == Resend(200, 1_001)
    assert journal.resend_from(TapRef("G1", 1, 5_000)) == Resend(0, 1_001)
    assert journal.resend_from(TapRef("G7", 1, 1)) == Resend(0, 0)


def test_an_epoch_that_is_not_on_this_storage_is_refused(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    fill(journal, 1)
    assert code_of(journal.resend_from(TapRef("G1", 77, 1))) == "EPOCH_UNKNOWN"
    assert isinstance(journal.append(a_tap("G1")), Tap), "and no transaction is left open"


def test_an_older_epoch_is_sent_again_by_itself(tmp_path: Path) -> None:
    journal, city = open_journal(tmp_path, epoch=5), RestoredCity()
    fill(journal, 10)
    city.take(journal)
    assert journal.heed_marks({"G1": TapRef("G1", 5, 99)}, 6) == ["G1"]
    fill(journal, 10)
    city.take(journal)
    assert journal.resend_from(TapRef("G1", 5, 4)) == Resend(10, 1)


def ask(station: Station, first: int, last: int, epoch: int = 1) -> list[Refusal]:
    """The city's answer to a heartbeat: it lacks these of gate IN."""
    told = heartbeat_of(station.site, number=1, now_s=9, software="1", offset_s=0)
    assert isinstance(told, Heartbeat)
    orders = Orders(
        device=station.site.name,
        number=1,
        time_s=9,
        next_s=60,
        lists={},
        orders=[],
        missing=[TapRange("IN", epoch, first, last)],
        marks=[],
    )
    return obey(station.site, orders=orders, told=told, now_s=9, new_epoch=2)


def receipted(folder: Path, *numbers: int) -> Station:
    """A station with three batches, some of which had their receipts, each 20 days after the one
    before."""
    station = Station(folder)
    fill(station.journal, 1_500, "IN")
    for number, batch in enumerate(compose(station.journal, 9)):
        if number in numbers:
            station.journal.acknowledge(plain_receipt(*batch), number * 20 * DAY_S)
    return station


def test_a_restored_city_gets_what_is_left_when_the_first_it_lacks_is_forgotten(
    tmp_path: Path,
) -> None:
    station = receipted(tmp_path, 0, 1, 2)
    assert station.journal.forget(31 * DAY_S) == 500
    assert ask(station, 1, 1_500) == []
    assert numbers_of(station.journal) == list(range(501, 1_501))
    RestoredCity().take(station.journal)
    assert ask(station, 1, 500) == [], "what is gone is asked for again, for nothing"
    assert numbers_of(station.journal) == []


def test_a_restored_city_gets_all_when_the_first_it_lacks_was_never_taken(tmp_path: Path) -> None:
    station = receipted(tmp_path, 1, 2)
    assert ask(station, 1, 1_500) == []
    assert numbers_of(station.journal) == list(range(1, 1_501))


def test_what_never_had_a_receipt_goes_up_in_its_turn_and_nothing_with_it(tmp_path: Path) -> None:
    station = receipted(tmp_path, 1, 2)
    assert ask(station, 1, 500) == []
    assert ask(station, 501, 1_500, epoch=77) == [], "an epoch of another storage"
    assert numbers_of(station.journal) == list(range(1, 501))


@pytest.mark.parametrize("sizes", [[500, 500, 1], [2], [1, 1], [500], [3, 500, 2]])
def test_batches_are_cut_elsewhere_than_before(sizes: list[int]) -> None:
    old, first = [], 1
    for size in sizes:
        old.append((first, first + size - 1))
        first += size
    check_cuts(old)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8))
def test_cuts_cover_everything_once(sizes: list[int]) -> None:
    old, first = [], 1
    for size in sizes:
        old.append((first, first + size - 1))
        first += size
    check_cuts(old)


def check_cuts(old: list[tuple[int, int]]) -> None:
    (run,) = _runs(old)
    new = list(_cut_anew(run, set(old)))
    covered = [position for first, last in new for position in range(first, last + 1)]
    assert covered == list(range(run[0], run[1] + 1))
    assert all(last - first < 500 for first, last in new)
    if run[0] < run[1]:
        assert not set(new) & set(old)
