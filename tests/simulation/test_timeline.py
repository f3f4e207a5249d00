"""Virtual time runs forward, and ties are settled by the order of planning."""

import pytest

from tongxing.simulation.timeline import Timeline


def test_actions_run_in_order_of_time_and_then_of_planning() -> None:
    timeline, seen = Timeline(100), []
    for time_s, name in [(130, "c"), (110, "a"), (130, "d"), (120, "b")]:
        timeline.plan(time_s, seen.append, name)
    timeline.run_until(131)
    assert seen == ["a", "b", "c", "d"]
    assert timeline.now_s == 131


def test_an_action_may_plan_the_next_one_and_waits_for_its_time() -> None:
    timeline, seen = Timeline(0), []

    def step(left: int) -> None:
        seen.append(timeline.now_s)
        if left:
            timeline.plan(timeline.now_s + 10, step, left - 1)

    timeline.plan(5, step, 3)
    timeline.run_until(26)
    assert seen == [5, 15, 25]
    timeline.run_until(100)
    assert seen == [5, 15, 25, 35]


def test_nothing_can_be_planned_into_the_past() -> None:
    timeline = Timeline(50)
    with pytest.raises(ValueError):
        timeline.plan(49, print)
