"""Leaving: what a person takes along, what keeps an account open, and what is deleted when.

An account is closed when nothing in the books is open and its money has left. Then the person is
deleted and found by nothing; the account number stays in the books, a pseudonym of nobody, and
every sum with it.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from tongxing.city.people.consents import consents_of
from tongxing.city.people.helping import helped_by, helpers_of
from tongxing.city.people.house import ID_NUMBER, NAME, PERSON, PHONE, House
from tongxing.city.people.notices import FEEDBACK, TEXT, notices_of
from tongxing.city.people.sessions import sessions_of
from tongxing.city.people.store import acts, persons
from tongxing.city.people.store import leaving as store
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.terms import HOUR_S
from tongxing.city.people.values import Closed, OpenItem
from tongxing.city.store import issued, media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S, stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import Catalogue, load_catalogue

KIND = "close"
OpenItems = Callable[[Cursor, str], Sequence[OpenItem]]
"""How another room says what of an account (its number) is open there."""


@cache
def people_texts() -> Catalogue:
    """The words of this room: notices, relations, open items."""
    return load_catalogue("tongxing.city.people.data")


def open_items(cursor: Cursor, row: PersonRow, more: Sequence[OpenItems] = ()) -> list[OpenItem]:
    """What keeps a person's account from being closed; its rider stays locked."""
    found = store.open_items(cursor, row.account)
    wards = store.wards_of(cursor, row.person_id)
    items = [OpenItem(kind, amount) for kind, amount in found.items()]
    items += [OpenItem("ward", wards)] if wards else []
    return items + [item for room in more for item in room(cursor, row.account)]


def close_account(
    house: House,
    cursor: Cursor,
    person_id: str,
    request_id: str,
    now_s: int,
    more: Sequence[OpenItems] = (),
) -> Closed | Refusal:
    """Close an account for good; the same request again answers the same.

    Refuses REQUEST_REUSED, PERSON_NOT_FOUND, and ACCOUNT_HAS_OPEN_ITEMS with the list (`items` of
    its values) of what has to end first.
    """
    before = acts.find_request(cursor, request_id)
    if before is not None:
        kind, content, _, at_s = before
        row = persons.find_person(cursor, person_id)
        if kind != KIND or row is None or content not in house.indexes(KIND, person_id):
            return Refusal("REQUEST_REUSED", request_id)
        return Closed(row.account, at_s)
    phone = house.opened(cursor, PERSON, person_id).get(PHONE, "")
    house.lock_values(cursor, (PHONE, phone))
    living = house.living(cursor, person_id, lock_row=True)
    if isinstance(living, Refusal):
        return living
    items = open_items(cursor, living, more)
    if items:
        values = {
            "items": tuple(items),
            "detail_zh": "；".join(told(item, "zh") for item in items),
            "detail_en": "; ".join(told(item, "en") for item in items),
        }
        return Refusal("ACCOUNT_HAS_OPEN_ITEMS", living.account, values)
    for row_ in acts.helps(cursor, "(helper_id = %s OR helped_id = %s)", (person_id, person_id)):
        acts.end_help(cursor, row_.help_id, now_s, person_id)
    refusal = _end_elsewhere(cursor, living, now_s)
    assert refusal is None, "what cannot stop is an open item"
    for medium_no in store.media_of(cursor, living.account):
        media.deny(cursor, medium_no, "ACCOUNT_CLOSED")
        issued.note_closed(cursor, medium_no, now_s)
    content = house.cells.blind_index(KIND, person_id)
    acts.write_request(cursor, request_id, KIND, content, person_id, now_s)
    store.forget(cursor, person_id)
    persons.close_person(cursor, person_id, now_s)
    return Closed(living.account, now_s)


def _end_elsewhere(cursor: Cursor, row: PersonRow, now_s: int) -> Refusal | None:
    """A closed account's card is nobody's, and its media are linked with nobody. Those rooms tell
    people things, so they import this one; they are imported late."""
    from tongxing.city.binding import leaving as bindings
    from tongxing.city.upgrading import linking

    linking.end_all(cursor, row.person_id, row.person_id, now_s)
    return bindings.close_account(cursor, row.account, now_s)


def told(item: OpenItem, language: str) -> str:
    """An open item in words."""
    words, key = people_texts(), f"item.{item.kind}"
    if key not in words.entries:
        key = "item.other"
    return words.text(key, language, amount=item.amount, yuan=yuan(item.amount), kind=item.kind)


def exported(house: House, cursor: Cursor, person_id: str, now_s: int) -> dict[str, Any] | Refusal:
    """All that is kept of a person, for that person alone: JSON, unmasked where it is theirs and
    masked where it is of others. Refuses PERSON_NOT_FOUND."""
    row = house.living(cursor, person_id)
    if isinstance(row, Refusal):
        return row
    own = house.opened(cursor, PERSON, person_id)
    balance_fen, held_fen = store.balance_of(cursor, row.account)
    return {
        "made": stamp(now_s),
        "person": {
            "account": row.account,
            "level": row.level,
            "phone": own.get(PHONE, ""),
            "name": own.get(NAME, ""),
            "id_number": own.get(ID_NUMBER, ""),
            "opened": stamp(row.opened_s),
        },
        "money": {"balance_fen": balance_fen, "held_fen": held_fen},
        "trips": _trips(cursor, row.account),
        "consents": [
            {
                "text": one.text_id,
                "version": one.version,
                "channel": one.channel,
                "given": stamp(one.given_s),
                "withdrawn": "" if one.withdrawn_s is None else stamp(one.withdrawn_s),
            }
            for one in consents_of(cursor, person_id)
        ],
        "sessions": [
            {"device": one.device, "begun": stamp(one.begun_s), "seen": stamp(one.seen_s)}
            for one in sessions_of(house, cursor, person_id)
        ],
        "helped": [
            {"name": one.name_masked, "relation": one.relation, "since": stamp(one.since_s)}
            for one in helped_by(house, cursor, person_id)
        ],
        "helpers": [
            {"name": one.name_masked, "relation": one.relation, "since": stamp(one.since_s)}
            for one in helpers_of(house, cursor, person_id)
        ],
        "notices": [
            {"kind": one.kind, "values": dict(one.values), "at": stamp(one.at_s)}
            for one in notices_of(cursor, person_id)
        ],
        "feedback": [
            {"about": about, "text": _text(house, cursor, feedback_id), "at": stamp(at_s)}
            for feedback_id, about, at_s in acts.feedback_of(cursor, person_id)
        ],
        "looked_at_by_staff": [
            {"at": stamp(at_s), "purpose": purpose, "what": what}
            for at_s, purpose, what in acts.looks_at(cursor, person_id)
        ],
    }


def purge(house: House, cursor: Cursor, now_s: int) -> dict[str, int]:
    """Delete what retention does not keep; how many rows of each went. Moves no money."""
    terms = house.terms(now_s)
    before = {
        "codes": now_s - terms.keep_codes_h * HOUR_S,
        "sessions": now_s - terms.keep_sessions_days * DAY_S,
        "notices": now_s - terms.keep_notices_days * DAY_S,
        "feedback": now_s - terms.keep_feedback_days * DAY_S,
        "requests": now_s - terms.keep_requests_days * DAY_S,
    }
    gone = store.purge(cursor, before, now_s)
    gone["grown_up"] = persons.grow_up(cursor, now_s)
    return gone


def _trips(cursor: Cursor, account: str) -> list[dict[str, object]]:
    return [
        {
            "entered": stamp(entered_s),
            "left": stamp(exited_s),
            "mode": mode,
            "line": line,
            "from": origin,
            "to": destination,
            "charge_fen": charge_fen,
        }
        for entered_s, exited_s, mode, line, origin, destination, charge_fen in store.trips_of(
            cursor, account
        )
    ]


def _text(house: House, cursor: Cursor, feedback_id: str) -> str:
    return house.opened(cursor, FEEDBACK, feedback_id).get(TEXT, "")
