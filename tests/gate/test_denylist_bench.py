"""The gate's benchmarks measure what they say, and end badly when an answer is wrong."""

import json
from itertools import count

import pytest

from tongxing.cli import run
from tongxing.gate.denylist import DenyIndex
from tongxing.gate.packed import Packed
from tongxing.simulation import measuring_list as measuring

FEW = ("bench", "denylist", "--entries", "3000", "--lookups", "200")


def told_by(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert isinstance(told, dict)
    return told


def test_invented_media_are_each_another_and_none_of_the_others_is_listed() -> None:
    listed = {measuring.invented_number(index) for index in range(20_000)}
    others = {measuring.invented_number(index, listed=False) for index in range(20_000)}
    assert len(listed) == len(others) == 20_000
    assert not listed & others
    assert {len(number) for number in listed} == {16, 17, 19, 20}


def test_look_ups_are_timed_one_by_one_and_wrong_answers_counted() -> None:
    deny = DenyIndex(measuring.CITY, 1, measuring.invented_list(100))
    ticks = count(step=7)
    right = measuring.ask_some(deny.reason, 100, 50, True, lambda: next(ticks))
    assert (right.times_ns, right.wrong) == ([7] * 50, 0)
    for listed in (True, False):
        wrong = measuring.ask_some(lambda number: "CARD_LOST", 100, 50, listed, lambda: 0)
        assert wrong.wrong == 50
    assert measuring.wrong_answers(deny, 100, 1) == (0, 0)
    assert measuring.wrong_answers(deny, 110, 1) == (10, 0)
    assert measuring.time_delta(deny, 100, 9, lambda: next(ticks)) == measuring.Delta(18, 7)


def test_the_list_is_told_with_its_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert run((*FEW, "--full")) == 0
    told = told_by(capsys)
    assert (told["bench"], told["entries"], told["lookups"]) == ("denylist", 3_000, 800)
    assert (told["checked"], told["false_passes"], told["false_denials"]) == (6_000, 0, 0)
    assert told["ratio"] == pytest.approx(
        float(str(told["figure"])) / float(str(told["reference"])), rel=0.1
    )


def test_a_list_that_denies_a_stranger_ends_badly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Packed.reasons

    def eager(self: Packed, number: str) -> list[str]:
        return honest(self, number) or (["MEDIUM_LOST"] if number.endswith("9") else [])

    monkeypatch.setattr(Packed, "reasons", eager)
    assert run(FEW) == 1
    assert int(str(told_by(capsys)["false_denials"])) > 0


def test_a_decision_is_told_with_its_signatures(capsys: pytest.CaptureFixture[str]) -> None:
    few = ("--entries", "500", "--rides", "10", "--people", "3", "--rounds", "1")
    assert run(("bench", "decide", *few)) == 0
    told = told_by(capsys)
    assert (told["bench"], told["decisions"], told["codes"]) == ("decide", 20, 3)
    assert float(str(told["code_known_us"])) < float(str(told["figure"]))
    if told["reference"] is not None:
        assert told["ratio"] == pytest.approx(
            float(str(told["figure"])) / float(str(told["reference"])), rel=0.01
        )


def test_a_journalled_decision_is_told_with_the_disks_own_time(
    capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    assert run(("bench", "journal", "--taps", "10", "--folder", str(tmp_path))) == 0
    told = told_by(capsys)
    assert (told["bench"], told["taps"]) == ("journal", 10)
    for name in ("figure", "reference", "insert_ms", "ratio", "ratio_to_insert"):
        assert float(str(told[name])) > 0
