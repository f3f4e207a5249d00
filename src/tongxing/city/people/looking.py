"""Staff look at people: with a purpose and a ticket, one field at a time, and never unseen.

Every look is kept, the refused ones too; a staff member has so many in an hour. What stands out is
a value that the console shows. The person is told when a field was shown.
"""

from dataclasses import dataclass

from tongxing.city.people.forms import is_ticket
from tongxing.city.people.house import ID_NUMBER, NAME, PERSON, PHONE, House
from tongxing.city.people.notices import notify
from tongxing.city.people.store import acts as store
from tongxing.city.people.store import persons
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.terms import HOUR_S, PeopleTerms
from tongxing.city.people.values import LookAlert, Person
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

FIELDS = (PHONE, NAME, ID_NUMBER)
SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, why, and under which ticket."""

    staff: str
    purpose: str
    ticket: str


def find_for_staff(
    house: House, cursor: Cursor, look: Look, by: tuple[str, str], now_s: int
) -> Person | Refusal:
    """The person with a phone, identity number or account number (`by`: domain and value), masked.

    The caller commits after a refusal too: every look is kept. Refuses LOOKUP_PURPOSE,
    LOOKUP_TICKET, LOOKUP_QUOTA, PERSON_NOT_FOUND.
    """
    domain, value = by
    what = f"find:{domain}"
    refusal = _objection(house, cursor, look, what, now_s)
    if refusal is not None:
        return refusal
    if domain == "account":
        row = persons.person_of_account(cursor, value)
    else:
        found_id = house.find(cursor, domain, value.strip().replace("x", "X"))
        row = persons.find_person(cursor, found_id or "")
    if row is None or row.closed_s is not None:
        _keep(cursor, look, what, ("", "PERSON_NOT_FOUND"), now_s)
        return Refusal("PERSON_NOT_FOUND", domain)
    _keep(cursor, look, what, (row.person_id, SHOWN), now_s)
    return house.person(cursor, row)


def reveal_to_staff(
    house: House, cursor: Cursor, look: Look, person_id: str, field: str, now_s: int
) -> str | Refusal:
    """One field of a person, unmasked; "" where it is not known. The person gets a notice.

    Refuses what `find_for_staff` refuses, and LOOKUP_FIELD.
    """
    if field not in FIELDS:
        return Refusal("LOOKUP_FIELD", "field")
    what = f"reveal:{field}"
    refusal = _objection(house, cursor, look, what, now_s)
    if refusal is not None:
        return refusal
    row = house.living(cursor, person_id)
    if not isinstance(row, PersonRow):
        _keep(cursor, look, what, ("", "PERSON_NOT_FOUND"), now_s)
        return row
    _keep(cursor, look, what, (person_id, SHOWN), now_s)
    notify(cursor, person_id, f"{field}_shown", {}, now_s)
    return house.opened(cursor, PERSON, person_id).get(field, "")


def look_alerts(terms: PeopleTerms, cursor: Cursor, now_s: int) -> list[LookAlert]:
    """Whose looks of the last hour stand out."""
    found = []
    for staff, over, missed, same in store.looks_by_staff(cursor, now_s - HOUR_S):
        for kind, count, least in (
            ("quota", over, 1),
            ("misses", missed, terms.lookup_misses),
            ("same_person", same, terms.lookup_same),
        ):
            if count >= least:
                found.append(LookAlert(staff, kind, count))
    return found


def _objection(house: House, cursor: Cursor, look: Look, what: str, now_s: int) -> Refusal | None:
    terms = house.terms(now_s)
    if look.purpose not in terms.lookup_purposes:
        return Refusal("LOOKUP_PURPOSE", "purpose")
    if not is_ticket(look.ticket) or not is_ticket(look.staff):
        return Refusal("LOOKUP_TICKET", "ticket")
    persons.lock(cursor, [f"looks:{look.staff}"])
    if store.looks_since(cursor, look.staff, now_s - HOUR_S) >= terms.lookup_max:
        _keep(cursor, look, what, ("", "LOOKUP_QUOTA"), now_s)
        return Refusal("LOOKUP_QUOTA", values={"most": terms.lookup_max})
    return None


def _keep(cursor: Cursor, look: Look, what: str, found: tuple[str, str], now_s: int) -> None:
    store.write_lookup(cursor, look.staff, (look.purpose, look.ticket), what, found, now_s)
