"""The city's orders at a site: lanes open to all, staff decide, rides are free, or as ever.

An order is written down before it is in force, so that none is done twice, also after a restart.
Orders have rising numbers; one that comes after a newer one is passed over, one whose time is over
is let be, and each is answered for. When the time of the one in force is over, all is as ever.

A city that was restored from a backup may give a number a second time. Its order was given later
than any that came before, so it is taken: an older one has both a lower number and an earlier time.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tongxing.gate.journal import Journal
from tongxing.kernel.reasons import Refusal
from tongxing.messages.fleet import ORDER_KINDS, Order, OrderDone, Outcome

Mode = Literal["normal", "open_all", "manual", "free_ride"]
NORMAL: Mode = "normal"
OPEN_ALL: Mode = "open_all"
_KEPT = "orders"


class _Book(Struct, frozen=True, array_like=True):
    """The last order's number, the mode it set and until when (on this clock), the answers that
    the city has not taken yet, and when the newest order was given (on the city's clock; -1:
    not known, the book is of before that was kept)."""

    last_no: int = 0
    mode: str = NORMAL
    until_s: int = 0
    answers: tuple[OrderDone, ...] = ()
    last_from_s: int = -1


_DECODER = msgspec.json.Decoder(_Book)


class OrderBook:
    """What a site has been told to do, kept in its journal. For the journal's thread."""

    def __init__(self, journal: Journal, book: _Book) -> None:
        """Use `OrderBook.open`."""
        self._journal, self._book = journal, book

    @classmethod
    def open(cls, journal: Journal) -> "OrderBook | Refusal":
        """The orders as they stood. Refuses what the journal refuses."""
        kept = journal.kept(_KEPT)
        if isinstance(kept, Refusal):
            return kept
        return cls(journal, _Book() if kept is None else _DECODER.decode(kept))

    @property
    def last(self) -> str:
        """The kind of the last order that was taken, also when its time is over."""
        return self._book.mode

    @property
    def last_no(self) -> int:
        """The highest number that an order ever had here; 0 before the first."""
        return self._book.last_no

    def mode(self, now_s: int) -> Mode:
        """How passengers are to be treated now. Any thread may ask."""
        book = self._book
        for mode in ("open_all", "manual", "free_ride"):
            if book.mode == mode and now_s < book.until_s:
                return mode
        return NORMAL

    def take(self, orders: Sequence[Order], city_s: int, now_s: int) -> Refusal | None:
        """Take orders as they came; `city_s` is the city's time, `now_s` ours.

        Refuses what the journal refuses: then none of them is in force, and they come again.
        """
        book = self._book
        for order in sorted(orders, key=lambda one: one.order_no):
            if any(answer.order_no == order.order_no for answer in book.answers):
                continue
            outcome = _outcome(order, book, city_s)
            if outcome == "taken":
                until_s = now_s + order.until_s - city_s
                book = replace(book, mode=order.kind, until_s=until_s)
            answer = OrderDone(order.order_no, now_s, outcome)
            book = replace(
                book,
                last_no=max(book.last_no, order.order_no),
                last_from_s=max(book.last_from_s, order.from_s),
                answers=(*book.answers, answer),
            )
        return None if book == self._book else self._write(book)

    def answers(self) -> list[OrderDone]:
        """What the city has not been told yet."""
        return list(self._book.answers)

    def told(self, answers: Iterable[OrderDone]) -> Refusal | None:
        """The city has taken these answers."""
        known = set(answers)
        left = tuple(answer for answer in self._book.answers if answer not in known)
        if left == self._book.answers:
            return None
        return self._write(replace(self._book, answers=left))

    def _write(self, book: _Book) -> Refusal | None:
        refusal = self._journal.keep(_KEPT, msgspec.json.encode(book))
        if refusal is None:
            self._book = book
        return refusal


def _outcome(order: Order, book: _Book, city_s: int) -> Outcome:
    is_older = book.last_from_s < 0 or order.from_s <= book.last_from_s
    if order.order_no <= book.last_no and is_older:
        return "passed_over"
    if order.kind not in ORDER_KINDS:
        return "unknown"
    return "taken" if order.until_s > city_s else "over"
