"""Batches are forgotten each in its turn, and holes between them keep no gate shut."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from gate_world import SITE, a_tap, code_of, compose, fill, numbers_of, open_journal, plain_receipt

from tongxing.gate import Journal
from tongxing.gate.journal_file import JournalSettings
from tongxing.messages import Tap, TapRef

AT_ONCE = JournalSettings(retention_s=0)


def with_a_hole(folder: Path, refused: int = 0, taps: int = 1_500) -> Journal:
    """A journal of three batches; all but one had their receipts, and are forgotten as may be."""
    journal = open_journal(folder, settings=AT_ONCE)
    fill(journal, taps)
    for number, batch in enumerate(compose(journal, 9)):
        if number != refused:
            assert journal.acknowledge(plain_receipt(*batch), 1) == len(batch[0].taps)
    return journal


def test_a_batch_that_the_city_never_takes_keeps_no_gate_shut(tmp_path: Path) -> None:
    journal = with_a_hole(tmp_path)
    assert journal.forget(2) == 500
    journal.close()
    journal = open_journal(tmp_path, epoch=8, settings=AT_ONCE)
    assert (journal.epoch, numbers_of(journal)) == (1, list(range(1, 501)))
    assert [tap.ref.seq for tap in fill(journal, 2)] == [1_501, 1_502]
    assert journal.resend_from(TapRef("G1", 1, 1)) is not None
    assert numbers_of(journal) == [*range(1, 501), *range(1_001, 1_503)]


def test_the_last_number_of_a_terminal_may_be_forgotten_before_others(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, settings=AT_ONCE)
    fill(journal, 600, "G1")
    fill(journal, 600, "G2")
    first, *others = compose(journal, 9)
    for batch in others:
        journal.acknowledge(plain_receipt(*batch), 1)
    assert journal.forget(2) == 500
    journal.close()
    journal = open_journal(tmp_path, settings=AT_ONCE)
    assert numbers_of(journal) == [tap.ref.seq for tap in first[0].taps]
    assert [tap.ref.seq for tap in fill(journal, 1, "G1")] == [601]


def test_a_hole_may_lie_in_an_older_epoch(tmp_path: Path) -> None:
    journal = with_a_hole(tmp_path, refused=1)
    journal.begin_epoch(5, "clock_set_back")
    journal.close()
    journal = open_journal(tmp_path, settings=AT_ONCE)
    assert [str(tap.ref) for tap in fill(journal, 1)] == [str(TapRef("G1", 5, 1))]
    fill(journal, 3)
    assert journal.forget(2) == 500
    journal.close()
    assert numbers_of(open_journal(tmp_path, epoch=6))[-4:] == [1, 2, 3, 4]


DAMAGE = {
    "a tap of the batch that stayed": "DELETE FROM tap WHERE position = 7",
    "a tap of the newest batch": "DELETE FROM tap WHERE position = 1200",
    "a tap in no batch yet": "DELETE FROM tap WHERE position = 1502",
    "the last tap": "DELETE FROM tap WHERE position = 1503",
    "a number beside the hole": "UPDATE tap SET seq = 1000 WHERE position = 499",
    "a number given twice": "UPDATE tap SET seq = 499 WHERE position = 500",
    "another's number": "UPDATE tap SET terminal_id = 'G2' WHERE position = 300",
    "a last number that runs ahead": "UPDATE terminal SET last_seq = 1504",
    "no last number": "DELETE FROM terminal",
    "more numbers than were forgotten": "UPDATE tap SET seq = seq + 1 WHERE position > 1000",
    "a tap of no epoch": "UPDATE epoch SET first = 2",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_beside_a_hole_damage_is_still_found(tmp_path: Path, damage: str) -> None:
    journal = with_a_hole(tmp_path)
    journal.forget(2)
    fill(journal, 3)
    journal.close()
    open_journal(tmp_path).close()
    other = sqlite3.connect(journal.path)
    with other:
        assert other.execute(damage).rowcount > 0
    other.close()
    assert code_of(Journal.open(journal.path, SITE, 8)) == "JOURNAL_CORRUPT"


class Life:
    """A journal's life by dice, and what must be in it: every tap without a receipt, in order."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.dice, self.now_s = folder, random.Random(seed), 0
        self.settings = JournalSettings(retention_s=20, ballast_bytes=0)
        self.journal = open_journal(folder, settings=self.settings)
        self.unsent: dict[TapRef, Tap] = {}
        self.held: dict[TapRef, Tap] = {}
        self.epoch = 1

    def step(self) -> None:
        acts: list[Callable[[], None]] = [self.taps, self.receipts, self.forget, self.reopen]
        self.now_s += self.dice.randrange(12)
        self.dice.choices([*acts, self.resend, self.begin], [30, 30, 25, 9, 5, 1])[0]()

    def taps(self) -> None:
        for _ in range(self.dice.randrange(1, 40)):
            tap = self.journal.append(a_tap(self.dice.choice(["G1", "G2", "G3"]), self.now_s))
            assert isinstance(tap, Tap), tap
            assert tap.ref not in self.held, "a number is given once"
            self.unsent[tap.ref] = self.held[tap.ref] = tap

    def receipts(self) -> None:
        batches = compose(self.journal, 5)
        for batch in self.dice.sample(batches, self.dice.randint(0, len(batches))):
            assert self.journal.acknowledge(plain_receipt(*batch), self.now_s) is not None
            for tap in batch[0].taps:
                del self.unsent[tap.ref]

    def forget(self) -> None:
        assert isinstance(self.journal.forget(self.now_s), int)

    def reopen(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.folder, epoch=999, settings=self.settings)
        assert self.journal.epoch == self.epoch

    def begin(self) -> None:
        self.epoch += 1
        assert self.journal.begin_epoch(self.epoch, "clock_set_back") is None

    def resend(self) -> None:
        ref = TapRef(self.dice.choice(["G1", "G2"]), self.epoch, self.dice.randint(1, 60))
        assert code_of(self.journal.resend_from(ref)) == ""
        waiting = self.journal.unsent(10_000)
        assert isinstance(waiting, list)
        self.unsent.update({tap.ref: tap for tap in waiting})

    def check(self) -> None:
        waiting = self.journal.unsent(10_000)
        assert isinstance(waiting, list), waiting
        assert {tap.ref: tap for tap in waiting} == self.unsent, "none lost, none invented"
        assert all(self.held[tap.ref] == tap for tap in waiting)


@pytest.mark.parametrize("seed", range(12))
def test_receipts_in_any_order_lose_nothing_and_keep_no_gate_shut(
    tmp_path: Path, seed: int
) -> None:
    life = Life(tmp_path, seed)
    for _ in range(120):
        life.step()
        life.check()
    life.reopen()
    life.check()
