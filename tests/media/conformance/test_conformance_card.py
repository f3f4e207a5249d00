"""The kit for cards: content with ours over every way to it, and finds every planted fault."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faulty_cards import WRAPPED, FaultyCard, Mend, our_card
from hypothesis import given, settings
from hypothesis import strategies as st
from pcsc_world import CardService

from tongxing.cli.conformance.telling import title_of
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import protecting, purse, states
from tongxing.media.card.chip.states import Event, State
from tongxing.media.card.link import CardGone, CardLink
from tongxing.media.card.readers.command import CommandLink, open_command
from tongxing.media.card.readers.relay import serve_card
from tongxing.media.card.readers.tcp import TcpLink, open_tcp
from tongxing.media.conformance.card import CardUnderTest, case_names, parse_profile, run_card
from tongxing.media.conformance.results import Result
from tongxing.media.keys.marks import simulated_masters

HELPERS = str(Path(__file__).resolve().parent)
PROGRAM = f"""
import sys
sys.path[:0] = [{HELPERS!r}, {HELPERS!r} + "/.."]
from faulty_cards import our_card
card = our_card()
for line in sys.stdin:
    if line.strip() == "reset":
        card.reset()
        print("ok", flush=True)
    else:
        print(card.transmit(bytes.fromhex(line)).hex(), flush=True)
"""
ANY = CardUnderTest()
DES_ONLY = CardUnderTest(indexes=("01",))


def run(card: CardLink, profile: CardUnderTest = ANY, **how: Any) -> list[Result]:
    return list(run_card(card, profile, **how))


def failed(results: list[Result]) -> set[str]:
    return {result.case.partition(":")[0] for result in results if result.verdict == "fail"}


def assert_content(results: list[Result]) -> None:
    assert failed(results) == set(), results
    assert {result.why for result in results if result.verdict == "skip"} == {"no_random"}
    assert len(results) == len(case_names(ANY)) > 80


def test_it_is_content_with_our_card() -> None:
    assert_content(run(our_card()))


def test_it_is_content_with_our_card_over_tcp() -> None:
    with serve_card(our_card()) as server:
        link = open_tcp(*server.address)
        assert isinstance(link, TcpLink)
        with link:
            assert_content(run(link))


def test_it_is_content_with_our_card_behind_a_program() -> None:
    link = open_command([sys.executable, "-c", PROGRAM], answer_s=20)
    assert isinstance(link, CommandLink)
    with link:
        assert_content(run(link))


def test_it_is_content_with_our_card_on_a_reader(card_service: CardService) -> None:
    """The few cases that tell the ways apart: a reader takes its time to power a card."""
    with card_service.link(our_card()) as link:
        results = run(link, only=("composite-purchase", "a-torn-debit-is-proven", "load:"))
    assert len(results) == 6
    assert {result.verdict for result in results} == {"pass"}


@pytest.mark.parametrize(("mend", "found"), WRAPPED.items(), ids=[f.__name__ for f in WRAPPED])
def test_a_planted_fault_is_found(mend: Mend, found: set[str]) -> None:
    assert found <= failed(run(FaultyCard(mend)))


def accepts_any_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purse, "same_code", lambda _left, _right: True)


def accepts_any_block_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protecting, "same_code", lambda _left, _right: True)


def takes_no_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purse, "_move", lambda _turn, _balance_fen: None)


def writes_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purse, "_log", lambda *_: None)


def keeps_the_deal_through_other_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tongxing.media.card.chip.turn.Powered.end_deal", lambda _power: None, raising=True
    )
    stays = {(state, Event.OTHER): state for state in State}
    monkeypatch.setattr("tongxing.media.card.chip.card.NEXT", {**states.NEXT, **stays})


def debits_without_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    more = {(State.COMPOSITE, Event.DEBITED): State.IDLE}
    table = {**states.NEXT, **more}
    monkeypatch.setattr(states, "NEXT", table)
    monkeypatch.setattr("tongxing.media.card.chip.card.NEXT", table)


def proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = purse.Proof
    monkeypatch.setattr(purse, "Proof", lambda kind, _counter, *codes: proof(kind, 0, *codes))


INSIDE = {
    accepts_any_code: {"wrong-mac1", "mac1-of-another-amount", "wrong-load-mac2"},
    accepts_any_block_code: {"block-with-a-wrong-code"},
    takes_no_money: {"single-purchase", "load"},
    writes_no_log: {"single-purchase", "the-log-is-newest-first", "load"},
    keeps_the_deal_through_other_commands: {"another-command-ends-it"},
    debits_without_a_record: {"composite-needs-a-record"},
    proves_nothing: {"a-purchase-is-proven", "a-torn-debit-is-proven"},
}


@pytest.mark.parametrize(("plant", "found"), INSIDE.items(), ids=[f.__name__ for f in INSIDE])
def test_a_fault_inside_the_card_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], found: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    assert found <= failed(run(our_card()))


def test_a_card_that_leaves_fails_every_case_and_ends_nothing() -> None:
    class Gone:
        def transmit(self, _command: bytes) -> bytes:
            raise CardGone("CARD_REMOVED")

    results = run(Gone())
    assert {result.verdict for result in results} == {"fail", "skip"}
    assert all(r.difference and r.difference.what == "gone" for r in results if r.difference)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_no_answers_make_it_raise(answers: list[bytes]) -> None:
    class Babbling:
        def __init__(self) -> None:
            self.said = 0

        def transmit(self, _command: bytes) -> bytes:
            self.said += 1
            return answers[self.said % len(answers)]

        def reset(self) -> None:
            """Nothing to forget."""

    results = run(Babbling(), DES_ONLY)
    assert "fail" in {result.verdict for result in results}


def test_a_card_with_little_money_is_loaded_first() -> None:
    card = our_card(balance_fen=3)
    assert failed(run(card)) == set()
    assert card.image.purses[0] > 1_000


def test_without_power_over_the_card_only_what_needs_it_is_skipped() -> None:
    class Held:
        def __init__(self) -> None:
            self.card = our_card()

        def transmit(self, command: bytes) -> bytes:
            return self.card.transmit(command)

    results = run(Held())
    assert failed(results) == set()
    skipped = {r.case.partition(":")[0] for r in results if r.why == "no_reset"}
    assert "losing-power-ends-it" in skipped and "single-purchase" not in skipped


def test_a_profile_says_what_the_card_is() -> None:
    other = {name.use: "11" * 16 for name in simulated_masters()}
    lines = "".join(f'{use} = "{key}"\n' for use, key in other.items())
    found = parse_profile(f'indexes = ["01"]\nmay_lock = false\n[masters]\n{lines}'.encode())
    assert isinstance(found, CardUnderTest)
    assert "1111" not in repr(found)
    results = run(our_card(), found)
    assert "single-purchase" in failed(results), "other keys give other codes"
    assert [r.why for r in results if r.case == "block-and-unblock"] == ["may_not_lock"]
    assert not [r for r in results if "sm4" in r.case and not r.case.startswith("vector")]


@pytest.mark.parametrize(
    "text",
    [
        "colour = 'red'",
        "indexes = [1]",
        "indexes = ['0101']",
        "application = 'A0'",
        "terminal = 'xyz'",
        "[masters]\nDPK = '11'",
        "[masters]\nXYZ = '11111111111111111111111111111111'",
        "indexes = [",
        "\udcff",
    ],
)
def test_a_wrong_profile_is_refused(text: str) -> None:
    found = parse_profile(text.encode("utf-8", "surrogateescape"))
    assert isinstance(found, Refusal) and found.code == "CONFORMANCE_PROFILE"


@given(st.binary(max_size=80))
def test_no_profile_makes_it_raise(raw: bytes) -> None:
    assert isinstance(parse_profile(raw), CardUnderTest | Refusal)


def test_every_case_has_its_title() -> None:
    assert all(title_of(name) for name in case_names(ANY))
