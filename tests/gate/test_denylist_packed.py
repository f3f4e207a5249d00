"""Packed pairs are exactly the pairs that were put in, whatever the numbers look like."""

import string

import numpy as np
import pytest
from denylist_world import unpacked
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.gate.packed import Packer, Pair, pack
from tongxing.messages.list_check import entries_sum, entry_hash, rows_sum, written

digits = st.text("0123456789", max_size=25)
written_well = st.text(string.digits + string.ascii_letters + ":_.-", min_size=4, max_size=40)
with_first = st.builds(str.__add__, st.sampled_from(["Q", "Z", "0", ":", "", "\0"]), digits)
strange = st.sampled_from(["", "\0", "12\0", "\x001", "é1", "٣٤٥٦", "1" * 65, "a" * 65, "-1", "+1"])
number = st.one_of(digits, written_well, with_first, strange, st.text(max_size=5))
reason = st.sampled_from(["MEDIUM_LOST", "B", "理由", "", *(f"R{n}" for n in range(40))])
pair = st.tuples(number, reason)


@given(st.lists(pair, max_size=60), st.lists(number, max_size=20))
@settings(max_examples=400, deadline=None)
def test_what_is_packed_is_what_was_put_in(pairs: list[Pair], others: list[str]) -> None:
    packed, wanted = pack(pairs), set(pairs)
    assert packed.count() == len(wanted)
    assert packed.total() == entries_sum(wanted)
    for asked in [*(number for number, _ in pairs), *others]:
        assert set(packed.reasons(asked)) == {code for listed, code in wanted if listed == asked}
    assert unpacked(packed) == wanted


@given(st.lists(pair, max_size=40), st.lists(pair, max_size=40))
@settings(max_examples=300, deadline=None)
def test_edits_give_what_packing_the_result_gives(pairs: list[Pair], more: list[Pair]) -> None:
    before = set(pairs)
    removed = {one for index, one in enumerate(sorted(before)) if index % 2}
    added = set(more) - before
    first = pack(pairs)
    after = first.with_edits(sorted(added), sorted(removed))
    wanted = (before | added) - removed
    assert unpacked(after) == wanted
    assert (after.count(), after.total()) == (len(wanted), entries_sum(wanted))
    assert unpacked(first) == before, "the set that was edited is left as it was"


def test_numbers_that_look_alike_are_not_one() -> None:
    alike = ["7", "07", "007", "Q7", "Q07", "q7", "1" + "0" * 19, "0" * 19, "0" * 20, "7 ", " 7"]
    packed = pack([(one, f"R{index}") for index, one in enumerate(alike)])
    assert [packed.reasons(one) for one in alike] == [[f"R{i}"] for i in range(len(alike))]
    assert packed.reasons("0" * 18) == packed.reasons("7\0") == packed.reasons("٧") == []


def test_one_number_may_have_a_hundred_reasons_in_a_list_of_many() -> None:
    names = [f"R{number}" for number in range(100)]
    for medium in ("3104000012345678901", "a:medium-of_letters"):
        others = [(f"{medium[:-2]}{number:02}", "R7") for number in range(100)]
        pairs = {*((medium, name) for name in names), *others}
        packed = pack(pairs)
        assert set(packed.reasons(medium)) >= set(names)
        assert unpacked(packed) == pairs
        fewer = packed.with_edits([], [(medium, name) for name in names if name != "R55"])
        assert fewer.reasons(medium) == ["R55"]
        assert fewer.total() == entries_sum(unpacked(fewer))


def test_the_largest_numbers_do_not_run_over() -> None:
    large = ["9" * 19, "9" * 20, "Q" + "9" * 19, "18446744073709551616", "1844674407370955161"]
    packed = pack([(one, "MEDIUM_LOST") for one in large])
    assert unpacked(packed) == {(one, "MEDIUM_LOST") for one in large}
    assert packed.reasons("0") == packed.reasons("9" * 18) == []


def test_ordinary_numbers_take_eight_bytes_and_no_more() -> None:
    packer = Packer()
    for start in range(0, 50_000, 1_000):
        few = range(start, start + 1_000)
        packer.add([f"31049200{one:011d}" for one in few], ["MEDIUM_LOST"] * 1_000)
        packer.add([f"Q5000100{one:09d}" for one in few], ["MEDIUM_LOST"] * 1_000)
    arrays = [keys for listed in packer.finish().by_shape.values() for keys in listed.values()]
    assert [(keys.dtype, keys.nbytes) for keys in arrays] == [(np.uint64, 400_000)] * 2


@pytest.mark.parametrize(
    ("medium", "reason", "hashed"),
    [
        ("4000000000000017", "MEDIUM_LOST", "a219175af8e71ad1"),
        ("", "", written(entry_hash("", ""))),
    ],
)
def test_the_published_vectors_hold(medium: str, reason: str, hashed: str) -> None:
    assert written(entry_hash(medium, reason)) == hashed
    rows = np.frombuffer(medium.encode(), np.uint8).reshape(1, len(medium))
    assert written(rows_sum(rows, reason)) == hashed


@given(st.sets(pair, max_size=30))
@settings(max_examples=200, deadline=None)
def test_the_fast_sum_is_the_plain_one(pairs: set[Pair]) -> None:
    assert entries_sum(pairs) == sum(entry_hash(*one) for one in pairs) % 2**64
