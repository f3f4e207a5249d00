"""Accounts are opened: a person here and a rider in the books, in one transaction.

The account's number is random within its platform, so that one number says nothing of the next.
"""

from tongxing.city.accounts import MediumOpening, RiderOpening, open_riders
from tongxing.city.people.forms import SERIAL_DIGITS, account_number
from tongxing.city.people.house import House
from tongxing.city.people.notices import notify
from tongxing.city.people.store import persons as store
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.values import Level
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import business_date
from tongxing.messages.taps import account_token

_DRAWS_MAX = 16


def open_account(
    house: House,
    cursor: Cursor,
    level: Level,
    now_s: int,
    minor_until_s: int | None = None,
    guardian_id: str | None = None,
) -> PersonRow:
    """A new person, and an empty account of theirs with its code medium.

    Raises RuntimeError when the source of chance gives only numbers that are taken.
    """
    terms = house.terms(now_s)
    account = _new_number(house, cursor, terms.account_platform)
    row = PersonRow(house.new_id(), account, level, minor_until_s, guardian_id, now_s, None)
    store.write_person(cursor, row)
    scheme = terms.code_scheme.replace("{city}", house.city)
    code = MediumOpening(account_token(account), "code", scheme, terms.code_product)
    rider = RiderOpening(account, (code,), balance_fen=0, limit_fen=terms.limit_fen)
    open_riders(cursor, house.city, [rider], now_s, business_date(now_s))
    notify(cursor, row.person_id, "account_opened", {}, now_s)
    return row


def _new_number(house: House, cursor: Cursor, platform: str) -> str:
    for _ in range(_DRAWS_MAX):
        number = account_number(platform, int.from_bytes(house.draw(16)) % 10**SERIAL_DIGITS)
        if not store.account_exists(cursor, number):
            return number
    raise RuntimeError("no free account number was drawn")
