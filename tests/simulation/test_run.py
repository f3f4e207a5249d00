"""A day through the real houses: every fen where it belongs, whatever the network does to it."""

from pathlib import Path

import pytest
from sim_world import OFTEN, money, run

from tongxing.simulation.summary import Summary
from tongxing.storage import Database


@pytest.fixture(scope="module")
def calm(
    lasting_houses: Database, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Summary, Path]:
    """A run without faults."""
    home = tmp_path_factory.mktemp("calm")
    return run(lasting_houses, home), home


@pytest.mark.req("R-012")
def test_a_calm_day_is_sound_in_every_eye(calm: tuple[Summary, Path]) -> None:
    summary, _ = calm
    checks = summary.checks
    assert checks.differences == []
    assert checks.proofs_broken == []
    assert checks.refusals == []
    assert checks.sound
    assert checks.payers_compared > 80
    assert checks.purses_compared > 40
    assert checks.taps_decided_again == summary.taps > 350, "gate and city agree on each of them"
    assert {city.code for city in summary.cities if city.modes} == {"110000", "500000"}


def test_cards_of_issuers_without_gates_are_settled_too(calm: tuple[Summary, Path]) -> None:
    summary, _ = calm
    visitors = [issuer for issuer, row in summary.cross_city_fen.items() if len(row) and row]
    assert {"ISS-110000", "ISS-500000"} <= set(visitors)
    assert sum(city.owes_fen for city in summary.cities) == sum(
        city.gets_fen for city in summary.cities
    ) + _hub_fee_fen(summary)


def _hub_fee_fen(summary: Summary) -> int:
    """What is owed and not got is the hub's fee; it is small and never negative."""
    fee = sum(c.owes_fen for c in summary.cities) - sum(c.gets_fen for c in summary.cities)
    assert 0 <= fee <= summary.charge_fen // 100
    return fee


def test_papers_lie_in_the_folder_whole_and_hashed(calm: tuple[Summary, Path]) -> None:
    summary, home = calm
    folder = home / "statements" / summary.windows[0]
    names = {path.name for path in folder.iterdir()}
    assert {"ISS-500000.zh.txt", "ISS-500000.en.txt", "ACQ-110000.csv"} <= names
    assert {"ACQ-500000.camt.053.xml", f"{summary.windows[0]}-0001.status.xml"} <= names
    assert not [name for name in names if name.endswith(".tmp")]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_processes_of_their_own(
    calm: tuple[Summary, Path], houses: Database, tmp_path: Path
) -> None:
    summary, home = calm
    again = run(houses, tmp_path, own_processes=True)
    assert again.papers_sha256 == summary.papers_sha256
    assert money(again) == money(summary)
    ours = sorted((home / "statements").rglob("*.*"))
    theirs = sorted((tmp_path / "statements").rglob("*.*"))
    assert [path.read_bytes() for path in ours] == [path.read_bytes() for path in theirs]


def test_another_seed_is_another_day(
    calm: tuple[Summary, Path], houses: Database, tmp_path: Path
) -> None:
    summary, _ = calm
    other = run(houses, tmp_path, seed=21, passengers=40)
    assert other.checks.sound
    assert other.papers_sha256 != summary.papers_sha256


@pytest.mark.parametrize("kind", OFTEN)
def test_a_fault_ends_with_the_same_money_as_no_fault(
    calm: tuple[Summary, Path], houses: Database, tmp_path: Path, kind: str
) -> None:
    summary, _ = calm
    faulty = run(houses, tmp_path, faults=(kind,), rates=OFTEN[kind])
    assert faulty.faults[kind] >= 5, "the fault must really have happened"
    assert sum(faulty.faults.values()) == faulty.faults[kind]
    assert faulty.checks.sound, faulty.checks
    assert money(faulty) == money(summary)
    if kind == "late":
        assert len(faulty.windows) > 1, "what came after the files is netted in a later window"
