"""What a restart finds: the old list or the new, whatever happens while a change is being kept."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from denylist_world import pairs_of, sealed_delta
from gate_world import CITY_KEY, Station, code_of, open_journal

from tongxing.gate import kept_list
from tongxing.gate.journal import Journal
from tongxing.gate.kept_list import load_list
from tongxing.kernel import files
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyEntry, DenyList, seal
from tongxing.messages.envelope import encode


def listed(version: int, count: int) -> DenyList:
    """A list with every reason and shape, the longer the later."""
    forms = ["31{:017}", "Q{:016}", "a:{:09x}-", "é{}"]
    entries = [
        DenyEntry(forms[one % 4].format(one), ("MEDIUM_LOST", "CARD_REPLACED")[one // 4 % 2])
        for one in range(count)
    ]
    return DenyList(city="500000", version=version, published_s=version, entries=entries)


CHANGES: dict[str, tuple[int, Callable[[], bytes]]] = {
    "whole after whole": (1, lambda: seal(listed(4, 60), CITY_KEY)),
    "a delta": (9, lambda: sealed_delta(listed(3, 50), listed(4, 60))),
    "a delta that makes it whole": (0, lambda: sealed_delta(listed(3, 50), listed(4, 60))),
}


class PowerCut(Exception):
    """The process is gone."""


@pytest.fixture
def in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_list, "_INSIDE_BYTES_MAX", 10)


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("what", CHANGES)
def test_a_power_cut_between_any_two_steps_leaves_the_old_list_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    fold, change = CHANGES[what]
    monkeypatch.setattr(kept_list, "FOLD_DELTAS", fold)
    found, cut_at = set(), 0
    while True:
        folder = tmp_path / str(cut_at)
        station = Station(folder)
        assert station.site.load_deny_list(seal(listed(3, 50), CITY_KEY)) is None
        done = with_a_cut(station, change(), cut_at)
        station.restart()
        version = station.site.deny.version
        found.add(version)
        wanted = listed(version, {3: 50, 4: 60}[version])
        assert pairs_of(station.site.deny) == {(e.medium_no, e.reason) for e in wanted.entries}
        assert len([one for one in folder.iterdir() if ".deny-" in one.name]) <= 1
        if done:
            break
        assert station.site.load_deny_list(seal(listed(5, 70), CITY_KEY)) is None
        station.restart()
        assert (station.site.deny.version, len(station.site.deny)) == (5, 70)
        cut_at += 1
    assert found == {3, 4}
    assert cut_at >= (2 if fold == 9 else 16)


def with_a_cut(station: Station, message: bytes, cut_at: int) -> bool:
    """Load a list, the power being cut before or after a step; whether it came to the end."""
    steps = iter(range(10_000))

    def counted(owner: object, name: str) -> tuple[object, str, Callable[..., object]]:
        honest = getattr(owner, name)

        def step(*given: object, **named: object) -> object:
            if next(steps) >= cut_at:
                raise PowerCut
            answer = honest(*given, **named)
            if next(steps) >= cut_at:
                raise PowerCut
            return answer

        setattr(owner, name, step)
        return owner, name, honest

    wrapped = [
        counted(Journal, "keep"),
        counted(files.os, "fsync"),
        counted(files.os, "replace"),
        counted(files, "sync_folder"),
        counted(Path, "open"),
        counted(Path, "unlink"),
        counted(files.os, "listdir"),
    ]
    try:
        station.site.load_deny_list(message)
    except PowerCut:
        return False
    finally:
        for owner, name, honest in wrapped:
            setattr(owner, name, honest)
    return True


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EIO", "EACCES"])
def test_a_list_that_finds_no_room_is_not_put_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    station = Station(tmp_path)
    assert station.site.load_deny_list(seal(listed(3, 50), CITY_KEY)) is None
    before = station.site.deny

    def full(*_: object) -> None:
        number = getattr(errno, code)
        raise OSError(number, code)

    with monkeypatch.context() as disk:
        disk.setattr(kept_list, "write_pieces", full)
        refusal = station.site.load_deny_list(seal(listed(4, 60), CITY_KEY))
    wanted = "JOURNAL_FULL" if code in {"ENOSPC", "EDQUOT"} else "JOURNAL_UNAVAILABLE"
    assert code_of(refusal) == wanted
    assert station.site.deny is before
    station.restart()
    assert station.site.deny.version == 3
    assert station.site.load_deny_list(seal(listed(4, 60), CITY_KEY)) is None


def spoil(path: Path, how: str) -> None:
    if how == "gone":
        path.unlink()
    elif how == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "longer":
        path.write_bytes(path.read_bytes() + b"0")
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("how", ["gone", "half", "longer", "a bit"])
def test_a_gate_does_not_go_on_without_the_list_it_had(tmp_path: Path, how: str) -> None:
    station = Station(tmp_path)
    station.site.load_deny_list(seal(listed(3, 50), CITY_KEY))
    (file,) = [one for one in tmp_path.iterdir() if ".deny-" in one.name]
    spoil(file, how)
    station.journal.close()
    refusal = load_list(open_journal(tmp_path), "500000")
    assert code_of(refusal) == "LIST_DAMAGED"
    assert isinstance(refusal, Refusal)
    assert all(refusal.message(one) and refusal.next_step(one) for one in ("zh", "en"))


NOT_OURS = [b"", b"\x93", b'{"city":"500000"}', b"\x93\xa7../evil\xa0\xc4\x00"]


@pytest.mark.parametrize("row", NOT_OURS)
def test_a_row_that_is_not_ours_is_damage_and_no_path(tmp_path: Path, row: bytes) -> None:
    journal = open_journal(tmp_path)
    assert journal.keep("deny_list", row) is None
    assert code_of(load_list(journal, "500000")) == "LIST_DAMAGED"


def test_a_list_that_the_version_before_kept_is_still_in_force(tmp_path: Path) -> None:
    journal, old = open_journal(tmp_path), listed(7, 30)
    assert journal.keep("deny_list", encode(old)) is None
    found = load_list(journal, "500000")
    assert not isinstance(found, Refusal) and (found.version, len(found)) == (7, 30)
    assert [found.reason(one.medium_no) for one in old.entries] == [
        one.reason for one in old.entries
    ]


def test_a_delta_that_no_longer_fits_is_damage(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.site.load_deny_list(seal(listed(3, 50), CITY_KEY))
    station.site.load_deny_list(sealed_delta(listed(3, 50), listed(4, 60)))
    kept = station.journal.kept("deny_delta:00")
    assert isinstance(kept, bytes)
    for broken in (kept.replace(b"31", b"32"), kept[:-1]):
        station.journal.keep("deny_delta:00", broken)
        assert code_of(load_list(station.journal, "500000")) == "LIST_DAMAGED"
    station.journal.keep("deny_delta:00", kept)
    assert code_of(load_list(station.journal, "500000")) == ""


def test_a_journal_of_another_city_gives_no_list(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.site.load_deny_list(seal(listed(3, 5), CITY_KEY))
    assert code_of(load_list(station.journal, "110000")) == "LIST_DAMAGED"


def test_a_large_list_is_not_written_again_for_each_delta(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_list, "_INSIDE_BYTES_MAX", 10)
    monkeypatch.setattr(kept_list, "FOLD_DELTAS", 10)
    station, versions = Station(tmp_path), [listed(1, 500)]
    station.site.load_deny_list(seal(versions[0], CITY_KEY))
    names = []
    for version in range(2, 26):
        versions.append(listed(version, 500 + version))
        assert station.site.load_deny_list(sealed_delta(*versions[-2:])) is None
        names.append([one.name for one in tmp_path.iterdir() if ".deny-" in one.name])
    assert all(len(one) == 1 for one in names)
    assert sorted({one[0] for one in names}) == ["j.db.deny-1", "j.db.deny-12", "j.db.deny-23"]
    assert station.journal.kept_names("deny_delta") == [f"deny_delta:{n:02}" for n in range(10)]
    station.restart()
    assert (station.site.deny.version, len(station.site.deny)) == (25, 525)


def test_two_sites_of_one_folder_keep_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_list, "_INSIDE_BYTES_MAX", 10)
    ours, theirs = (Journal.open(tmp_path / f"{name}.db", name, 1) for name in ("A", "A.db"))
    assert isinstance(ours, Journal)
    assert isinstance(theirs, Journal)
    for count, journal in enumerate((ours, theirs, ours, theirs), start=1):
        deny = kept_list.DenyIndex.of(listed(count, count))
        kept = kept_list.keep_list(journal, kept_list.ListChange(deny))
        assert not isinstance(kept, Refusal)
    for count, journal in ((3, ours), (4, theirs)):
        found = load_list(journal, "500000")
        assert not isinstance(found, Refusal)
        assert (found.version, len(found)) == (count, count)
