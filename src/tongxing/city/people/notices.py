"""What people are told, and what they tell us: notices and feedback.

Notices are written by any room of the city in its own transaction; their values must be masked
where they are personal. Feedback is sealed, for people write their numbers into it.
"""

from collections.abc import Mapping

import msgspec

from tongxing.city.people.forms import is_account_number, read_text
from tongxing.city.people.house import House
from tongxing.city.people.store import acts as store
from tongxing.city.people.store.persons import find_person, person_of_account
from tongxing.city.people.values import Feedback, Notice
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal

FEEDBACK, TEXT = "person_feedback", "text"


def notify(cursor: Cursor, whom: str, kind: str, values: Mapping[str, object], now_s: int) -> None:
    """Tell a person (by id, or by account number) something: `notice.<kind>` with these values.

    Nobody is told of an account that is no person's, or closed; that is no error.
    """
    find = person_of_account if is_account_number(whom) else find_person
    row = find(cursor, whom)
    if row is not None and row.closed_s is None:
        details = msgspec.json.encode(dict(values), order="sorted").decode()
        store.write_notice(cursor, row.person_id, kind, details, now_s)


def notices_of(cursor: Cursor, person_id: str) -> list[Notice]:
    """A person's notices, newest first."""
    return [
        Notice(notice_id, kind, msgspec.json.decode(details), at_s, read_s)
        for notice_id, kind, details, at_s, read_s in store.notices_of(cursor, person_id)
    ]


def give_feedback(
    house: House, cursor: Cursor, person_id: str, text: str, about: str, now_s: int
) -> str | Refusal:
    """Keep what a person wrote; its id.

    Refuses PERSON_NOT_FOUND, FEEDBACK_ABOUT, FEEDBACK_LIMIT, and what `read_text` names.
    """
    terms = house.terms(now_s)
    row = house.living(cursor, person_id, lock_row=True)
    if isinstance(row, Refusal):
        return row
    if about not in terms.feedback_about:
        return Refusal("FEEDBACK_ABOUT", about)
    read = read_text(text, "text")
    if isinstance(read, Refusal):
        return read
    if store.feedback_since(cursor, person_id, now_s - DAY_S) >= terms.feedback_max:
        return Refusal("FEEDBACK_LIMIT", values={"most": terms.feedback_max})
    feedback_id = house.new_id()
    store.write_feedback(cursor, feedback_id, person_id, about, now_s)
    house.put(cursor, FEEDBACK, feedback_id, TEXT, read)
    return feedback_id


def feedback_list(house: House, cursor: Cursor, limit: int) -> list[Feedback]:
    """What passengers wrote, newest first."""
    return [
        Feedback(
            feedback_id,
            account,
            about,
            house.opened(cursor, FEEDBACK, feedback_id).get(TEXT, ""),
            at_s,
        )
        for feedback_id, account, about, at_s in store.newest_feedback(cursor, limit)
    ]
