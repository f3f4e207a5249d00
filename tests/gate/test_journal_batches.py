"""Taps leave a journal only in batches, and only after the receipt for exactly their batch."""

from pathlib import Path

from gate_world import code_of, compose, fill, numbers_of, open_journal, plain_receipt

from tongxing.gate.journal_file import JournalSettings
from tongxing.kernel.clock import DAY_S


def test_a_batch_holds_at_most_500_taps_in_journal_order(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    written = fill(journal, 1_203)
    batches = [batch.taps for batch, _ in compose(journal, limit=9)]
    assert [len(taps) for taps in batches] == [500, 500, 203]
    assert [tap for taps in batches for tap in taps] == written


def test_a_batch_stays_the_same_until_its_receipt_comes(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    fill(journal, 3)
    before = compose(journal)
    fill(journal, 4)
    assert compose(journal) == before
    journal.close()
    journal = open_journal(tmp_path)
    assert compose(journal) == before
    journal.acknowledge(plain_receipt(*before[0]), now_s=1)
    assert [len(batch.taps) for batch, _ in compose(journal)] == [4]


def test_receipts_may_come_late_twice_and_in_any_order(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    fill(journal, 1_203)
    first, second, third = compose(journal, limit=3)
    assert journal.acknowledge(plain_receipt(*third), now_s=9) == 203
    assert journal.acknowledge(plain_receipt(*first), now_s=9) == 500
    assert journal.acknowledge(plain_receipt(*first), now_s=9) == 0
    left = journal.unsent(2_000)
    assert left == second[0].taps
    assert compose(journal, limit=3) == [second]
    assert journal.acknowledge(plain_receipt(*second), now_s=9) == 500
    assert compose(journal) == []
    assert journal.acknowledge(plain_receipt(*second), now_s=9 + DAY_S) == 0


def test_a_receipt_for_another_batch_or_count_covers_nothing(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    fill(journal, 10)
    batch, sha256 = compose(journal)[0]
    assert code_of(journal.acknowledge(plain_receipt(batch, "f" * 64), 1)) == "RECEIPT_UNKNOWN"
    assert code_of(journal.acknowledge(plain_receipt(batch, sha256, 9), 1)) == "RECEIPT_MISMATCH"
    assert numbers_of(journal) == list(range(1, 11))


def test_acknowledged_taps_stay_for_the_retention_and_unacknowledged_for_ever(
    tmp_path: Path,
) -> None:
    journal = open_journal(tmp_path)
    fill(journal, 1_100)
    first, second, _ = compose(journal, limit=3)
    journal.acknowledge(plain_receipt(*first), now_s=0)
    journal.acknowledge(plain_receipt(*second), now_s=5 * DAY_S)
    assert journal.forget(now_s=30 * DAY_S - 1) == 0
    assert journal.forget(now_s=30 * DAY_S) == 500
    assert journal.forget(now_s=35 * DAY_S) == 500
    assert journal.forget(now_s=999 * DAY_S) == 0
    assert numbers_of(journal) == list(range(1_001, 1_101))


def test_numbers_and_batches_go_on_when_everything_old_is_forgotten(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, settings=JournalSettings(retention_s=0))
    for round_ in range(3):
        written = fill(journal, 4)
        assert [tap.ref.seq for tap in written] == [4 * round_ + n for n in (1, 2, 3, 4)]
        batch = compose(journal)[0]
        assert batch[0].taps == written
        journal.acknowledge(plain_receipt(*batch), now_s=0)
        journal.forget(now_s=1)
        journal.close()


def test_the_newest_receipted_batch_is_not_sent_again_after_forgetting(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, settings=JournalSettings(retention_s=0))
    fill(journal, 3)
    journal.acknowledge(plain_receipt(*compose(journal)[0]), now_s=0)
    journal.forget(now_s=10**9)
    assert compose(journal) == []
