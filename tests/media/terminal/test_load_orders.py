"""An issuer's orders: one card, one amount, one end, and limits."""

from torn_street import NUMBER, TERMINAL, VAULT, Tear, TearingLink, new_card

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.trial import trial_profile
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import IssuerHost, Loaded, MemoryOrders, load, select, settle

FULL_FEN, ROOM_FEN = 100_000, 5000
CREDIT_AT = 2
"""Which command of a load adds the money, counted from reading the card's public file."""


def asked(
    card: CardLink, host: IssuerHost, order: str, amount_fen: int = ROOM_FEN, hour: int = 8
) -> Loaded | str:
    """What became of an order: the load, or the code of the refusal."""
    select(card)
    time = f"20260108{hour:02d}3015"
    found = load(card, host, amount_fen, TERMINAL, time, order=order)
    return found.code if isinstance(found, Refusal) else found


class Hiding:
    """A card whose proofs somebody keeps back."""

    def __init__(self, card: CardLink) -> None:
        self._card = card

    def transmit(self, command: bytes) -> bytes:
        hidden = command[1] == 0x5A
        return bytes.fromhex("9406") if hidden else self._card.transmit(command)


def torn_in_credit(card: SoftwareCard, host: IssuerHost, order: str) -> None:
    select(card)
    link = TearingLink(card, Tear(CREDIT_AT, done=True))
    gone = load(link, host, ROOM_FEN, TERMINAL, "20260108083015", order=order)
    assert isinstance(gone, Refusal) and gone.code == "CARD_REMOVED"
    card.reset()


def test_an_order_that_filled_the_card_is_found_done_though_nothing_more_fits() -> None:
    for asks_again in (True, False):
        card, host = new_card(FULL_FEN - ROOM_FEN), IssuerHost(VAULT)
        torn_in_credit(card, host, "A")
        if asks_again:
            assert isinstance(asked(card, host, "A"), Loaded)
            assert isinstance(asked(card, host, "A"), Loaded)
        else:
            select(card)
            assert settle(card, host, "A") == "done"
            assert settle(card, host, "A") == "done"
        assert card.image.purses == (FULL_FEN,)
        order = host.order("A")
        assert order is not None and order.tac


def test_a_counter_that_has_moved_ends_an_order_as_done_without_its_code() -> None:
    for trusted in (True, False):
        card, host = new_card(1000), IssuerHost(VAULT, trusts_terminals=trusted)
        torn_in_credit(card, host, "A")
        found = asked(Hiding(card), host, "A", hour=9)
        assert isinstance(found, Loaded) and found.tac == b""
        assert card.image.purses == (1000 + ROOM_FEN,)
        order = host.order("A")
        assert order is not None and (order.state, order.tac) == ("done", b"")


def test_an_order_is_for_one_card_and_one_amount() -> None:
    card, host = new_card(1000), IssuerHost(VAULT)
    torn_in_credit(card, host, "A")
    image = personalise(trial_profile(NUMBER[:-2] + "21", balance_fen=1000))
    other = SoftwareCard(MemoryStore(image), lambda n: bytes(n))
    assert asked(other, host, "A") == "LOAD_ORDER_OTHER"
    assert other.image.purses == (1000,)
    fresh = IssuerHost(VAULT)
    link = TearingLink(new_card(1000), Tear(CREDIT_AT + 1, done=False))
    assert asked(link, fresh, "A") == "CARD_REMOVED"
    assert asked(new_card(1000), fresh, "A", ROOM_FEN + 1) == "LOAD_ORDER_OTHER"


def test_the_issuer_holds_its_limits_whatever_the_card_would_take() -> None:
    host = IssuerHost(VAULT, balance_max_fen=2000, load_max_fen=800)
    card = new_card(1000)
    assert asked(card, host, "A", 801) == "LOAD_LIMIT"
    assert isinstance(asked(card, host, "B", 800), Loaded)
    assert asked(card, host, "C", 201, hour=9) == "LOAD_LIMIT"
    assert isinstance(asked(card, host, "D", 200, hour=9), Loaded)
    assert card.image.purses == (2000,)


def test_the_card_holds_its_own_limit_and_the_order_never_begins() -> None:
    card, host = new_card(FULL_FEN - 10), IssuerHost(VAULT, balance_max_fen=10**6)
    assert asked(card, host, "A", 11) == "CARD_COMMAND"
    assert host.order("A") is None


def test_an_order_that_ended_as_not_done_loads_nothing_any_more() -> None:
    orders = MemoryOrders()
    card, host = new_card(1000), IssuerHost(VAULT, orders)
    link = TearingLink(card, Tear(CREDIT_AT + 1, done=False))
    assert asked(link, host, "A") == "CARD_REMOVED"
    card.reset()
    select(card)
    assert settle(card, host, "A") == "not_done"
    again = IssuerHost(VAULT, orders)
    assert asked(card, again, "A") == "LOAD_ORDER_ENDED"
    assert card.image.purses == (1000,)
    assert settle(card, again, "never asked") == Refusal("LOAD_ORDER_UNKNOWN", "never asked")
    assert again.confirm("never asked", bytes(4)) == Refusal("LOAD_ORDER_UNKNOWN", "never asked")


def test_without_an_order_the_same_second_at_the_same_terminal_is_the_same_load() -> None:
    card, host = new_card(1000), IssuerHost(VAULT)
    first, second, later = (asked(card, host, "", hour=hour) for hour in (8, 8, 9))
    assert first == second != later
    assert card.image.purses == (1000 + 2 * ROOM_FEN,)


def test_a_false_card_is_given_no_code_to_add_money() -> None:
    class Forger:
        """Answers the beginning of a load with a MAC1 of its own."""

        def transmit(self, command: bytes) -> bytes:
            answer = card.transmit(command)
            return answer[:12] + bytes(4) + answer[16:] if command[1] == 0x50 else answer

    card, host = new_card(1000), IssuerHost(VAULT)
    assert asked(Forger(), host, "A") == "CARD_MAC"
    assert host.order("A") is None
