"""Who somebody is: name and identity number, asked at the register between two transactions.

First everything that can be refused without asking, and the question is counted, for each costs
money; then the register, with no transaction open; then the answer is kept. Nobody is told to whom
a number belongs that is another person's already.
"""

from dataclasses import dataclass, field
from datetime import date

from tongxing.city.people.forms import IdNumber, read_id_number, read_name
from tongxing.city.people.house import ID_NUMBER, NAME, PERSON, House
from tongxing.city.people.notices import notify
from tongxing.city.people.store import asking
from tongxing.city.people.store import persons as store
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.values import Level
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S, at, calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.partners.identity import IdentityChecker


@dataclass(frozen=True, slots=True)
class Identity:
    """A well-formed name and number, not yet asked for."""

    name: str = field(repr=False)
    number: IdNumber = field(repr=False)

    def minor_until_s(self, age: int, now_s: int) -> int | None:
        """The start of the day on which its holder is of age; None when they are."""
        grown = self.number.birthday(age)
        return at(grown) if calendar_date(now_s) < grown else None


def read_identity(house: House, name: str, id_number: str, now_s: int) -> Identity | Refusal:
    """Name and number as written. Refuses what `read_name` and `read_id_number` name."""
    today: date = calendar_date(now_s)
    read = read_name(name)
    if isinstance(read, Refusal):
        return read
    number = read_id_number(id_number, house.terms(now_s), today)
    return number if isinstance(number, Refusal) else Identity(read, number)


def may_ask(house: House, cursor: Cursor, asker_id: str, now_s: int) -> Refusal | None:
    """Count a question to the register for somebody, or refuse IDENTITY_TRIES."""
    most = house.terms(now_s).identity_tries
    store.lock(cursor, [f"identity tries:{asker_id}"])
    if asking.identity_tries(cursor, asker_id, now_s - DAY_S) >= most:
        return Refusal("IDENTITY_TRIES", values={"most": most})
    asking.write_identity_try(cursor, asker_id, now_s)
    return None


def ask_register(checker: IdentityChecker, identity: Identity, out_id: str) -> Refusal | None:
    """Ask whether name and number belong together; no transaction may be open.

    Refuses IDENTITY_NOT_CONFIRMED, and IDENTITY_UNKNOWN_NOW when the register gives no answer.
    """
    answer = checker.check(identity.name, identity.number.number, out_id)
    if isinstance(answer, Refusal):
        return Refusal("IDENTITY_UNKNOWN_NOW", answer.code)
    return None if answer else Refusal("IDENTITY_NOT_CONFIRMED")


def keep_identity(
    house: House, cursor: Cursor, row: PersonRow, identity: Identity, now_s: int
) -> Refusal | None:
    """The register has confirmed: seal name and number, raise the level.

    Refuses IDENTITY_TAKEN for another person's number, IDENTITY_OTHER when this person was verified
    with another number before, GUARDIAN_NEEDED for a child without a guardian.
    """
    house.lock_values(cursor, (ID_NUMBER, identity.number.number))
    known = house.opened(cursor, PERSON, row.person_id).get(ID_NUMBER, "")
    if known and known != identity.number.number:
        return Refusal("IDENTITY_OTHER")
    minor_until_s = identity.minor_until_s(house.terms(now_s).minor_age, now_s)
    if minor_until_s is not None and row.guardian_id is None:
        return Refusal("GUARDIAN_NEEDED")
    if not house.put_unique(cursor, row.person_id, ID_NUMBER, identity.number.number):
        return Refusal("IDENTITY_TAKEN")
    house.put(cursor, PERSON, row.person_id, NAME, identity.name)
    store.set_level(cursor, row.person_id, Level.IDENTITY, minor_until_s)
    if not known:
        notify(cursor, row.person_id, "identity_verified", {}, now_s)
    return None
