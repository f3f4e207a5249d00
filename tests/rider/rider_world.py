"""Chongqing with the real desks behind the passenger's pages, one passenger who rides, and partners
of a few lines that do what a page asks them to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from outside_fakes import Chance, Inbox, Register
from tongxing.city import City, MediumOpening, RiderOpening, money
from tongxing.city.binding.desk import BindingDesk
from tongxing.city.codes import CodeDesk, simulated_issuer
from tongxing.city.losing import LossDesk
from tongxing.city.money import MoneyDesk
from tongxing.city.office import Office
from tongxing.city.people import Cells, PeopleDesk, Person, SignedIn, notify
from tongxing.city.proofs import prove_city
from tongxing.city.upgrading import UpgradeDesk
from tongxing.city.upgrading.programme import programme_at
from tongxing.fares import load_city_fares
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey, Tap, TapBatch, TapRef, seal
from tongxing.messages.taps import account_token
from tongxing.network.registry import load_registry
from tongxing.partners.payment import (
    MandateOrder,
    MandateState,
    NoticeAnswer,
    PartnerNotice,
    PayAsked,
    PaymentChannel,
    PayOrder,
    PayState,
    RefundOrder,
    RefundState,
)
from tongxing.rider.app import create_rider_app
from tongxing.rider.desks import RiderDesks
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import load_scenario
from tongxing.storage import Database

CHONGQING, BEIJING = "500000", "110000"
DAY = date(2026, 3, 17)
NOON = clock.at(DAY, 12)
DAY_S = clock.DAY_S
LOCAL = f"local:{CHONGQING}"
PHONE, OTHER_PHONE = "13800138000", "13912345678"
NAME = "张三丰"
HOME = "http://127.0.0.1"
MEDIA = RunMedia(7, load_scenario())

CITY_KEYS = [SigningKey.from_secret(f"CITY-{code}", b"c" * 32) for code in (CHONGQING, BEIJING)]
SITE_KEY = SigningKey.from_secret("SITE-1", b"s" * 32)
KEYS = KeyRing({key.sender: key.public_bytes() for key in (*CITY_KEYS, SITE_KEY)})
ISSUER, ROOT = simulated_issuer(Random(1).randbytes, "01016900", "50016900", DAY)


@dataclass
class Partner:
    """A payment partner that keeps its own books, in memory."""

    name: str = "alipay"
    merchant: str = "M-1"
    now_s: int = NOON
    asked: dict[str, PayOrder] = field(default_factory=dict)
    trades: dict[str, PayState] = field(default_factory=dict)
    refunds: dict[str, RefundState] = field(default_factory=dict)
    mandates: dict[str, MandateState] = field(default_factory=dict)
    sends_back: bool = True

    def pay(self, order: PayOrder) -> PayAsked | Refusal:
        self.asked[order.order_id] = order
        return PayAsked(f"https://pay.example/{order.order_id}")

    def paid(self) -> None:
        """The passenger pays the newest order."""
        order = list(self.asked.values())[-1]
        self.trades[order.order_id] = PayState(
            "paid", f"T{len(self.trades)}", order.amount_fen, self.merchant, self.now_s
        )

    def query(self, order_id: str) -> PayState:
        return self.trades.get(order_id) or PayState("unpaid")

    def close(self, order_id: str) -> PayState:
        return self.trades.get(order_id) or PayState("closed")

    def refund(self, order: RefundOrder) -> RefundState | Refusal:
        if not self.sends_back:
            return RefundState("pending")
        done = RefundState("done", "R1", order.amount_fen, self.now_s)
        return self.refunds.setdefault(order.refund_id, done)

    def query_refund(self, refund_id: str, order_id: str) -> RefundState:
        return self.refunds.get(refund_id) or RefundState("absent")

    def ask_mandate(self, order: MandateOrder) -> PayAsked | Refusal:
        self.mandates[order.mandate_id] = MandateState("asked", "", order.account_ref)
        return PayAsked(f"https://pay.example/sign/{order.mandate_id}")

    def signs(self) -> None:
        """The passenger signs the newest mandate."""
        mandate_id, known = list(self.mandates.items())[-1]
        self.mandates[mandate_id] = MandateState("signed", f"A-{mandate_id[:8]}", known.account_ref)

    def query_mandate(self, mandate_id: str) -> MandateState:
        return self.mandates.get(mandate_id) or MandateState("absent")

    def end_mandate(self, mandate_id: str, mandate_ref: str) -> MandateState:
        return MandateState("ended", mandate_ref)

    def debit(
        self, mandate_ref: str, order_id: str, amount_fen: int, subject: str
    ) -> PayState | Refusal:
        return PayState("paid", "D1", amount_fen, self.merchant, self.now_s)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> PartnerNotice | Refusal:
        return Refusal("CALLBACK_SIGNATURE")

    def answer(self, ok: bool) -> NoticeAnswer:
        return NoticeAnswer(b"", "text/plain", 200)


@dataclass
class World:
    """The city, its desks, and its pages."""

    city: City
    office: Office
    desks: RiderDesks
    inbox: Inbox
    register: Register
    partner: Partner
    app: FastAPI
    now_s: int = NOON
    _taps: dict[str, int] = field(default_factory=dict)

    def close(self) -> None:
        self.office.close()
        self.city.close()

    def client(self, language: str = "zh") -> TestClient:
        """A browser that has not signed in."""
        found = TestClient(self.app, base_url=HOME, follow_redirects=True)
        found.cookies.set("lang", language)
        return found

    def newcomer(self, phone: str = PHONE) -> SignedIn:
        """Somebody who signed in for the first time, by the desk."""
        people = self.desks.people
        sent = people.request_code(phone, "sign_in", "visit", "192.0.2.7", self.now_s)
        assert not isinstance(sent, Refusal), sent
        found = people.sign_in(phone, self.inbox.code(phone), "visit", "Chrome", self.now_s)
        assert isinstance(found, SignedIn), found
        assert self.desks.money.enrol(found.person.account, self.now_s) is None
        return found

    def signed_in(self, who: SignedIn, language: str = "zh") -> TestClient:
        """Their browser."""
        client = self.client(language)
        client.cookies.set("rider", who.token)
        return client

    def with_card(self, person: Person, number: str = "4000000000000017") -> str:
        """A card that draws on a person's account, as after a binding; its number."""
        with self.office.writing() as cursor:
            cursor.execute(
                "INSERT INTO medium (medium_no, rider_id, medium_kind, scheme, product)"
                " VALUES (%s, %s, 'card', %s, 'ordinary')",
                (number, person.account, LOCAL),
            )
        return number

    def pays_in(self, person: Person, fen: int) -> None:
        """A top-up that arrives."""
        order = self.desks.money.top_up(
            person.account, f"t{fen}{len(self.partner.asked)}", fen, "alipay", HOME, self.now_s
        )
        assert not isinstance(order, Refusal), order
        self.partner.now_s = self.now_s
        self.partner.paid()
        found = self.desks.money.order(order.order_id, self.now_s)
        assert not isinstance(found, Refusal) and found.state == "paid", found

    def tap(self, at_s: int, medium: str, kind: Any, station: str, **more: Any) -> Tap:
        """A tap of an account's medium."""
        terminal = f"T-{station or more.get('line')}-{kind}"
        self._taps[terminal] = seq = self._taps.get(terminal, 0) + 1
        return Tap(
            ref=TapRef(terminal, 1, seq),
            time_s=at_s,
            kind=kind,
            city=CHONGQING,
            place=CHONGQING,
            mode=more.get("mode", "rail"),
            operator="OP-CQ-RAIL",
            line=more.get("line", ""),
            station=station,
            vehicle="",
            medium_no=medium,
            medium_kind="code" if medium.startswith("Q") else "card",
            scheme=LOCAL,
            issuer=CHONGQING,
            product="ordinary",
            funding="account",
            outcome="opened",
            reason="OPEN",
            tariff=load_city_fares(CHONGQING).tariff_at(at_s).id,
            deny_list_version=0,
        )

    def ride(self, medium: str, start_s: int, *ends: str) -> None:
        """A rail ride from one station to another; with one station its exit is missing."""
        taps = [self.tap(start_s, medium, "entry", ends[0])]
        if len(ends) > 1:
            taps.append(self.tap(start_s + 1_800, medium, "exit", ends[1]))
        self.send(*taps)

    def send(self, *taps: Tap) -> None:
        """Taps reach the city."""
        message = seal(TapBatch(site="SITE-1", taps=list(taps)), SITE_KEY)
        [answer] = self.city.intake([message], max(tap.time_s for tap in taps) + 60)
        assert not isinstance(answer, Refusal), answer

    def proofs_hold(self) -> None:
        with self.office.reading() as cursor:
            assert [one for one in prove_city(cursor, CHONGQING) if not one.holds] == []


def code_of(person: Person) -> str:
    """The code medium of a person."""
    return account_token(person.account)


def open_world(
    database: Database,
    *,
    channels: Mapping[str, PaymentChannel] | None = None,
    sandbox: str = "",
    now_s: int = NOON,
    code: str = CHONGQING,
) -> World:
    """A city at noon, with nobody in it; `channels` are other partners than ours in memory."""
    fares = load_city_fares(code)
    key = SigningKey.from_secret(f"CITY-{code}", b"c" * 32)
    city = City(code, database, key, KEYS, fares)
    office = Office(code, database, fares)
    inbox, register, partner, draw = Inbox(), Register(), Partner(), Chance("rider")
    cells = Cells.for_tests("rider")
    people = PeopleDesk(office, cells, inbox, register, draw)
    till = MoneyDesk(office, channels or {"alipay": partner}, notify)
    upgrading = None
    if not isinstance(programme_at(code, now_s), Refusal):
        upgrading = UpgradeDesk(office, people, register, draw, cells=cells, money=till)
    worlds: list[World] = []
    desks = RiderDesks(
        office=office,
        people=people,
        binding=BindingDesk(office, MEDIA.vault, people, till, draw),
        money=till,
        codes=CodeDesk(office, ISSUER, draw, people),
        losing=LossDesk(office, people, money, load_registry()),
        upgrading=upgrading,
        channels=tuple(till.channels()),
        clock=lambda: worlds[0].now_s,
        sandbox={"sms": f"{sandbox}/messages"} if sandbox else {},
    )
    app = FastAPI()
    app.mount("/rider", create_rider_app(desks))
    world = World(city, office, desks, inbox, register, partner, app, now_s)
    worlds.append(world)
    return world


def purse_card(world: World, number: str, balance_fen: int) -> None:
    """A card that nobody has bound, with money in its own purse, in the books."""
    opening = MediumOpening(number, "card", LOCAL, "ordinary", issued_on=date(2025, 1, 2))
    world.city.open_riders(
        [RiderOpening(number, (opening,), balance_fen, purse=True)], world.now_s - DAY_S
    )
