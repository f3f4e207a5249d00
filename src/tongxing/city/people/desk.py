"""The desk of people: what pages and other rooms ask of a city's persons, consents and helpers.

Values in, a value or a Refusal out. Each method is one transaction; where the register of
identities is asked, two with the question between them. Nothing personal leaves here unmasked but
to the person themselves (`export`), to the register, and to staff who say why (`reveal`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tongxing.city.people import caring, consents, helping, leaving, looking, notices, resealing
from tongxing.city.people.cells import Cells, Draw
from tongxing.city.people.helping import Helping
from tongxing.city.people.house import ID_NUMBER, PHONE, TermsAt
from tongxing.city.people.identity import ask_register, keep_identity, may_ask, read_identity
from tongxing.city.people.leaving import OpenItems
from tongxing.city.people.looking import Look
from tongxing.city.people.one_time import Asked, try_code, use_code
from tongxing.city.people.sessions import read_device
from tongxing.city.people.signing import SigningDesk
from tongxing.city.people.store import acts, persons
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.taking_over import take_over
from tongxing.city.people.terms import people_terms
from tongxing.city.people.values import (
    Closed,
    Consent,
    Feedback,
    Helped,
    Helper,
    LookAlert,
    Notice,
    OpenItem,
    Person,
)
from tongxing.kernel.reasons import Refusal
from tongxing.partners.identity import IdentityChecker
from tongxing.partners.sms import SmsSender

if TYPE_CHECKING:
    from tongxing.city.office import Office


class PeopleDesk(SigningDesk):
    """One city's people. `open_items` are other rooms' reasons why an account cannot be closed."""

    def __init__(
        self,
        office: "Office",
        cells: Cells,
        sms: SmsSender,
        identity: IdentityChecker,
        draw: Draw,
        *,
        open_items: Sequence[OpenItems] = (),
        terms_at: TermsAt = people_terms,
    ) -> None:
        super().__init__(office, cells, sms, identity, draw, terms_at=terms_at)
        self._open_items = tuple(open_items)

    def person(self, person_id: str) -> Person | Refusal:
        """A person by id, closed ones too (with nothing left of them). Refuses PERSON_NOT_FOUND."""
        with self._office.reading() as cursor:
            row = persons.find_person(cursor, person_id)
            if row is None:
                return Refusal("PERSON_NOT_FOUND", person_id)
            return self._house.person(cursor, row)

    def standing_of(self, account: str) -> PersonRow | None:
        """What is known of the person behind an account without anything personal, closed ones too;
        None for an account of nobody."""
        with self._office.asking() as cursor:
            return persons.person_of_account(cursor, account)

    def take_over(self, account: str, phone: str, now_s: int) -> Person | Refusal:
        """Give an account of the books its person; see `taking_over.take_over`."""
        with self._office.writing() as cursor:
            return take_over(self._house, cursor, account, phone, now_s)

    def verify_identity(
        self, person_id: str, name: str, id_number: str, now_s: int
    ) -> Person | Refusal:
        """Have name and identity number confirmed by the register: level IDENTITY. The same data
        again also corrects a name.

        Refuses NAME_INVALID, TEXT_FORBIDDEN_CHAR, ID_NUMBER_INVALID, PERSON_NOT_FOUND,
        IDENTITY_TRIES, IDENTITY_NOT_CONFIRMED, IDENTITY_UNKNOWN_NOW, what `keep_identity` names.
        """
        house = self._house
        identity = read_identity(house, name, id_number, now_s)
        if isinstance(identity, Refusal):
            return identity
        with self._office.writing() as cursor:
            row = house.living(cursor, person_id)
            if isinstance(row, Refusal):
                return row
            refusal = may_ask(house, cursor, person_id, now_s)
        refusal = refusal or ask_register(self._identity, identity, house.new_id())
        if refusal is not None:
            return refusal
        with self._office.writing() as cursor:
            house.lock_values(cursor, (ID_NUMBER, identity.number.number))
            row = house.living(cursor, person_id, lock_row=True)
            if isinstance(row, Refusal):
                return row
            refusal = keep_identity(house, cursor, row, identity, now_s)
            if refusal is not None:
                return refusal
            verified = persons.find_person(cursor, person_id)
            assert verified is not None
            return house.person(cursor, verified)

    def give_consent(
        self, person_id: str, text_id: str, version: str, channel: str, now_s: int
    ) -> Refusal | None:
        """Keep a yes to a text in the wording that is in force; see `consents.give_consent`."""
        text = (text_id, version)
        with self._office.writing() as cursor:
            return consents.give_consent(self._house, cursor, person_id, text, channel, now_s)

    def withdraw_consent(self, person_id: str, text_id: str, now_s: int) -> Refusal | None:
        """Take a yes back, with what rests on it; see `consents.withdraw_consent`."""
        with self._office.writing() as cursor:
            return consents.withdraw_consent(self._house, cursor, person_id, text_id, now_s)

    def consents(self, person_id: str) -> list[Consent]:
        """All that a person said yes to, oldest first."""
        with self._office.reading() as cursor:
            return consents.consents_of(cursor, person_id)

    def has_consent(self, person_id: str, text_id: str) -> bool:
        """Whether a person's yes to a text stands."""
        with self._office.asking() as cursor:
            return consents.has_consent(cursor, person_id, text_id)

    def add_helped(
        self,
        helper_id: str,
        phone: str,
        code: str,
        name: str,
        id_number: str,
        relation: str,
        device: str,
        now_s: int,
        session_id: str = "",
    ) -> Helped | Refusal:
        """Help somebody from now on, who received `code` on their phone (purpose "help", session id
        `session_id`, or the helper's person id). Whoever has no account gets one.

        Refuses what `read_identity`, `help_objection`, `try_code`, `may_ask`, `ask_register` and
        `keep_identity` name; after a refusal nothing is changed but the count of tries.
        """
        house = self._house
        identity = read_identity(house, name, id_number, now_s)
        if isinstance(identity, Refusal):
            return identity
        text = read_device(device)
        if isinstance(text, Refusal):
            return text
        asked = Helping(helper_id, text, relation, phone, identity)
        proof = Asked(phone, "help", session_id or helper_id, "")
        with self._office.writing() as cursor:
            refusal = helping.help_objection(house, cursor, asked, "", now_s)
            if refusal is not None:
                return refusal
            found = try_code(house, cursor, proof, code, now_s)
            if isinstance(found, Refusal):
                return found
            refusal = may_ask(house, cursor, helper_id, now_s)
        refusal = refusal or ask_register(self._identity, identity, house.new_id())
        if refusal is not None:
            return refusal
        with self._office.writing() as cursor:
            found = try_code(house, cursor, proof, code, now_s)
            if isinstance(found, Refusal):
                return found
            helping.lock_help(house, cursor, asked)
            helped = helping.add_help(house, cursor, asked, now_s)
            if not isinstance(helped, Refusal):
                use_code(cursor, found)
            return helped

    def helped_by(self, helper_id: str) -> list[Helped]:
        """Whom a person helps, masked."""
        with self._office.reading() as cursor:
            return helping.helped_by(self._house, cursor, helper_id)

    def helpers_of(self, person_id: str) -> list[Helper]:
        """Who helps a person, masked; `help_id` ends it."""
        with self._office.reading() as cursor:
            return helping.helpers_of(self._house, cursor, person_id)

    def end_help(self, person_id: str, helped_id: str, now_s: int) -> Refusal | None:
        """End a help: a helper says whom (`helped_id`), a helped person which (`help_id` of the
        helper or of the notice). Refuses HELP_UNKNOWN."""
        with self._office.writing() as cursor:
            return helping.end_help(self._house, cursor, person_id, helped_id, now_s)

    def open_for(
        self,
        staff: str,
        name: str,
        id_number: str,
        phone: str,
        relation: str,
        guardian_person_id: str,
        now_s: int,
        request_id: str,
    ) -> Person | Refusal:
        """Open an account for a child (by its guardian, or by staff with one) or, by staff, for
        somebody without a phone. Once per request.

        Refuses what `read_identity`, `opening_objection`, `may_ask` and `ask_register` name.
        """
        house = self._house
        identity = read_identity(house, name, id_number, now_s)
        if isinstance(identity, Refusal):
            return identity
        asked = caring.OpeningFor(staff, identity, phone, relation, guardian_person_id, request_id)
        with self._office.writing() as cursor:
            before = caring.opened_before(house, cursor, asked)
            if before is not None:
                return before
            refusal = caring.opening_objection(house, cursor, asked, now_s)
            if refusal is None and not staff:
                refusal = may_ask(house, cursor, guardian_person_id, now_s)
        refusal = refusal or ask_register(self._identity, identity, house.new_id())
        if refusal is not None:
            return refusal
        with self._office.writing() as cursor:
            return caring.open_for_other(house, cursor, asked, now_s)

    def find(
        self,
        staff: str,
        purpose: str,
        ticket: str,
        phone: str = "",
        id_number: str = "",
        account: str = "",
        now_s: int = 0,
    ) -> Person | Refusal:
        """Staff look for one person by exactly one of these; masked, and always kept.

        Refuses LOOKUP_ONE, and what `find_for_staff` names.
        """
        given = [
            (domain, value)
            for domain, value in ((PHONE, phone), (ID_NUMBER, id_number), ("account", account))
            if value
        ]
        if len(given) != 1:
            return Refusal("LOOKUP_ONE")
        look = Look(staff, purpose, ticket)
        with self._office.writing() as cursor:
            return looking.find_for_staff(self._house, cursor, look, given[0], now_s)

    def reveal(
        self, staff: str, person_id: str, field: str, purpose: str, ticket: str, now_s: int
    ) -> str | Refusal:
        """Show staff one field ("phone", "name", "id_number") unmasked; see `reveal_to_staff`."""
        look = Look(staff, purpose, ticket)
        with self._office.writing() as cursor:
            return looking.reveal_to_staff(self._house, cursor, look, person_id, field, now_s)

    def look_alerts(self, now_s: int) -> list[LookAlert]:
        """Staff whose looks of the last hour stand out, for the console."""
        with self._office.reading() as cursor:
            return looking.look_alerts(self._house.terms(now_s), cursor, now_s)

    def notices(self, person_id: str) -> list[Notice]:
        """What a person was told, newest first."""
        with self._office.reading() as cursor:
            return notices.notices_of(cursor, person_id)

    def unread(self, person_id: str) -> int:
        """How many notices a person has not read."""
        with self._office.reading() as cursor:
            return acts.count_unread(cursor, person_id)

    def read_notice(self, person_id: str, notice_id: int, now_s: int) -> None:
        """Mark one of a person's notices as read."""
        with self._office.writing() as cursor:
            acts.read_notice(cursor, person_id, notice_id, now_s)

    def feedback(self, person_id: str, text: str, about: str, now_s: int) -> str | Refusal:
        """Keep what a passenger wrote; its id. See `notices.give_feedback`."""
        with self._office.writing() as cursor:
            return notices.give_feedback(self._house, cursor, person_id, text, about, now_s)

    def feedback_list(self, limit: int) -> list[Feedback]:
        """What passengers wrote, newest first, for the console."""
        with self._office.reading() as cursor:
            return notices.feedback_list(self._house, cursor, limit)

    def open_items(self, person_id: str) -> list[OpenItem]:
        """What keeps a person's account from being closed now."""
        with self._office.writing() as cursor:
            row = self._house.living(cursor, person_id)
            if isinstance(row, Refusal):
                return []
            return leaving.open_items(cursor, row, self._open_items)

    def export(self, person_id: str, now_s: int) -> dict[str, Any] | Refusal:
        """All that is kept of a person, for them alone. Refuses PERSON_NOT_FOUND."""
        with self._office.reading() as cursor:
            return leaving.exported(self._house, cursor, person_id, now_s)

    def close_account(self, person_id: str, request_id: str, now_s: int) -> Closed | Refusal:
        """Close an account for good, with the city's door closed; see `leaving.close_account`."""
        with self._office.alone() as cursor:
            return leaving.close_account(
                self._house, cursor, person_id, request_id, now_s, self._open_items
            )

    def purge(self, now_s: int) -> dict[str, int]:
        """Delete what retention does not keep; how many rows of each went."""
        with self._office.writing() as cursor:
            return leaving.purge(self._house, cursor, now_s)

    def reseal(self, limit: int = 500) -> int:
        """Seal some cells under the newest key; how many are left under older ones."""
        with self._office.writing() as cursor:
            return resealing.reseal(self._house, cursor, limit)

    def drop_old_indexes(self) -> int:
        """After the last `reseal`, and once every program has the new key: indexes of older keys
        go; how many."""
        with self._office.writing() as cursor:
            return persons.drop_index_versions(cursor, self._house.cells.version)
