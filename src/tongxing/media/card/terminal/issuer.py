"""The issuer's side of a load: checks the card, gives the code that adds money, keeps the order.

From the moment that code is out, nobody knows whether the card has taken it until a transaction
code comes back or the card is seen again; until then the order is suspect (可疑). An order ends as
done or not done, once and for good, and only evidence of the card ends it. No money moves here.
"""

from typing import Literal, Protocol

import msgspec
from msgspec.structs import replace

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal.model import CardIds, number_text
from tongxing.media.crypto.suites import CryptoSuite, same_code, suite_of
from tongxing.media.keys.vault import KeyUse, KeyVault
from tongxing.media.tac.fields import LOAD, TacFields, load_tac_input, unfit

BALANCE_MAX_FEN, LOAD_MAX_FEN = 100_000, 50_000

OrderState = Literal["suspect", "done", "not_done"]
_SEED_TAIL = b"\x80\x00"


class LoadRequest(msgspec.Struct, frozen=True):
    """What a card answered to INITIALIZE FOR LOAD, and for which order. `time` YYYYMMDDhhmmss."""

    order: str
    ids: CardIds
    amount_fen: int
    terminal_no: bytes
    time: str
    balance_before_fen: int
    counter_before: int
    key_version: int
    algorithm: int
    random4: bytes
    mac1: bytes

    @property
    def fields(self) -> TacFields:
        """What the card signs with its TAC key when it has taken the money."""
        return TacFields(
            issuer_id=self.ids.issuer8,
            card_factor=self.ids.card8,
            number=number_text(self.ids.number10),
            key_version=self.key_version,
            algorithm=self.algorithm,
            amount_fen=self.amount_fen,
            kind=LOAD,
            terminal_no=self.terminal_no,
            serial=0,
            time=self.time,
            counter_before=self.counter_before,
            balance_before_fen=self.balance_before_fen,
        )

    def __repr__(self) -> str:
        return f"LoadRequest({self.order!r}, {self.ids!r}, {self.amount_fen} fen)"


class LoadOrder(msgspec.Struct, frozen=True):
    """An order as its issuer keeps it. `tac` is empty unless the card has signed the load."""

    request: LoadRequest
    state: OrderState = "suspect"
    tac: bytes = b""


class LoadOrders(Protocol):
    """Where an issuer keeps its orders. Each call is durable when it returns."""

    def get(self, order: str) -> LoadOrder | None:
        """The order of this id."""

    def put(self, order: LoadOrder) -> None:
        """Keep an order in place of the one with the same id."""

    def suspect(self, number10: bytes) -> LoadOrder | None:
        """The order of this card whose end is not known; there is never more than one."""


class MemoryOrders:
    """Orders in this process's memory: for tests and simulations."""

    def __init__(self) -> None:
        self._orders: dict[str, LoadOrder] = {}

    def get(self, order: str) -> LoadOrder | None:
        return self._orders.get(order)

    def put(self, order: LoadOrder) -> None:
        self._orders[order.request.order] = order

    def suspect(self, number10: bytes) -> LoadOrder | None:
        for order in self._orders.values():
            if order.state == "suspect" and order.request.ids.number10 == number10:
                return order
        return None


class IssuerHost:
    """An issuer that loads its cards, with a vault of master keys and its orders.

    Every load of these cards goes through one host: its proofs rest on that a card's load counter
    moves for its orders only. `trusts_terminals` says that what arrives comes from terminals of its
    own: a counter that has not moved then ends a suspect order as not done. A phone could play an
    old answer of the card again, so for phones only the card's own code, or a counter that has
    moved, ends an order; it can be asked for again until it does.
    """

    def __init__(
        self,
        vault: KeyVault,
        orders: LoadOrders | None = None,
        *,
        balance_max_fen: int = BALANCE_MAX_FEN,
        load_max_fen: int = LOAD_MAX_FEN,
        trusts_terminals: bool = True,
    ) -> None:
        self._vault = vault
        self._orders: LoadOrders = MemoryOrders() if orders is None else orders
        self._balance_max_fen = balance_max_fen
        self._load_max_fen = load_max_fen
        self._trusts_terminals = trusts_terminals

    def order(self, order: str) -> LoadOrder | None:
        """What is known of an order."""
        return self._orders.get(order)

    def suspect(self, number10: bytes) -> LoadOrder | None:
        """The order of a card whose end is not known."""
        return self._orders.suspect(number10)

    def authorise(self, request: LoadRequest) -> bytes | Refusal:
        """MAC2, with which the card takes the money. The order is suspect when this returns.

        The same order asked again with a new INITIALIZE gets a new code, while its card's counter
        shows that the first was not used. Refuses CARD_MAC for a wrong MAC1, LOAD_LIMIT,
        LOAD_ORDER_ENDED for an order that has ended, LOAD_ORDER_OTHER for one of another card or
        amount, LOAD_ORDER_SUSPECT while another order of the card is, and what the vault or `unfit`
        refuses.
        """
        session = self.seen(request)
        if isinstance(session, Refusal):
            return session
        suite, key = session
        known = self._orders.get(request.order)
        if known is not None and not _same_order(known.request, request):
            return Refusal("LOAD_ORDER_OTHER", request.order)
        if known is not None and known.state != "suspect":
            return Refusal("LOAD_ORDER_ENDED", request.order)
        open_order = self._orders.suspect(request.ids.number10)
        if open_order is not None and open_order.request.order != request.order:
            return Refusal("LOAD_ORDER_SUSPECT", open_order.request.order)
        after_fen = request.balance_before_fen + request.amount_fen
        within = 0 < request.amount_fen <= self._load_max_fen
        if not within or after_fen > self._balance_max_fen:
            return Refusal("LOAD_LIMIT", request.order)
        self._orders.put(LoadOrder(request))
        return suite.mac(key, _head(request) + bytes.fromhex(request.time))

    def seen(self, request: LoadRequest) -> tuple[CryptoSuite, bytes] | Refusal:
        """Take note of a card that has begun a load: its MAC1 proves its counter and balance.

        A counter that has moved past that of the card's suspect order says the order was done, one
        that has not says it was not, because the new beginning has undone the old one. The order
        that is being asked again stays suspect. Returns the session for MAC2; refuses CARD_MAC.
        """
        wrong = unfit(request.fields, request.mac1)
        if wrong is not None:
            return wrong
        session = self._session(request)
        if isinstance(session, Refusal):
            return session
        suite, key = session
        balance = request.balance_before_fen.to_bytes(4, "big")
        if not same_code(suite.mac(key, balance + _head(request)), request.mac1):
            return Refusal("CARD_MAC", request.order)
        earlier = self._orders.suspect(request.ids.number10)
        if earlier is not None:
            self._end_by_counter(earlier, request)
        return session

    def confirm(self, order: str, tac: bytes) -> LoadOrder | Refusal:
        """End an order as done, by the card's transaction code. Twice is once.

        Refuses CARD_MAC for a wrong code (the order stays as it was), LOAD_ORDER_UNKNOWN, and
        LOAD_ORDER_ENDED for an order that ended as not done.
        """
        known = self._orders.get(order)
        if known is None:
            return Refusal("LOAD_ORDER_UNKNOWN", order)
        request = known.request
        found = self._key("DTK", request)
        if isinstance(found, Refusal):
            return found
        suite, key = found
        if not same_code(suite.tac(key, load_tac_input(request.fields)), tac):
            return Refusal("CARD_MAC", order)
        if known.state == "not_done":
            return Refusal("LOAD_ORDER_ENDED", order)
        done = replace(known, state="done", tac=tac)
        self._orders.put(done)
        return done

    def _end_by_counter(self, earlier: LoadOrder, request: LoadRequest) -> None:
        moved = request.counter_before > earlier.request.counter_before
        if moved:
            self._orders.put(replace(earlier, state="done"))
        elif self._trusts_terminals and earlier.request.order != request.order:
            self._orders.put(replace(earlier, state="not_done"))

    def _session(self, request: LoadRequest) -> tuple[CryptoSuite, bytes] | Refusal:
        found = self._key("DLK", request)
        if isinstance(found, Refusal):
            return found
        suite, key = found
        counter = request.counter_before.to_bytes(2, "big")
        return suite, suite.session(key, request.random4 + counter + _SEED_TAIL)

    def _key(self, use: KeyUse, request: LoadRequest) -> tuple[CryptoSuite, bytes] | Refusal:
        suite = suite_of(request.algorithm)
        if suite is None:
            values = {"algorithm": f"{request.algorithm:02X}"}
            return Refusal("KEY_ALGORITHM_UNSUPPORTED", request.order, values)
        factors = (request.ids.issuer8, request.ids.card8)
        key = self._vault.card_key(use, request.algorithm, request.key_version, factors)
        return key if isinstance(key, Refusal) else (suite, key)


def _same_order(known: LoadRequest, request: LoadRequest) -> bool:
    return (known.ids, known.amount_fen) == (request.ids, request.amount_fen)


def _head(request: LoadRequest) -> bytes:
    """What both codes cover: amount, type, terminal."""
    return request.amount_fen.to_bytes(4, "big") + bytes((LOAD,)) + request.terminal_no
