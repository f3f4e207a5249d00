"""A city with the real desks behind the pages of staff: people of three kinds who work there, one
passenger, cards with a chip, and partners of a few lines."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from outside_fakes import Chance, Inbox, Register, an_id
from tongxing.city import City, MediumOpening, RiderOpening, money
from tongxing.city.binding.desk import BindingDesk
from tongxing.city.binding.terms import MachineStation
from tongxing.city.codes import CodeDesk, simulated_issuer
from tongxing.city.losing import LossDesk
from tongxing.city.money import MoneyDesk
from tongxing.city.office import Office
from tongxing.city.people import Cells, PeopleDesk, Person, SignedIn, notify
from tongxing.city.proofs import prove_city
from tongxing.city.staffing import Staff, StaffDesk, StaffSignedIn
from tongxing.city.upgrading import UpgradeDesk
from tongxing.counter.app import create_counter_app
from tongxing.counter.desks import CounterDesks
from tongxing.deciding import MediumToken
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
STATION = "chaotianmen"
PHONE, OTHER_PHONE = "13800138000", "13912345678"
NAME = "张三丰"
HOME = "http://127.0.0.1"
CARD = "4000000000000017"
SECRET = "a long enough secret"
MEDIA = RunMedia(7, load_scenario())
ROLES = {
    "desk-1": ("desk",),
    "boss-1": ("supervisor",),
    "boss-2": ("supervisor",),
    "machine-1": ("machine",),
}
SITE_KEY = SigningKey.from_secret("SITE-1", b"s" * 32)


@dataclass
class Partner:
    """A payment partner that keeps its own books, in memory."""

    name: str = "alipay"
    merchant: str = "M-1"
    trades: dict[str, PayState] = field(default_factory=dict)
    mandates: dict[str, MandateState] = field(default_factory=dict)

    def pay(self, order: PayOrder) -> PayAsked | Refusal:
        self.trades[order.order_id] = PayState("paid", "T1", order.amount_fen, self.merchant, NOON)
        return PayAsked(f"https://pay.example/{order.order_id}")

    def query(self, order_id: str) -> PayState:
        return self.trades.get(order_id) or PayState("unpaid")

    def close(self, order_id: str) -> PayState:
        return self.trades.get(order_id) or PayState("closed")

    def refund(self, order: RefundOrder) -> RefundState | Refusal:
        return RefundState("pending")

    def query_refund(self, refund_id: str, order_id: str) -> RefundState:
        return RefundState("pending")

    def ask_mandate(self, order: MandateOrder) -> PayAsked | Refusal:
        self.mandates[order.mandate_id] = MandateState("asked", "", order.account_ref)
        return PayAsked(f"https://pay.example/sign/{order.mandate_id}")

    def signs(self) -> None:
        """The passenger signs the newest mandate on their own phone."""
        mandate_id, known = list(self.mandates.items())[-1]
        self.mandates[mandate_id] = MandateState("signed", f"A-{mandate_id[:8]}", known.account_ref)

    def query_mandate(self, mandate_id: str) -> MandateState:
        return self.mandates.get(mandate_id) or MandateState("absent")

    def end_mandate(self, mandate_id: str, mandate_ref: str) -> MandateState:
        return MandateState("ended", mandate_ref)

    def debit(
        self, mandate_ref: str, order_id: str, amount_fen: int, subject: str
    ) -> PayState | Refusal:
        return PayState("paid", "D1", amount_fen, self.merchant, NOON)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> PartnerNotice | Refusal:
        return Refusal("CALLBACK_SIGNATURE")

    def answer(self, ok: bool) -> NoticeAnswer:
        return NoticeAnswer(b"", "text/plain", 200)


class BindingHere(BindingDesk):
    """The real desk, in a city where one station's machine binds cards."""

    def machines(self, city: str, on: date) -> list[MachineStation]:
        day = date(2026, 1, 1)
        return [MachineStation(city=city, station=STATION, from_day=day, source="this test")]


@dataclass
class World:
    """The city, its desks, and the pages of its staff."""

    code: str
    city: City
    office: Office
    desks: CounterDesks
    inbox: Inbox
    partner: Partner
    app: FastAPI
    now_s: int = NOON
    agent: str = ""
    _taps: dict[str, int] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        self.office.close()
        self.city.close()

    def visitor(self, language: str = "zh") -> TestClient:
        """A browser that has not signed in."""
        found = TestClient(self.app, base_url=HOME, follow_redirects=True)
        found.cookies.set("lang", language)
        return found

    def token(self, staff_id: str) -> str:
        """The session of one of the staff; a new one where they were idle too long."""
        known = self._tokens.get(staff_id, "")
        if not known or self.desks.staff.staff_of(known, self.now_s) is None:
            found = self.desks.staff.sign_in(staff_id, SECRET, self.now_s)
            assert isinstance(found, StaffSignedIn), found
            self._tokens[staff_id] = found.token
        return self._tokens[staff_id]

    def at(self, staff_id: str = "desk-1", language: str = "zh") -> TestClient:
        """The browser of one of the staff."""
        client = self.visitor(language)
        client.cookies.set("counter", self.token(staff_id))
        return client

    def passenger(self, phone: str = PHONE) -> Person:
        """Somebody who has signed in on their phone."""
        people = self.desks.people
        sent = people.request_code(phone, "sign_in", "visit", "192.0.2.7", self.now_s)
        assert not isinstance(sent, Refusal), sent
        found = people.sign_in(phone, self.inbox.code(phone), "visit", "Chrome", self.now_s)
        assert isinstance(found, SignedIn), found
        assert self.desks.money.enrol(found.person.account, self.now_s) is None
        return found.person

    def verified(self, phone: str = PHONE, number: int = 12) -> Person:
        """The same, with the identity confirmed."""
        person = self.passenger(phone)
        found = self.desks.people.verify_identity(person.person_id, NAME, an_id(number), self.now_s)
        assert isinstance(found, Person), found
        return found

    def pays_in(self, person: Person, fen: int) -> None:
        """A top-up that arrives."""
        money = self.desks.money
        order = money.top_up(person.account, f"t{fen}", fen, "alipay", HOME, self.now_s)
        assert not isinstance(order, Refusal), order
        money.order(order.order_id, self.now_s)

    def purse_card(self, fen: int = 3_000, number: str = CARD) -> Any:
        """A card that nobody has bound, in the books and as a chip that can be touched."""
        local = f"local:{self.code}"
        opening = MediumOpening(number, "card", local, "ordinary", issued_on=date(2025, 1, 2))
        self.city.open_riders(
            [RiderOpening(number, (opening,), fen, purse=True)], self.now_s - clock.DAY_S
        )
        token = MediumToken(
            scheme=local, medium_no=number, medium_kind="card", issuer=self.code,
            product="ordinary", funding="purse", expires=DAY.replace(year=2099), balance_fen=fen,
        )  # fmt: skip
        return MEDIA.card(token, self.now_s - clock.DAY_S)

    def ride(self, medium: str, start_s: int, *ends: str) -> None:
        """A rail ride; with one station its exit is missing."""
        taps = [self._tap(start_s, medium, "entry", ends[0])]
        if len(ends) > 1:
            taps.append(self._tap(start_s + 1_800, medium, "exit", ends[1]))
        message = seal(TapBatch(site="SITE-1", taps=taps), SITE_KEY)
        [answer] = self.city.intake([message], taps[-1].time_s + 60)
        assert not isinstance(answer, Refusal), answer

    def _tap(self, at_s: int, medium: str, kind: Any, station: str) -> Tap:
        terminal = f"T-{station}-{kind}"
        self._taps[terminal] = seq = self._taps.get(terminal, 0) + 1
        return Tap(
            ref=TapRef(terminal, 1, seq), time_s=at_s, kind=kind, city=self.code, place=self.code,
            mode="rail", operator="OP-CQ-RAIL", line="", station=station, vehicle="",
            medium_no=medium, medium_kind="code" if medium.startswith("Q") else "card",
            scheme=f"local:{self.code}", issuer=self.code, product="ordinary", funding="account",
            outcome="opened", reason="OPEN", tariff=load_city_fares(self.code).tariff_at(at_s).id,
            deny_list_version=0,
        )  # fmt: skip

    def proofs_hold(self) -> None:
        with self.office.reading() as cursor:
            assert [one for one in prove_city(cursor, self.code) if not one.holds] == []


def code_of(person: Person) -> str:
    """The code medium of a person."""
    return account_token(person.account)


def touch(client: TestClient, path: str, plastic: Any, tear_at: int = 0) -> dict[str, Any]:
    """Hold a card to the reader of a page: what the server says last. At exchange `tear_at` the
    card leaves."""
    plastic.enter_field()
    with client.websocket_connect(f"ws://127.0.0.1/counter{path}") as socket:
        count = 0
        while True:
            said: dict[str, Any] = json.loads(socket.receive_text())
            if "apdu" not in said:
                return said
            count += 1
            if count == tear_at:
                socket.send_text(json.dumps({"gone": "CARD_REMOVED"}))
                continue
            answer = plastic.chip.transmit(bytes.fromhex(said["apdu"]))
            socket.send_text(json.dumps({"answer": answer.hex()}))


@contextmanager
def quick_secrets() -> Iterator[None]:
    """Until the block ends a secret costs next to nothing: six of them took half of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tongxing.city.staffing.desk._COST", 1 << 4)
        yield


def open_world(database: Database, code: str = CHONGQING, *, agent: str = "") -> World:
    """A city at noon with its staff and no passenger."""
    fares = load_city_fares(code)
    city_key = SigningKey.from_secret(f"CITY-{code}", b"c" * 32)
    keys = KeyRing({key.sender: key.public_bytes() for key in (city_key, SITE_KEY)})
    city, office = City(code, database, city_key, keys, fares), Office(code, database, fares)
    inbox, register, partner, draw = Inbox(), Register(), Partner(), Chance("staff")
    cells = Cells.for_tests("staff")
    people = PeopleDesk(office, cells, inbox, register, draw)
    till = MoneyDesk(office, {"alipay": partner}, notify)
    worlds: list[World] = []
    binding = BindingHere(office, MEDIA.vault, people, till, draw)
    losing = LossDesk(office, people, money, load_registry())
    upgrading = UpgradeDesk(office, people, register, draw, cells=cells, money=till)
    desks = CounterDesks(
        office=office,
        staff=StaffDesk(office, draw),
        people=people,
        binding=binding,
        money=till,
        losing=losing,
        upgrading=upgrading if code == BEIJING else None,
        clock=lambda: worlds[0].now_s,
        vault=MEDIA.vault,
        draw=draw,
        agent=agent,
    )
    for staff_id, roles in ROLES.items():
        place = STATION if "machine" in roles else ""
        taken = desks.staff.enrol(staff_id, f"N {staff_id}", roles, SECRET, "setup", NOON, place)
        assert isinstance(taken, Staff), taken
    issuer, _root = simulated_issuer(Chance("staff"), "01016900", "50016900", DAY)
    rider = RiderDesks(
        office=office, people=people, binding=binding, money=till,
        codes=CodeDesk(office, issuer, draw, people), losing=losing, channels=("alipay",),
        clock=desks.clock,
    )  # fmt: skip
    app = FastAPI()
    app.mount("/rider", create_rider_app(rider))
    app.mount("/counter", create_counter_app(desks))
    world = World(code, city, office, desks, inbox, partner, app)
    worlds.append(world)
    return world
