"""Power cuts: whenever one happens, the card is all as before or all as after.

A store that dies is played in memory for every kind of change; then a real process is killed, again
and again, in the middle of its purchases.
"""

import hashlib
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from chip_desk import JOURNEY, NUMBER, PUT_JOURNEY, PUT_RAIL, SELECT, Desk, desk
from msgspec.structs import replace as changed

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import (
    CardImage,
    CardProfile,
    FileStore,
    MemoryStore,
    SoftwareCard,
    personalise,
    trial_profile,
)
from tongxing.media.card.chip.image import Binary, CardKey, Ring, Variable
from tongxing.media.card.chip.image_file import MARK, from_bytes, to_bytes
from tongxing.media.card.chip.store import CardFileUnreadable
from tongxing.media.card.link import CardGone

KILLS = 24
PIN = b"\x12\x34\x56"
PROFILE = trial_profile(NUMBER, balance_fen=6070)


class PowerCut(Exception):
    """The card has left the field."""


class CutStore(MemoryStore):
    """A store in which the power goes at one commit: before it is done, or after."""

    def __init__(self, image: CardImage) -> None:
        super().__init__(image)
        self.cut = ""

    def commit(self, image: CardImage) -> None:
        if self.cut == "before":
            raise PowerCut
        super().commit(image)
        if self.cut == "after":
            raise PowerCut


def composite(found: Desk) -> str:
    begun = found.begin(315)
    found.ok(PUT_RAIL)
    found.ok(PUT_JOURNEY)
    return found.debit_command(begun, 315)


CHANGES: dict[str, Callable[[Desk], str]] = {
    "load": lambda found: found.credit_command(found.begin_load(500), 500),
    "wrong load": lambda found: found.credit_command(found.begin_load(500), 501),
    "single": lambda found: found.debit_command(found.begin(315, kind=6), 315, kind=6),
    "composite": composite,
    "wrong debit": lambda found: composite(found)[:-10] + "00000000" + "08",
    "pin": lambda _found: "0020000003111111",
    "new pin": lambda _found: "805E010007123456FF654321",
    "write": lambda found: found.protected("04D69500", "77"),
    "append": lambda found: found.protected("04E200F0", JOURNEY),
    "update": lambda found: found.protected("04DC01D4", PUT_RAIL[10:]),
    "block": lambda found: found.protected("841E0000"),
    "block card": lambda found: found.protected("84160000"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("cut", ["before", "after"])
def test_after_a_power_cut_everything_is_old_or_everything_is_new(change: str, cut: str) -> None:
    told = desk(PROFILE, pin=PIN)
    before = told.card.image
    told.do(CHANGES[change](told))
    after = told.card.image
    assert before != after

    store = CutStore(before)
    torn = desk(PROFILE, store=store, pin=PIN)
    command = CHANGES[change](torn)
    store.cut = cut
    with pytest.raises(PowerCut):
        torn.do(command)
    again = SoftwareCard(store, lambda length: bytes(length))
    assert again.image == (before if cut == "before" else after)


@pytest.mark.parametrize(("cut", "done"), [("before", False), ("after", True)])
def test_the_proof_tells_which_it_was(cut: str, done: bool) -> None:
    store = CutStore(personalise(PROFILE))
    torn = desk(PROFILE, store=store)
    command = composite(torn)
    store.cut = cut
    with pytest.raises(PowerCut):
        torn.do(command)
    store.cut = ""
    found = desk(PROFILE, store=store)
    assert found.status("805A0009020001") == ("9000" if done else "9406")
    assert found.fen == (5755 if done else 6070)
    assert found.status("00B201F430") == ("9000" if done else "6A83")


def test_what_the_card_held_only_while_powered_is_gone() -> None:
    found = desk(PROFILE, pin=PIN)
    found.ok("0020000003123456")
    found.ok("0084000008")
    begun = found.begin(315)
    found.ok(PUT_RAIL)
    found.card.reset()
    assert found.do("805C030204") == "6985"
    found.ok(SELECT)
    assert found.do(found.debit_command(begun, 315)) == "6985"
    assert found.do("00820001080000000000000000") == "6984"


class FailingStore(MemoryStore):
    """A store with a bad disk: `done` says whether a failing commit has been done all the same."""

    def __init__(self, image: CardImage, *, done: bool, readable: bool = True) -> None:
        super().__init__(image)
        self.done, self.readable, self.failing = done, readable, False

    def load(self) -> CardImage:
        if self.failing and not self.readable:
            raise OSError("the disk does not answer")
        return super().load()

    def commit(self, image: CardImage) -> None:
        if not self.failing or self.done:
            super().commit(image)
        if self.failing:
            raise OSError("the disk does not answer")


def test_a_disk_that_refused_the_write_is_told_as_a_memory_failure() -> None:
    store = FailingStore(personalise(PROFILE), done=False)
    found = desk(PROFILE, store=store)
    command = composite(found)
    store.failing = True
    assert found.do(command) == "6581"
    assert found.do("805C030204") == "6985", "the card has started anew"
    found.ok(SELECT)
    assert found.fen == 6070


def test_a_write_that_failed_and_was_done_gets_no_answer() -> None:
    store = FailingStore(personalise(PROFILE), done=True)
    found = desk(PROFILE, store=store)
    command = composite(found)
    store.failing = True
    with pytest.raises(CardGone):
        found.do(command)
    found.ok(SELECT)
    assert found.fen == 5755
    assert found.status("805A0009020001") == "9000"


def test_a_card_whose_disk_cannot_be_read_is_silent_until_it_can() -> None:
    store = FailingStore(personalise(PROFILE), done=False, readable=False)
    found = desk(PROFILE, store=store)
    command = composite(found)
    store.failing = True
    for silent in (command, SELECT):
        with pytest.raises(CardGone):
            found.do(silent)
    store.failing = False
    found.ok(SELECT)
    assert found.fen == 6070


def saved(path: Path, profile: CardProfile = PROFILE) -> FileStore:
    store = FileStore(path)
    store.commit(personalise(profile))
    return store


def test_a_card_in_a_file_is_the_same_card_later(tmp_path: Path) -> None:
    path = tmp_path / "card"
    found = desk(PROFILE, store=saved(path))
    found.pay(315)
    later = desk(PROFILE, store=FileStore(path))
    assert later.card.image == found.card.image
    assert later.fen == 5755


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_the_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "card"
    found = desk(PROFILE, store=saved(path))
    assert path.stat().st_mode & 0o777 == 0o600
    found.pay(315)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_half_written_file_beside_the_card_changes_nothing_and_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "card"
    saved(path)
    part = tmp_path / "card.4711.part"
    part.write_bytes(path.read_bytes()[:100])
    other = tmp_path / "card.4711.txt"
    other.touch()
    found = desk(PROFILE, store=FileStore(path))
    assert found.fen == 6070
    found.pay(1)
    assert (part.exists(), other.exists()) == (False, True)


def test_every_torn_file_is_refused() -> None:
    whole = to_bytes(personalise(PROFILE))
    for length in itertools.chain(range(60), range(60, len(whole), 97), (len(whole) - 1,)):
        refusal = from_bytes(whole[:length])
        assert isinstance(refusal, Refusal)
        assert refusal.code in ("CARD_IMAGE_FOREIGN", "CARD_IMAGE_DAMAGED")


def test_every_changed_byte_is_noticed() -> None:
    whole = to_bytes(personalise(PROFILE))
    for place in itertools.chain(range(60), range(60, len(whole), 53)):
        spoilt = bytearray(whole)
        spoilt[place] ^= 0x10
        assert isinstance(from_bytes(bytes(spoilt)), Refusal)
    assert isinstance(from_bytes(whole + b"\x00"), Refusal)


def broken(image: CardImage, **changes: object) -> CardImage:
    return changed(image, applications=(changed(image.applications[0], **changes),))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image: broken(image, purse=1),
        lambda image: broken(image, loads=0x10000),
        lambda image: broken(image, keys=(CardKey("DPK", 1, 1, 0, bytes(8)),)),
        lambda image: broken(image, keys=(CardKey("DPK", 1, 1, 9, bytes(16)),)),
        lambda image: broken(image, load_log=0x15),
        lambda image: broken(image, aid=bytes(17)),
        lambda image: broken(image, files=(*image.applications[0].files, Binary(1, bytes(256)))),
        lambda image: broken(image, files=(*image.applications[0].files, Variable(2, 9, (b"",)))),
        lambda image: broken(image, files=(Ring(0x18, 23, 10, (bytes(22),)),)),
        lambda image: changed(image, purses=(-1,)),
    ],
)
def test_an_image_that_makes_no_card_is_refused(spoil: Callable[[CardImage], CardImage]) -> None:
    image = personalise(PROFILE)
    assert from_bytes(to_bytes(image)) == image
    refusal = from_bytes(to_bytes(spoil(image)))
    assert isinstance(refusal, Refusal) and refusal.code == "CARD_IMAGE_DAMAGED"


def test_other_content_under_a_right_digest_is_refused() -> None:
    for body in (b"", b"\x80", b"\xc1", b"\x93\x01\x02\x03"):
        raw = MARK + b"\x00\x01" + hashlib.sha256(body).digest() + body
        refusal = from_bytes(raw)
        assert isinstance(refusal, Refusal) and refusal.code == "CARD_IMAGE_DAMAGED"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "FILE_NOT_FOUND"),
        (b"", "CARD_IMAGE_FOREIGN"),
        (b"\x89PNG\r\n", "CARD_IMAGE_FOREIGN"),
        (MARK + b"\x00\x02" + bytes(40), "CARD_IMAGE_VERSION"),
        (MARK + b"\x00\x01" + bytes(40), "CARD_IMAGE_DAMAGED"),
    ],
)
def test_a_file_that_is_no_card_is_refused(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "card"
    if content is not None:
        path.write_bytes(content)
    refusal = FileStore(path).read()
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.where) == (code, "card")
    assert refusal.message("zh") and refusal.next_step("en")
    with pytest.raises(CardFileUnreadable):
        FileStore(path).load()


def test_a_folder_is_no_card(tmp_path: Path) -> None:
    refusal = FileStore(tmp_path).read()
    assert isinstance(refusal, Refusal) and refusal.code == "FILE_NOT_READABLE"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_processes_killed_in_their_purchases_leave_a_whole_card(tmp_path: Path) -> None:
    path = tmp_path / "card"
    saved(path, trial_profile(NUMBER, balance_fen=100_000))
    payer = Path(__file__).with_name("chip_payer.py")
    run = subprocess.run(
        [sys.executable, payer, path, str(KILLS)], capture_output=True, text=True, check=True
    )
    told = [int(line) for line in run.stdout.split()]
    assert len(told) == KILLS and told[0] >= 2
    for kill, last in enumerate(told, start=1):
        image = FileStore(tmp_path / f"card.{kill}").load()
        counter = image.applications[0].purchases
        assert counter in (last, last + 1), "what was answered is done, and no more than one more"
        assert_whole(image, counter)
    assert sorted(told) == told


def assert_whole(image: CardImage, counter: int) -> None:
    """Money, counter, log, both records and the proof are those of one and the same purchase."""
    card = image.applications[0]
    assert image.purses == (100_000 - counter,)
    number = counter.to_bytes(125, "big")
    assert card.file(0x1A).records[0] == b"\x27\x01\x7d" + number
    assert card.file(0x1E).records[0] == number[-48:]
    assert card.file(0x18).records[0][:2] == number[-2:]
    assert (card.purchase_proof.kind, card.purchase_proof.counter) == (9, counter)
