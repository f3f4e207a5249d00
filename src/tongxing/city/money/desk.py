"""The money desk: what pages, other rooms and a clock ask about passengers' money.

Values in, a value or a `Refusal` out. Partners are talked to between transactions, never inside
one, and every step that was begun is finished by `resume` or `collect`, whoever was killed when.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tongxing.city.money import (
    balances,
    collecting,
    exposure,
    mandates,
    notices,
    orders,
    paying_out,
    refunding,
)
from tongxing.city.money.balances import Balance
from tongxing.city.money.collecting import Collected, Debt
from tongxing.city.money.exposure import CityExposure, Exposure
from tongxing.city.money.mandates import Mandate, MandateAsked
from tongxing.city.money.orders import Order
from tongxing.city.money.refunding import Block, Refund, Refundable
from tongxing.city.money.store import credit as credit_store
from tongxing.city.money.store import orders as order_store
from tongxing.city.money.store import quarantine as quarantine_store
from tongxing.city.money.store import refunds as refund_store
from tongxing.city.money.terms import MoneyTerms, money_terms
from tongxing.city.money.till import Tell, Till, tell_nobody
from tongxing.city.office import Office
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import NoticeAnswer, PaymentChannel


@dataclass(frozen=True, slots=True)
class Resumed:
    """What `resume` did: freezes that ran out, orders that were asked about or closed, parts of
    refunds that were asked about, mandates of which the partner knows now that they ended."""

    thawed: int
    orders: int
    refunds: int
    mandates: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A refused notice or answer, as staff see it in a list."""

    channel: str
    reason: str
    order_id: str
    received_s: int
    times_seen: int


class MoneyDesk:
    """Passengers' money of one city. Thread-safe: every call has its own transactions.

    `channels` are the payment partners by the name that orders carry; `tell` leaves a passenger a
    notice; `terms_of` says what holds in a city at an instant.
    """

    def __init__(
        self,
        office: Office,
        channels: Mapping[str, PaymentChannel],
        tell: Tell = tell_nobody,
        terms_of: Callable[[str, int], MoneyTerms] = money_terms,
    ) -> None:
        self._till = Till(office, channels, tell, terms_of)
        self._office = office

    def channels(self) -> list[str]:
        """The names of the ways to pay."""
        return list(self._till.channels)

    def terms(self, now_s: int) -> MoneyTerms:
        """The numbers that hold now, for pages that say them."""
        return self._till.terms(now_s)

    def enrol(self, account: str, now_s: int) -> Refusal | None:
        """Give an account its limits; see `exposure.enrol`."""
        with self._office.writing() as cursor:
            found = exposure.enrol(cursor, self._till.terms(now_s), account, now_s)
        return found if isinstance(found, Refusal) else None

    def balance(self, account: str, now_s: int | None = None) -> Balance | Refusal:
        """An account's money; see `balances.balance_of`."""
        with self._office.reading() as cursor:
            return balances.balance_of(cursor, account, now_s)

    def top_up(
        self,
        account: str,
        request_id: str,
        amount_fen: int,
        channel: str,
        return_url: str,
        now_s: int,
    ) -> Order | Refusal:
        """Open an order and say where to pay it; see `orders.top_up`."""
        return orders.top_up(
            self._till, account, request_id, amount_fen, channel, return_url, now_s
        )

    def order(self, order_id: str, now_s: int) -> Order | Refusal:
        """An order; while it is open its partner is asked about it (not more often than the terms
        say), and it is closed when its time is over. Refuses ORDER_UNKNOWN."""
        with self._office.reading() as cursor:
            row = order_store.find_order(cursor, order_id)
        if row is None:
            return Refusal("ORDER_UNKNOWN", order_id[:64])
        if row.state == "open" and row.kind == "top_up":
            found = orders.ask_about(self._till, row, now_s)
            row = row if isinstance(found, Refusal) else found
        return orders.order_of(row)

    def orders(self, account: str) -> list[Order]:
        """An account's top-ups and debits, newest first."""
        with self._office.reading() as cursor:
            return [orders.order_of(row) for row in order_store.orders_of(cursor, account)]

    def take_notice(
        self, channel: str, headers: Mapping[str, str], body: bytes, now_s: int
    ) -> NoticeAnswer | Refusal:
        """Take a notice of a partner; see `notices.take_notice` and `notices.status_of`."""
        return notices.take_notice(self._till, channel, headers, body, now_s)

    def quarantined(self, limit: int = 100) -> list[Quarantined]:
        """Notices and answers that were refused, newest first; what was only counted is one entry
        an hour."""
        with self._office.reading() as cursor:
            return [Quarantined(*row) for row in quarantine_store.listed(cursor, limit)]

    def ask_mandate(
        self, account: str, request_id: str, channel: str, return_url: str, now_s: int
    ) -> MandateAsked | Refusal:
        """Begin a mandate and say where it is signed; see `mandates.ask_mandate`."""
        return mandates.ask_mandate(self._till, account, request_id, channel, return_url, now_s)

    def mandate(self, account: str) -> Mandate | None:
        """An account's mandate: the signed one, else the one asked for last, else the one that
        ended last."""
        with self._office.reading() as cursor:
            rows = credit_store.mandates_of(cursor, account)
        return mandates.mandate_of(rows[0]) if rows else None

    def check_mandate(self, account: str, now_s: int) -> Mandate | None:
        """The same, asked about at the partner while it is not signed: for who comes back from the
        partner's page before its notice does."""
        return mandates.check_mandate(self._till, account, now_s)

    def end_mandate(self, account: str, now_s: int) -> Mandate | Refusal:
        """End the signed mandate; see `mandates.end_mandate`."""
        return mandates.end_mandate(self._till, account, now_s)

    def collect(self, now_s: int) -> Collected:
        """Debit what is owed; see `collecting.collect`."""
        return collecting.collect(self._till, now_s)

    def debt(self, account: str, now_s: int) -> Debt | Refusal:
        """What an account owes and what follows; see `collecting.debt_of`."""
        with self._office.reading() as cursor:
            return collecting.debt_of(cursor, self._till.terms(now_s), account)

    def exposure(self, account: str, now_s: int) -> Exposure | Refusal:
        """What an account can cost by the published formula; see `exposure.exposure_of`."""
        with self._office.reading() as cursor:
            return exposure.exposure_of(cursor, self._till.terms(now_s), account)

    def city_exposure(self, now_s: int) -> CityExposure:
        """What all accounts can cost together, and owe now."""
        with self._office.reading() as cursor:
            return exposure.exposure_of_city(cursor, self._till.terms(now_s))

    def refundable(self, account: str, now_s: int) -> Refundable | Refusal:
        """What can go back to where it came from; see `refunding.refundable`."""
        with self._office.reading() as cursor:
            return refunding.refundable(cursor, self._till, account, now_s)

    def frozen(self, account: str, now_s: int) -> list[Block]:
        """What of an account's money is frozen now, each with its end, as `refundable` says it."""
        with self._office.reading() as cursor:
            return refunding.frozen_blocks(cursor, account, now_s)

    def refund(
        self, account: str, request_id: str, amount_fen: int, now_s: int
    ) -> Refund | Refusal:
        """Send money back to where it came from; see `refunding.set_aside`. What the partners do
        not answer at once is finished by `resume`."""
        with self._office.writing() as cursor:
            row = refunding.set_aside(cursor, self._till, account, request_id, amount_fen, now_s)
            if isinstance(row, Refusal):
                return row
            parts = refund_store.parts_of(cursor, row.refund_id)
        for part in parts:
            refunding.carry_on(self._till, part, now_s)
        with self._office.reading() as cursor:
            return refunding.shown(cursor, row)

    def refunds(self, account: str) -> list[Refund]:
        """An account's refunds and pay-outs, newest first."""
        with self._office.reading() as cursor:
            rows = refund_store.refunds_of(cursor, account)
            return [refunding.shown(cursor, row) for row in rows]

    def pay_out(
        self, account: str, request_id: str, amount_fen: int, staff: str, now_s: int
    ) -> Refund | Refusal:
        """Staff pay out at a counter what has no way back; see `paying_out.pay_out`."""
        with self._office.writing() as cursor:
            row = paying_out.pay_out(
                cursor, self._till, account, request_id, amount_fen, staff, now_s
            )
            return row if isinstance(row, Refusal) else refunding.shown(cursor, row)

    def resume(self, now_s: int) -> Resumed:
        """Finish whatever was begun: ask about refunds under way, close orders whose time is over,
        tell partners of ended mandates, book the end of freezes. Meant to be called every
        minute."""
        with self._office.writing() as cursor:
            thawed = balances.expire(cursor, now_s)
        with self._office.reading() as cursor:
            parts = refund_store.waiting_parts(cursor, now_s)
            waiting = order_store.waiting_orders(cursor, now_s)
        for part in parts:
            refunding.carry_on(self._till, part, now_s)
        due = [row for row in waiting if row.kind == "top_up"]
        for row in due:
            orders.ask_about(self._till, row, now_s)
        told = mandates.tell_partners(self._till)
        return Resumed(thawed, len(due), len(parts), told)
