"""Beijing in May 2022: people, cards that were issued, and short words for upgrading them.

The people's desk is the real one; behind it stand an inbox for messages and a register that says
yes. The money's desk is a small till that pays each refund request once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from outside_fakes import Chance, Inbox, Register, an_id
from tongxing.city.accounts import MediumOpening, RiderOpening, open_riders
from tongxing.city.members import issuer_member
from tongxing.city.office import Office
from tongxing.city.people import Cells, PeopleDesk, Person, SignedIn, notify
from tongxing.city.proofs import prove_city
from tongxing.city.store import media
from tongxing.city.upgrading import CardForm, NewPerson, Upgrade, UpgradeDesk
from tongxing.kernel import clock
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.storage import Database

BEIJING = "110000"
MAY = [date(2022, 5, day) for day in range(1, 32)]
T = TypeVar("T")


def may(day: int, hour: int = 12, minute: int = 0) -> int:
    """An instant of May 2022; days past 31 are June's."""
    return clock.at(date(2022, 5, 1), hour + 24 * (day - 1), minute)


NOW = may(25)
NAME, OTHER_NAME = "王小明", "欧阳小红"
PHONE, OTHER_PHONE = "13800138000", "13912345678"
CARDS = [f"310517000000000{number:04d}" for number in range(60)]
PHONE_CARDS = [f"310517001000000{number:04d}" for number in range(10)]
OLD_CARD, BAND, TICKET = "1000751500000001", "3105170020000000001", "2022051800000001"
STRANGE = "3105170099999999999"
"""A number in the right form that was never issued."""
PERSONAL = (NAME, OTHER_NAME, PHONE, OTHER_PHONE)


@dataclass(frozen=True, slots=True)
class Paid:
    """A refund that the till took over."""

    refund_id: str
    state: str = "done"


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Till:
    """Sends money back once per request, out of the account's balance in the ledger."""

    office: Office
    done: dict[str, int] = field(default_factory=dict)
    refuses: Refusal | None = None
    dies: bool = False

    def refund(self, account: str, request_id: str, amount_fen: int, now_s: int) -> Paid | Refusal:
        if self.refuses is not None:
            return self.refuses
        if request_id not in self.done:
            self.done[request_id] = amount_fen
            issuer = issuer_member(BEIJING)
            lines = (
                debit(issuer, f"liab_acct:{account}", amount_fen),
                credit(issuer, "bank_float", amount_fen),
            )
            posting_id, day = digest("till", request_id), clock.business_date(now_s)
            with self.office.writing() as cursor:
                media.add_to_balance(cursor, account, -amount_fen)
                posting = Posting(posting_id, "refund", now_s, day, request_id, lines)
                write_postings(cursor, [posting])
        if self.dies:
            raise Killed
        return Paid(f"R-{request_id[:8]}")


class World:
    """Beijing's upgrade service over a real database."""

    def __init__(self, database: Database, city: str = BEIJING) -> None:
        self.database = database
        self.office = Office(city, database, None)
        self.inbox, self.register, self.chance = Inbox(), Register(), Chance("upgrade")
        self.cells = Cells.for_tests("upgrade")
        self.people = PeopleDesk(self.office, self.cells, self.inbox, self.register, self.chance)
        self.till = Till(self.office)
        self.desk = UpgradeDesk(
            self.office,
            self.people,
            self.register,
            self.chance,
            cells=self.cells,
            money=self.till,
            tell=notify,
        )
        with self.office.writing() as cursor:
            issued = [*CARDS, *PHONE_CARDS, OLD_CARD, BAND]
            cards = [
                RiderOpening(no, (MediumOpening(no, "card", "t_union", "ordinary"),), 0, purse=True)
                for no in issued
            ]
            open_riders(cursor, city, cards, may(1), date(2022, 5, 1))

    def signed_in(self, phone: str = PHONE, *, at: int = NOW) -> Person:
        """Somebody who proved a telephone."""
        ok(self.people.request_code(phone, "sign_in", "s1", f"c{phone}", at))
        found = self.people.sign_in(phone, self.inbox.code(phone), "s1", "Pixel 9", at)
        assert isinstance(found, SignedIn), found
        return found.person

    def verified(self, phone: str = PHONE, number: int = 1, *, at: int = NOW) -> Person:
        """Somebody whose identity was verified too."""
        person = self.signed_in(phone, at=at)
        return ok(self.people.verify_identity(person.person_id, NAME, an_id(number), at))

    def elder(self, number: int, *, at: int = NOW) -> Person:
        """Somebody without a telephone, verified by staff."""
        return ok(
            self.people.open_for(
                "s7", OTHER_NAME, an_id(number, "19400101"), "", "", "", at, f"open-{number}"
            )
        )

    def helps(self, helper: Person, phone: str, number: int, *, at: int = NOW) -> str:
        """A helper adds somebody by the code sent to their telephone; their id."""
        ok(self.people.request_code(phone, "help", helper.person_id, f"c{phone}", at))
        code = self.inbox.code(phone)
        helped = self.people.add_helped(
            helper.person_id, phone, code, OTHER_NAME, an_id(number), "parent", f"d{phone}", at
        )
        return ok(helped).helped_id

    def linked(self, person: Person) -> list[str]:
        return [one.medium_no for one in self.desk.linked(person.person_id)]

    def count(self, table: str) -> int:
        with self.office.reading() as cursor:
            row = cursor.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row is not None
        return int(row[0])

    def books(self) -> tuple[int, ...]:
        """How much stands in each table that an upgrade writes."""
        names = ("link", "end", "request", "now", "first_top_up", "ticket", "e_ticket", "file")
        return tuple(self.count(f"upgrade_{name}") for name in names)

    def proofs_hold(self) -> None:
        with self.office.reading() as cursor:
            assert [one for one in prove_city(cursor, BEIJING) if not one.holds] == []

    def everything(self) -> str:
        """All that the city's own schema holds, as text."""
        with self.database.connect(f"city_{BEIJING}") as connection:
            names = connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
                (f"city_{BEIJING}",),
            ).fetchall()
            rows: list[Any] = []
            for (name,) in names:
                rows += connection.execute(f'SELECT * FROM "{name}"'.encode()).fetchall()
        return repr(rows)


@contextmanager
def opened(database: Database) -> Iterator[World]:
    """A world whose office is closed at the end."""
    found = World(database)
    try:
        yield found
    finally:
        found.office.close()


def form(number: str = CARDS[0], channel: str = "mini_metro", kind: str = "card") -> CardForm:
    """A form that is filled in and ticked."""
    return CardForm(channel, kind, number, NAME, an_id(1), ticked=True)


def old_person(number: int = 70) -> NewPerson:
    """Somebody old whom staff open an account for."""
    return NewPerson(OTHER_NAME, an_id(number, "19400101"), "")


def ok(found: T | Refusal) -> T:
    """What was not refused."""
    assert not isinstance(found, Refusal), found
    return found


def upgraded(found: Upgrade | Refusal) -> Upgrade:
    """A link that was made just now."""
    assert isinstance(found, Upgrade) and not found.already, found
    return found


def code_of(found: object) -> str:
    """The code of a refusal."""
    assert isinstance(found, Refusal), found
    return found.code
