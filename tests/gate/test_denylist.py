"""The deny index answers exactly: every entry with its reason, and nobody else."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from deciding_world import DAY
from tongxing.gate.denylist import DenyIndex
from tongxing.kernel.clock import at
from tongxing.messages import DenyEntry, DenyList
from tongxing.messages.envelope import encode

numbers = st.text(alphabet="0123456789Q:", max_size=24)


def test_a_denied_medium_gets_its_reason_and_others_none() -> None:
    deny = DenyIndex(
        "500000",
        9,
        [
            DenyEntry("4000000000000017", "MEDIUM_LOST"),
            DenyEntry("Q5000100000000014", "ACCOUNT_OVERDRAWN"),
        ],
    )
    assert (deny.version, len(deny)) == (9, 2)
    assert deny.reason("4000000000000017") == "MEDIUM_LOST"
    assert deny.reason("Q5000100000000014") == "ACCOUNT_OVERDRAWN"
    for other in ("400000000000001", "40000000000000170", "", "\ud800", "４000000000000017"):
        assert deny.reason(other) == ""


def test_an_empty_list_denies_nobody() -> None:
    assert DenyIndex("500000").reason("4000000000000017") == ""
    assert DenyIndex("500000").reason("") == ""


def test_a_reason_this_gate_does_not_know_still_denies() -> None:
    deny = DenyIndex("500000", 1, [DenyEntry("4000000000000017", "INVENTED_NEXT_YEAR")])
    assert deny.reason("4000000000000017") == "MEDIUM_DENIED"


@given(st.dictionaries(numbers, st.sampled_from(["MEDIUM_LOST", "ACCOUNT_OVERDRAWN"])), numbers)
def test_the_index_is_the_list(entries: dict[str, str], other: str) -> None:
    listed = DenyList(
        city="500000",
        version=1,
        published_s=at(DAY),
        entries=[DenyEntry(number, reason) for number, reason in entries.items()],
    )
    deny = DenyIndex.of(listed)
    for number, reason in entries.items():
        assert deny.reason(number) == reason
    assert deny.reason(other) == entries.get(other, "")


def test_a_hundred_thousand_entries_are_small_and_exact() -> None:
    deny = DenyIndex(
        "500000",
        1,
        (DenyEntry(f"3105{number:015d}", "MEDIUM_LOST") for number in range(0, 200_000, 2)),
    )
    arrays = [keys for listed in deny.packed.by_shape.values() for keys in listed.values()]
    assert sum(keys.nbytes for keys in arrays) == 8 * len(deny)
    for number in range(0, 200_000, 97):
        assert bool(deny.reason(f"3105{number:015d}")) == (number % 2 == 0)


def test_of_several_reasons_the_one_is_heard_that_this_gate_can_say() -> None:
    twice = [("4000000000000017", code) for code in ("AN_UNKNOWN_ONE", "MEDIUM_LOST", "CARD_LOST")]
    for order in permutations(twice):
        deny = DenyIndex("500000", 1, [DenyEntry(*pair) for pair in order])
        assert (len(deny), deny.reason("4000000000000017")) == (3, "MEDIUM_LOST")


def test_a_notice_denies_nobody_and_is_told_beside_an_open_lane() -> None:
    noticed = DenyList(
        city="500000",
        version=2,
        published_s=at(DAY),
        entries=[DenyEntry("4000000000000025", "MEDIUM_LOST")],
        notices=[
            DenyEntry("4000000000000017", "CARD_NOW_BOUND"),
            DenyEntry("4000000000000033", "INVENTED_NEXT_YEAR"),
        ],
    )
    deny = DenyIndex.of(noticed)
    assert (len(deny), deny.reason("4000000000000017")) == (1, "")
    assert deny.notice("4000000000000017") == "CARD_NOW_BOUND"
    assert deny.notice("4000000000000033") == "", "a notice this gate cannot say is not said"
    assert deny.notice("4000000000000025") == ""


def test_a_list_without_notices_is_what_it_was_before_there_were_any() -> None:
    plain = DenyList(city="500000", version=1, published_s=5, entries=[])
    assert encode(plain) == b'{"city":"500000","version":1,"published_s":5,"entries":[]}'
