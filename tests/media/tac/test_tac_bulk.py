"""Codes in columns: every engine against the suite of the cards, and wrong codes found exactly."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tac_world import ALGORITHMS, CASES, FAST, column, drawn, named

from tongxing.media.crypto.suites import DES, DES_NAMED, SM4, suite_of
from tongxing.media.tac import sliced, tabled
from tongxing.media.tac.columns import card_keys, check_tacs, check_tacs_of_cards
from tongxing.media.tac.engines import (
    COMPILED_AGAIN_FROM,
    COMPILED_FROM,
    NUMPY_FROM,
    engine_for,
    engines,
)

KNOWN = CASES["columns"]
KEY = bytes.fromhex(KNOWN["issuer_key"])
ODD_SIZES = (0, 1, 2, 63, 64, 65, 255, 256, 257, 513)

each_engine = pytest.mark.parametrize("case", FAST, ids=named)


def known(name: str, width: int) -> np.ndarray:
    return column(width, *(record[name] for record in KNOWN["records"]))


@pytest.mark.parametrize(
    "case", [(number, engines(number)[0]) for number in ALGORITHMS] + FAST, ids=named
)
def test_known_records_have_the_known_keys_and_codes(case):
    algorithm, engine = case
    suffix = "sm4" if algorithm == SM4 else "3des"
    factors, data = known("factor", 8), known("data", 22)
    keys, tacs = known(f"card_key_{suffix}", 16), known(f"tac_{suffix}", 4)
    assert (card_keys(KEY, algorithm, factors, engine) == keys).all()
    assert check_tacs(KEY, algorithm, factors, data, tacs, engine).all()
    assert check_tacs_of_cards(keys, algorithm, data, tacs, engine).all()
    assert not check_tacs(KEY, algorithm, factors, data, tacs[::-1], engine).any()


@each_engine
@pytest.mark.parametrize("width", [22, 24])
def test_bulk_equals_single_for_every_odd_number_of_records(case, width):
    algorithm, engine = case
    suite = suite_of(algorithm)
    master, factors, data = drawn(max(ODD_SIZES), width, width)
    keys = [suite.diversify(master, factor.tobytes()) for factor in factors]
    codes = [suite.tac(key, row.tobytes()) for key, row in zip(keys, data, strict=True)]
    for count in ODD_SIZES:
        found = engine.card_keys(master, factors[:count])
        assert found.shape == (count, 16)
        assert found.tobytes() == b"".join(keys[:count])
        assert engine.issuer_codes(master, factors[:count], data[:count]).tobytes() == b"".join(
            codes[:count]
        )
        assert engine.codes(found, data[:count]).tobytes() == b"".join(codes[:count])


@each_engine
@settings(max_examples=8, deadline=None)
@given(
    st.binary(min_size=16, max_size=16),
    st.lists(
        st.tuples(st.binary(min_size=8, max_size=8), st.binary(min_size=22, max_size=22)),
        min_size=1,
        max_size=70,
    ),
)
def test_any_keys_and_records_give_the_codes_of_the_cards(case, master, records):
    algorithm, engine = case
    suite = suite_of(algorithm)
    expected = [suite.tac(suite.diversify(master, factor), data) for factor, data in records]
    factors = column(8, *(factor.hex() for factor, _ in records))
    data = column(22, *(row.hex() for _, row in records))
    assert engine.issuer_codes(master, factors, data).tobytes() == b"".join(expected)


@cache
def right_codes(algorithm: int) -> np.ndarray:
    """The codes of `drawn(300, 7)`, by the slow engine."""
    return engines(algorithm)[0].issuer_codes(*drawn(300, 7))


@each_engine
@settings(max_examples=10, deadline=None)
@given(st.sets(st.integers(0, 299)), st.integers(0, 31))
def test_planted_wrong_codes_are_found_and_no_others(case, wrong, bit):
    algorithm, engine = case
    master, factors, data = drawn(300, 7)
    tacs = right_codes(algorithm).copy()
    for row in wrong:
        tacs[row, bit // 8] ^= 1 << bit % 8
    flags = check_tacs(master, algorithm, factors, data, tacs, engine)
    assert set(np.flatnonzero(~flags)) == wrong


@pytest.mark.parametrize(
    ("engine", "room", "stretch"),
    [(engines(DES)[1], sliced, 128), (engines(SM4)[1], tabled, 50)],
    ids=["3DES", "SM4"],
)
def test_a_batch_longer_than_a_stretch_is_the_same_batch(monkeypatch, engine, room, stretch):
    master, factors, data = drawn(401, 3)
    whole = engine.issuer_codes(master, factors, data)
    keys = engine.card_keys(master, factors)
    monkeypatch.setattr(room, "STRETCH", stretch)
    assert (engine.issuer_codes(master, factors, data) == whole).all()
    assert (engine.card_keys(master, factors) == keys).all()
    assert (engine.codes(keys, data) == whole).all()


@pytest.mark.parametrize(
    ("engine", "room"), [(engines(DES)[1], sliced), (engines(SM4)[1], tabled)], ids=["3DES", "SM4"]
)
def test_the_memory_at_once_is_what_it_says_however_long_the_batch(monkeypatch, engine, room):
    smaller = 16
    monkeypatch.setattr(room, "STRETCH", room.STRETCH // smaller)
    master, factors, data = drawn(2 * room.STRETCH + 1, 2)
    engine.issuer_codes(master, factors[:1], data[:1])
    tracemalloc.start()
    try:
        codes = engine.issuer_codes(master, factors, data)
        peak = tracemalloc.get_traced_memory()[1] - codes.nbytes
    finally:
        tracemalloc.stop()
    assert 0.5 < peak * smaller / (room.MIB_AT_ONCE << 20) < 1


@each_engine
def test_columns_with_gaps_or_the_other_way_round_are_read_as_they_are(case):
    _, engine = case
    master, factors, data = drawn(130, 5)
    whole = engine.issuer_codes(master, factors, data)
    assert (engine.issuer_codes(master, factors[::-2], data[::-2]) == whole[::-2]).all()
    wide = np.concatenate([data, data], axis=1)
    assert (engine.codes(engine.card_keys(master, factors), wide[:, 22:]) == whole).all()


@each_engine
def test_threads_that_share_an_engine_do_not_disturb_one_another(case):
    _, engine = case
    batches = [drawn(700, seed) for seed in range(8)]
    alone = [engine.issuer_codes(*batch).tobytes() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda batch: engine.issuer_codes(*batch).tobytes(), batches * 2)
        assert list(together) == alone * 2


def test_the_engine_fits_the_number_of_records(monkeypatch):
    monkeypatch.setattr("tongxing.media.tac.engines._loaded", set())
    for algorithm in ALGORITHMS:
        plain, by_numpy, *compiled = engines(algorithm)
        few = NUMPY_FROM[suite_of(algorithm).name]
        assert engine_for(algorithm, 0) is plain
        assert engine_for(algorithm, few - 1) is plain
        assert engine_for(algorithm, few) is by_numpy
        assert engine_for(algorithm, COMPILED_FROM - 1) is by_numpy
        assert engine_for(algorithm, COMPILED_FROM) is (compiled or [by_numpy])[0]
        assert engine_for(algorithm, COMPILED_AGAIN_FROM - 1) is plain
        assert engine_for(algorithm, few) is (compiled or [by_numpy])[0]


def test_without_numba_numpy_does_the_work_and_says_the_same(monkeypatch):
    master, factors, data = drawn(200, 9)
    for algorithm in ALGORITHMS:
        expected = engines(algorithm)[-1].issuer_codes(master, factors, data)
        with monkeypatch.context() as patch:
            patch.setattr("tongxing.media.tac.engines.can_compile", lambda: False)
            without = engines.__wrapped__(algorithm)
        assert [engine.name for engine in without] == [
            engine.name for engine in engines(algorithm)[:2]
        ]
        assert (without[-1].issuer_codes(master, factors, data) == expected).all()


def test_both_names_of_3des_have_the_same_codes():
    factors, data = known("factor", 8), known("data", 22)
    assert check_tacs(KEY, DES_NAMED, factors, data, known("tac_3des", 4)).all()


@pytest.mark.parametrize("wrong", ["key", "algorithm", "factors", "data", "tacs", "kind", "rows"])
def test_columns_that_do_not_fit_together_are_a_mistake_of_the_caller(wrong):
    master, factors, data = drawn(3, 1)
    tacs = np.zeros((3, 4), np.uint8)
    given_columns = {
        "key": (master[:8], DES, factors, data, tacs),
        "algorithm": (master, 2, factors, data, tacs),
        "factors": (master, DES, factors[:, :7], data, tacs),
        "data": (master, DES, factors, data[:, :21], tacs),
        "tacs": (master, DES, factors, data, tacs[:, :3]),
        "kind": (master, DES, factors.astype(np.int64), data, tacs),
        "rows": (master, DES, factors, data[:2], tacs),
    }
    with pytest.raises(ValueError, match=r"."):
        check_tacs(*given_columns[wrong])


def test_card_keys_must_be_as_many_as_the_records():
    _, _, data = drawn(3, 1)
    with pytest.raises(ValueError, match="16 bytes"):
        check_tacs_of_cards(np.zeros((2, 16), np.uint8), SM4, data, np.zeros((3, 4), np.uint8))
