"""Storage that was swapped, copied or put back: no number of an epoch gets two contents."""

import shutil
import sqlite3
from itertools import count
from pathlib import Path

import pytest
from gate_world import SITE, a_tap, code_of, fill, open_journal, plain_receipt

from tongxing.gate.epochs import Custody, Slip, Standing, ahead, cause_of_new_epoch, take_slip
from tongxing.gate.journal import Journal
from tongxing.messages import Tap, TapRef

_EPOCHS = count(1)


class Device:
    """A device with a slot for storage and a place of its own for the slip."""

    def __init__(self, folder: Path, name: str) -> None:
        self.storage, own = folder / name / "card", folder / name / "own"
        self.storage.mkdir(parents=True)
        own.mkdir()
        self.custody = Custody(name, own / "slip.json")

    def start(self, epoch: int | None = None) -> Journal:
        drawn = next(_EPOCHS) + 100 if epoch is None else epoch
        journal = Journal.open(self.storage / "j.db", SITE, drawn, custody=self.custody)
        assert isinstance(journal, Journal), journal
        return journal

    def insert(self, image: Path) -> None:
        """Put other storage into the slot."""
        shutil.rmtree(self.storage)
        shutil.copytree(image, self.storage)


def image_of(device: Device, name: str) -> Path:
    """A copy of all that lies on the device's storage now, running or not."""
    target = device.storage.parent / name
    shutil.copytree(device.storage, target)
    return target


def causes(journal: Journal) -> list[str]:
    with sqlite3.connect(journal.path) as other:
        rows = other.execute("SELECT cause FROM epoch ORDER BY first").fetchall()
    other.close()
    return [cause for (cause,) in rows]


def contents(*taps: list[Tap]) -> dict[TapRef, set[int]]:
    """What the city gets to see: the contents under each identity."""
    found: dict[TapRef, set[int]] = {}
    for tap in (tap for some in taps for tap in some):
        found.setdefault(tap.ref, set()).add(tap.time_s)
    return found


def test_a_journal_closed_in_order_goes_on_with_its_epoch(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    first = fill(journal, 3)
    assert journal.sign_off() is None
    assert code_of(journal.append(a_tap("G1"))) == "JOURNAL_SIGNED_OFF"
    again = device.start()
    assert again.epoch == first[0].ref.epoch
    assert fill(again, 1)[0].ref.seq == 4
    assert causes(again) == ["created"]


def test_a_slip_is_good_for_one_start(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    fill(journal, 3)
    journal.sign_off()
    device.start().close()
    assert not device.custody.slip.exists()
    assert device.start().epoch != journal.epoch


def test_after_a_power_cut_numbers_begin_again_under_a_new_epoch(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    before = fill(journal, 3)
    journal.close()
    again = device.start()
    after = fill(again, 2)
    assert [tap.ref.seq for tap in after] == [1, 2]
    assert again.unsent(10) == before + after, "the old epoch's taps are still handed on"
    assert causes(again) == ["created", "no_slip"]
    again.close()
    assert isinstance(device.start(), Journal), "two epochs in one file are no gap"


def test_an_old_image_put_back_uses_no_number_twice(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    fill(journal, 3)
    journal.sign_off()
    image = image_of(device, "image")
    journal = device.start()
    true = [*fill(journal, 5)]
    journal.sign_off()
    device.insert(image)
    journal = device.start()
    assert causes(journal) == ["created", "old_image"]
    rolled = [journal.append(a_tap("G1", 1_000 + index)) for index in range(5)]
    seen = contents(true, [tap for tap in rolled if isinstance(tap, Tap)])
    assert all(len(times) == 1 for times in seen.values())


def test_an_image_of_a_running_gate_gives_no_right_to_its_epoch(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    fill(journal, 3)
    image = image_of(device, "image")
    true = fill(journal, 5)
    journal.close()
    device.insert(image)
    journal = device.start()
    assert causes(journal) == ["created", "no_slip"]
    rolled = [journal.append(a_tap("G1", 1_000 + index)) for index in range(8)]
    seen = contents(true, [tap for tap in rolled if isinstance(tap, Tap)])
    assert all(len(times) == 1 for times in seen.values())


def test_storage_put_into_another_device_counts_anew_there(tmp_path: Path) -> None:
    one, other = Device(tmp_path, "A"), Device(tmp_path, "B")
    journal = one.start()
    fill(journal, 3)
    journal.sign_off()
    other.insert(one.storage)
    shutil.copy(one.custody.slip, other.custody.slip)
    clone = other.start()
    assert causes(clone) == ["created", "other_device"]
    assert one.start().epoch == journal.epoch, "the device it came from goes on"
    assert clone.epoch != journal.epoch


def test_an_epoch_is_never_drawn_twice_in_one_file(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    fill(device.start(epoch=7), 1)
    with pytest.raises(ValueError, match="epoch 7 has been used"):
        device.start(epoch=7)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b'{"site":1}', b"null"])
def test_a_slip_that_is_not_whole_is_none(tmp_path: Path, body: bytes) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    fill(journal, 3)
    journal.sign_off()
    device.custody.slip.write_bytes(body)
    assert device.start().epoch != journal.epoch


def test_a_slip_with_a_changed_number_is_none(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    fill(journal, 3)
    journal.sign_off()
    slip = device.custody.slip
    slip.write_bytes(slip.read_bytes().replace(b'"G1":3', b'"G1":4'))
    assert take_slip(slip) is None


def test_a_slip_that_cannot_be_removed_gives_no_right(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    fill(device.start(), 1)
    device.custody.slip.mkdir()
    refused = Journal.open(device.storage / "j.db", SITE, 900, custody=device.custody)
    assert code_of(refused) == "JOURNAL_UNAVAILABLE"


def test_a_slip_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    device.custody.slip.mkdir()
    assert code_of(journal.sign_off()) == "JOURNAL_UNAVAILABLE"


# --- what only the city can know ------------------------------------------------------------------


def test_the_city_knows_a_number_that_this_file_has_not_reached(tmp_path: Path) -> None:
    """Journal and slip put back together: only the city can tell, and then a new epoch begins."""
    journal = open_journal(tmp_path, epoch=5)
    fill(journal, 3)
    assert journal.heed_marks({"G1": TapRef("G1", 5, 3), "G9": TapRef("G9", 4, 9)}, 6) == []
    assert journal.epoch == 5
    assert journal.heed_marks({"G1": TapRef("G1", 5, 4)}, 6) == ["G1"]
    assert str(fill(journal, 1)[0].ref) == "G1/6/1"
    assert causes(journal) == ["created", "city_knows_more"]
    assert journal.heed_marks({"G1": TapRef("G1", 5, 4)}, 7) == [], "that epoch is behind us"


def test_a_second_process_counts_in_the_epoch_that_the_first_has_begun(tmp_path: Path) -> None:
    one, other = open_journal(tmp_path, epoch=5), open_journal(tmp_path)
    fill(one, 3)
    assert one.heed_marks({"G1": TapRef("G1", 5, 4)}, 6) == ["G1"]
    assert str(fill(other, 1)[0].ref) == "G1/6/1"
    assert str(fill(one, 1)[0].ref) == "G1/6/2"


HERE = Standing(SITE, 5, "A", {"G1": 3})


@pytest.mark.parametrize(
    ("standing", "device", "slip", "cause"),
    [
        (HERE, "A", Slip(SITE, "A", 5, {"G1": 3}), None),
        (HERE, "A", None, "no_slip"),
        (HERE, "B", Slip(SITE, "B", 5, {"G1": 3}), "other_device"),
        (HERE, "A", Slip(SITE, "B", 5, {"G1": 3}), "no_slip"),
        (HERE, "A", Slip("SITE-2", "A", 5, {"G1": 3}), "no_slip"),
        (HERE, "A", Slip(SITE, "A", 4, {"G1": 3}), "old_image"),
        (HERE, "A", Slip(SITE, "A", 5, {"G1": 4}), "old_image"),
        (HERE, "A", Slip(SITE, "A", 5, {"G1": 3, "G2": 1}), "old_image"),
        (Standing(SITE, 5, "", {"G1": 3}), "A", Slip(SITE, "A", 5, {"G1": 3}), None),
    ],
)
def test_who_may_go_on(
    standing: Standing, device: str, slip: Slip | None, cause: str | None
) -> None:
    assert cause_of_new_epoch(standing, device, slip) == cause


def test_marks_of_terminals_that_have_counted_nothing_here_count_from_nothing() -> None:
    assert ahead(HERE, {"G2": TapRef("G2", 5, 1), "G1": TapRef("G1", 5, 3)}) == ["G2"]


# --- journals from before epochs could change -----------------------------------------------------


def as_layout_1(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE epoch")
        other.execute("UPDATE storage SET layout = 1")
    other.close()


def test_a_journal_of_layout_1_goes_on_with_its_numbers(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, epoch=5)
    fill(journal, 3)
    journal.close()
    as_layout_1(journal.path)
    again = open_journal(tmp_path, epoch=6)
    assert str(fill(again, 1)[0].ref) == "G1/5/4"


def test_a_journal_of_a_later_layout_is_left_alone(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.close()
    with sqlite3.connect(journal.path) as other:
        other.execute("DROP TABLE epoch")
        other.execute("UPDATE storage SET layout = 3")
    other.close()
    assert code_of(Journal.open(journal.path, SITE, 1)) == "JOURNAL_LAYOUT"


def test_old_epochs_are_still_checked_for_gaps(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    fill(journal, 3)
    journal.close()
    journal = device.start()
    fill(journal, 2)
    journal.close()
    with sqlite3.connect(journal.path) as other:
        other.execute("DELETE FROM tap WHERE position = 2")
    other.close()
    damaged = Journal.open(journal.path, SITE, 900, custody=device.custody)
    assert code_of(damaged) == "JOURNAL_CORRUPT"


def test_batches_may_hold_taps_of_two_epochs(tmp_path: Path) -> None:
    device = Device(tmp_path, "A")
    journal = device.start()
    old = fill(journal, 2)
    journal.close()
    journal = device.start()
    new = fill(journal, 2)
    outgoing = journal.outgoing(1)
    assert isinstance(outgoing, list)
    (batch,) = outgoing
    assert batch.taps == old + new
    assert journal.note_sent(batch, "ab" * 32) is None
    assert journal.acknowledge(plain_receipt(batch, "ab" * 32), 1) == 4
