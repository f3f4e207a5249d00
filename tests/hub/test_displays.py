"""Ride codes shown again, in other files and other cities: one display stands for two rides."""

from datetime import timedelta

from hub_world import DAY, HUB_KEY, RULES, World, revised, ride, verdicts, void
from msgspec.structs import replace

from tongxing.hub.displays import shown_again
from tongxing.hub.holding import HoldingDesk
from tongxing.kernel.clock import at
from tongxing.messages import Record

MORNING_S = at(DAY + timedelta(days=1), 6)
SHOWN, OTHER = b"a code as it was shown", b"another one"


def by_code(trip: str, where: str = "S1-S9", code: bytes = SHOWN, **changes: object) -> Record:
    record = ride(trip, where=where, charge_fen=180)
    return replace(record, medium_kind="code", funding="account", codes=[code], **changes)


def test_the_third_ride_on_a_display_is_refused_in_whatever_file_and_city(world: World) -> None:
    world.present([by_code("t1")], MORNING_S)
    assert verdicts(world.present([by_code("t2", "bus")], MORNING_S)) == {"t2.1": "accepted 0000"}
    for where in ("S1-S9", "bus"):
        third = world.present([by_code(f"t3{where}", where)], MORNING_S)
        assert verdicts(third) == {f"t3{where}.1": "rejected 1018"}
    other = world.present([by_code("t4", code=OTHER), revised(by_code("t1"), 90)], MORNING_S)
    assert verdicts(other) == {"t4.1": "accepted 0000", "t1.2": "accepted 0000"}


def test_what_is_withdrawn_or_void_stands_for_nothing(world: World) -> None:
    world.present([by_code("t1"), by_code("t2", fare_fen=501)], MORNING_S)
    moved = world.present([void(by_code("t1")), by_code("t3")], MORNING_S)
    assert verdicts(moved) == {"t1.2": "accepted 0000", "t3.1": "accepted 0000"}
    assert verdicts(world.present([by_code("t4")], MORNING_S)) == {"t4.1": "rejected 1018"}
    HoldingDesk(world.store, HUB_KEY, RULES).decide("t2.1", False, "ann", "tape", MORNING_S)
    assert verdicts(world.present([by_code("t4")], MORNING_S)) == {"t4.1": "accepted 0000"}


def test_a_withdrawal_that_does_not_stand_makes_no_room(world: World) -> None:
    """It is of a revision that nobody has seen, so it is turned away."""
    world.present([by_code("t1"), by_code("t2")], MORNING_S)
    empty = replace(void(by_code("t1")), record_id="t1.7", revision=7)
    answer = world.present([empty, by_code("t3")], MORNING_S)
    assert verdicts(answer) == {"t1.7": "rejected 1006", "t3.1": "rejected 1018"}


def test_which_two_stand_does_not_depend_on_the_order_of_rows() -> None:
    """Those that began first."""
    early, *later = (
        by_code(f"t{n}", entered_s=at(DAY, 8) - n, exited_s=at(DAY, 9)) for n in (3, 2, 1)
    )
    for order in ([early, *later], [*later, early], [later[1], early, later[0]]):
        assert shown_again(order, {}, set()) == ["t1.1"]
