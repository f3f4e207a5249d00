"""A tap that comes again under another trip's name: a copy is 1002; where a card signed something
else for it both wait (clearing rules 6.1), and no tap is paid for twice."""

from collections import Counter

import pytest
from hub_world import HUB_KEY, RULES, TRUSTED, World, opened, revised, ride, verdicts, void
from msgspec.structs import replace
from test_forks import FIRST, MORNING_S, NEXT_S, assert_proven, close, events, positions, stands
from test_purses import Doubting, signed

from tongxing.hub import Hub
from tongxing.hub.cases.ladder import Case
from tongxing.hub.holding import HoldingDesk
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record

BOTH = {"t1.1": ("held", "1020"), "t2.1": ("held", "1020")}
TELLING = {"t1.1": "held 1020", "t2.1": "held 1020"}


def again(trip: str, counter: int = 40, before_fen: int = 5_000, serial: int = 99) -> Record:
    """The taps of `FIRST` under another name, with what the card signed."""
    return replace(signed(trip, counter, before_fen, serial=serial), taps=FIRST.taps)


OTHER = again("t2")


def holder(world: World) -> str:
    """The trips that hold taps, "" for none."""
    with world.store.reading() as cursor:
        found = cursor.execute("SELECT DISTINCT trip_id FROM tap_claim ORDER BY trip_id").fetchall()
    return " ".join(str(trip) for (trip,) in found)


def both(world: World) -> dict[str, tuple[str, str]]:
    return {name: stands(world, name)[:2] for name in ("t1.1", "t2.1")}


def waiting(world: World) -> None:
    """The two, of which nobody knows yet which is true."""
    assert verdicts(world.present([FIRST], MORNING_S)) == {"t1.1": "accepted 0000"}
    assert verdicts(world.present([OTHER], MORNING_S)) == {"t2.1": "held 1020"}
    assert both(world) == BOTH and holder(world) == "t1"


def test_what_the_card_signed_otherwise_makes_both_wait(world: World) -> None:
    waiting(world)
    assert events(world) == [("freeze", "hub")]
    assert verdicts(world.present([OTHER], MORNING_S)) == {"t2.1": "rejected 1002"}
    assert_proven(world)


@pytest.mark.parametrize("order", [(FIRST, OTHER), (OTHER, FIRST)], ids=["first", "other first"])
@pytest.mark.parametrize("apart", [False, True], ids=["one file", "two files"])
def test_in_one_file_or_two_and_in_either_order(
    world: World, order: tuple[Record, Record], apart: bool
) -> None:
    files = [[record] for record in order] if apart else [list(order)]
    for records in files:
        told = verdicts(world.present(records, MORNING_S))
    assert both(world) == BOTH and holder(world) == order[0].trip_id
    assert apart or told == TELLING


@pytest.mark.parametrize(
    "copy",
    [
        again("t2", serial=40),
        again("t2", counter=41, before_fen=4_550),
        replace(ride("t2"), taps=FIRST.taps),
    ],
    ids=["signed alike", "signed for another counter", "not signed at all"],
)
def test_what_contradicts_nothing_is_a_duplicate(world: World, copy: Record) -> None:
    world.present([FIRST], MORNING_S)
    assert verdicts(world.present([copy], MORNING_S)) == {"t2.1": "rejected 1002"}
    assert stands(world)[0] == "accepted"


def test_what_contradicts_a_third_trip_is_a_duplicate_that_freezes_that_one(world: World) -> None:
    world.present([FIRST, signed("t9", 50, 3_000)], MORNING_S)
    copy = again("t2", counter=50, before_fen=3_000)
    assert verdicts(world.present([copy], MORNING_S)) == {"t2.1": "rejected 1002"}
    assert stands(world)[0] == "accepted"
    assert stands(world, "t9.1")[:2] == ("held", "1020")


def test_what_no_card_signed_is_a_duplicate(world: World) -> None:
    hub = Hub(world.store, HUB_KEY, TRUSTED, RULES, world.ground, Doubting())
    doubted = World(hub, world.store, world.ground, world.senders)
    doubted.present([FIRST], MORNING_S)
    told = doubted.present([again("f1"), signed("t5", 41, 4_550)], MORNING_S)
    assert verdicts(told) == {"f1.1": "rejected 1002", "t5.1": "accepted 0000"}
    assert stands(world)[0] == "accepted"


def test_the_later_one_is_paid_when_the_first_is_void(world: World, desk: HoldingDesk) -> None:
    waiting(world)
    early = desk.decide("t2.1", True, "ann", "the chip was read", MORNING_S + 60)
    assert isinstance(early, Refusal) and early.code == "RECORD_TAPS_TAKEN"
    assert early.values == {"record": "t2.1", "trip": "t1"}
    agreed = desk.agree("t2.1", 100, "ann", "both said so", MORNING_S + 60)
    assert isinstance(agreed, Refusal) and agreed.code == "RECORD_TAPS_TAKEN"
    assert both(world) == BOTH
    assert isinstance(desk.decide("t1.1", False, "ann", "chip", MORNING_S + 60), bytes)
    assert holder(world) == ""
    found = desk.decide("t2.1", True, "ann", "the chip was read", MORNING_S + 60)
    assert isinstance(found, bytes) and verdicts(opened(found)) == {"t2.1": "accepted 1020"}
    assert holder(world) == "t2"
    assert verdicts(world.present([replace(ride("t3"), taps=FIRST.taps)], MORNING_S + 90)) == {
        "t3.1": "rejected 1002"
    }
    close(world, "W20260318")
    assert positions(world, "W20260318") == {"ISS-990100": 450, "ACQ-990100": -450}
    assert_proven(world)


def test_the_first_is_paid_and_the_later_one_ends(world: World, desk: HoldingDesk) -> None:
    waiting(world)
    assert isinstance(desk.decide("t1.1", True, "ann", "chip", MORNING_S + 60), bytes)
    late = desk.decide("t2.1", True, "ann", "chip", MORNING_S + 90)
    assert isinstance(late, Refusal) and late.code == "RECORD_TAPS_TAKEN"
    assert isinstance(desk.decide("t2.1", False, "ann", "chip", MORNING_S + 90), bytes)
    assert (stands(world, "t1.1")[0], stands(world, "t2.1")[0]) == ("accepted", "void")
    assert holder(world) == "t1"


def test_whoever_took_the_taps_meanwhile_keeps_them(world: World, desk: HoldingDesk) -> None:
    waiting(world)
    desk.decide("t1.1", False, "ann", "chip", MORNING_S + 60)
    taken = replace(ride("t3"), taps=FIRST.taps)
    assert verdicts(world.present([taken], MORNING_S + 90)) == {"t3.1": "accepted 0000"}
    late = desk.decide("t2.1", True, "ann", "chip", MORNING_S + 99)
    assert isinstance(late, Refusal) and late.values == {"record": "t2.1", "trip": "t3"}


def withdrawn(world: World) -> None:
    """The one that waits is withdrawn, and its withdrawal waits with it."""
    waiting(world)
    assert verdicts(world.present([void(OTHER)], MORNING_S + 60)) == {"t2.2": "held 1020"}


def test_withdrawing_the_one_that_waits_gives_it_no_way_to_be_paid(
    world: World, desk: HoldingDesk
) -> None:
    withdrawn(world)
    assert holder(world) == "t1"
    desk.decide("t1.1", True, "ann", "chip", MORNING_S + 60)
    late = desk.decide("t2.1", True, "ann", "chip", MORNING_S + 90)
    assert isinstance(late, Refusal) and late.code == "RECORD_TAPS_TAKEN"


def test_a_tap_is_held_until_its_withdrawal_is_let_in_too(world: World, desk: HoldingDesk) -> None:
    withdrawn(world)
    for record, proves, then in (("t1.1", False, ""), ("t2.1", True, "t2"), ("t2.2", True, "")):
        assert isinstance(desk.decide(record, proves, "ann", "chip", MORNING_S + 90), bytes)
        assert holder(world) == then, record


def test_a_later_revision_does_not_wait_for_a_tap_of_another(world: World) -> None:
    """Its trip keeps what it holds and was paid for."""
    mine = signed("a1", 39, 5_450)
    world.present([FIRST, mine], MORNING_S)
    more = revised(mine, 900, taps=[*mine.taps, *FIRST.taps], proofs=OTHER.proofs)
    assert verdicts(world.present([more], MORNING_S + 60)) == {"a1.2": "rejected 1002"}
    assert holder(world) == "a1 t1"


@pytest.mark.parametrize("is_true", [True, False], ids=["the first is true", "the other is"])
def test_a_netted_first_one_keeps_its_tap_unless_its_money_went_back(
    world: World, desk: HoldingDesk, is_true: bool
) -> None:
    world.present([FIRST], MORNING_S)
    close(world, "W20260318")
    assert verdicts(world.present([OTHER], NEXT_S)) == {"t2.1": "held 1020"}
    assert stands(world) == ("accepted", "0000", "W20260318")
    assert positions(world, "W20260319") == {"ACQ-990100": 450}
    early = desk.decide("t2.1", True, "ann", "chip", NEXT_S + 60)
    assert isinstance(early, Refusal) and early.code == "RECORD_TAPS_TAKEN"
    assert isinstance(desk.decide("t1.1", is_true, "ann", "chip", NEXT_S + 90), Case)
    then = desk.decide("t2.1", True, "ann", "chip", NEXT_S + 99)
    assert isinstance(then, Refusal) == is_true
    assert holder(world) == ("t1" if is_true else "t2")
    paid: Counter[str] = Counter()
    for window in ("W20260318", "W20260319", "W20260320"):
        if window != "W20260318":
            close(world, window)
        paid.update(positions(world, window))
    assert paid == {"ISS-990100": 450, "ACQ-990100": -450}, "one ride is paid, once"
    assert_proven(world)


def test_withdrawing_a_first_one_that_gave_its_tap_up_takes_it_from_nobody(
    world: World, desk: HoldingDesk
) -> None:
    world.present([FIRST], MORNING_S)
    close(world, "W20260318")
    world.present([OTHER], NEXT_S)
    assert isinstance(desk.decide("t1.1", False, "ann", "chip", NEXT_S + 60), Case)
    assert isinstance(desk.decide("t2.1", True, "ann", "chip", NEXT_S + 60), bytes)
    assert verdicts(world.present([void(FIRST)], NEXT_S + 90)) == {"t1.2": "accepted 0000"}
    assert holder(world) == "t2"
    assert_proven(world)
