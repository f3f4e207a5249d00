"""Purse chains: forks, money gone, and records that are missing, in values and in the books."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hub_world import (
    DAY,
    HUB_KEY,
    RULES,
    TRUSTED,
    World,
    revised,
    ride,
    verdicts,
    void,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.hub import Hub
from tongxing.hub.evidence import Evidence, Fault, NoWitness
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.purses import Gap, Link, add_links, fault_of, gaps_of
from tongxing.kernel.clock import at
from tongxing.messages import CardProof, Record

MORNING_S = at(DAY + timedelta(days=1), 6)
CARD = "3104990000000000017"


def link(counter: int, before_fen: int, amount_fen: int = 160, mark: str = "") -> Link:
    return Link(CARD, counter, before_fen, amount_fen, mark or f"m{counter}", f"t{counter}.1")


# what is known, the new purchase, and what is wrong with it
CHAINS: list[tuple[str, list[Link], Link, str]] = [
    ("a card never seen", [], link(1, 5_000), ""),
    ("the next purchase", [link(40, 4_000)], link(41, 3_840), ""),
    ("money was loaded between", [link(40, 4_000)], link(41, 8_840), ""),
    ("a fen is gone", [link(40, 4_000)], link(41, 3_839), "broken"),
    ("the one before comes late", [link(41, 3_840)], link(40, 4_000), ""),
    ("the one before comes late and does not fit", [link(41, 3_840)], link(40, 4_001), "broken"),
    ("told again", [link(40, 4_000)], link(40, 4_000), ""),
    ("the counter for something else", [link(40, 4_000)], link(40, 4_000, mark="x"), "fork"),
    (
        "a fork is told before a break",
        [link(40, 4_000), link(41, 1)],
        link(40, 9, mark="x"),
        "fork",
    ),
    ("a gap says nothing of money", [link(40, 4_000)], link(43, 100), ""),
]


@pytest.mark.parametrize(
    ("what", "known", "new", "fault"), CHAINS, ids=[case[0] for case in CHAINS]
)
def test_a_purchase_is_judged_by_its_neighbours(
    what: str, known: list[Link], new: Link, fault: str
) -> None:
    found = fault_of(new, add_links(add_links({}, known), [new]))
    assert (found[0] if found else "") == fault


def test_another_card_s_chain_does_not_matter() -> None:
    other = link(40, 1)._replace(card="3104990000000000025")
    assert fault_of(link(40, 4_000), add_links({}, [other])) is None


@given(st.permutations(range(6)), st.sets(st.integers(1, 4)))
def test_gaps_are_the_counters_nobody_told(order: list[int], missing: set[int]) -> None:
    told = [link(100 + n, 5_000 - 160 * n) for n in order if n not in missing]
    chains = add_links({}, told)
    gaps = gaps_of(chains)
    assert {n for gap in gaps for n in range(gap.first, gap.last + 1)} == {100 + n for n in missing}
    assert not any(fault_of(one, chains) for one in told)


def signed(
    trip: str, counter: int, before_fen: int, *, serial: int = 0, amount_fen: int = 450
) -> Record:
    """A ride whose exit a card signed."""
    proof = CardProof(
        number=CARD,
        issuer_id=bytes(8),
        card_factor=bytes(8),
        key_version=1,
        algorithm=4,
        amount_fen=amount_fen,
        kind=9,
        terminal_no=bytes(6),
        serial=serial or counter,
        time=f"{DAY:%Y%m%d}083000",
        counter=counter,
        balance_before_fen=before_fen,
        tac=bytes(4),
    )
    return replace(ride(trip), medium_no=CARD, proofs=[proof])


def test_the_books_remember_a_purse_across_files(world: World) -> None:
    assert verdicts(world.present([signed("t1", 40, 5_000)], MORNING_S)) == {
        "t1.1": "accepted 0000"
    }
    rolled_back = world.present([signed("t2", 41, 4_549)], MORNING_S)
    assert verdicts(rolled_back) == {"t2.1": "held 1014"}
    clone = world.present([signed("t3", 40, 5_000, serial=99)], MORNING_S)
    assert verdicts(clone) == {"t3.1": "held 1020"}
    assert clone.verdicts[0].bearer == "case"


class Doubting(NoWitness):
    """Says that one record's TAC is wrong."""

    def evidence(self, records: Sequence[Record]) -> Evidence:
        wrong = {item.record_id: Fault("1001") for item in records if item.record_id == "f1.1"}
        return Evidence(signatures=wrong)


def test_a_forged_row_freezes_nobody_s_ride_until_it_is_proven(world: World) -> None:
    hub = Hub(world.store, HUB_KEY, TRUSTED, RULES, world.ground, Doubting())
    doubted = World(hub, world.store, world.ground, world.senders)
    forged = signed("f1", 40, 9_000, serial=9)
    assert verdicts(doubted.present([forged], MORNING_S)) == {"f1.1": "held 1001"}
    for trip, counter, before_fen in (("t1", 40, 5_000), ("t2", 41, 4_550)):
        answer = doubted.present([signed(trip, counter, before_fen)], MORNING_S)
        assert verdicts(answer) == {f"{trip}.1": "accepted 0000"}
    HoldingDesk(world.store, HUB_KEY, RULES).decide("f1.1", True, "ann", "tape", MORNING_S)
    answer = doubted.present([signed("t3", 41, 4_550, serial=77)], MORNING_S)
    assert verdicts(answer) == {"t3.1": "held 1020"}
    answer = doubted.present([signed("t4", 39, 8_000, serial=78)], MORNING_S)
    assert verdicts(answer) == {"t4.1": "held 1014"}


def test_two_rows_of_a_file_that_fork_are_both_frozen(world: World) -> None:
    answer = world.present([signed("t1", 40, 5_000), signed("t2", 40, 4_000, serial=7)], MORNING_S)
    assert verdicts(answer) == {"t1.1": "held 1020", "t2.1": "held 1020"}


def test_revisions_and_hand_overs_repeat_what_was_signed(world: World) -> None:
    first = signed("t1", 40, 5_000)
    second = revised(first, 400)
    handed = replace(signed("t2", 40, 5_000), taps=first.taps)
    for records in ([first], [second], [void(second), handed]):
        answer = world.present(records, MORNING_S)
        assert {item.code for item in answer.verdicts} == {"0000"}


def test_a_missing_record_is_known_before_anybody_complains(world: World) -> None:
    world.present([signed("t1", 40, 5_000), signed("t2", 43, 3_650)], MORNING_S)
    assert world.hub.purse_gaps() == [Gap(CARD, 41, 42)]
    world.present([signed("t3", 41, 4_550)], MORNING_S)
    assert world.hub.purse_gaps() == [Gap(CARD, 42, 42)]
    world.present([signed("t4", 42, 4_100)], MORNING_S)
    assert world.hub.purse_gaps() == []


def test_trials_are_counted_and_never_money(world: World) -> None:
    trials = [replace(ride(f"t{n}"), is_test=True) for n in range(3)]
    answer = world.present([*trials, ride("t9")], MORNING_S)
    assert [item.code for item in answer.verdicts] == ["1013"] * 3 + ["0000"]
    world.present(trials[:1], MORNING_S)
    (total,) = world.hub.trial_totals("W20260318")
    assert (total.issuer, total.acquirer) == ("ISS-990100", "ACQ-990100")
    assert (total.records, total.charge_fen) == (3, 1_350)
    with world.store.reading() as cursor:
        row = cursor.execute("SELECT count(*), sum(delta_fen) FROM record").fetchone()
    assert row is not None and (row[0], int(row[1])) == (1, 450)
