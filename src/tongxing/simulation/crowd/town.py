"""The city whose pages are measured: accounts with a card and a code, their people signed in, and
months of trips behind them, taken in by the city as it takes in every tap.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.members import acquirer_member
from tongxing.city.people.terms import people_terms
from tongxing.fares import load_city_fares
from tongxing.front import CityFront, Partners, open_city
from tongxing.kernel.reasons import Refusal
from tongxing.messages.taps import account_token
from tongxing.partners.payment import PaymentChannel
from tongxing.simulation.crowd.riding import SITE, Traveller, history
from tongxing.simulation.doors import simulated_keys
from tongxing.simulation.keys import key_ring, signing_key
from tongxing.simulation.scenario import load_scenario
from tongxing.storage import Database

MONEY_FEN = 1_000_000
_MESSAGES_AT_ONCE = 8
_SIGN_IN_EVERY_S = 60
_BEFORE_S = 100 * 86_400


@dataclass(frozen=True, slots=True)
class Plan:
    """What is built: `accounts` whose passengers ask for pages, `others` who only ride, trips of
    the working days of `months` up to `now_s`, which is in the last of them."""

    dsn: str
    city: str
    seed: int
    now_s: int
    accounts: int
    others: int
    months: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """A passenger who is signed in."""

    account: str
    token: str = field(repr=False)


@dataclass
class _Inbox:
    """Stands for the partner that sends messages: keeps the newest code."""

    code: str = ""

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str
    ) -> Refusal | None:
        self.code = values["code"]
        return None


class _Register:
    """Stands for the register of identities, which nobody asks here."""

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal:
        return True


def chance(seed: int, name: str) -> Callable[[int], bytes]:
    """Bytes for everything that is drawn, the same in each run and others for each name."""
    source = Random(hashlib.sha256(f"crowd|{seed}|{name}".encode()).digest())
    return source.randbytes


def open_front(plan: Plan, name: str, inbox: _Inbox | None = None) -> CityFront:
    """The city's desks. The partners are stand-ins that no page of the measurement asks."""
    keys = simulated_keys(plan.seed, load_scenario(), plan.city)
    channels: dict[str, PaymentChannel] = {}
    partners = Partners(channels, inbox or _Inbox(), _Register())
    database = Database(plan.dsn)
    draw = chance(plan.seed, name)
    return open_city(database, plan.city, keys, partners, plan.now_s, draw=draw)


def open_house(plan: Plan) -> City:
    """The city as gates see it."""
    own = signing_key(plan.seed, acquirer_member(plan.city))
    trusted = key_ring(plan.seed, [SITE])
    return City(plan.city, Database(plan.dsn), own, trusted, load_city_fares(plan.city))


def travellers(plan: Plan) -> list[Traveller]:
    """Everybody who rides: first those who also ask."""
    terms = people_terms(plan.city, plan.now_s)
    scheme = terms.code_scheme.replace("{city}", plan.city)
    found = []
    for number in range(plan.accounts + plan.others):
        account = f"{terms.account_platform}{number + 1:012d}"
        found.append(Traveller(account, f"99{number + 1:014d}", scheme, terms.code_product))
    return found


def build(plan: Plan, told: Callable[[str], None]) -> list[Visitor]:
    """Build it in an empty database; who may ask. `told` hears which part is done."""
    everybody = travellers(plan)
    house = open_house(plan)
    try:
        house.open_riders([_opening(one) for one in everybody], plan.now_s - _BEFORE_S)
        visitors = _signed_in(plan, everybody[: plan.accounts])
        told("people")
        _ridden(plan, house, everybody[: plan.accounts])
        told("trips")
    finally:
        house.close()
    with Database(plan.dsn).connect("public") as connection:
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return visitors


def _opening(one: Traveller) -> RiderOpening:
    media = (
        MediumOpening(account_token(one.account), "code", one.scheme, one.product),
        MediumOpening(one.card, "card", one.scheme, one.product),
    )
    return RiderOpening(one.account, media, MONEY_FEN)


def _signed_in(plan: Plan, people: list[Traveller]) -> list[Visitor]:
    """Each account gets its person and a session, one a minute, as limits on messages ask."""
    inbox = _Inbox()
    front = open_front(plan, "town", inbox)
    prefix = people_terms(plan.city, plan.now_s).phone_prefixes[0]
    found = []
    try:
        for number, one in enumerate(people):
            phone = f"{prefix}{number:0{11 - len(prefix)}d}"
            at_s = plan.now_s - (len(people) - number) * _SIGN_IN_EVERY_S
            _sure(front.people.take_over(one.account, phone, plan.now_s - _BEFORE_S))
            _sure(front.money.enrol(one.account, at_s))
            visit = f"crowd-{number}"
            _sure(front.people.request_code(phone, "sign_in", visit, visit, at_s))
            signed = front.people.sign_in(phone, inbox.code, visit, "crowd", at_s)
            if isinstance(signed, Refusal):
                raise RuntimeError(f"nobody is signed in: {signed.code}")
            found.append(Visitor(one.account, signed.token))
    finally:
        front.close()
    return found


def _ridden(plan: Plan, house: City, people: list[Traveller]) -> None:
    messages = history(house.code, plan.seed, plan.now_s, plan.months, people)
    waiting: list[bytes] = []
    for message in messages:
        waiting.append(message)
        if len(waiting) == _MESSAGES_AT_ONCE:
            _taken(house, waiting, plan.now_s)
            waiting = []
    _taken(house, waiting, plan.now_s)


def _taken(house: City, messages: list[bytes], now_s: int) -> None:
    for answer in house.intake(messages, now_s):
        _sure(answer)


def _sure(found: object) -> None:
    if isinstance(found, Refusal):
        raise RuntimeError(f"the crowd's city was not built: {found.code} {found.where}")
