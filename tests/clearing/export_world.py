"""Days at a living hub for its export: Beijing and Chongqing, with registers, a split table, signed
cards, and everything that can happen to a record."""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parents[1] / "hub"))

from hub_world import HUB_KEY, HUB_KEYS, RULES, Sender, opened
from test_ground import BEIJING, CHONGQING, DAY, metro_ride
from test_split_hook import table_for

from tongxing.clearing.codes import PURCHASE
from tongxing.hub import Hub, HubStore, MemberCity, NetworkGround, WindowClosing, members_of
from tongxing.hub.acc import SplitTable, write_table
from tongxing.hub.cases.desk import CaseDesk
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.registers import RegisterDesk
from tongxing.hub.signatures import SignatureWitness
from tongxing.hub.tables import TableDesk
from tongxing.kernel.clock import at, local
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.suites import SM4, suite_of
from tongxing.media.keys import MasterName
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.tac.fields import TacFields, tac_input
from tongxing.messages import (
    CardProof,
    CaseAct,
    CaseFile,
    DenyEntry,
    DenyList,
    KeyRing,
    Record,
    SigningKey,
    TapRef,
    VerdictFile,
    seal,
)
from tongxing.messages.registers import (
    CityEntry,
    CityRegister,
    LossEntry,
    LossRegister,
    NumberEntry,
    NumberRegister,
    Register,
    TerminalEntry,
    TerminalRegister,
)
from tongxing.network import load_registry
from tongxing.storage import Database

START_S = at(DAY - timedelta(days=6), 4)
FIRST = date(2026, 1, 1)
MEMBERS = members_of(
    [MemberCity(BEIJING, "北京", "Beijing", True), MemberCity(CHONGQING, "重庆", "Chongqing", True)]
)
KEYS = {"HUB": HUB_KEY} | {
    name: SigningKey.from_secret(name, name.encode().rjust(32))
    for name in (BEIJING, CHONGQING, *(one.member_id for one in MEMBERS))
}
TRUSTED = KeyRing({name: key.public_bytes() for name, key in KEYS.items()})
VAULT = SoftwareVault({MasterName("DTK", SM4, 1): bytes(range(16))})
ISSUER_ID = bytes.fromhex("A000000000000003")
GATE, OLD_GATE = "7", "8"
GATE_NO = (7).to_bytes(6, "big")
STOPS = {
    BEIJING: ("guomao", "dongdan", "xizhimen", "sanyuanqiao", "terminal-3"),
    CHONGQING: ("xiaoshizi", "linjiangmen", "lianglukou"),
}
LOST, FORGOTTEN, FOUND = (f"310500000000000090{n}" for n in range(3))


@cache
def made() -> SplitTable:
    """Beijing's split table, with the rows of three stations."""
    return table_for("xizhimen", "sanyuanqiao", "terminal-3")


def day(number: int) -> date:
    """The day of rides so many days after the first."""
    return DAY + timedelta(days=number)


def window(number: int) -> str:
    """The window in which the rides of a day are cleared."""
    return f"W{day(number + 1):%Y%m%d}"


def metro(
    seq: int, ends: tuple[str, str] = ("guomao", "xizhimen"), on: int = 0, **changes: object
) -> Record:
    """A Beijing card's ride on Beijing's metro in the morning, in order in everything."""
    city = CHONGQING if ends[0] in STOPS[CHONGQING] else BEIJING
    entered_s = at(day(on), 7) + seq * 7
    taps = [TapRef(GATE, 1, 2 * seq), TapRef(GATE, 1, 2 * seq + 1)]
    found = replace(
        metro_ride(*ends, city, BEIJING),
        record_id=f"{city}-{seq}.1", trip_id=f"{city}-{seq}", medium_no=f"3105{seq:015d}",
        entered_s=entered_s, exited_s=entered_s + 1_500, taps=taps, deny_list_version=4,
    )  # fmt: skip
    return replace(found, **changes)


def at_home(record: Record) -> Record:
    """The same ride in Chongqing with its own card, which other cities do not take."""
    number = f"5000{record.taps[-1].seq:012d}"
    mine = {"issuer": f"ISS-{CHONGQING}", "scheme": f"local:{CHONGQING}", "medium_no": number}
    return replace(record, **mine)


def cheaper(record: Record, fen: int) -> Record:
    """The same ride with relief."""
    charge_fen = record.charge_fen - fen
    return replace(record, charge_fen=charge_fen, delta_fen=charge_fen)


def signed(record: Record, counter: int, before_fen: int, **wrong: object) -> Record:
    """The ride with what a genuine card signs at its end."""
    tap, number = record.taps[-1], record.medium_no
    fields = TacFields(
        issuer_id=ISSUER_ID, card_factor=bytes.fromhex(number[-16:]), number=number, key_version=1,
        algorithm=SM4, amount_fen=record.charge_fen, kind=PURCHASE, terminal_no=GATE_NO,
        serial=tap.seq, time=local(record.exited_s).strftime("%Y%m%d%H%M%S"),
        counter_before=counter, balance_before_fen=before_fen,
    )  # fmt: skip
    key, suite = VAULT.card_key("DTK", SM4, 1, [ISSUER_ID, fields.card_factor]), suite_of(SM4)
    assert isinstance(key, bytes) and suite is not None
    proof = CardProof(
        number=number, issuer_id=ISSUER_ID, card_factor=fields.card_factor, key_version=1,
        algorithm=SM4, amount_fen=record.charge_fen, kind=PURCHASE, terminal_no=GATE_NO,
        serial=tap.seq, time=fields.time, counter=counter, balance_before_fen=before_fen,
        tac=suite.tac(key, tac_input(fields)),
    )  # fmt: skip
    return replace(record, proofs=[replace(proof, **wrong)])


def revised(record: Record, charge_fen: int, **changes: object) -> Record:
    """The next revision of a record, with another charge and whatever else changed."""
    revision = record.revision + 1
    return replace(
        record, record_id=f"{record.trip_id}.{revision}", revision=revision,
        charge_fen=charge_fen, delta_fen=charge_fen - record.charge_fen, proofs=[], **changes,
    )  # fmt: skip


_ODD: list[dict[str, object]] = [
    {"issuer": "ISS-999999"}, {"issuer": f"ISS-{CHONGQING}"}, {"is_test": True},
    {"fare_fen": 150}, {"tariff": "110000-20070101"}, {"line": "rail-nowhere"},
    {"operator": "OP-CQ-RAIL"}, {"mode": "bus"}, {"mode": "balloon"}, {"line": ""},
    {"how": "declared"}, {"how": "staff"}, {"how": "habitual"}, {"how": "paired_by_account"},
    {"how": "cleared", "fare_fen": 0, "charge_fen": 0, "delta_fen": 0},
    {"taps": [TapRef(OLD_GATE, 5, 77)]}, {"taps": [TapRef("99", 1, 5)]},
    {"medium_no": LOST}, {"medium_no": FORGOTTEN}, {"medium_no": FOUND},
    {"medium_no": LOST, "deny_list_version": 3}, {"medium_no": LOST, "deny_list_version": 0},
    {"medium_no": "3199000000000000001"}, {"scheme": "moon"}, {"scheme": "city_union"},
    {"medium_no": "Q11000012345", "medium_kind": "code", "funding": "account"},
    {"destination": "atlantis"}, {"city_list_version": 3}, {"acquirer": f"ACQ-{CHONGQING}"},
]  # fmt: skip


def random_rides(seed: int, on: int, count: int, first: int) -> list[Record]:
    """Rides of a day, some of them strange in one or two ways, some presented twice."""
    chance = random.Random(seed)
    rides: list[Record] = []
    for seq in range(first, first + count):
        stops = STOPS[chance.choice((BEIJING, BEIJING, CHONGQING))]
        ends = chance.choice(stops), chance.choice(stops)
        ride = metro(seq, (ends[0], ends[1]), on)
        if ride.city == CHONGQING:
            ride = at_home(ride)
        if chance.random() < 0.6:
            ride = cheaper(ride, chance.choice((0, 1, 50, 99, 111)))
        for change in chance.sample(_ODD, chance.choice((0, 0, 0, 0, 1, 1, 2))):
            ride = replace(ride, **change)
        if chance.random() < 0.4 and len(ride.medium_no) == 19:
            ride = signed(ride, chance.choice((3, 4, seq % 1_000)), 5_000)
        earlier = chance.choice((0,) * 8 + (2, 10, 11)) * 86_400
        if earlier and not ride.proofs:
            ride = replace(
                ride, entered_s=ride.entered_s - earlier, exited_s=ride.exited_s - earlier
            )
        rides.append(ride)
        if chance.random() < 0.05:
            rides.append(chance.choice(rides))
        if chance.random() < 0.03:
            rides.append(replace(chance.choice(rides), charge_fen=111, delta_fen=111, proofs=[]))
    return rides


@dataclass
class LiveHub:
    """A hub at work over a real database, with what its members told it."""

    store: HubStore
    hub: Hub
    senders: dict[str, Sender]

    def tell(self, sender: str, register: Register | DenyList, now_s: int = START_S) -> None:
        desk = RegisterDesk(self.store, TRUSTED, HUB_KEYS)
        found = desk.take(seal(register, KEYS[sender]), now_s)
        assert not isinstance(found, Refusal), found

    def present(self, records: Sequence[Record], on: int, hour: int = 6) -> dict[str, str]:
        """The rides of a day in a file of each city, taken the next morning; what was said."""
        said: dict[str, str] = {}
        for city in (BEIJING, CHONGQING):
            own = [one for one in records if one.city == city]
            name = f"ACQ-{city}"
            sender = self.senders.setdefault(city, Sender("ACQ-990100"))
            manifest, data = sender.file(
                own, key=KEYS[name], sender=name, file_id=f"{city}-{sender.files}"
            )
            answer: VerdictFile = opened(
                self.hub.receive_file(manifest, data, at(day(on + 1), hour))
            )
            sender.took(manifest)
            said |= {one.record_id: f"{one.status} {one.code}" for one in answer.verdicts}
        return said

    def close(self, on: int) -> None:
        closing = self.hub.close_window(window(on), at(day(on + 1), 12, 30))
        assert isinstance(closing, WindowClosing), closing

    def say(self, member: str, record_id: str, act: str, fen: int, on: int) -> None:
        """An act about a ride by a case file, in the window of a day."""
        told = msgspec.convert(
            {"act_id": "1", "act": act, "record_id": record_id, "amount_fen": fen, "reason": "R1"},
            CaseAct,
        )
        file = CaseFile(file_id=f"f-{record_id}", sender=member, created_s=1, acts=[told])
        desk = CaseDesk(self.store, HUB_KEY, TRUSTED, RULES)
        answer = desk.receive(seal(file, KEYS[member]), at(day(on + 1), 9))
        assert isinstance(answer, bytes) and b'"code":"OK"' in answer, answer

    def prove(self, record_id: str, on: int) -> None:
        """End a held record by evidence, in the window of a day."""
        desk = HoldingDesk(self.store, HUB_KEY, RULES)
        found = desk.decide(record_id, True, "judge", "seen", at(day(on + 1), 9))
        assert isinstance(found, bytes), found


def live_hub(database: Database) -> LiveHub:
    """The hub with its registers: Beijing told of everything, Chongqing of nothing but its deny
    list, and Beijing's split table is in force from its first day."""
    store = HubStore(database)
    witness = SignatureWitness(VAULT, Trust(roots={}))
    hub = Hub(store, HUB_KEY, TRUSTED, RULES, NetworkGround(load_registry()), witness)
    assert hub.enrol(MEMBERS, START_S) is None
    found = LiveHub(store, hub, {})
    gates = [
        TerminalEntry(GATE, "", "", FIRST),
        TerminalEntry(OLD_GATE, "", "", FIRST, day(-1)),
    ]
    acquirer, issuer = f"ACQ-{BEIJING}", f"ISS-{BEIJING}"
    found.tell(acquirer, TerminalRegister(version=1, published_s=START_S, terminals=gates))
    numbers = [NumberEntry("3105", FIRST), NumberEntry("310600", FIRST, day(0))]
    found.tell(issuer, NumberRegister(version=1, published_s=START_S, numbers=numbers))
    listed = [CityEntry(BEIJING, FIRST), CityEntry(CHONGQING, FIRST)]
    found.tell("HUB", CityRegister(version=1, published_s=START_S, cities=listed))
    losses = [
        LossEntry(LOST, START_S - 7_200),
        LossEntry(FORGOTTEN, START_S - 7_200),
        LossEntry(FOUND, START_S - 7_200, found_s=at(day(0), 5)),
    ]
    found.tell(issuer, LossRegister(version=1, published_s=START_S, losses=losses))
    for city, version in ((BEIJING, 4), (CHONGQING, 4)):
        entries = [DenyEntry(LOST, "LOST")]
        found.tell(city, DenyList(city=city, version=version, published_s=START_S, entries=entries))
    tables = TableDesk(store)
    assert not isinstance(tables.hand_in(write_table(made()), "anna", "new", START_S), Refusal)
    assert not isinstance(tables.release(made().header.version, "bert", START_S), Refusal)
    return found
