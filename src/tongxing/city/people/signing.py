"""The first half of the desk: codes, signing in, sessions and their step-up.

Each method is one transaction of its own, or two with the partner's message between them.
"""

import hmac
from typing import TYPE_CHECKING

from tongxing.city.people.cells import Cells, Draw
from tongxing.city.people.house import NAME, PERSON, PHONE, House, TermsAt
from tongxing.city.people.notices import notify
from tongxing.city.people.one_time import (
    Asked,
    code_health,
    make_code,
    not_sent,
    try_code,
    use_code,
)
from tongxing.city.people.opening import open_account
from tongxing.city.people.sessions import (
    begin_session,
    read_device,
    session_of,
    sessions_of,
    step_up_id,
    token_hash,
)
from tongxing.city.people.store import asking, persons
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.terms import people_terms
from tongxing.city.people.values import CodeHealth, CodeSent, Level, Person, Session, SignedIn
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal
from tongxing.partners.identity import IdentityChecker
from tongxing.partners.sms import SmsSender

if TYPE_CHECKING:
    from tongxing.city.office import Office

_UNSURE = "PARTNER_NO_ANSWER"
_PROOF = "change_phone"


class SigningDesk:
    """Who comes in, and with what proof. `terms_at` serves tests that need smaller numbers."""

    def __init__(
        self,
        office: "Office",
        cells: Cells,
        sms: SmsSender,
        identity: IdentityChecker,
        draw: Draw,
        *,
        terms_at: TermsAt = people_terms,
    ) -> None:
        self._office = office
        self._sms = sms
        self._identity = identity
        self._house = House(office.code, cells, draw, terms_at)

    def request_code(
        self, phone: str, purpose: str, session_id: str, client: str, now_s: int
    ) -> CodeSent | Refusal:
        """Send a one-time code. The answer is the same whether the number is known or not.

        For purpose "help", `session_id` is the helper's person id. Refuses what `make_code` names,
        and OTP_NOT_SENT when the partner does not take the message: that costs the number nothing.
        """
        asked = Asked(phone, purpose, session_id, client)
        with self._office.writing() as cursor:
            made = make_code(self._house, cursor, asked, now_s)
        if isinstance(made, Refusal):
            return made
        minutes = (made.sent.expires_s - now_s) // 60
        values = {"code": made.code, "minutes": str(minutes)}
        refusal = self._sms.send(phone, f"code_{purpose}", values, made.code_id)
        if refusal is None:
            return made.sent
        if refusal.code == _UNSURE:
            return CodeSent(made.sent.resend_s, made.sent.expires_s, is_sure=False)
        with self._office.writing() as cursor:
            not_sent(cursor, made.code_id)
        return Refusal("OTP_NOT_SENT", refusal.code)

    def take_code(
        self, phone: str, purpose: str, session_id: str, code: str, now_s: int, client: str = ""
    ) -> Refusal | None:
        """Use a code up for a purpose of another room. Refuses what `try_code` names."""
        asked = Asked(phone, purpose, session_id, client)
        with self._office.writing() as cursor:
            found = try_code(self._house, cursor, asked, code, now_s)
            if isinstance(found, Refusal):
                return found
            use_code(cursor, found)
        return None

    def show_code(
        self, phone: str, purpose: str, session_id: str, code: str, now_s: int, client: str = ""
    ) -> Refusal | None:
        """Show a code without using it up, where something else is asked before it counts; the try
        is counted. Refuses what `try_code` names."""
        asked = Asked(phone, purpose, session_id, client)
        with self._office.writing() as cursor:
            found = try_code(self._house, cursor, asked, code, now_s)
        return found if isinstance(found, Refusal) else None

    def name_matches(self, phone: str, name: str) -> bool:
        """Whether nothing speaks against this name, letter by letter, for whoever has a number.

        Also true for a number that nobody has and for somebody whose name is not known. Only for
        whoever has shown the code of that number: else it would tell names to strangers.
        """
        house = self._house
        with self._office.reading() as cursor:
            person_id = house.find(cursor, PHONE, phone)
            known = house.opened(cursor, PERSON, person_id or "").get(NAME) or name
        one, other = (house.cells.blind_index(NAME, text) for text in (known, name))
        return hmac.compare_digest(one, other)

    def sign_in(
        self,
        phone: str,
        code: str,
        session_id: str,
        device: str,
        now_s: int,
        client: str = "",
    ) -> SignedIn | Refusal:
        """Sign in with a code; whoever is new gets an account of level PHONE.

        Refuses TEXT_FORBIDDEN_CHAR (device), and what `try_code` names.
        """
        text = read_device(device)
        if isinstance(text, Refusal):
            return text
        house, asked = self._house, Asked(phone, "sign_in", session_id, client)
        with self._office.writing() as cursor:
            found = try_code(house, cursor, asked, code, now_s)
            if isinstance(found, Refusal):
                return found
            use_code(cursor, found)
            house.lock_values(cursor, (PHONE, phone))
            person_id = house.find(cursor, PHONE, phone)
            row = persons.find_person(cursor, person_id or "")
            is_new = row is None
            if row is None:
                row = open_account(house, cursor, Level.PHONE, now_s)
                house.put_unique(cursor, row.person_id, PHONE, phone)
            else:
                notify(cursor, row.person_id, "signed_in", {}, now_s)
            token = begin_session(house, cursor, row.person_id, text, now_s)
            return SignedIn(token, house.person(cursor, row), is_new)

    def person_of(self, token: str, now_s: int) -> Person | None:
        """Whose session this is, while it lives; using it makes it live longer."""
        with self._office.reading() as cursor:
            found = _living(cursor, token, now_s)
            person = None if found is None else self._house.person(cursor, found[2])
        if found is not None:
            self._seen(found, now_s)
        return person

    def session_standing(self, token: str, now_s: int) -> PersonRow | None:
        """`person_of` without a look at anything personal: all that most pages need."""
        with self._office.asking() as cursor:
            found = _living(cursor, token, now_s)
        if found is None:
            return None
        self._seen(found, now_s)
        return found[2]

    def _seen(self, living: tuple[int, int, PersonRow], now_s: int) -> None:
        """A session is used: it lives longer."""
        session_no, seen_s, _row = living
        terms = self._house.terms(now_s)
        if now_s - seen_s >= terms.session_roll_s:
            with self._office.writing() as cursor:
                asking.roll_session(cursor, session_no, now_s, now_s + terms.session_s)

    def sign_out(self, token: str) -> None:
        """End the session of a token; an unknown one changes nothing."""
        with self._office.writing() as cursor:
            asking.end_session(cursor, "token_hash = %s", (token_hash(token),))

    def sessions(self, person_id: str) -> list[Session]:
        """Where a person is signed in, newest first."""
        with self._office.reading() as cursor:
            return sessions_of(self._house, cursor, person_id)

    def end_session(self, person_id: str, session_no: int) -> Refusal | None:
        """End one of a person's sessions. Refuses SESSION_ENDED for one that is not theirs."""
        with self._office.writing() as cursor:
            mine = "person_id = %s AND session_no = %s"
            ended = asking.end_session(cursor, mine, (person_id, session_no))
        return None if ended else Refusal("SESSION_ENDED")

    def request_fresh_code(
        self, token: str, purpose: str, client: str, now_s: int
    ) -> CodeSent | Refusal:
        """Send a code to the number of the person who is signed in, for a step-up.

        Refuses SESSION_ENDED, and what `request_code` names.
        """
        bound = self._bound(token, now_s)
        if isinstance(bound, Refusal):
            return bound
        phone, session_id = bound
        return self.request_code(phone, purpose, session_id, client, now_s)

    def confirm(self, token: str, purpose: str, code: str, now_s: int) -> Refusal | None:
        """Show the code of a step-up: the session is fresh for this purpose for a few minutes.

        Refuses SESSION_ENDED, and what `try_code` names.
        """
        bound = self._bound(token, now_s)
        if isinstance(bound, Refusal):
            return bound
        phone, session_id = bound
        refusal = self.take_code(phone, purpose, session_id, code, now_s)
        if refusal is not None:
            return refusal
        until_s = now_s + self._house.terms(now_s).fresh_s
        with self._office.writing() as cursor:
            session = session_of(cursor, token, now_s)
            if session is None:
                return Refusal("SESSION_ENDED")
            asking.write_fresh(cursor, session.session_no, purpose, until_s)
        return None

    def fresh(self, token: str, purpose: str, now_s: int) -> bool:
        """Whether this session proved its phone for this purpose within the last minutes."""
        with self._office.reading() as cursor:
            session = session_of(cursor, token, now_s)
            if session is None:
                return False
            return asking.fresh_until(cursor, session.session_no, purpose) > now_s

    def change_phone(
        self, token: str, phone: str, code: str, session_id: str, now_s: int
    ) -> Person | Refusal:
        """Move a person to another number, which has received `code` (purpose "change_phone"); the
        old number proved itself by a step-up for the same purpose. Ends all other sessions.

        Refuses SESSION_ENDED, STEP_UP_NEEDED, PHONE_TAKEN, and what `try_code` names.
        """
        if not self.fresh(token, _PROOF, now_s):
            return Refusal("STEP_UP_NEEDED", _PROOF)
        house, asked = self._house, Asked(phone, _PROOF, session_id, "")
        with self._office.writing() as cursor:
            session = session_of(cursor, token, now_s)
            if session is None:
                return Refusal("SESSION_ENDED")
            found = try_code(house, cursor, asked, code, now_s)
            if isinstance(found, Refusal):
                return found
            house.lock_values(cursor, (PHONE, phone))
            row = house.living(cursor, session.person_id, lock_row=True)
            if isinstance(row, Refusal):
                return row
            use_code(cursor, found)
            if not house.put_unique(cursor, row.person_id, PHONE, phone):
                return Refusal("PHONE_TAKEN")
            others = "person_id = %s AND session_no <> %s"
            asking.end_session(cursor, others, (row.person_id, session.session_no))
            person = house.person(cursor, row)
            values = {"phone": person.phone_masked}
            notify(cursor, row.person_id, "phone_changed", values, now_s)
            return person

    def code_health(self, now_s: int) -> CodeHealth:
        """How the last hour of one-time codes looks, for the console."""
        with self._office.reading() as cursor:
            return code_health(self._house.terms(now_s), cursor, now_s)

    def _bound(self, token: str, now_s: int) -> tuple[str, str] | Refusal:
        """The number of a session's person, and to what their step-up code is bound."""
        with self._office.reading() as cursor:
            session = session_of(cursor, token, now_s)
            if session is None:
                return Refusal("SESSION_ENDED")
            phone = self._house.opened(cursor, PERSON, session.person_id).get(PHONE, "")
            return phone, step_up_id(session.person_id, session.session_no)


def _living(cursor: Cursor, token: str, now_s: int) -> tuple[int, int, PersonRow] | None:
    """The session of a token with its person, while both live."""
    found = asking.session_and_person(cursor, token_hash(token), now_s)
    return None if found is None or found[2].closed_s is not None else found
