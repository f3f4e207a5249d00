"""`tongxing bench tac`: its lines, its reference, and that it ends badly when answers differ."""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from tongxing.cli import run
from tongxing.media.crypto.suites import DES, SM4
from tongxing.media.tac.engines import engines
from tongxing.media.tac.measuring import c_library, timing
from tongxing.media.tac.measuring.c_library import build_loop
from tongxing.media.tac.measuring.records import WRONG_EVERY, invented, with_wrong_ones
from tongxing.media.tac.measuring.timing import measure

FEW = ("bench", "tac", "--records", "700", "--runs", "1")


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_engine_has_a_line_with_its_ratio(capsys):
    assert run(FEW) == 0
    found = lines(capsys.readouterr().out)
    names = [(line["algorithm"], line["engine"]) for line in found]
    assert names == [
        (name, engine.name)
        for name, algorithm in (("SM4", SM4), ("3DES", DES))
        for engine in engines(algorithm)[1:]
    ]
    for line in found:
        assert line["identical"] is True
        assert line["compared"] == 700
        assert line["figure"] > 0
        assert line["ratio"] == pytest.approx(line["figure"] / line["reference"], abs=0.01)


def test_without_a_compiler_the_reference_is_named_for_what_it_is(capsys, monkeypatch):
    monkeypatch.setattr(c_library.shutil, "which", lambda name: None)
    assert run(("--lang", "en", *FEW)) == 0
    said = capsys.readouterr()
    assert "there is no C loop" in said.err
    assert {line["reference_is"] for line in lines(said.out)} == {"cryptography"}
    assert not any(line["c_loop"] for line in lines(said.out))


def test_a_wrong_code_of_an_engine_ends_the_command_badly(capsys, monkeypatch):
    spoilt = type(engines(SM4)[1])
    honest = spoilt.issuer_codes

    def one_bit_off(self, master, factors, data):
        codes = honest(self, master, factors, data)
        codes[len(codes) // 2, 3] ^= 0x10
        return codes

    monkeypatch.setattr(spoilt, "issuer_codes", one_bit_off)
    assert run(FEW) == 1
    said = {
        (line["algorithm"], line["engine"]): line["identical"]
        for line in lines(capsys.readouterr().out)
    }
    assert said.pop(("SM4", spoilt.name)) is False
    assert all(said.values())


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler on this machine")
@pytest.mark.parametrize("algorithm", [SM4, DES], ids=["SM4", "3DES"])
def test_the_c_loop_has_the_codes_of_the_cards(tmp_path, algorithm):
    loop = build_loop(tmp_path)
    assert loop is not None
    records = invented(50, 4)
    name = "SM4" if algorithm == SM4 else "3DES"
    done = loop.run(name, records.master, records.factors, records.data)
    assert done is not None
    assert done.version.startswith("OpenSSL")
    expected = engines(algorithm)[0].issuer_codes(records.master, records.factors, records.data)
    assert (done.codes == expected).all()


def test_a_library_that_fails_gives_way_to_the_python_loop(tmp_path: Path):
    loop = c_library.CLoop(tmp_path / "missing", tmp_path)
    (found, *_) = measure(SM4, 100, 1, loop, time.process_time_ns)
    assert found.reference == timing.PYTHON_LOOP
    assert found.identical


@pytest.mark.parametrize(
    "works", [(True, False, True), (False, True, True)], ids=["later", "first"]
)
def test_a_loop_that_once_failed_is_not_asked_again_nor_counted(tmp_path: Path, works):
    class Moody(c_library.CLoop):
        def run(self, algorithm, master, factors, data):
            if not next(moods):
                return None
            codes = engines(SM4)[0].issuer_codes(master, factors, data)
            return c_library.CRun("a library", 1, codes)

    moods = iter(works)
    (found, *_) = measure(SM4, 100, 3, Moody(tmp_path, tmp_path), time.process_time_ns)
    assert found.reference == timing.PYTHON_LOOP
    assert found.reference_cpu_ns > 1
    assert list(moods) == list(works[works.index(False) + 1 :])


def test_more_records_than_the_python_loop_takes_are_compared_as_far_as_it_goes(monkeypatch):
    monkeypatch.setattr(timing, "_PYTHON_RECORDS", 40)
    (found, *_) = measure(DES, 100, 1, None, time.process_time_ns)
    assert (found.records, found.compared, found.reference_records) == (100, 40, 40)
    assert found.identical


def test_of_several_runs_the_best_counts():
    ticks = iter(range(0, 10_000, 7))
    (found, *_) = measure(SM4, 10, 3, None, lambda: next(ticks))
    assert (found.cpu_ns, found.reference_cpu_ns) == (7, 7)


def test_every_record_is_another_cards_and_planted_codes_are_few():
    records = invented(3 * WRONG_EVERY, 1)
    assert len(np.unique(records.factors, axis=0)) == 3 * WRONG_EVERY
    codes = np.zeros((3 * WRONG_EVERY, 4), np.uint8)
    mixed, right = with_wrong_ones(codes, 1)
    assert 1 <= (~right).sum() <= 3
    assert ((mixed != codes).any(axis=1) == ~right).all()
