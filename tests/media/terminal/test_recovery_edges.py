"""What a card that comes back may say, and what a terminal must not believe."""

import pytest
from msgspec import json
from msgspec.structs import replace
from torn_street import (
    NUMBER,
    TERMINAL,
    VAULT,
    Gate,
    Tear,
    TearingLink,
    begun,
    new_card,
    new_sam,
    plan_of,
)

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.chip import MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.trial import trial_profile
from tongxing.media.card.terminal import (
    COMPOSITE,
    SINGLE,
    Debit,
    MemorySerials,
    NotDone,
    SoftwareSam,
    Unfinished,
    UnfinishedList,
    finish,
    recover,
    select,
)
from tongxing.media.card.terminal.talking import ask, refusal_of

PLAN = plan_of(SINGLE, 4)
DEBIT_AT = 3


class Answering:
    """A card some of whose answers are somebody else's, by instruction."""

    def __init__(self, card: SoftwareCard, **answers: str) -> None:
        self._card = card
        self._answers = {int(name[1:], 16): bytes.fromhex(raw) for name, raw in answers.items()}

    def transmit(self, command: bytes) -> bytes:
        answer = self._card.transmit(command)
        return self._answers.get(command[1], answer)


def torn_after_debit() -> tuple[SoftwareCard, Gate, Unfinished]:
    card, gate = new_card(), Gate(PLAN)
    gate.tap(TearingLink(card, Tear(DEBIT_AT, done=True)))
    card.reset()
    select(card)
    return card, gate, gate.waiting.waiting()[0]


def test_another_card_in_the_window_is_opened_as_new_and_the_first_still_waits() -> None:
    _, gate, unfinished = torn_after_debit()
    image = personalise(trial_profile(NUMBER[:-2] + "21", balance_fen=1000))
    other = SoftwareCard(MemoryStore(image), lambda n: bytes(n))
    select(other)
    assert recover(other, unfinished) == Refusal("RECOVERY_OTHER_CARD")
    assert isinstance(gate.tap(other), Debit)
    assert gate.waiting.waiting() == (unfinished,)


def test_after_another_purchase_the_module_cannot_prove_an_old_one_and_says_so() -> None:
    card, gate, _ = torn_after_debit()
    image = personalise(trial_profile(NUMBER[:-2] + "21", balance_fen=1000))
    assert isinstance(gate.tap(SoftwareCard(MemoryStore(image), lambda n: bytes(n))), Debit)
    found = gate.tap(card)
    assert isinstance(found, Debit)
    assert not found.proven and not found.unconfirmed


def test_a_false_card_that_claims_a_debit_opens_nothing() -> None:
    card, gate, _ = torn_after_debit()
    false = Answering(card, x5A="0102030405060708 9000")
    found = gate.tap(false)
    assert isinstance(found, Refusal) and found.code == "CARD_MAC"
    assert gate.opened == []
    assert len(gate.waiting.waiting()) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("00", "CARD_RESPONSE_LENGTH"),
        ("9000", "CARD_RESPONSE_LENGTH"),
        ("01020304 9000", "CARD_RESPONSE_LENGTH"),
        ("00" * 300 + "9000", "CARD_RESPONSE_LENGTH"),
        ("", "CARD_RESPONSE_LENGTH"),
        ("6985", "CARD_STATE"),
        ("9999", "CARD_SW_UNKNOWN"),
    ],
)
def test_a_card_that_answers_badly_is_asked_again(answer: str, code: str) -> None:
    card, gate, unfinished = torn_after_debit()
    found = recover(Answering(card, x5A=answer), unfinished)
    assert isinstance(found, Refusal) and found.code == code
    assert isinstance(gate.tap(card), Debit)


@pytest.mark.parametrize("answer", ["0102030405060708 9000", "9000", "9302", "01 9000"])
def test_a_debit_that_is_answered_wrongly_opens_nothing_and_is_kept(answer: str) -> None:
    card, gate = new_card(), Gate(PLAN)
    found = gate.tap(Answering(card, x54=answer))
    assert isinstance(found, Refusal)
    assert found.code in {"CARD_MAC", "CARD_RESPONSE_LENGTH"}
    assert gate.opened == [] and len(gate.waiting.waiting()) == 1
    card.reset()
    assert isinstance(gate.tap(card), Debit), "the genuine card shows that it was debited"
    assert card.image.purses == (6070 - 315,)


def other_ride(card: SoftwareCard, terminal: bytes, day: int) -> None:
    """A purchase of the card at another terminal."""
    plan = replace(plan_of(COMPOSITE, 4), time=f"202601{day:02d}080000")
    sam = SoftwareSam(terminal, VAULT, MemorySerials(day))
    assert isinstance(finish(card, sam, begun(card, sam, plan)), Debit)


def test_a_debit_whose_codes_made_room_is_found_in_the_log_and_not_taken_twice() -> None:
    card, gate, _ = torn_after_debit()
    other_ride(card, bytes.fromhex("690000000099"), 9)
    found = gate.tap(card)
    assert isinstance(found, Debit)
    assert found.unconfirmed and not found.proven and found.tac == b""
    assert card.image.purses == (6070 - 2 * 315,)


def test_a_purchase_that_was_not_done_is_not_taken_for_one_at_another_terminal() -> None:
    card, gate = new_card(), Gate(PLAN)
    gate.tap(TearingLink(card, Tear(DEBIT_AT, done=False)))
    unfinished = gate.waiting.waiting()[0]
    card.reset()
    other_ride(card, bytes.fromhex("690000000099"), 8)
    assert recover(card, unfinished) == NotDone(unfinished.serial)


@pytest.mark.parametrize("done", [True, False])
def test_a_card_that_has_forgotten_is_not_guessed_about(done: bool) -> None:
    card, gate = new_card(), Gate(PLAN)
    gate.tap(TearingLink(card, Tear(DEBIT_AT, done)))
    unfinished = gate.waiting.waiting()[0]
    card.reset()
    for day in range(9, 20):
        other_ride(card, bytes.fromhex("690000000099"), day)
    assert recover(card, unfinished) == Refusal("RECOVERY_TOO_OLD")


def test_the_list_keeps_the_last_few_and_gives_back_the_oldest() -> None:
    waiting = UnfinishedList(most=2)
    template = begun(new_card(), new_sam(), PLAN)
    many = [
        replace(template, serial=n, ids=replace(template.ids, number10=bytes((n,)) * 10))
        for n in range(1, 4)
    ]
    assert [waiting.keep(one) for one in many] == [None, None, many[0]]
    assert waiting.waiting() == (many[1], many[2])
    with pytest.raises(ValueError, match="cleared up"):
        waiting.keep(many[2])
    waiting.close(many[1])
    assert UnfinishedList(waiting.waiting()).of(many[2].number) == many[2]
    assert waiting.of(many[1].number) is None


def test_an_unfinished_purchase_survives_a_journal() -> None:
    unfinished = begun(new_card(), new_sam(), plan_of(COMPOSITE, 0))
    assert json.decode(json.encode(unfinished), type=Unfinished) == unfinished


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (0x6A82, "CARD_APP_MISSING"),
        (0x6985, "CARD_STATE"),
        (0x6988, "CARD_MAC"),
        (0x6300, "CARD_AUTH"),
        (0x9302, "CARD_MAC"),
        (0x9401, "CARD_BALANCE"),
        (0x9402, "CARD_COUNTER_SPENT"),
        (0x9403, "CARD_KEY_INDEX"),
        (0x63C0, "CARD_PIN"),
        (0x63CF, "CARD_PIN"),
        (0x6A81, "CARD_LOCKED"),
        (0x6C17, "CARD_RESPONSE_LENGTH"),
    ],
)
def test_a_status_word_means_one_thing(status: int, code: str) -> None:
    assert refusal_of(status).code == code


def test_every_other_status_word_is_named_in_the_message() -> None:
    unknown = [word for word in range(1 << 16) if word != 0x9000]
    refusals = [refusal_of(word) for word in unknown]
    assert sum(found.code == "CARD_SW_UNKNOWN" for found in refusals) > 65_000
    assert all(
        found.values["status"] in found.message("en")
        for found in refusals[:500]
        if found.code == "CARD_SW_UNKNOWN"
    )


def test_more_data_and_the_right_length_are_fetched() -> None:
    class Stuttering:
        """Answers as over T=0: first how much there is, then that much."""

        def transmit(self, command: bytes) -> bytes:
            if command[1] == 0xC0:
                return TERMINAL + b"\x90\x00"
            if command[-1] == 9:
                return bytes.fromhex("6C06")
            return bytes.fromhex("6106")

    assert ask(Stuttering(), Command(0, 0xB0, 0x96, 0, expected=9), 6) == TERMINAL
