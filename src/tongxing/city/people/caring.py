"""Accounts opened for others: a guardian opens a child's, staff open an elder's without a phone.

A child under fourteen needs a guardian who is verified; the guardian's yes is kept as evidence with
the child's account, and the child takes a helper's slot of the guardian. For a grown person nobody
but staff, who have seen the document, can stand in for the code that a phone would have received.
"""

from dataclasses import dataclass, field

from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.people.consents import give_consent
from tongxing.city.people.forms import phone_objection
from tongxing.city.people.helping import Helping, begin_help, help_objection, lock_help
from tongxing.city.people.house import ID_NUMBER, NAME, PERSON, PHONE, House
from tongxing.city.people.identity import Identity
from tongxing.city.people.opening import open_account
from tongxing.city.people.store import acts
from tongxing.city.people.store import persons as store
from tongxing.city.people.values import Level, Person
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

KIND = "open_for"
GUARDIAN_TEXT = "guardian"


@dataclass(frozen=True, slots=True)
class OpeningFor:
    """What is asked for: by which staff member ("" for a guardian alone), for whom."""

    staff: str
    identity: Identity
    phone: str = field(repr=False)
    relation: str
    guardian_id: str
    request_id: str

    @property
    def helping(self) -> Helping:
        """The slot that a child takes of its guardian; no device of anybody's is counted."""
        device = f"guardian:{self.guardian_id}"
        return Helping(self.guardian_id, device, self.relation, self.phone, self.identity)

    @property
    def content(self) -> str:
        """All that the request says, to be indexed and never kept."""
        who = (self.identity.name, self.identity.number.number, self.phone)
        return "|".join((self.staff, *who, self.relation, self.guardian_id))


def opened_before(house: House, cursor: Cursor, asked: OpeningFor) -> Person | Refusal | None:
    """What the same request did before; REQUEST_REUSED for another content."""
    before = acts.find_request(cursor, asked.request_id)
    if before is None:
        return None
    kind, content, person_id, _ = before
    if kind != KIND or content not in house.indexes(KIND, asked.content):
        return Refusal("REQUEST_REUSED", asked.request_id)
    row = store.find_person(cursor, person_id)
    assert row is not None, "persons are never deleted"
    return house.person(cursor, row)


def opening_objection(
    house: House, cursor: Cursor, asked: OpeningFor, now_s: int
) -> Refusal | None:
    """Why an account cannot be opened for somebody.

    Refuses PHONE_INVALID, OPEN_NEEDS_STAFF, GUARDIAN_NEEDED, GUARDIAN_NOT_VERIFIED, IDENTITY_TAKEN,
    PHONE_TAKEN, and what `help_objection` names.
    """
    terms = house.terms(now_s)
    refusal = phone_objection(asked.phone, terms) if asked.phone else None
    if refusal is not None:
        return refusal
    is_child = asked.identity.minor_until_s(terms.minor_age, now_s) is not None
    if not asked.staff and (not is_child or asked.phone):
        return Refusal("OPEN_NEEDS_STAFF")
    if is_child and not asked.guardian_id:
        return Refusal("GUARDIAN_NEEDED")
    if asked.guardian_id:
        guardian = house.living(cursor, asked.guardian_id)
        if isinstance(guardian, Refusal):
            return guardian
        if guardian.level < Level.IDENTITY or guardian.minor_until_s is not None:
            return Refusal("GUARDIAN_NOT_VERIFIED")
        refusal = help_objection(house, cursor, asked.helping, "", now_s)
        if refusal is not None:
            return refusal
    if house.find(cursor, ID_NUMBER, asked.identity.number.number) is not None:
        return Refusal("IDENTITY_TAKEN")
    if asked.phone and house.find(cursor, PHONE, asked.phone) is not None:
        return Refusal("PHONE_TAKEN")
    return None


def open_for_other(house: House, cursor: Cursor, asked: OpeningFor, now_s: int) -> Person | Refusal:
    """Open it, once per request. Refuses what `opened_before` and `opening_objection` name."""
    lock_help(house, cursor, asked.helping)
    before = opened_before(house, cursor, asked)
    if before is not None:
        return before
    refusal = opening_objection(house, cursor, asked, now_s)
    if refusal is not None:
        return refusal
    minor_until_s = asked.identity.minor_until_s(house.terms(now_s).minor_age, now_s)
    guardian_id = asked.guardian_id if minor_until_s is not None else None
    row = open_account(house, cursor, Level.IDENTITY, now_s, minor_until_s, guardian_id)
    house.put_unique(cursor, row.person_id, ID_NUMBER, asked.identity.number.number)
    house.put(cursor, PERSON, row.person_id, NAME, asked.identity.name)
    if asked.phone:
        house.put_unique(cursor, row.person_id, PHONE, asked.phone)
    if guardian_id is not None:
        text = consent_texts(now_s)[GUARDIAN_TEXT]
        channel = "counter" if asked.staff else "app"
        words = (text.id, text.version)
        give_consent(house, cursor, row.person_id, words, channel, now_s, guardian_id)
    if asked.guardian_id:
        begin_help(house, cursor, asked.helping, row.person_id, now_s)
    content = house.cells.blind_index(KIND, asked.content)
    acts.write_request(cursor, asked.request_id, KIND, content, row.person_id, now_s)
    return house.person(cursor, row)
