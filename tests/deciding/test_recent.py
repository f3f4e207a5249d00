"""A site remembers who has just passed for as long as it matters, and no longer."""

from msgspec.structs import replace

from deciding_world import CODE, DAY
from tongxing.deciding.recent import RecentTaps
from tongxing.deciding.token import MediumToken
from tongxing.kernel.clock import at

EIGHT = at(DAY, 8)


def display(issued_s: int, life_s: int = 60, number: int = 0) -> MediumToken:
    return replace(
        CODE,
        medium_no=f"Q{number:016d}",
        code_issued_s=issued_s,
        code_expires_s=issued_s + life_s,
    )


def test_a_display_is_remembered_to_its_last_second() -> None:
    recent = RecentTaps()
    shown = display(EIGHT, life_s=1_000)
    recent.note(shown, "entry", EIGHT)
    recent.note(display(EIGHT + 1_000, number=1), "entry", EIGHT + 1_000)
    assert recent.has_shown(shown)
    recent.note(display(EIGHT + 1_400, number=2), "entry", EIGHT + 1_400)
    assert not recent.has_shown(shown)


def test_a_touch_is_remembered_for_minutes_at_most() -> None:
    recent = RecentTaps()
    first = display(EIGHT)
    recent.note(first, "entry", EIGHT)
    recent.note(display(EIGHT, number=1), "exit", EIGHT + 300)
    assert recent.last(first.medium_no) == ("entry", EIGHT)
    recent.note(display(EIGHT, number=2), "exit", EIGHT + 601)
    assert recent.last(first.medium_no) is None


def test_the_newest_role_counts() -> None:
    recent = RecentTaps()
    token = display(EIGHT)
    recent.note(token, "entry", EIGHT)
    recent.note(token, "exit", EIGHT + 5)
    assert recent.last(token.medium_no) == ("exit", EIGHT + 5)


def test_the_memory_does_not_grow_with_the_day() -> None:
    recent = RecentTaps()
    for number in range(5_000):
        recent.note(display(EIGHT + number, number=number), "entry", EIGHT + number)
    assert len(recent) < 1_000
