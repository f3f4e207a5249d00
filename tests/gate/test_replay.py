"""Which register answers "was this display shown before?", and what it remembers."""

from hypothesis import given
from hypothesis import strategies as st

from deciding_world import DAY
from tongxing.gate.replay import (
    KEPT_AFTER_END_S,
    MODES,
    Display,
    DisplayRegister,
    ModeChanged,
    ReplayModes,
    ReplayRules,
)
from tongxing.kernel.clock import at

EIGHT = at(DAY, 8)
RULES = ReplayRules(misses_most=2)


def display(number: int = 0, issued_s: int = EIGHT) -> Display:
    return Display(f"Q{number:016d}", issued_s, issued_s + 60)


def test_the_first_claimer_of_a_display_stays_the_first() -> None:
    register = DisplayRegister()
    assert register.first(display(), "V1", EIGHT) == "V1"
    assert register.first(display(), "V2", EIGHT) == "V1"
    assert register.first(display(), "V1", EIGHT + 1) == "V1", "doubled on its way"
    assert register.first(display(issued_s=EIGHT + 1), "V2", EIGHT + 1) == "V2", "a new display"


@given(st.permutations(["V1", "V2", "V3"] * 3))
def test_in_whatever_order_claims_come_one_validator_is_the_first(claims: list[str]) -> None:
    register = DisplayRegister()
    assert {register.first(display(), claimer, EIGHT) for claimer in claims} == {claims[0]}


def test_a_register_forgets_a_day_after_the_end_and_nobody_can_stretch_that() -> None:
    register = DisplayRegister()
    register.first(display(1), "V1", EIGHT)
    register.first(Display("Q2", EIGHT, 2**40), "V1", EIGHT)
    later_s = EIGHT + 60 + 2 * KEPT_AFTER_END_S
    register.first(display(3, later_s), "V1", later_s + 1)
    assert len(register) == 1


def test_each_change_of_mode_is_an_event() -> None:
    modes = ReplayModes(MODES, RULES)
    steps = [
        ("missed", "CENTRAL", None, "CENTRAL"),
        ("missed", "CENTRAL", ("CENTRAL", "STATION", "CENTRAL"), "STATION"),
        ("missed", "STATION", None, "STATION"),
        ("answered", "STATION", None, "STATION"),
        ("missed", "STATION", None, "STATION"),
        ("missed", "STATION", ("STATION", "VALIDATOR", "STATION"), "VALIDATOR"),
        ("missed", "STATION", None, "VALIDATOR"),
        ("answered", "CENTRAL", ("VALIDATOR", "CENTRAL", "CENTRAL"), "CENTRAL"),
        ("answered", "STATION", None, "CENTRAL"),
    ]
    for second, (what, register, change, mode) in enumerate(steps):
        event = getattr(modes, what)(register, second)
        assert event == (ModeChanged(*change, second) if change else None)
        assert modes.mode == mode


def test_without_registers_a_validator_is_alone_from_the_start() -> None:
    assert ReplayModes((), RULES).mode == "VALIDATOR"
    assert ReplayModes(("STATION",), RULES).mode == "STATION"
