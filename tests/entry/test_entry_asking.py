"""The way to an answer: remembered while it is good, never hammering, gone with its policy."""

from collections.abc import Callable

import pytest
from entry_world import HOLDER, KEY, NOON_S, NUMBER, OTHER_KEY, POLICY, FakeProvider, asker, sampled
from entry_world import word as said

from tongxing.entry import Attestation, HolderAnswer, HolderCache, holder_of, sign_attestation
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal


def gone() -> Refusal:
    return Refusal("PARTNER_UNREACHABLE")


def slow() -> Refusal:
    return Refusal("PARTNER_NO_ANSWER")


def forged() -> bytes:
    return sign_attestation(said(True), "bj-1", OTHER_KEY)


def stale() -> bytes:
    return sign_attestation(said(True, NOON_S - 7200), "bj-1", KEY)


def nonsense() -> bytes:
    return b"<html>502 Bad Gateway</html>"


def test_a_yes_is_remembered_until_it_ends() -> None:
    provider = FakeProvider(results={HOLDER: sampled(0)})
    gate = asker(provider)
    first = gate.of(NUMBER, NOON_S)
    assert first.upgraded and isinstance(first.word, Attestation) and first.word.passed
    ends_s = first.word.expires_s
    assert gate.of(NUMBER, ends_s - 1) is first and provider.asked == 1
    provider.now_s = ends_s
    assert gate.of(NUMBER, ends_s) != first and provider.asked == 2


def test_who_is_linked_with_nobody_is_asked_about_again_soon() -> None:
    provider = FakeProvider()
    gate = asker(provider)
    assert gate.of(NUMBER, NOON_S) == HolderAnswer(False, None)
    provider.results[HOLDER] = sampled(1)  # upgraded on the spot
    assert gate.of(NUMBER, NOON_S + 9).upgraded is False
    assert gate.of(NUMBER, NOON_S + 10).upgraded is True


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (gone, "PARTNER_UNREACHABLE"),
        (slow, "PARTNER_NO_ANSWER"),
        (forged, "ENTRY_ATTESTATION_FORGED"),
        (stale, "ENTRY_ATTESTATION_EXPIRED"),
        (nonsense, "ENTRY_ATTESTATION_MALFORMED"),
    ],
)
def test_a_provider_that_fails_or_lies_is_no_answer_and_left_alone(
    fault: Callable[[], bytes | Refusal], code: str
) -> None:
    provider = FakeProvider(fault=fault)
    gate = asker(provider)
    answer = gate.of(NUMBER, NOON_S)
    assert answer.upgraded is None and answer.word == Refusal(code)
    for _ in range(50):  # the same rider taps again and again
        assert gate.of(NUMBER, NOON_S + 1) == answer
    assert provider.asked == 1
    for rider in range(500):  # and a station full of others comes
        word = gate.of(f"31051700000000{rider:05}", NOON_S + 1).word
        assert isinstance(word, Refusal)
    assert provider.asked == 3


def test_after_a_rest_one_question_tries_and_a_good_answer_ends_it() -> None:
    provider = FakeProvider(fault=slow)
    gate = asker(provider)
    for rider in range(9):
        gate.of(f"{rider:019}", NOON_S)
    assert provider.asked == 3
    gate.of(NUMBER, NOON_S + 30)
    gate.of("0" * 19, NOON_S + 31)
    assert provider.asked == 4
    provider.fault, provider.now_s = None, NOON_S + 60
    provider.results[HOLDER] = sampled(0)
    assert gate.of(NUMBER, NOON_S + 60).upgraded
    assert gate.of("1" * 19, NOON_S + 60).upgraded is False
    assert provider.asked == 6


@pytest.mark.req("R-404")
def test_when_the_policy_has_ended_nobody_is_asked_and_nothing_is_left() -> None:
    last_s = at(POLICY.until, 24 + 3) - 1
    provider = FakeProvider(last_s, {HOLDER: sampled(0, last_s)})
    gate = asker(provider)
    assert gate.of(NUMBER, last_s).upgraded
    assert len(gate.cache) == 1 and gate.erase_when_ended(last_s) == 0
    assert gate.erase_when_ended(last_s + 1) == 1 and len(gate.cache) == 0
    assert gate.of(NUMBER, last_s + 1) == HolderAnswer(None, None) and provider.asked == 1


def test_a_tap_after_the_end_deletes_what_is_left_too() -> None:
    last_s = at(POLICY.until, 24 + 3) - 1
    gate = asker(FakeProvider(last_s, {HOLDER: sampled(0, last_s)}))
    gate.of(NUMBER, last_s)
    gate.of(NUMBER, last_s + 1)
    assert len(gate.cache) == 0


def test_what_has_ended_is_forgotten_without_being_asked_for() -> None:
    cache = HolderCache()
    cache.keep("a", HolderAnswer(False, None), 90, 100)
    cache.keep("b", HolderAnswer(False, None), 90, 101)
    assert cache.forget_ended(100) == 1
    assert cache.find("a", 99) is None and cache.find("b", 100) is not None


@pytest.mark.req("R-404")
def test_an_answer_does_not_outlive_a_clock_that_was_ahead_and_is_put_right() -> None:
    ahead_s = NOON_S + 2 * DAY_S
    provider = FakeProvider(ahead_s)
    gate = asker(provider)
    assert gate.of(NUMBER, ahead_s) == HolderAnswer(False, None) and provider.asked == 1
    assert gate.known(NUMBER, NOON_S) is None
    assert len(gate.cache) == 0 and gate.of(NUMBER, NOON_S) == HolderAnswer(False, None)
    assert provider.asked == 2


def test_a_yes_lives_no_longer_because_the_clock_went_back_while_it_was_good() -> None:
    """Put right by ten minutes, twenty minutes after the answer."""
    cache, said_s = HolderCache(), NOON_S
    for holder in ("a", "b"):
        cache.keep(holder, HolderAnswer(True, None), said_s, said_s + 3_600)
    assert cache.forget_ended(said_s + 1_200) == 0
    assert cache.forget_ended(said_s + 600) == 2 and len(cache) == 0
    cache.keep("a", HolderAnswer(True, None), said_s + 601, said_s + 4_201)
    assert cache.forget_ended(said_s + 601) == 0 and cache.find("a", said_s + 601) is not None


def test_what_was_said_later_than_now_is_forgotten_without_being_asked_for() -> None:
    cache = HolderCache()
    cache.keep("a", HolderAnswer(False, None), 1_000, 1_010)
    assert cache.forget_ended(500) == 1 and len(cache) == 0


def test_a_full_memory_lets_the_oldest_go() -> None:
    cache = HolderCache(most=2)
    for name in ("a", "b", "a", "c"):
        cache.keep(name, HolderAnswer(False, None), 0, 100)
    assert [cache.find(name, 0) is not None for name in "abc"] == [True, False, True]


def test_a_key_or_a_holder_is_never_printed() -> None:
    gate = asker(FakeProvider())
    assert "a key that" not in repr(gate)
    assert holder_of(b"k", POLICY.city, NUMBER) not in NUMBER
