"""A run begins only where it may, and clears away only what a run has made."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sim_world import plan

from tongxing.kernel.reasons import Problem
from tongxing.simulation import runbook
from tongxing.simulation.run import play
from tongxing.simulation.runbook import RunBook
from tongxing.storage import Database

FEW = plan(passengers=6)


def hear_nothing(stage: str, news: object) -> None:
    """Nobody listens."""


@pytest.fixture
def book(database: Database, tmp_path: Path) -> Any:
    found = RunBook(database, tmp_path)
    yield found
    found.close()


def test_an_empty_database_has_no_run(book: RunBook) -> None:
    assert book.found() is None


def test_an_unfinished_run_is_known_and_cleared_away(
    book: RunBook, database: Database, tmp_path: Path
) -> None:
    book.begin(FEW.parameters())
    database.connect("city_500000").close()
    (tmp_path / "gates" / "half-written").write_text("journal")
    found = book.found()
    assert found is not None and not found.finished
    book.begin(replace(FEW, seed=99).parameters())
    assert database.schemas() == []
    assert list((tmp_path / "gates").iterdir()) == []


def test_books_that_no_run_made_are_left_alone(
    book: RunBook, database: Database, tmp_path: Path
) -> None:
    database.connect("city_500000").close()
    with pytest.raises(Problem) as raised:
        book.begin(FEW.parameters())
    assert raised.value.refusal.code == "DATABASE_NOT_OURS"
    assert raised.value.exit_code == 5
    assert database.schemas() == ["city_500000"]
    assert not (tmp_path / runbook.MARKER).exists()


def test_a_folder_that_no_run_made_is_left_alone(book: RunBook, tmp_path: Path) -> None:
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates" / "real.sqlite").write_text("somebody's taps")
    with pytest.raises(Problem) as raised:
        book.begin(FEW.parameters())
    assert raised.value.refusal.code == "HOME_NOT_OURS"
    assert (tmp_path / "gates" / "real.sqlite").exists()


def test_two_runs_cannot_work_in_one_database(
    book: RunBook, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbook, "_WAIT_S", 0)
    with pytest.raises(Problem) as raised:
        RunBook(database, tmp_path)
    assert raised.value.refusal.code == "RUN_ACTIVE"


def test_a_house_that_still_works_holds_the_next_run_back(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbook, "_WAIT_S", 0)
    straggler = database.connect("city_500000")
    runbook.hold_house_lock(straggler)
    with pytest.raises(Problem):
        RunBook(database, tmp_path)
    straggler.close()
    RunBook(database, tmp_path).close()


def test_a_finished_run_is_shown_again_and_runs_anew_only_when_asked(
    database: Database, tmp_path: Path
) -> None:
    heard: list[str] = []

    def hear(stage: str, news: object) -> None:
        heard.append(f"{stage}:{news}" if stage == "replacing" else stage)

    first = play(FEW, False, database, tmp_path, hear)
    assert not first.again
    heard.clear()
    again = play(FEW, False, database, tmp_path, hear)
    assert again.again and heard == []
    assert again.summary == first.summary
    assert again.sound == first.sound
    anew = play(FEW, True, database, tmp_path, hear)
    assert heard[0] == "replacing:finished"
    assert not anew.again
    assert anew.summary["papers_sha256"] == first.summary["papers_sha256"]


def test_an_interrupted_run_leaves_a_place_where_the_next_one_works(
    database: Database, tmp_path: Path
) -> None:
    def interrupt(stage: str, news: object) -> None:
        if stage == "settling":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(FEW, False, database, tmp_path, interrupt)
    heard: list[object] = []
    played = play(FEW, False, database, tmp_path, lambda stage, news: heard.append(news))
    assert heard[0] == "unfinished"
    assert not played.again
