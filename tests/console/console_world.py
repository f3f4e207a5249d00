"""A small day of two cities and a visitor's home, told through the real services.

Gates are stood in for by a few lines: they price with the real tariffs what a purse pays, as a gate
would, and the rest is done by the city and the hub themselves, up to the last payment at the bank.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tongxing.city import BankLine, City, MediumOpening, RiderOpening, healing
from tongxing.city.half_trips import Resolution
from tongxing.fares import FareState, RideFacts, Rider, load_city_fares, price
from tongxing.hub import (
    Hub,
    HubStore,
    MemberCity,
    NetworkGround,
    WindowClosing,
    load_rulebook,
    members_of,
)
from tongxing.hub.iso20022 import status_report
from tongxing.kernel.clock import at, business_date
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    HUB_SENDER,
    KeyRing,
    PurseFacts,
    SigningKey,
    Tap,
    TapBatch,
    TapRef,
    seal,
)
from tongxing.messages.taps import TapKind
from tongxing.network import load_registry
from tongxing.storage import Database

CHONGQING, BEIJING, TIANJIN = "500000", "110000", "120000"
DAY = date(2026, 3, 17)
NEXT = DAY + timedelta(days=1)
WINDOW = "W20260318"
OPERATORS = {CHONGQING: "OP-CQ-RAIL", BEIJING: "OP-BJ-SUBWAY"}

CARD, CODE, FORGETFUL = "5000000000000001", "5000000000000002", "5000000000000003"
POOR, LOST = "5000000000000004", "5000000000000005"
PURSE, ELDER, NATIONAL = "4000000000000007", "4000000000000008", "3104920100000000019"
BEIJINGER, TRAVELLER = "3105170000000000011", "3105170000000000029"
TIANJINER = "3104910000000000017"


def key_of(sender: str) -> SigningKey:
    """A key made from the name alone."""
    return SigningKey.from_secret(sender, bytes.fromhex(sha256_hex(sender.encode())))


MEMBERS = members_of(
    [
        MemberCity(CHONGQING, "重庆", "Chongqing", acquires=True),
        MemberCity(BEIJING, "北京", "Beijing", acquires=True),
        MemberCity(TIANJIN, "天津", "Tianjin", acquires=False),
    ]
)
SITES = ("SITE-1", "SITE-2")
TRUSTED = KeyRing(
    {
        name: key_of(name).public_bytes()
        for name in (*SITES, HUB_SENDER, f"ACQ-{CHONGQING}", f"ACQ-{BEIJING}", f"ACQ-{TIANJIN}")
    }
)


@dataclass(frozen=True, slots=True)
class Medium:
    """What a passenger of this world holds out."""

    number: str
    issuer: str
    scheme: str
    funding: str
    kind: str = "card"
    product: str = "ordinary"


LOCAL = f"local:{CHONGQING}"
MEDIA = {
    medium.number: medium
    for medium in (
        Medium(CARD, CHONGQING, LOCAL, "account"),
        Medium(CODE, CHONGQING, LOCAL, "account", "code"),
        Medium(FORGETFUL, CHONGQING, LOCAL, "account"),
        Medium(POOR, CHONGQING, LOCAL, "account", "code"),
        Medium(LOST, CHONGQING, LOCAL, "account"),
        Medium(PURSE, CHONGQING, LOCAL, "purse"),
        Medium(ELDER, CHONGQING, LOCAL, "purse", product="elder"),
        Medium(NATIONAL, CHONGQING, "t_union", "purse"),
        Medium(BEIJINGER, BEIJING, "t_union", "purse"),
        Medium(TRAVELLER, BEIJING, "t_union", "purse"),
        Medium(TIANJINER, TIANJIN, "t_union", "purse"),
    )
}


def _rider(rider_id: str, balance_fen: int, *numbers: str) -> RiderOpening:
    media = tuple(
        MediumOpening(number, MEDIA[number].kind, MEDIA[number].scheme, MEDIA[number].product)
        for number in numbers
    )
    purse = MEDIA[numbers[0]].funding == "purse"
    return RiderOpening(rider_id, media, balance_fen, 0 if purse else 2_000, purse)


OPENINGS = {
    CHONGQING: [
        _rider("a1", 10_000, CARD, CODE),
        _rider("a2", 8_000, FORGETFUL),
        _rider("a3", 0, POOR),
        _rider("a4", 3_000, LOST),
        _rider(PURSE, 5_000, PURSE),
        _rider(ELDER, 2_000, ELDER),
        _rider(NATIONAL, 6_000, NATIONAL),
    ],
    BEIJING: [_rider(BEIJINGER, 7_000, BEIJINGER), _rider(TRAVELLER, 9_000, TRAVELLER)],
    TIANJIN: [_rider(TIANJINER, 4_000, TIANJINER)],
}


def moment(text: str, day: date = DAY) -> int:
    """``08:10`` of a day; hours past 24 are the next day's."""
    hour, minute = (int(part) for part in text.split(":"))
    return at(day, hour, minute)


@dataclass
class Gates:
    """All gates of one city: number taps, price purses, keep each medium's fare state."""

    city: str
    day: date = DAY
    _numbers: dict[str, int] = field(default_factory=dict)
    _states: dict[str, FareState] = field(default_factory=dict)

    def ride(self, number: str, start: str, origin: str, end: str, destination: str) -> list[Tap]:
        """In at one rail station and out at another; no `end` for a passenger who forgets."""
        taps = [self.tap(start, number, "entry", origin)]
        if end:
            facts = RideFacts(
                mode="rail",
                place=self.city,
                origin=origin,
                destination=destination,
                entered_s=moment(start, self.day),
                exited_s=moment(end, self.day),
            )
            taken_fen = self._taken(number, facts)
            taps.append(self.tap(end, number, "exit", destination, taken_fen=taken_fen))
        return taps

    def single(self, number: str, time: str, mode: str, line: str, place: str = "") -> list[Tap]:
        """One tap that is the whole ride."""
        place = place or self.city
        facts = RideFacts(mode=mode, line=line, place=place, entered_s=moment(time, self.day))
        taken_fen = self._taken(number, facts)
        return [
            self.tap(time, number, "ride", "", mode=mode, line=line, place=place,
                     taken_fen=taken_fen)
        ]  # fmt: skip

    def tap(
        self,
        time: str,
        number: str,
        kind: TapKind,
        station: str,
        *,
        mode: str = "rail",
        line: str = "",
        place: str = "",
        taken_fen: int = 0,
        refused: str = "",
    ) -> Tap:
        medium, network = MEDIA[number], load_city_fares(self.city).network
        terminal = f"T-{station or line}-{kind}"
        self._numbers[terminal] = seq = self._numbers.get(terminal, 0) + 1
        time_s = moment(time, self.day)
        return Tap(
            ref=TapRef(terminal, 1, seq),
            time_s=time_s,
            kind=kind,
            city=self.city,
            place=place or self.city,
            mode=mode,
            operator=network.lines[line].operator if line else OPERATORS[self.city],
            line=line,
            station=station,
            vehicle="V-7" if line else "",
            medium_no=number,
            medium_kind="code" if medium.kind == "code" else "card",
            scheme=medium.scheme,
            issuer=medium.issuer,
            product=medium.product,
            funding="purse" if medium.funding == "purse" else "account",
            purse=PurseFacts(1, 5_000, taken_fen) if medium.funding == "purse" else None,
            outcome="refused" if refused else "opened",
            reason=refused or "OPEN",
            tariff=load_city_fares(self.city).tariff_at(time_s).id,
            deny_list_version=0,
        )

    def _taken(self, number: str, facts: RideFacts) -> int:
        medium = MEDIA[number]
        if medium.funding != "purse":
            return 0
        rider = Rider(
            medium_kind=medium.kind,
            product=medium.product,
            scheme=medium.scheme,
            issuer=medium.issuer,
            issuer_is_local=medium.issuer == self.city,
        )
        quote = price(
            load_city_fares(self.city), facts, rider, self._states.get(number, FareState())
        )
        self._states[number] = quote.state
        return quote.charge_fen


def chongqing_taps(gates: Gates) -> list[Tap]:
    """Commuters, card in and code out, somebody who forgets, an elder, visitors, refusals."""
    return [
        *gates.ride(CARD, "07:40", "chaotianmen", "08:15", "shapingba"),
        *gates.single(CARD, "08:40", "bus", "bus-401"),
        gates.tap("12:00", CARD, "entry", "chaotianmen"),
        gates.tap("12:35", CODE, "exit", "shapingba"),
        *gates.ride(FORGETFUL, "18:05", "shapingba", "", ""),
        *gates.ride(LOST, "21:10", "shapingba", "", ""),
        *gates.ride(PURSE, "06:40", "shapingba", "07:20", "chaotianmen"),
        *gates.single(PURSE, "10:00", "cableway", "cableway-yangtze"),
        *gates.single(PURSE, "10:30", "escalator", "escalator-crown"),
        *gates.ride(ELDER, "09:00", "chaotianmen", "09:40", "shapingba"),
        *gates.single(BEIJINGER, "13:00", "bus", "bus-hechuan-101", "500117"),
        *gates.single(TRAVELLER, "14:00", "bus", "bus-hechuan-101", "500117"),
        gates.tap("15:00", POOR, "entry", "shapingba", refused="ACCOUNT_OVERDRAWN"),
        gates.tap("15:05", BEIJINGER, "entry", "shapingba", refused="PLACE_OUTSIDE_AREA"),
    ]


def beijing_taps(gates: Gates) -> list[Tap]:
    """Residents and visitors on the metro."""
    return [
        *gates.ride(BEIJINGER, "08:00", "fuxingmen", "08:25", "tiananmen-east"),
        *gates.ride(TRAVELLER, "17:00", "xidan", "17:40", "fuxingmen"),
        *gates.ride(NATIONAL, "09:00", "fuxingmen", "09:30", "tiananmen-west"),
        *gates.ride(TIANJINER, "11:00", "xidan", "11:30", "tiananmen-east"),
    ]


@dataclass
class World:
    """The houses of this world; `close` lets go of their connections."""

    database: Database
    cities: dict[str, City]
    hub: Hub
    gates: dict[str, Gates] = field(
        default_factory=lambda: {city: Gates(city) for city in OPERATORS}
    )

    def close(self) -> None:
        for city in self.cities.values():
            city.close()
        self.hub.close()

    def send(self, city: str, taps: Iterable[Tap], received: str, site: str = SITES[0]) -> None:
        """One sealed batch to a city; it must be taken."""
        message = seal(TapBatch(site=site, taps=list(taps)), key_of(site))
        [answer] = self.cities[city].intake([message], moment(received))
        assert not isinstance(answer, Refusal), answer

    def travel(self) -> None:
        """The day's taps: one batch sent twice, one tap of a resent batch, one late."""
        gates = self.gates[CHONGQING]
        taps = chongqing_taps(gates)
        late = gates.ride(PURSE, "20:00", "chaotianmen", "20:35", "shapingba")
        for received in ("21:30", "21:31"):
            self.send(CHONGQING, taps, received)
        self.send(CHONGQING, taps[:1], "21:45", SITES[1])
        self.send(BEIJING, beijing_taps(self.gates[BEIJING]), "22:00")
        self.send(CHONGQING, late, "27:30", SITES[1])

    def close_day(self) -> None:
        """Night: business days end, half trips are charged the most, as if their week were over;
        then a missing exit arrives after all."""
        for city in self.cities.values():
            assert not isinstance(city.close_day(DAY, moment("27:05")), Refusal)
            self._charge_the_most(city)
        exit_ = self.gates[CHONGQING].tap("18:45", FORGETFUL, "exit", "chaotianmen")
        self.send(CHONGQING, [exit_], "28:00", SITES[1])

    @staticmethod
    def _charge_the_most(city: City) -> None:
        now_s = moment("27:06")
        said = [
            (half.rider_id, half.tap, Resolution(
                request_id=half.trip_id, tap=half.tap.ref, kind="maximum", time_s=now_s,
                decided_s=now_s, decided_by="clock",
            ))
            for half in city.waiting()
        ]  # fmt: skip
        if not said:
            return
        with city._transaction() as cursor:
            healing.apply(cursor, city.code, load_city_fares(city.code), said, now_s)

    def present(self) -> None:
        """Morning: record files to the hub, verdicts back."""
        for city in self.cities.values():
            file = city.record_file(moment("29:30"))
            if file is not None:
                answer = self.hub.receive_file(*file, moment("30:00"))
                assert not isinstance(answer, Refusal), answer
                assert city.apply_verdicts(answer, moment("30:05")) is None

    def close_window(self) -> WindowClosing:
        """Noon: netting, statements to every member."""
        closing = self.hub.close_window(WINDOW, moment("36:00"))
        assert isinstance(closing, WindowClosing), closing
        for code, city in self.cities.items():
            detail = closing.issuer_details.get(f"ISS-{code}")
            if detail is not None:
                assert city.apply_issuer_detail(detail, moment("36:30")) is None
            for kind in ("ISS", "ACQ"):
                statement = closing.statements.get(f"{kind}-{code}")
                if statement is not None:
                    refused = city.apply_statement(statement, moment("36:30"))
                    assert refused is None, refused
        return closing

    def settle(self) -> None:
        """Afternoon: three rounds of payments, each told to the hub and to the parties."""
        number = 0
        for time in ("39:00", "39:30", "40:00"):
            for payment in self.hub.payments_to_send(WINDOW):
                number += 1
                order, reference = payment.instruction, f"BANK-{number:04d}"
                report = status_report(order, "ACSC", moment(time), reference)
                assert not isinstance(self.hub.confirm_payment(report, moment(time)), Refusal)
                self._tell(order.debtor, order.creditor, -order.amount_fen, reference, time)
                if order.phase != 3:
                    self._tell(order.creditor, order.debtor, order.amount_fen, reference, time)

    def _tell(self, party: str, other: str, amount_fen: int, reference: str, time: str) -> None:
        """The line on a member's own bank statement; the hub keeps its own books."""
        city = self.cities.get(party.partition("-")[2])
        if city is None:
            return
        named = other if other.startswith("OP-") else party
        line = BankLine(reference, WINDOW, named, amount_fen, moment(time))
        assert city.settle(line) is None

    def whole_day(self) -> None:
        """Everything, from the first tap to the last payment."""
        self.travel()
        self.close_day()
        self.present()
        self.close_window()
        self.settle()


def open_world(database: Database) -> World:
    """Three cities and a hub, before the first tap."""
    opened_s = moment("03:00")
    cities = {}
    for code in (CHONGQING, BEIJING, TIANJIN):
        fares = load_city_fares(code) if code in OPERATORS else None
        cities[code] = City(code, database, key_of(f"ACQ-{code}"), TRUSTED, fares)
        cities[code].open_riders(OPENINGS[code], opened_s)
    store = HubStore(database)
    ground = NetworkGround(load_registry())
    hub = Hub(store, key_of(HUB_SENDER), TRUSTED, load_rulebook(), ground)
    assert hub.enrol(MEMBERS, opened_s) is None
    assert business_date(opened_s) == DAY
    return World(database, cities, hub)
