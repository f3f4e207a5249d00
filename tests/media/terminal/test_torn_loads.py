"""A load cut off at every command and every byte: the money is on the card or with the payer."""

import pytest
from torn_street import (
    NUMBER,
    TERMINAL,
    VAULT,
    Tear,
    TearingLink,
    all_tears,
    boundary_tears,
    new_card,
)

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.trial import trial_profile
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import IssuerHost, Loaded, load, select, settle

BEFORE_FEN, AMOUNT_FEN = 1250, 5000
DAY = "20260108"
INDEXES = pytest.mark.parametrize("key_index", [0x01, 0x41], ids=["3DES", "SM4"])
_COMMANDS_MOST = 8


def ask_for(
    card: CardLink, host: IssuerHost, order: str, key_index: int, time: str = "083015"
) -> Loaded | Refusal:
    selected = select(card)
    if isinstance(selected, Refusal):
        return selected
    return load(card, host, AMOUNT_FEN, TERMINAL, DAY + time, order=order, key_index=key_index)


def torn_load(card: SoftwareCard, host: IssuerHost, order: str, index: int, tear: Tear) -> bool:
    link = TearingLink(card, tear)
    found = ask_for(link, host, order, index)
    card.reset()
    assert isinstance(found, Refusal) == link.gone
    return link.gone


def lengths(key_index: int) -> list[int]:
    link = TearingLink(new_card(BEFORE_FEN))
    assert isinstance(ask_for(link, IssuerHost(VAULT), "A", key_index), Loaded)
    return link.lengths


def balance_of(card: SoftwareCard) -> int:
    return card.image.purses[0]


def state_of(host: IssuerHost, order: str) -> str:
    found = host.order(order)
    return "never" if found is None else found.state


@INDEXES
def test_an_order_asked_again_after_any_tear_is_loaded_once(key_index: int) -> None:
    tears = list(all_tears(lengths(key_index)))
    assert len(tears) > 100
    for tear in tears:
        card, host = new_card(BEFORE_FEN), IssuerHost(VAULT)
        assert torn_load(card, host, "A", key_index, tear)
        done = ask_for(card, host, "A", key_index, time="091500")
        assert isinstance(done, Loaded)
        assert (state_of(host, "A"), balance_of(card)) == ("done", BEFORE_FEN + AMOUNT_FEN)
        assert done.balance_fen == balance_of(card)


@INDEXES
@pytest.mark.parametrize("trusted", [True, False], ids=["own terminals", "phones"])
def test_money_is_never_on_the_card_and_with_the_payer(key_index: int, trusted: bool) -> None:
    ended = {"done": 0, "not_done": 0, "suspect": 0, "never": 0}
    for tear in all_tears(lengths(key_index)):
        card, host = new_card(BEFORE_FEN), IssuerHost(VAULT, trusts_terminals=trusted)
        torn_load(card, host, "A", key_index, tear)
        second = ask_for(card, host, "B", key_index, time="091500")
        ended[state_of(host, "A")] += 1
        if isinstance(second, Refusal):
            assert (second.code, trusted) == ("LOAD_ORDER_SUSPECT", False)
            assert balance_of(card) == BEFORE_FEN
            continue
        done = sum(state_of(host, order) == "done" for order in "AB")
        assert balance_of(card) == BEFORE_FEN + done * AMOUNT_FEN
        assert "suspect" not in {state_of(host, order) for order in "AB"}
    assert ended["done"] > 5 and ended["never"] > 50
    assert ended["not_done" if trusted else "suspect"] > 0


@INDEXES
def test_a_card_torn_again_and_again_settles_to_the_truth(key_index: int) -> None:
    for first in boundary_tears(len(lengths(key_index))):
        for second in boundary_tears(_COMMANDS_MOST):
            card, host = new_card(BEFORE_FEN), IssuerHost(VAULT)
            torn_load(card, host, "A", key_index, first)
            torn_load(card, host, "A", key_index, second)
            select(card)
            state = settle(card, host, "A", key_index=key_index)
            loaded = balance_of(card) != BEFORE_FEN
            if isinstance(state, Refusal):
                assert (state.code, loaded) == ("LOAD_ORDER_UNKNOWN", False)
            else:
                assert state == ("done" if loaded else "not_done")
            assert balance_of(card) in (BEFORE_FEN, BEFORE_FEN + AMOUNT_FEN)


def test_an_order_stays_suspect_while_another_card_is_in_the_field() -> None:
    card, host = new_card(BEFORE_FEN), IssuerHost(VAULT)
    torn_load(card, host, "A", 1, Tear(3, done=True))
    other_number = NUMBER[:-2] + "21"
    other = SoftwareCard(MemoryStore(personalise(trial_profile(other_number))), lambda n: bytes(n))
    select(other)
    refused = settle(other, host, "A")
    assert isinstance(refused, Refusal) and refused.code == "RECOVERY_OTHER_CARD"
    assert state_of(host, "A") == "suspect"


def test_an_old_answer_played_again_by_a_phone_does_not_get_the_money_back() -> None:
    """The card is loaded and its answer kept back; then its older INIT answer is shown again."""
    card, host = new_card(BEFORE_FEN), IssuerHost(VAULT, trusts_terminals=False)
    old: dict[bytes, bytes] = {}

    class Replaying:
        """Remembers the answer to INITIALIZE FOR LOAD, and gives it again once it is told to."""

        replays = False

        def transmit(self, command: bytes) -> bytes:
            if command[1] == 0x50:
                if not self.replays:
                    old[b"init"] = card.transmit(command)
                return old[b"init"]
            if command[1] == 0x5A and self.replays:
                return bytes.fromhex("9406")
            return card.transmit(command)

    phone = Replaying()
    torn = TearingLink(phone, Tear(3, done=True))
    assert isinstance(ask_for(torn, host, "A", 1), Refusal)
    assert balance_of(card) == BEFORE_FEN + AMOUNT_FEN
    phone.replays = True
    assert isinstance(ask_for(phone, host, "B", 1), Refusal)
    assert state_of(host, "A") == "suspect"
