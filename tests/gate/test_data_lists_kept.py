"""What a restart finds of a gate's lists, whatever became of the clock, the disk and the power."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from gate_world import (
    Station,
    code_of,
    open_journal,
)
from lists_world import (
    BEIJING,
    CHONGQING,
    EIGHT,
    base_fen,
    bring,
    listed,
    sealed,
    tariff,
)

from tongxing.fares import load_city_fares
from tongxing.gate.data_lists import DataLists, GateData, Ground
from tongxing.kernel.reasons import Refusal
from tongxing.network.legacy import load_legacy
from tongxing.network.registry import load_registry
from tongxing.published import bundled, read_content

HOUR = 3_600


def test_a_clock_that_is_reset_brings_no_older_list_again(tmp_path: Path) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    bring(station.site, sealed(listed(version=2, begins_s=EIGHT + HOUR)))
    assert base_fen(station.site, EIGHT + HOUR) == 400
    station.restart()
    for now_s in (EIGHT - 9 * HOUR, EIGHT):
        assert station.site.versions(now_s)["tariff"] == 2
        assert base_fen(station.site, now_s) == 400


def test_a_disk_that_is_full_when_the_time_comes_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=2, begins_s=EIGHT + HOUR)))
    with monkeypatch.context() as disk:
        disk.setattr(station.journal, "keep", lambda *_: Refusal("JOURNAL_FULL"))
        assert base_fen(station.site, EIGHT + HOUR) == 400
        assert station.journal.kept("lists_in_force") is None
    assert base_fen(station.site, EIGHT + HOUR) == 400
    assert station.journal.kept("lists_in_force") == b'{"tariff":2}'


def test_a_list_that_finds_no_room_is_not_put_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    with monkeypatch.context() as disk:
        disk.setattr(station.journal, "keep", lambda *_: Refusal("JOURNAL_FULL"))
        assert bring(station.site, sealed(listed(version=2))) == "JOURNAL_FULL"
        assert base_fen(station.site, EIGHT) == 300
    assert bring(station.site, sealed(listed(version=2))) == ""


def test_the_software_never_wins_over_a_list(tmp_path: Path) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    station.restart()  # with the software's own, cheaper tariff, as always
    assert base_fen(station.site, EIGHT) == 300
    newer = load_city_fares(CHONGQING)
    contents = read_content("tariff", tariff(800), CHONGQING)
    assert not isinstance(contents, Refusal) and contents.book is not None
    fares = type(newer)(newer.network, contents.book)
    upgraded = Ground(CHONGQING, GateData(fares, load_legacy(), load_registry()))
    lists = DataLists.open(station.journal, upgraded)
    assert isinstance(lists, DataLists)
    rule = lists.at(EIGHT).fares.tariff_at(EIGHT).base("urban")
    assert rule is not None and rule.fare(1_000) == 300


ROWS = {
    "empty": b"",
    "text": b"{}",
    "half": None,
    "other city": [listed(city=BEIJING, content=tariff(city=BEIJING))],
    "other name": [listed("legacy", 1, bundled("legacy", CHONGQING))],
    "unsorted": [listed(version=2), listed(version=1)],
    "twice": [listed(version=2), listed(version=2)],
    "none": [],
    "unfit": [listed(content=b"no tariff")],
}


@pytest.mark.parametrize("what", ROWS)
def test_a_kept_list_that_is_damaged_keeps_the_gate_shut(tmp_path: Path, what: str) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    row = ROWS[what]
    if isinstance(row, list):
        row = msgspec.msgpack.encode([row])
    if row is None:
        kept = station.journal.kept("list:tariff")
        assert isinstance(kept, bytes)
        row = kept[: len(kept) // 2]
    station.journal.keep("list:tariff", row)
    assert code_of(DataLists.open(station.journal, station.site.lists.ground)) == "LIST_DAMAGED"


@pytest.mark.parametrize("how", ["gone", "older", "not ours"])
def test_a_list_that_was_in_force_and_is_not_there_is_damage(tmp_path: Path, how: str) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    old = station.journal.kept("list:tariff")
    bring(station.site, sealed(listed(version=2)))
    assert isinstance(old, bytes)
    if how == "gone":
        station.journal.discard("list:tariff")
    elif how == "older":
        station.journal.keep("list:tariff", old)
    else:
        station.journal.keep("lists_in_force", b"[1]")
    ground = station.site.lists.ground
    station.journal.close()
    assert code_of(DataLists.open(open_journal(tmp_path), ground)) == "LIST_DAMAGED"


class PowerCut(Exception):
    """The process is gone."""


def cutting(
    honest: Callable[[str, bytes], Refusal | None], cut_at: int
) -> Callable[[str, bytes], Refusal | None]:
    """A journal's `keep` before or after which the power goes, at so many steps."""
    steps = iter(range(100))

    def keep(name: str, body: bytes) -> Refusal | None:
        if next(steps) >= cut_at:
            raise PowerCut
        answer = honest(name, body)
        if next(steps) >= cut_at:
            raise PowerCut
        return answer

    return keep


def test_a_power_cut_between_any_two_steps_leaves_the_old_list_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal writes one row in one commit (what a cut inside it leaves, `test_power_cuts`
    tells); here the power goes before and after each."""
    found = []
    for cut_at in range(6):
        station = Station(tmp_path / str(cut_at))
        bring(station.site, sealed(listed(version=1)))
        keep = cutting(station.journal.keep, cut_at)
        with monkeypatch.context() as disk:
            disk.setattr(station.journal, "keep", keep)
            with contextlib.suppress(PowerCut):
                bring(station.site, sealed(listed(version=2)))
        station.restart()
        version = station.site.versions(EIGHT)["tariff"]
        assert base_fen(station.site, EIGHT) == 200 + 100 * version
        found.append(version)
    assert found == [1, 2, 2, 2, 2, 2]
