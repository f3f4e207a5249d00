"""A city with its people, an inbox for messages, a register of identities, and short words."""

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from tongxing.city.office import Office
from tongxing.city.people import Cells, CodeSent, Helped, PeopleDesk, Person, SignedIn
from tongxing.city.people.forms import id_check
from tongxing.city.people.terms import PeopleTerms, people_terms
from tongxing.city.proofs import prove_city
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

CHONGQING = "500000"
DAY = date(2026, 3, 17)
NOON = clock.at(DAY, 12)
HOUR_S, DAY_S = 3_600, 86_400
PHONE, OTHER_PHONE, THIRD_PHONE = "13800138000", "13912345678", "18612345678"
NAME, OTHER_NAME = "张三丰", "欧阳小红"
CLIENT, DEVICE = "192.0.2.7", "Pixel 9"


_desks = itertools.count(1)


class Chance:
    """Bytes that nobody would guess, the same in each run."""

    def __init__(self, seed: str = "people") -> None:
        self._seed, self._count = seed, 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_128(f"{self._seed}|{self._count}".encode()).digest(size)


@dataclass
class Inbox:
    """The messages that went out; `refuses` is what the partner says instead of taking one."""

    sent: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refuses: Refusal | None = None

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str
    ) -> Refusal | None:
        assert out_id
        if self.refuses is None:
            self.sent.append((phone, template, dict(values)))
        return self.refuses

    def code(self, phone: str = PHONE) -> str:
        """The newest code that a phone received."""
        return [values["code"] for to, _, values in self.sent if to == phone][-1]


@dataclass
class Register:
    """The register of identities: says yes, no, or nothing; counts how often it was asked."""

    answer: bool | Refusal = True
    asked: int = 0

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal:
        assert name and id_number and out_id
        self.asked += 1
        return self.answer


class World:
    """One city's people over a real database. `numbers` replaces some of the dated numbers."""

    def __init__(self, database: Database, cells: Cells | None = None, **numbers: Any) -> None:
        self.database = database
        self.office = Office(CHONGQING, database, None)
        self.inbox, self.register = Inbox(), Register()
        self.cells = cells or Cells.for_tests("world")
        self.numbers = numbers
        self.desk = self.desk_with(self.cells)

    def desk_with(self, cells: Cells, **more: Any) -> PeopleDesk:
        return PeopleDesk(
            self.office,
            cells,
            self.inbox,
            self.register,
            Chance(f"desk {next(_desks)}"),
            terms_at=self._terms,
            **more,
        )

    def asked(
        self,
        phone: str = PHONE,
        purpose: str = "sign_in",
        *,
        session: str = "s1",
        client: str = CLIENT,
        at: int = NOON,
    ) -> str:
        """Ask for a code and read it from the inbox."""
        found = self.desk.request_code(phone, purpose, session, client, at)
        assert isinstance(found, CodeSent), found
        return self.inbox.code(phone)

    def signed_in(self, phone: str = PHONE, *, at: int = NOON, device: str = DEVICE) -> SignedIn:
        found = self.desk.sign_in(phone, self.asked(phone, at=at), "s1", device, at)
        assert isinstance(found, SignedIn), found
        return found

    def verified(
        self, phone: str = PHONE, name: str = NAME, number: int = 1, *, at: int = NOON
    ) -> Person:
        """Somebody who signed in and whose identity was confirmed."""
        person = self.signed_in(phone, at=at).person
        return person_of(self.desk.verify_identity(person.person_id, name, an_id(number), at))

    def helped(
        self, helper_id: str, phone: str, number: int, *, device: str = DEVICE, at: int = NOON
    ) -> Helped | Refusal:
        code = self.asked(phone, "help", session=helper_id, client=f"c{phone}", at=at)
        return self.desk.add_helped(
            helper_id, phone, code, OTHER_NAME, an_id(number), "parent", device, at
        )

    def proofs_hold(self) -> None:
        with self.office.reading() as cursor:
            assert [one for one in prove_city(cursor, CHONGQING) if not one.holds] == []

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the tables say, in both schemas."""
        with self.office.reading() as cursor:
            return cursor.execute(query.encode(), values).fetchall()

    def _terms(self, city: str, now_s: int) -> PeopleTerms:
        return msgspec.structs.replace(people_terms(city, now_s), **self.numbers)


def an_id(number: int, born: str = "19800229", region: str = "500103") -> str:
    """A well-formed identity number, another one for each number (0 to 999)."""
    digits = f"{region}{born}{number:03d}"
    return digits + id_check(digits)


def phones(count: int) -> list[str]:
    return [f"137{number:08d}" for number in range(count)]


def code_of(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.code


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def refused(found: object) -> tuple[str, Mapping[str, object]]:
    assert isinstance(found, Refusal), found
    return found.code, found.values


def person_of(found: Person | Refusal | None) -> Person:
    assert isinstance(found, Person), found
    return found
