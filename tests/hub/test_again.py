"""A row that was rejected is judged once more, and no third time."""

from hub_world import DAY, World, revised, ride, verdicts
from msgspec.structs import replace

from tongxing.hub.verdicts import code_table
from tongxing.kernel.clock import at
from tongxing.messages import Record

MORNING_S = at(DAY, 30)
RIDE = ride("t1")
ODD = replace(RIDE, delta_fen=1)
"""A first revision that does not carry its whole charge: 1006."""


def shown(world: World, *records: Record) -> list[str]:
    """The answers to some files, one after the other, of one row each."""
    return [
        found
        for number, record in enumerate(records)
        for found in verdicts(world.present([record], MORNING_S + number)).values()
    ]


def test_what_was_wrong_in_it_may_be_put_right_once(world: World) -> None:
    assert shown(world, ODD, RIDE, RIDE) == ["rejected 1006", "accepted 0000", "rejected 1002"]


def test_a_third_time_is_refused_whatever_it_says(world: World) -> None:
    assert shown(world, ODD, ODD, RIDE, RIDE) == ["rejected 1006"] * 2 + ["rejected 1021"] * 2


def test_copies_in_one_file_are_one_presentation(world: World) -> None:
    answer = world.present([ODD, ODD, ODD], MORNING_S)
    assert [item.code for item in answer.verdicts] == ["1006"] * 3
    assert shown(world, RIDE) == ["accepted 0000"]


def test_evidence_counts_by_what_is_known_then(world: World) -> None:
    """The medium is not accepted there (1015) until the registry says that it was."""
    world.ground.closed[RIDE.scheme, RIDE.place] = "MEDIUM_NOT_ACCEPTED"
    assert shown(world, RIDE) == ["rejected 1015"] and code_table()["1015"].again == "evidence"
    world.ground.closed.clear()
    assert shown(world, RIDE) == ["accepted 0000"]


def test_a_trial_and_a_tap_of_another_trip_are_final(world: World) -> None:
    trial = replace(ride("t2"), is_test=True)
    assert shown(world, trial, trial) == ["rejected 1013"] * 2
    assert shown(world, replace(trial, is_test=False)) == ["rejected 1021"]
    twice = replace(ride("t3"), taps=RIDE.taps)
    assert shown(world, RIDE, twice) == ["accepted 0000", "rejected 1002"]
    assert shown(world, ride("t3")) == ["rejected 1021"]


def test_a_revision_that_came_before_the_one_it_follows_comes_again(world: World) -> None:
    later = revised(RIDE, 400)
    assert shown(world, later, RIDE, later) == ["rejected 1006", "accepted 0000", "accepted 0000"]


def test_what_others_were_refused_does_not_count(world: World) -> None:
    """City B presents a ride of City A's twice, as its own."""
    strange = ride("t1", where="bus", charge_fen=160)
    odd = replace(strange, delta_fen=1)
    assert shown(world, odd, odd, RIDE) == ["rejected 1006", "rejected 1006", "accepted 0000"]
