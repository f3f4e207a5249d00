"""A city whose passengers have real cards and accounts, its binding desk, and a gate that reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from random import Random
from typing import Any

import msgspec

from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.binding.card import read_purse
from tongxing.city.binding.desk import BindingDesk
from tongxing.city.binding.terms import BindingTerms, binding_terms
from tongxing.city.binding.values import Binding
from tongxing.city.office import Office
from tongxing.city.proofs import prove_city
from tongxing.city.store.cursor import Cursor
from tongxing.deciding import MediumToken
from tongxing.fares import load_city_fares
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone
from tongxing.messages import KeyRing, SigningKey
from tongxing.messages.taps import account_token
from tongxing.simulation.real_media import PlasticCard, RunMedia
from tongxing.simulation.scenario import load_scenario
from tongxing.storage import Database

CITY = "500000"
DAY = date(2026, 3, 17)  # a Tuesday
ISSUED = date(2025, 1, 2)
NOON = clock.at(DAY, 12)
LATER_S = 61
"""After a desk died, others reach its card only so much later."""
MEDIA = RunMedia(7, load_scenario())
SITE = "SITE-1"
STATIONS = ("xiaoshizi", "shapingba")
_CITY_SCHEMA = f"city_{CITY}"

T_UNION = MediumToken(
    scheme="t_union",
    medium_no="3104920100000000017",
    medium_kind="card",
    issuer=CITY,
    product="ordinary",
    funding="purse",
    expires=date(2099, 12, 31),
    balance_fen=5_000,
)


def key_of(name: str) -> SigningKey:
    return SigningKey.from_secret(name, sha256(name.encode()).digest())


def account_no(number: int) -> str:
    return f"50001{number:011d}"


def card_no(number: int, scheme: str = "local") -> str:
    return f"3104920100000{number:06d}" if scheme == "t_union" else f"4000{number:012d}"


@dataclass
class Someone:
    """A person as a binding asks after them."""

    account: str
    level: int = 1
    closed_s: int | None = None


@dataclass
class Folk:
    """People and what they agreed to, kept in memory."""

    known: dict[str, Someone] = field(default_factory=dict)
    agreed: set[tuple[str, str]] = field(default_factory=set)

    def person(self, person_id: str) -> Someone | Refusal:
        return self.known.get(person_id) or Refusal("RIDER_UNKNOWN", person_id)

    def has_consent(self, person_id: str, text_id: str) -> bool:
        return (person_id, text_id) in self.agreed


@dataclass
class Signature:
    state: str


@dataclass
class Till:
    """Who signed password-free payment."""

    signed: dict[str, Signature] = field(default_factory=dict)

    def mandate(self, account: str) -> Signature | None:
        return self.signed.get(account)


class Killed(Exception):
    """The machine died here."""


@dataclass
class Power:
    """Dies at transaction `at` (from 0; -1: never), before it or after its commit, for good."""

    at: int = -1
    committed: bool = False
    count: int = 0
    dead: bool = False

    def restart(self, at: int = -1, *, committed: bool = False) -> None:
        """Another machine in the place of the dead one."""
        self.at, self.committed, self.count, self.dead = at, committed, 0, False

    def off(self) -> None:
        self.dead = True
        raise Killed

    def check(self) -> None:
        if self.dead:
            raise Killed


class FragileOffice(Office):
    """An office on a machine that may die between any two transactions."""

    def __init__(self, database: Database, power: Power) -> None:
        super().__init__(CITY, database, load_city_fares(CITY))
        self._power = power

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with self._fragile(), super().reading() as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self._fragile(), super().writing() as cursor:
            yield cursor

    @contextmanager
    def alone(self) -> Iterator[Cursor]:
        with self._fragile(), super().alone() as cursor:
            yield cursor

    @contextmanager
    def _fragile(self) -> Iterator[None]:
        power = self._power
        power.check()
        mine, power.count = power.count, power.count + 1
        if mine == power.at and not power.committed:
            power.off()
        yield
        if mine == power.at:
            power.off()


@dataclass
class Hand:
    """A hand that holds a card to a reader, and may take it away at command `tear_at`: before the
    card heard it, or after `heard` bytes of its answer (-1: none). `power` dies instead."""

    card: PlasticCard
    tear_at: int = -1
    executed: bool = True
    heard: int = -1
    power: Power | None = None
    sent: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.card.enter_field()

    def transmit(self, command: bytes) -> bytes:
        number = len(self.sent)
        if number > self.tear_at >= 0:
            raise CardGone
        self.sent.append(command)
        torn = number == self.tear_at
        if torn and not self.executed:
            self._gone()
        answer = self.card.chip.transmit(command)
        self.answers.append(answer)
        if torn and self.heard < 0:
            self._gone()
        return answer[: self.heard] if torn else answer

    def _gone(self) -> None:
        if self.power is not None:
            self.power.off()
        raise CardGone


_MANDATED = (
    "INSERT INTO binding (binding_id, request_id, person_id, account, channel, step, medium_no,"
    " purse, begun_s, changed_s) VALUES (%s, %s, %s, %s, 'nfc', 'mandated', %s, %s, %s, %s)"
)


@dataclass
class Waiting:
    """Somebody whose binding waits for the card."""

    number: int
    person: str
    binding_id: str
    card: PlasticCard


@dataclass
class World:
    """The city, its desk, and its people."""

    database: Database
    city: City
    office: Office
    folk: Folk
    till: Till
    terms: dict[str, Any] = field(default_factory=dict)
    opened: int = 0

    def desk(self, office: Office | None = None) -> BindingDesk:
        """A binding desk over these books, as any of the city's desks would open it."""
        self.opened += 1
        return BindingDesk(
            office or self.office,
            MEDIA.vault,
            self.folk,
            self.till,
            Random(self.opened).randbytes,
            terms_of=self._terms,
        )

    def _terms(self, city: str, now_s: int) -> BindingTerms:
        found = binding_terms(city, now_s)
        return BindingTerms(**{**_fields(found), **self.terms})

    def passenger(self, number: int = 1, *, agreed: bool = True, balance_fen: int = 0) -> str:
        """A person with an account and its code; the person's id."""
        account, person = account_no(number), f"person-{number}"
        opening = RiderOpening(account, (_code(account),), balance_fen, 2_000)
        self.city.open_riders([opening], NOON - 86_400)
        self.folk.known[person] = Someone(account)
        if agreed:
            self.folk.agreed.add((person, "binding"))
            self.till.signed[account] = Signature("signed")
        return person

    def card(self, number: int = 1, *, denied: str = "", **card: Any) -> PlasticCard:
        """A card that this city issued, in the books and in plastic; see `_issued`."""
        plastic, opening = _issued(number, **card)
        self.city.open_riders([opening], NOON - 86_400)
        if denied:
            no = opening.rider_id
            self.execute("UPDATE medium SET denied = %s WHERE medium_no = %s", denied, no)
        return plastic

    def ready(self, number: int = 1, now_s: int = NOON, **card: Any) -> tuple[str, PlasticCard]:
        """A binding up to its mandate; its id and its card."""
        person, plastic = self.passenger(number), self.card(number, **card)
        desk = self.desk()
        begun = done(desk.begin(person, f"request-{number}", "nfc", now_s))
        done(desk.prove(begun.binding_id, Hand(plastic), now_s))
        done(desk.mandated(begun.binding_id, now_s))
        return begun.binding_id, plastic

    def crowd(self, count: int, *, mandated: bool = True, **card: Any) -> list[Waiting]:
        """Many people with a card each, whose bindings stand at their mandate (all of them written
        at once, as if each had come so far), or have not begun."""
        wallets, openings = [], []
        for number in range(1, count + 1):
            person, account = f"person-{number}", account_no(number)
            self.folk.known[person] = Someone(account)
            self.folk.agreed.add((person, "binding"))
            self.till.signed[account] = Signature("signed")
            plastic, opening = _issued(number, **card)
            openings += [RiderOpening(account, (_code(account),), 0, 2_000), opening]
            wallets.append(Waiting(number, person, f"binding-{number}", plastic))
        self.city.open_riders(openings, NOON - 86_400)
        if mandated:
            with self.database.connect(_CITY_SCHEMA) as connection, connection.cursor() as cursor:
                cursor.executemany(_MANDATED, [_mandated(one) for one in wallets])
        return wallets

    def bound(self, number: int = 1, now_s: int = NOON, **card: Any) -> tuple[Binding, PlasticCard]:
        """A card bound to an account."""
        binding_id, plastic = self.ready(number, now_s, **card)
        return done(self.desk().activate(binding_id, Hand(plastic), now_s)), plastic

    def execute(self, statement: str, *values: object) -> None:
        with self.database.connect(_CITY_SCHEMA) as connection:
            connection.execute(statement.encode(), values)

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database.connect(_CITY_SCHEMA) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def balance(self, rider: str) -> int:
        [(found,)] = self.ask("SELECT balance_fen FROM rider WHERE rider_id = %s", rider)
        return int(found)

    def moves(self) -> list[tuple[str, int]]:
        """What was booked from purses to accounts, by the card."""
        return [
            (str(account), int(fen))
            for account, fen in self.ask(
                "SELECT account, amount_fen FROM posting_line JOIN posting USING (posting_id)"
                " WHERE kind = 'binding_move' AND amount_fen > 0 ORDER BY account"
            )
        ]

    def holds(self) -> None:
        """Every truth of the city holds."""
        with self.database.connect(_CITY_SCHEMA) as connection, connection.cursor() as cursor:
            assert [proof for proof in prove_city(cursor, CITY) if not proof.holds] == []


def open_world(database: Database) -> World:
    """Chongqing without a passenger yet."""
    keys = KeyRing({name: key_of(name).public_bytes() for name in (CITY, SITE)})
    city = City(CITY, database, key_of(CITY), keys, load_city_fares(CITY))
    return World(database, city, Office(CITY, database, load_city_fares(CITY)), Folk(), Till())


def done(found: Binding | Refusal) -> Binding:
    assert isinstance(found, Binding), found
    return found


def code_of(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.code


def _code(account: str) -> MediumOpening:
    return MediumOpening(account_token(account), "code", f"local:{CITY}", "ordinary")


def _issued(
    number: int,
    *,
    balance_fen: int = 5_000,
    booked_fen: int | None = None,
    issued_on: date | None = ISSUED,
    product: str = "ordinary",
    scheme: str = "local",
    **changes: Any,
) -> tuple[PlasticCard, RiderOpening]:
    """A card with so much on its chip, and what the books have; `changes` are of its profile."""
    token = _token(number, balance_fen, scheme)
    no = token.medium_no
    opening = MediumOpening(no, "card", token.scheme, product, issued_on=issued_on)
    booked = balance_fen if booked_fen is None else booked_fen
    plastic = MEDIA.card(token, NOON - 86_400, **changes)
    return plastic, RiderOpening(no, (opening,), booked, purse=True)


def _mandated(one: Waiting) -> tuple[object, ...]:
    seen = read_purse(Hand(one.card))
    assert not isinstance(seen, Refusal), seen
    names = msgspec.json.encode(seen.names).decode()
    account = account_no(one.number)
    return one.binding_id, one.binding_id, one.person, account, seen.number, names, NOON, NOON


def code_token(account: str) -> MediumToken:
    """What the code of an account says."""
    fields = {name: getattr(T_UNION, name) for name in T_UNION.__struct_fields__}
    code = {"medium_no": account_token(account), "medium_kind": "code", "funding": "account"}
    return MediumToken(**{**fields, **code, "scheme": f"local:{CITY}", "balance_fen": 0})


def _token(number: int, balance_fen: int, scheme: str) -> MediumToken:
    fields = {name: getattr(T_UNION, name) for name in T_UNION.__struct_fields__}
    named = "t_union" if scheme == "t_union" else f"local:{CITY}"
    changed = {"medium_no": card_no(number, scheme), "balance_fen": balance_fen, "scheme": named}
    return MediumToken(**{**fields, **changed})


def _fields(found: BindingTerms) -> dict[str, Any]:
    return {name: getattr(found, name) for name in BindingTerms.__struct_fields__}
