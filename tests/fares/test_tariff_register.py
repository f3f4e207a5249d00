"""The register of tariffs: damage is found, a kill leaves it whole, and one writes at a time."""

import json
import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest
from tariff_desk import CITY, START, bus_from, opened, put

from tongxing.fares.publishing import (
    Published,
    Verified,
    Wish,
    lint,
    publish,
    published_book,
    read_register,
    verify,
)
from tongxing.fares.publishing.files import only_writer
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal


def two_published(register: Path) -> list[bytes]:
    opened(register)
    assert isinstance(put(register, bus_from("2027-01-01", 150), START + 1), Published)
    return (register / "register.jsonl").read_bytes().splitlines(keepends=True)


def rewritten(line: bytes, **fields: object) -> bytes:
    """A line with other values and a digest that fits them, as a clever hand would write it."""
    value = json.loads(line) | fields | {"digest": ""}
    bare = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    value["digest"] = sha256_hex(bare)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


DAMAGE = {
    "a letter in the first line": (lambda a, b: [a.replace(b'r":1', b'r":2'), b], "line 1"),
    "another city in the last line": (lambda a, b: [a, b.replace(b"620100", b"620200")], "line 2"),
    "a blank": (lambda a, b: [a.replace(b":", b": ", 1), b], "line 1"),
    "half of the last line": (lambda a, b: [a, b[:40]], "line 2"),
    "no end of line": (lambda a, b: [a, b[:-1]], "line 2"),
    "an unknown key": (lambda a, b: [a, b.replace(b"}", b',"x":1}')], "line 2"),
    "no text at all": (lambda a, b: [a, b"\xff\n"], "line 2"),
    "the first line gone": (lambda a, b: [b], "line 1"),
    "the lines swapped": (lambda a, b: [b, a], "line 1"),
    "the first line rewritten": (lambda a, b: [rewritten(a, by="丙"), b], "line 2"),
    "another number": (lambda a, b: [a, rewritten(b, number=3)], "line 2"),
    "an earlier time": (lambda a, b: [a, rewritten(b, published_s=START - 5)], "line 2"),
    "a path for a digest": (lambda a, b: [a, rewritten(b, sha256="../../x")], "line 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_register_is_found_and_gives_no_price(tmp_path, name):
    change, where = DAMAGE[name]
    lines = two_published(tmp_path)
    assert not verify(tmp_path).faults
    (tmp_path / "register.jsonl").write_bytes(b"".join(change(*lines)))
    (fault,) = verify(tmp_path).faults
    assert fault.code == "REGISTER_BROKEN" and where in fault.message("en")
    assert published_book(tmp_path, CITY, START + 9) == fault
    assert put(tmp_path, bus_from("2028-01-01", 160), START + 9) == fault


def test_a_published_file_that_was_changed_or_lost_is_found(tmp_path):
    two_published(tmp_path)
    first, second = read_register(tmp_path)
    one, other = (tmp_path / "tariffs" / f"{entry.sha256}.toml" for entry in (first, second))
    one.write_bytes(one.read_bytes().replace(b"fare_fen = 100", b"fare_fen = 101"))
    other.unlink()
    changed, missing = verify(tmp_path).faults
    assert "number 1 was changed" in changed.message("en") and one.name in changed.message("zh")
    assert "number 2 is missing" in missing.message("en")
    assert published_book(tmp_path, CITY, START + 9) == missing


def test_a_lost_register_and_a_cut_off_end_are_found(tmp_path):
    lines = two_published(tmp_path)
    head = json.loads(lines[-1])["digest"]
    assert not verify(tmp_path, head).faults
    (tmp_path / "register.jsonl").write_bytes(lines[0])
    assert not verify(tmp_path).faults, "a shorter register is whole in itself"
    (fault,) = verify(tmp_path, head).faults
    assert head in fault.message("en")
    (tmp_path / "register.jsonl").unlink()
    (gone,) = verify(tmp_path).faults
    assert "is gone" in gone.message("en")


def test_nothing_is_taken_into_a_damaged_register_not_even_what_it_holds(tmp_path):
    two_published(tmp_path)
    newest = bus_from("2027-01-01", 150)
    first, second = (tmp_path / "tariffs" / f"{one.sha256}.toml" for one in read_register(tmp_path))
    for file, word in ((second, "number 2"), (first, "number 1")):
        content = file.read_bytes()
        file.write_bytes(content + b"# a remark")
        for text in (newest, bus_from("2028-01-01", 160)):
            broken = put(tmp_path, text, START + 9)
            assert isinstance(broken, Refusal) and broken.code == "REGISTER_BROKEN"
            assert word in broken.message("en")
        file.write_bytes(content)
    again = put(tmp_path, newest, START + 9)
    assert isinstance(again, Published) and not again.is_new


def test_a_folder_that_is_no_register_is_not_whole_but_missing(tmp_path):
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "other.txt").write_text("x", encoding="utf-8")
    for folder in (tmp_path / "none", tmp_path):
        none = verify(folder)
        assert isinstance(none, Refusal) and none.code == "FILE_NOT_FOUND"
        assert none.where == str(folder / "register.jsonl")
    (tmp_path / "register.jsonl").write_bytes(b"")
    assert verify(tmp_path) == Verified((), ()), "a register that holds nothing yet"


def test_a_head_may_be_shortened_but_must_be_a_digest(tmp_path):
    digest = json.loads(two_published(tmp_path)[0])["digest"]
    for head in (digest, digest[:8], digest[:20].upper()):
        assert not verify(tmp_path, head).faults
    other = ("0" if digest[0] != "0" else "1") + digest[1:8]
    (fault,) = verify(tmp_path, other).faults
    assert fault.code == "REGISTER_BROKEN"
    for head in (digest[:7], digest + "0", "no digest", "２" * 8, digest[:8] + "…"):
        wrong = verify(tmp_path, head)
        assert isinstance(wrong, Refusal) and wrong.code == "ARG_INVALID"
        assert "8" in wrong.message("en") + wrong.message("zh")


# --- killed, and two at once ----------------------------------------------------------------------


class Dying:
    """A file that is killed in the middle of its write, when its step has come."""

    def __init__(self, file, dies):
        self.file, self.dies = file, dies

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        self.dies()
        self.file.write(content[len(content) // 2 :])


def killed_publisher(register: str, text: str, at_step: int) -> None:
    """Publish, and die in the n-th write, flush or move of a file."""
    steps = 0
    fsync, replace, opened_file = os.fsync, os.replace, Path.open

    def dies():
        nonlocal steps
        steps += 1
        if steps == at_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(real):
        return lambda *arguments: (dies(), real(*arguments))[1]

    def dying(path, mode="r", *more, **how):
        file = opened_file(path, mode, *more, **how)
        return Dying(file, dies) if mode == "wb" else file

    os.fsync, os.replace, Path.open = before(fsync), before(replace), dying
    put(Path(register), text, START + 10)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_publisher_killed_at_any_step_leaves_the_old_register_or_the_new_one(tmp_path):
    context = multiprocessing.get_context("spawn")
    text, outcomes = bus_from("2027-01-01", 150), []
    for step in range(1, 12):
        register = opened(tmp_path / str(step))
        child = context.Process(target=killed_publisher, args=(str(register), text, step))
        child.start()
        child.join(30)
        found = verify(register)
        assert not found.faults
        outcomes.append((child.exitcode, len(found.publications)))
        again = put(register, text, START + 20)
        assert isinstance(again, Published) and again.publication.number == 2
        assert again.is_new == (len(found.publications) == 1)
        assert not list(register.rglob("*.part"))
        if child.exitcode == 0:
            break
    killed = [count for code, count in outcomes if code == -signal.SIGKILL]
    assert len(killed) == 8 and {1, 2} == set(killed) and outcomes[-1] == (0, 2)


def publisher(register: str, day: str, fare_fen: int, gate: object) -> None:
    gate.wait()
    put(Path(register), bus_from(day, fare_fen), START + 10, by=f"{fare_fen}")


def test_of_two_publishers_at_once_one_waits_for_the_other(tmp_path):
    context = multiprocessing.get_context("spawn")
    register, gate = opened(tmp_path), context.Event()
    fares = range(150, 154)
    children = [
        context.Process(target=publisher, args=(str(register), "2027-01-01", fare, gate))
        for fare in fares
    ]
    for child in children:
        child.start()
    gate.set()
    for child in children:
        child.join(60)
    found = verify(register)
    assert not found.faults
    assert [one.number for one in found.publications] == [1, 2, 3, 4, 5]
    assert {one.by for one in found.publications} == {"甲", *map(str, fares)}


def hold(folder: str, held: object, release: object) -> None:
    with only_writer(Path(folder), 10) as mine:
        assert mine
        held.set()
        release.wait(30)


def test_who_waits_too_long_is_told_so(tmp_path):
    context = multiprocessing.get_context("spawn")
    register, held, release = opened(tmp_path), context.Event(), context.Event()
    child = context.Process(target=hold, args=(str(register), held, release))
    child.start()
    try:
        assert held.wait(30)
        wish = Wish(bus_from("2027-01-01", 150).encode(), "t.toml", CITY, START + 10)
        busy = publish(register, wish, wait_s=0.2)
        assert isinstance(busy, Refusal) and busy.code == "REGISTER_BUSY"
    finally:
        release.set()
        child.join(30)
    assert isinstance(publish(register, wish), Published)
    assert lint(wish.content, "t.toml").book == published_book(register, CITY, START + 10)
