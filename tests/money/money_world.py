"""A partner that keeps its own books, an account that rides, and short words for what happens.

The partner is honest: one id moves money once however often it is asked, and what it did it still
knows when its answer was lost. What goes wrong is asked for by name.
"""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "city"))

from street import CHONGQING, CITY_KEY, DAY, KEYS, Taps, balance_of, moment, send
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.money import MoneyDesk, MoneyTerms, money_terms
from tongxing.city.office import Office
from tongxing.city.proofs import prove_city
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.media import denied_media
from tongxing.fares import load_city_fares
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import balance
from tongxing.messages import Tap
from tongxing.partners.payment import (
    MandateOrder,
    MandateState,
    NoticeAnswer,
    PartnerNotice,
    PayAsked,
    PayOrder,
    PayState,
    RefundOrder,
    RefundState,
)
from tongxing.storage import Database

ACCOUNT, CARD, CODE = "1000000000000001", "5000000000000101", "Q1000000000000001"
OTHER, OTHER_CARD = "1000000000000002", "5000000000000102"
NOON = moment("12:00")
BACK = "https://rider.example/back"
T = TypeVar("T")
SECRET = "the partner's signature"


class Killed(BaseException):
    """The process ends here, whatever anybody would like to do about it."""


@dataclass
class Partner:
    """A payment partner with its own memory, and a clock that tests set."""

    name: str = "pay"
    merchant: str = "M-1"
    now_s: int = NOON
    asked: dict[str, PayOrder] = field(default_factory=dict)
    trades: dict[str, PayState] = field(default_factory=dict)
    refunds: dict[str, RefundState] = field(default_factory=dict)
    mandates: dict[str, MandateState] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    money_fen: int = 0
    """What this partner took in and has not sent back."""
    lost: set[str] = field(default_factory=set)
    """Calls that are carried out and whose answers are lost."""
    deaf: set[str] = field(default_factory=set)
    """Calls that never arrive."""
    refusing: set[str] = field(default_factory=set)
    """Calls that are refused: nothing moves."""
    calls: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pay(self, order: PayOrder) -> PayAsked | Refusal:
        self.calls.append("pay")
        if "pay" in self.refusing:
            return Refusal("CALLBACK_MALFORMED")
        self.asked[order.order_id] = order
        return PayAsked(f"https://pay.example/{order.order_id}")

    def paid(self, order_id: str, amount_fen: int | None = None) -> PayState:
        """The passenger pays on the partner's page."""
        with self._lock:
            if order_id not in self.trades:
                fen = self.asked[order_id].amount_fen if amount_fen is None else amount_fen
                self._take(order_id, fen)
            return self.trades[order_id]

    def _take(self, order_id: str, fen: int) -> None:
        number = f"T{len(self.trades) + 1}"
        self.trades[order_id] = PayState("paid", number, fen, self.merchant, self.now_s)
        self.money_fen += fen

    def query(self, order_id: str) -> PayState:
        self.calls.append("query")
        if "query" in self.deaf:
            return PayState("unknown")
        if order_id in self.closed:
            return PayState("closed")
        known = "unpaid" if order_id in self.asked else "absent"
        return self.trades.get(order_id) or PayState("unpaid" if known == "unpaid" else "absent")

    def close(self, order_id: str) -> PayState:
        self.calls.append("close")
        if "close" in self.deaf:
            return PayState("unknown")
        if order_id in self.trades:
            return self.trades[order_id]
        self.closed.add(order_id)
        return PayState("closed")

    def refund(self, order: RefundOrder) -> RefundState | Refusal:
        self.calls.append("refund")
        if "refund" in self.deaf:
            return RefundState("unknown")
        if "refund" in self.refusing:
            return Refusal("CALLBACK_MALFORMED")
        with self._lock:
            if order.refund_id not in self.refunds:
                trade = self.trades[order.order_id]
                assert order.paid_fen == trade.amount_fen
                done = RefundState("done", trade.partner_no, order.amount_fen, self.now_s)
                self.refunds[order.refund_id] = done
                self.money_fen -= order.amount_fen
        return RefundState("unknown") if "refund" in self.lost else self.refunds[order.refund_id]

    def query_refund(self, refund_id: str, order_id: str) -> RefundState:
        self.calls.append("query_refund")
        if "query_refund" in self.deaf:
            return RefundState("unknown")
        return self.refunds.get(refund_id) or RefundState("absent")

    def ask_mandate(self, order: MandateOrder) -> PayAsked | Refusal:
        self.calls.append("ask_mandate")
        self.mandates[order.mandate_id] = MandateState("asked", "", order.account_ref)
        return PayAsked(f"https://pay.example/sign/{order.mandate_id}")

    def signs(self, mandate_id: str) -> MandateState:
        """The passenger signs on the partner's page."""
        state = replace(
            self.mandates[mandate_id], state="signed", mandate_ref=f"A-{mandate_id[:8]}"
        )
        self.mandates[mandate_id] = state
        return state

    def query_mandate(self, mandate_id: str) -> MandateState:
        self.calls.append("query_mandate")
        return self.mandates.get(mandate_id) or MandateState("absent")

    def end_mandate(self, mandate_id: str, mandate_ref: str) -> MandateState:
        self.calls.append("end_mandate")
        if "end_mandate" in self.deaf:
            return MandateState("unknown")
        known = self.mandates.get(mandate_id)
        if known is not None:
            self.mandates[mandate_id] = replace(known, state="ended")
        return MandateState("ended", mandate_ref)

    def debit(
        self, mandate_ref: str, order_id: str, amount_fen: int, subject: str
    ) -> PayState | Refusal:
        self.calls.append("debit")
        if "debit" in self.deaf:
            return PayState("unknown")
        signed = {one.mandate_ref for one in self.mandates.values() if one.state == "signed"}
        if mandate_ref not in signed:
            return Refusal("MANDATE_NOT_SIGNED")
        if "debit" in self.refusing:
            return PayState("refused")
        with self._lock:
            if order_id not in self.trades:
                self._take(order_id, amount_fen)
        return PayState("unknown") if "debit" in self.lost else self.trades[order_id]

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> PartnerNotice | Refusal:
        if headers.get("signature") != SECRET:
            return Refusal("CALLBACK_SIGNATURE")
        return PartnerNotice(**json.loads(body))

    def answer(self, ok: bool) -> NoticeAnswer:
        return NoticeAnswer(b"success" if ok else b"fail", "text/plain", 200)


def notice(**fields: object) -> bytes:
    return json.dumps(fields).encode()


SIGNED = {"signature": SECRET}


@dataclass
class World:
    """One city, one desk, one partner."""

    database: Database
    city: City
    desk: MoneyDesk
    partner: Partner
    office: Office
    told: list[tuple[str, str]]
    taps: Taps = field(default_factory=Taps)

    def new_desk(self) -> MoneyDesk:
        """A desk that remembers nothing, as after a crash."""
        return MoneyDesk(self.office, {"pay": self.partner}, terms_of=chongqing)

    def pays_in(self, fen: int, request: str = "r1", at: int = NOON, account: str = ACCOUNT) -> str:
        """An order is made and paid, and the desk hears of it by asking."""
        order = self.desk.top_up(account, request, fen, "pay", BACK, at)
        assert not isinstance(order, Refusal), order
        self.partner.now_s = at
        self.partner.paid(order.order_id)
        found = self.desk.order(order.order_id, at)
        assert not isinstance(found, Refusal) and found.state == "paid", found
        return order.order_id

    def signs(self, request: str = "m1", account: str = ACCOUNT, at: int = NOON) -> str:
        """A mandate is asked for, signed, and told."""
        asked = self.desk.ask_mandate(account, request, "pay", BACK, at)
        assert not isinstance(asked, Refusal), asked
        state = self.partner.signs(asked.mandate_id)
        body = notice(
            kind="mandate_signed", order_id=asked.mandate_id, mandate_ref=state.mandate_ref,
            account_ref=account,
        )  # fmt: skip
        answer = self.desk.take_notice("pay", SIGNED, body, at)
        assert not isinstance(answer, Refusal), answer
        return asked.mandate_id

    def rides(self, *times: str | int, medium: str = CARD) -> None:
        """Bus rides; each is charged at once."""
        taps = [
            by_account(self.taps(at, medium, "ride", "", line="bus-149", mode="bus"))
            for at in times
        ]
        send(self.city, *taps, at=max(tap.time_s for tap in taps) + 1)

    def balance(self, account: str = ACCOUNT) -> int:
        return balance_of(self.database, account)

    def denied(self) -> dict[str, str]:
        with self.office.reading() as cursor:
            return {entry.medium_no: entry.reason for entry in denied_media(cursor)}

    def proofs_hold(self) -> None:
        with self.office.reading() as cursor:
            broken = [proof for proof in prove_city(cursor, CHONGQING) if not proof.holds]
            assert not broken, broken

    def booked(self, account: str) -> int:
        """A ledger account of the issuer, debit positive."""
        with self.office.reading() as cursor:
            return balance(cursor, f"ISS-{CHONGQING}", account)

    def count(self, table: str) -> int:
        with self.database.connect(f"city_{CHONGQING}") as connection:
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row is not None
        return int(row[0])


def by_account(tap: Tap) -> Tap:
    """The tap of a card whose money is in an account."""
    return msgspec.structs.replace(tap, funding="account", purse=None)


def chongqing(city: str, time_s: int) -> MoneyTerms:
    """What holds in the city, whatever else its data will say one day."""
    return money_terms(city, time_s)


def world(
    database: Database,
    balance_fen: int = 0,
    terms_of: Callable[[str, int], MoneyTerms] = chongqing,
) -> World:
    """Chongqing with an account that has a card and a code, and another one with a card."""
    city = City(CHONGQING, database, CITY_KEY, KEYS, load_city_fares(CHONGQING))
    city.open_riders(
        [
            RiderOpening(
                ACCOUNT,
                (
                    MediumOpening(CARD, "card", "local:500000", "ordinary"),
                    MediumOpening(CODE, "code", "local:500000", "ordinary"),
                ),
                balance_fen,
            ),
            RiderOpening(
                OTHER, (MediumOpening(OTHER_CARD, "card", "local:500000", "ordinary"),), 0
            ),
        ],
        clock.at(DAY, 3),
    )
    office = Office(CHONGQING, database, None)
    partner = Partner()
    told: list[tuple[str, str]] = []

    def tell(
        cursor: Cursor, account: str, kind: str, values: Mapping[str, object], now_s: int
    ) -> None:
        told.append((account, kind))

    desk = MoneyDesk(office, {"pay": partner}, tell, terms_of)
    for account in (ACCOUNT, OTHER):
        assert desk.enrol(account, clock.at(DAY, 3)) is None
    return World(database, city, desk, partner, office, told)


def code_of(found: object) -> str:
    """The code of a refusal."""
    assert isinstance(found, Refusal), found
    return found.code


def ok(found: T | Refusal) -> T:
    """What was not refused."""
    assert not isinstance(found, Refusal), found
    return found
