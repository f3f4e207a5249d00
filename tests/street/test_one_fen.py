"""One fen's way: gate, journal, city, hub, bank and back, over the real houses.

A Beijing card rides a Hechuan bus, a Chongqing account goes in by card and out by code, a Beijing
account crosses two operators. Every document is followed to the operators' bank accounts.
"""

import dataclasses
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest

from tongxing.city import BankLine, City, MediumOpening, RiderOpening
from tongxing.deciding import Decision, MediumToken, ValidatorFacts
from tongxing.fares import load_city_fares
from tongxing.gate import Journal, Site, SiteSetup
from tongxing.hub import (
    Hub,
    HubStore,
    MemberCity,
    NetworkGround,
    WindowClosing,
    load_rulebook,
    members_of,
)
from tongxing.hub.instructions import Instruction
from tongxing.kernel import clock
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import HUB_SENDER, KeyRing, SigningKey, Statement, unseal
from tongxing.network.registry import load_registry
from tongxing.proving import prove_houses
from tongxing.simulation.bank import Bank
from tongxing.storage import Database

DAY = date(2026, 3, 17)
CHONGQING, BEIJING = "500000", "110000"
CARD, CODE, SUBWAY = "5000000000000001", "cq-code-1", "bj-code-1"
VISITOR = "3100110000000000017"


def key(name: str) -> SigningKey:
    return SigningKey.from_secret(name, bytes.fromhex(sha256_hex(name.encode())))


def ring(*names: str) -> KeyRing:
    return KeyRing({name: key(name).public_bytes() for name in names})


def at(hour: int, minute: int = 0) -> int:
    return clock.at(DAY, hour, minute)


Found = TypeVar("Found")


def must(found: Found | Refusal | None) -> Found:
    assert found is not None
    return allowed(found)


def allowed(found: Found | Refusal) -> Found:
    assert not isinstance(found, Refusal), found
    return found


class Street:
    """Two cities, two stations, a bus, a hub and a bank."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.opened: list[str] = []
        self.sites: dict[str, Site] = {}
        self.cities = {code: self._city(database, code) for code in (BEIJING, CHONGQING)}
        senders = ring(*(f"ACQ-{code}" for code in self.cities))
        ground = NetworkGround(load_registry())
        self.hub = Hub(HubStore(database), key(HUB_SENDER), senders, load_rulebook(), ground)
        self.hub.enrol(
            members_of(
                [
                    MemberCity(BEIJING, "北京", "Beijing", acquires=True),
                    MemberCity(CHONGQING, "重庆", "Chongqing", acquires=True),
                ]
            ),
            at(3),
        )

    def _city(self, database: Database, code: str) -> City:
        trusted = ring(HUB_SENDER, *(f"{code}-{name}" for name in ("rail", "bus")))
        return City(code, database, key(f"ACQ-{code}"), trusted, load_city_fares(code))

    def site(self, code: str, name: str) -> Site:
        if f"{code}-{name}" not in self.sites:
            self.sites[f"{code}-{name}"] = self._site(code, f"{code}-{name}")
        return self.sites[f"{code}-{name}"]

    def _site(self, code: str, name: str) -> Site:
        fares = load_city_fares(code)
        setup = SiteSetup(
            city=code,
            validators={facts.terminal_id: facts for facts in validators(code)},
            fares=fares,
            registry=load_registry(),
            key=key(name),
            city_keys=ring(f"ACQ-{code}"),
        )
        journal = must(Journal.open(self.folder / f"{name}.sqlite", name, 7))
        return must(Site.open(setup, journal, self._lane))

    def _lane(self, terminal: str, decision: Decision) -> None:
        if decision.opened:
            self.opened.append(terminal)

    def upload(self, received_s: int) -> None:
        for name, site in self.sites.items():
            while batch := allowed(site.next_batch()):
                [answer] = self.cities[name[:6]].intake([batch], received_s)
                must(site.take_receipt(must(answer), received_s))

    def clear(self) -> WindowClosing:
        for code, city in self.cities.items():
            allowed(city.close_day(DAY, at(27)))
            manifest, data = must(city.record_file(at(30)))
            answer = must(self.hub.receive_file(manifest, data, at(30)))
            assert city.apply_verdicts(answer, at(30, 5)) is None, code
        closing = must(self.hub.close_window("W20260318", at(36)))
        for code, city in self.cities.items():
            detail = closing.issuer_details.get(f"ISS-{code}")
            assert detail is None or city.apply_issuer_detail(detail, at(36)) is None
            for member in (f"ISS-{code}", f"ACQ-{code}"):
                assert city.apply_statement(closing.statements[member], at(36, 30)) is None
        return closing

    def settle(self, bank: Bank) -> None:
        while payments := self.hub.payments_to_send("W20260318"):
            for payment in payments:
                must(self.hub.confirm_payment(bank.execute(payment.message, at(39)), at(39)))
                self._tell_cities(payment.instruction)

    def _tell_cities(self, paid: Instruction) -> None:
        """Each city reads the movement from its own account's side."""
        for code, city in self.cities.items():
            ours = (f"ISS-{code}", f"ACQ-{code}")
            if paid.debtor in ours:
                party = paid.debtor if paid.creditor == HUB_SENDER else paid.creditor
                line = BankLine("B", paid.window_id, party, -paid.amount_fen, at(39))
            elif paid.creditor in ours:
                is_leg = HUB_SENDER in (paid.debtor, paid.creditor)
                party = paid.creditor if is_leg else paid.debtor
                line = BankLine("B", paid.window_id, party, paid.amount_fen, at(39))
            else:
                continue
            assert city.settle(line) is None, line


def validators(code: str) -> list[ValidatorFacts]:
    """Gates at the stations used below, and one bus."""
    network = load_city_fares(code).network
    stations = {CHONGQING: ("chaotianmen", "shapingba"), BEIJING: ("dongdan", "zhongguancun")}[code]
    found = [
        ValidatorFacts(f"{station}-{role}", code, code, "rail", "", line, station, "", role)
        for station in stations
        for line in network.stations[station].lines[:1]
        for role in ("entry", "exit")
    ]
    if code == CHONGQING:
        line = network.lines["bus-hechuan-101"]
        found.append(
            ValidatorFacts(
                "bus-1",
                code,
                line.place,
                "bus",
                line.operator,
                line.id,
                line.stations[0],
                "v1",
                "ride",
            )
        )
    return [
        facts if facts.operator else replaced(facts, network.lines[facts.line].operator)
        for facts in found
    ]


def replaced(facts: ValidatorFacts, operator: str) -> ValidatorFacts:
    return dataclasses.replace(facts, operator=operator)


def account(number: str, kind: str, city: str, shown_s: int = 0) -> MediumToken:
    return MediumToken(
        scheme=f"local:{city}" if city == CHONGQING else "t_union",
        medium_no=number,
        medium_kind="code" if kind == "code" else "card",
        issuer=city,
        product="ordinary",
        funding="account",
        code_issued_s=shown_s,
        code_expires_s=shown_s + 60,
    )


@pytest.fixture
def street(database: Database, tmp_path: Path) -> Street:
    street = Street(database, tmp_path)
    street.cities[CHONGQING].open_riders(
        [
            RiderOpening(
                "cq-1",
                (
                    MediumOpening(CARD, "card", "local:500000", "ordinary"),
                    MediumOpening(CODE, "code", "local:500000", "ordinary"),
                ),
                10_000,
            )
        ],
        at(3),
    )
    street.cities[BEIJING].open_riders(
        [
            RiderOpening("bj-1", (MediumOpening(SUBWAY, "code", "t_union", "ordinary"),), 10_000),
            RiderOpening(
                VISITOR, (MediumOpening(VISITOR, "card", "t_union", "ordinary"),), 5_000, purse=True
            ),
        ],
        at(3),
    )
    return street


def ride_the_day(street: Street) -> MediumToken:
    """Everybody rides; the visitor's card as it is afterwards."""
    rail, subway = street.site(CHONGQING, "rail"), street.site(BEIJING, "rail")
    rail.present(account(CARD, "card", CHONGQING), "chaotianmen-entry", at(8))
    rail.present(account(CODE, "code", CHONGQING, at(8, 40)), "shapingba-exit", at(8, 40))
    subway.present(account(SUBWAY, "code", BEIJING, at(9)), "dongdan-entry", at(9))
    subway.present(account(SUBWAY, "code", BEIJING, at(9, 30)), "zhongguancun-exit", at(9, 30))
    card = MediumToken(
        scheme="t_union", medium_no=VISITOR, medium_kind="card", issuer=BEIJING,
        product="ordinary", funding="purse", balance_fen=5_000,
    )  # fmt: skip
    _, after = street.site(CHONGQING, "bus").present(card, "bus-1", at(10))
    street.upload(at(23))
    return after


def net_of(closing: WindowClosing, member: str) -> int:
    opened = allowed(unseal(closing.statements[member], Statement, ring(HUB_SENDER)))
    return opened[1].net_fen


def test_every_fen_arrives(street: Street, database: Database) -> None:
    card = ride_the_day(street)
    assert len(street.opened) == 5
    bus_fen = 5_000 - card.balance_fen
    assert bus_fen > 0

    closing = street.clear()
    rail_fen = -net_of(closing, f"ISS-{CHONGQING}")
    assert rail_fen == 450
    fee = net_of(closing, f"ACQ-{CHONGQING}") - rail_fen - bus_fen
    assert -2 <= fee <= 0  # one per cent of one bus ride

    bank = Bank("test bank")
    for code in (BEIJING, CHONGQING):
        bank.deposit(f"ISS-{code}", 20_000, at(3), "float")
        bank.deposit(f"ACQ-{code}", 20_000, at(3), "working capital")
    for payment in closing.payments:
        for party in (payment.instruction.debtor, payment.instruction.creditor):
            bank.deposit(party, 0, at(3), "opened")
    street.settle(bank)
    operators = {name: fen for name, fen in bank.balances_fen.items() if name.startswith("OP-")}
    assert sum(operators.values()) > 0
    assert len([name for name in operators if name.startswith("OP-BJ")]) == 2
    assert sum(bank.balances_fen.values()) == 80_000
    assert [proof for proof in prove_houses(database) if not proof.holds] == []
    assert {proof.house for proof in prove_houses(database)} == {BEIJING, CHONGQING, "hub"}


def forget_the_exit(street: Street) -> Site:
    """A day whose last entry is never followed by an exit, cleared; the site that would take it."""
    rail = street.site(CHONGQING, "rail")
    ride_the_day(street)
    rail.present(account(CARD, "card", CHONGQING), "chaotianmen-entry", at(18))
    street.upload(at(23))
    street.clear()
    return rail


def present(street: Street, city: City, window: str, hour: int) -> int:
    """What the city has to present goes to the hub, the window closes; the issuer's net in it."""
    manifest, data = must(city.record_file(at(hour)))
    answer = must(street.hub.receive_file(manifest, data, at(hour)))
    assert city.apply_verdicts(answer, at(hour)) is None
    closing = must(street.hub.close_window(window, at(hour + 8)))
    for member in (f"ISS-{CHONGQING}", f"ACQ-{CHONGQING}"):
        assert city.apply_statement(closing.statements[member], at(hour + 8)) is None
    return net_of(closing, f"ISS-{CHONGQING}")


@pytest.mark.req("R-011")
def test_a_half_trip_is_held_and_its_late_exit_goes_to_the_next_window(
    street: Street, database: Database
) -> None:
    rail = forget_the_exit(street)
    city = street.cities[CHONGQING]
    assert [half.held_fen for half in city.waiting()] == [900]
    rail.present(account(CARD, "card", CHONGQING), "shapingba-exit", at(18, 40))
    street.upload(at(50))
    assert city.waiting() == []
    assert present(street, city, "W20260319", 52) == -450
    assert [proof for proof in prove_houses(database) if not proof.holds] == []


@pytest.mark.req("R-011")
def test_what_the_clock_decided_goes_back_when_the_exit_turns_up(
    street: Street, database: Database
) -> None:
    rail = forget_the_exit(street)
    city, week = street.cities[CHONGQING], 24 * 8
    assert city.resolve_due(at(week + 2)) == 0, "the passenger may still say where it ended"
    assert city.resolve_due(at(week + 3)) == 1
    decided = present(street, city, "W20260325", week + 4)
    assert decided < 0
    rail.present(account(CARD, "card", CHONGQING), "shapingba-exit", at(18, 40))
    street.upload(at(week + 26))
    assert present(street, city, "W20260326", week + 28) == -450 - decided
    assert [proof for proof in prove_houses(database) if not proof.holds] == []
