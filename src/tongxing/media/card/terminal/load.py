"""Putting money on a card, online: the terminal stands between the card and its issuer.

A load that was cut off is cleared up first when its card comes back: the card shows the code of its
last load, or the beginning of a new one shows that its counter has not moved. An order is loaded
once, however often it is asked for.
"""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.issuer import IssuerHost, LoadOrder, LoadRequest, OrderState
from tongxing.media.card.terminal.model import CardIds
from tongxing.media.card.terminal.reading import read_ids
from tongxing.media.card.terminal.talking import PROOF_MISSING, ask, exchange, refusal_of
from tongxing.media.tac.fields import LOAD, TacFields

INIT_ANSWER_BYTES = 16
_PIN_KEY = 0x00


class Loaded(msgspec.Struct, frozen=True):
    """A load that is done. `tac` is empty when the card's counter proved it and no code came."""

    order: str
    tac: bytes
    fields: TacFields

    @property
    def balance_fen(self) -> int:
        """What the card holds after it."""
        return self.fields.balance_before_fen + self.fields.amount_fen

    def __repr__(self) -> str:
        return f"Loaded({self.order!r}, {self.fields.amount_fen} fen)"


def load(
    card: CardLink,
    host: IssuerHost,
    amount_fen: int,
    terminal_no: bytes,
    time: str,
    *,
    order: str = "",
    key_index: int = 1,
    pin: bytes = b"",
    ids: CardIds | None = None,
) -> Loaded | Refusal:
    """Load a card whose application is selected. `time` is YYYYMMDDhhmmss.

    `order` is the payer's order; left empty it is made of terminal, time and card, so that asking
    the same again loads nothing twice. For City Union cards, `pin` is verified first and `ids` are
    what `read_city_ids` read; else they are read here.
    After CARD_REMOVED, CARD_TIMEOUT, CARD_RESPONSE_LENGTH or CARD_MAC the order may be suspect:
    give the money back only when it has ended as not done. Refuses LOAD_ORDER_ENDED for an order
    that ended so, and what card and issuer refuse.
    """
    found = read_ids(card) if ids is None else ids
    if isinstance(found, Refusal):
        return found
    ids = found
    order = order or _order_of(ids, terminal_no, time)
    suspect = host.suspect(ids.number10)
    if suspect is not None:
        shown = _shown_code(card, host, suspect)
        if isinstance(shown, Refusal):
            return shown
    known = host.order(order)
    if known is not None and known.state == "done" and known.request.ids == ids:
        return _loaded(known)
    if pin:
        verified = ask(card, Command(0x00, 0x20, 0x00, _PIN_KEY, pin), 0)
        if isinstance(verified, Refusal):
            return verified
    request = _begun(card, ids, order, amount_fen, terminal_no, time, key_index)
    if isinstance(request, Refusal):
        return request
    return _credited(card, host, request)


def settle(
    card: CardLink, host: IssuerHost, order: str, *, key_index: int = 1
) -> OrderState | Refusal:
    """Find out how a suspect order of the card in the field ended.

    First by the code that the card keeps of its last load, else by beginning a load and leaving it:
    the card then proves its counter. Refuses RECOVERY_OTHER_CARD, LOAD_ORDER_UNKNOWN, and what
    keeps the card from answering; the order stays suspect then.
    """
    known = host.order(order)
    if known is None:
        return Refusal("LOAD_ORDER_UNKNOWN", order)
    if known.state != "suspect":
        return known.state
    ids = read_ids(card)
    if isinstance(ids, Refusal):
        return ids
    if ids.number10 != known.request.ids.number10:
        return Refusal("RECOVERY_OTHER_CARD", order)
    shown = _shown_code(card, host, known)
    if isinstance(shown, Refusal):
        return shown
    return "done" if shown else _settled_by_counter(card, host, known, key_index)


def _shown_code(card: CardLink, host: IssuerHost, known: LoadOrder) -> bool | Refusal:
    """Ask the card for the code of its last load, and end the order as done if it is this one's.

    False when the card keeps no such code.
    """
    order = known.request.order
    counter = (known.request.counter_before + 1).to_bytes(2, "big")
    answer = exchange(card, Command(0x80, 0x5A, 0x00, LOAD, counter, 8))
    if isinstance(answer, Refusal):
        return answer
    if answer.status == PROOF_MISSING:
        return False
    if not answer.ok:
        return refusal_of(answer.status)
    if len(answer.data) != 8:
        return Refusal("CARD_RESPONSE_LENGTH", order, {"length": len(answer.data)})
    done = host.confirm(order, answer.data[4:])
    return done if isinstance(done, Refusal) else True


def _settled_by_counter(
    card: CardLink, host: IssuerHost, known: LoadOrder, key_index: int
) -> OrderState | Refusal:
    """Begin a load that is not for any order, so that the card proves its counter."""
    before = known.request
    probe = _begun(card, before.ids, "", 1, before.terminal_no, before.time, key_index)
    if isinstance(probe, Refusal):
        return probe
    seen = host.seen(probe)
    if isinstance(seen, Refusal):
        return seen
    after = host.order(before.order)
    return Refusal("LOAD_ORDER_UNKNOWN", before.order) if after is None else after.state


def _begun(
    card: CardLink,
    ids: CardIds,
    order: str,
    amount_fen: int,
    terminal_no: bytes,
    time: str,
    key_index: int,
) -> LoadRequest | Refusal:
    data = bytes((key_index,)) + amount_fen.to_bytes(4, "big") + terminal_no
    opened = ask(card, Command(0x80, 0x50, 0x00, 0x02, data, INIT_ANSWER_BYTES), INIT_ANSWER_BYTES)
    if isinstance(opened, Refusal):
        return opened
    return LoadRequest(
        order=order,
        ids=ids,
        amount_fen=amount_fen,
        terminal_no=terminal_no,
        time=time,
        balance_before_fen=int.from_bytes(opened[:4], "big"),
        counter_before=int.from_bytes(opened[4:6], "big"),
        key_version=opened[6],
        algorithm=opened[7],
        random4=opened[8:12],
        mac1=opened[12:],
    )


def _credited(card: CardLink, host: IssuerHost, request: LoadRequest) -> Loaded | Refusal:
    """Have the issuer agree and the card take the money; then tell the issuer how it ended."""
    mac2 = host.authorise(request)
    if isinstance(mac2, Refusal):
        known = host.order(request.order)
        proven = mac2.code == "LOAD_ORDER_ENDED" and known is not None and known.state == "done"
        return _loaded(known) if proven and known is not None else mac2
    data = bytes.fromhex(request.time) + mac2
    tac = ask(card, Command(0x80, 0x52, 0x00, 0x00, data, 4), 4)
    if isinstance(tac, Refusal):
        return tac
    done = host.confirm(request.order, tac)
    return done if isinstance(done, Refusal) else _loaded(done)


def _loaded(done: LoadOrder) -> Loaded:
    return Loaded(done.request.order, done.tac, done.request.fields)


def _order_of(ids: CardIds, terminal_no: bytes, time: str) -> str:
    return f"{terminal_no.hex()}-{time}-{ids.number10.hex()}"
