"""One display opens one gate, once, in whatever wrapping it comes back (B51)."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from code_world import MADE_S, TRUST, made, name_of, read, told
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.media.code.caching import CodeCaches, ReplayWindow
from tongxing.media.code.travel import INSIDE, OUTSIDE, Travel, make_travel
from tongxing.media.code.verify import Role, verify

CACHES = CodeCaches()


def judged(raw: bytes, seen: ReplayWindow, now_s: int = MADE_S, role: Role = "single") -> str:
    return name_of(verify(raw, TRUST, now_s, caches=CACHES, seen=seen, role=role))


def travelling(sequence: int, state: int = OUTSIDE, made_s: int = MADE_S) -> bytes:
    custom = make_travel(Travel(kind=1, state=state, sequence=sequence))
    return made(custom=custom, made_s=made_s)


def test_a_display_opens_once() -> None:
    seen = ReplayWindow()
    assert judged(made(), seen) == "ACCEPTED"
    assert seen.note(read(made()), MADE_S)
    verdict = verify(made(), TRUST, MADE_S + 5, caches=CACHES, seen=seen)
    assert told(verdict) == ("REPLAY", "QR_REPLAYED")


def test_asking_alone_does_not_use_a_display_up() -> None:
    seen = ReplayWindow()
    assert judged(made(), seen) == judged(made(), seen) == "ACCEPTED"
    assert len(seen) == 0


def test_the_same_display_in_another_wrapping_is_the_same() -> None:
    seen = ReplayWindow()
    seen.note(read(made()), MADE_S)
    for wrapped in (base64.b64encode(made()), made().decode("latin-1").encode()):
        assert judged(wrapped, seen) == "REPLAY"


def test_a_second_signature_over_the_same_second_is_the_same_display() -> None:
    seen = ReplayWindow()
    seen.note(read(made()), MADE_S)
    assert judged(made(validity_s=59), seen) == "REPLAY"


def test_the_next_display_opens_and_so_does_another_passengers() -> None:
    seen = ReplayWindow()
    seen.note(read(made()), MADE_S)
    assert judged(made(made_s=MADE_S + 1), seen) == "ACCEPTED"
    assert judged(made(payment_account="2"), seen) == "ACCEPTED"
    assert judged(made(card_account="0" * 20), seen) == "ACCEPTED"


def test_passengers_without_a_card_are_not_taken_for_one_another() -> None:
    seen = ReplayWindow()
    seen.note(read(made(card_account="0" * 20, payment_account="1")), MADE_S)
    assert judged(made(card_account="0" * 20, payment_account="2"), seen) == "ACCEPTED"


@pytest.mark.parametrize("validity_s", [1, 60, 600, 65_535])
def test_a_display_is_remembered_until_it_has_ended_and_then_forgotten(validity_s: int) -> None:
    seen = ReplayWindow()
    raw = made(validity_s=validity_s)
    assert seen.note(read(raw), MADE_S)
    last_s = MADE_S + min(validity_s, 600)
    other = read(made(made_s=last_s, payment_account="2"))
    assert seen.note(other, last_s)
    assert judged(raw, seen, last_s) == "REPLAY"
    assert seen.note(read(made(made_s=MADE_S + 5_000, payment_account="3")), MADE_S + 5_000)
    assert len(seen) == 1
    assert judged(raw, seen, last_s + 1) == "CODE_EXPIRED"


def test_a_day_of_displays_leaves_only_the_last_minutes() -> None:
    seen = ReplayWindow()
    code = read(made())
    for second in range(0, 86_400, 20):
        seen.note(replace(code, generated_s=MADE_S + second), MADE_S + second)
    assert len(seen) <= (60 + 60 + 60) / 20 + 1


def test_of_two_lanes_at_the_same_moment_only_one_opens() -> None:
    seen, code = ReplayWindow(), read(made())
    with ThreadPoolExecutor(8) as lanes:
        answers = list(lanes.map(lambda _lane: seen.note(code, MADE_S), range(64)))
    assert answers.count(True) == 1


def test_a_code_of_an_older_state_is_refused_though_its_display_is_new() -> None:
    """B51: a counter that goes back belongs to a copy of the phone."""
    seen = ReplayWindow()
    seen.note(read(travelling(7)), MADE_S)
    assert judged(travelling(7, made_s=MADE_S + 2), seen) == "ACCEPTED"
    assert judged(travelling(8, made_s=MADE_S + 2), seen) == "ACCEPTED"
    assert judged(travelling(6, made_s=MADE_S + 2), seen) == "REPLAY"
    seen.note(read(travelling(3, made_s=MADE_S + 3)), MADE_S + 3)
    assert judged(travelling(6, made_s=MADE_S + 4), seen) == "REPLAY"


@pytest.mark.parametrize(
    ("role", "state", "verdict"),
    [
        ("entry", OUTSIDE, "ACCEPTED"),
        ("entry", INSIDE, "SEQUENCE"),
        ("exit", INSIDE, "ACCEPTED"),
        ("exit", OUTSIDE, "SEQUENCE"),
        ("entry", 7, "SEQUENCE"),
        ("single", OUTSIDE, "ACCEPTED"),
        ("single", INSIDE, "ACCEPTED"),
    ],
)
def test_entry_and_exit_fit_the_state_in_the_code(role: Role, state: int, verdict: str) -> None:
    assert judged(travelling(1, state), ReplayWindow(), role=role) == verdict


@pytest.mark.parametrize("role", ["entry", "exit"])
@pytest.mark.parametrize("custom", [b"", b"x", bytes(31), bytes(33)])
def test_a_code_that_says_nothing_of_its_ride_is_paired_later(role: Role, custom: bytes) -> None:
    assert judged(made(custom=custom), ReplayWindow(), role=role) == "ACCEPTED"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90)), max_size=40))
def test_nobody_gets_two_gates_out_of_one_display(taps: list[tuple[str, int]]) -> None:
    seen = ReplayWindow()
    opened: list[tuple[str, int]] = []
    now_s = MADE_S
    for account, later_s in taps:
        now_s += later_s
        made_s = now_s - now_s % 30
        code = read(display(account, made_s))
        fine = judged(code.raw, seen, now_s) == "ACCEPTED"
        if fine and seen.note(code, now_s):
            opened.append((account, made_s))
    assert len(opened) == len(set(opened))
    assert set(opened) == {(account, made_s) for account, made_s in attempts(taps)}


def attempts(taps: list[tuple[str, int]]) -> set[tuple[str, int]]:
    found, now_s = set(), MADE_S
    for account, later_s in taps:
        now_s += later_s
        found.add((account, now_s - now_s % 30))
    return found


KEPT: dict[tuple[str, int], bytes] = {}


def display(account: str, made_s: int) -> bytes:
    """A code of somebody called a or b, made once and shown as often as wanted."""
    key = account, made_s
    if key not in KEPT:
        KEPT[key] = made(payment_account={"a": "1", "b": "2"}[account], made_s=made_s)
    return KEPT[key]
