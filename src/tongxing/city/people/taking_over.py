"""Accounts that stand in the books already get their person: a city that comes from another system.

The account keeps its number, its money and its trips; what is new is the passenger's telephone, by
which they sign in. Who vouches that number and account belong together is the city that moves.
"""

from tongxing.city.people.forms import phone_objection
from tongxing.city.people.house import PHONE, House
from tongxing.city.people.notices import notify
from tongxing.city.people.store import persons as store
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.values import Level, Person
from tongxing.city.store import riders
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal


def take_over(
    house: House, cursor: Cursor, account: str, phone: str, now_s: int
) -> Person | Refusal:
    """The person of an account that has none yet; the same again answers the same.

    Refuses PHONE_INVALID, RIDER_UNKNOWN for what is no account in the books, and PHONE_TAKEN for
    another person's number, or another number than the account's person has.
    """
    refusal = phone_objection(phone, house.terms(now_s))
    if refusal is not None:
        return refusal
    rider = riders.load_riders(cursor, [account])[account]
    if rider.kind != "account":
        return Refusal("RIDER_UNKNOWN", account)
    house.lock_values(cursor, (PHONE, phone))
    owner = house.find(cursor, PHONE, phone)
    before = store.person_of_account(cursor, account)
    if before is not None or owner is not None:
        if before is None or owner != before.person_id:
            return Refusal("PHONE_TAKEN")
        return house.person(cursor, before)
    row = PersonRow(house.new_id(), account, Level.PHONE, None, None, now_s, None)
    store.write_person(cursor, row)
    house.put_unique(cursor, row.person_id, PHONE, phone)
    notify(cursor, row.person_id, "account_opened", {}, now_s)
    return house.person(cursor, row)
