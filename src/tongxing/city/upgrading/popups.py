"""App users are asked once by their own app, and one tap is all they do (R-120, R-126, R-143)."""

import re
from dataclasses import dataclass

from tongxing.city.office import Office
from tongxing.city.store import upgrading as store
from tongxing.city.upgrading import linking
from tongxing.city.upgrading.asking import People, Popup, Upgrade
from tongxing.city.upgrading.flows import Flows, code_of
from tongxing.city.upgrading.programme import Programme, programme_at
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal

OWN = ""
"""The passenger's pages of the city itself, which are on no source's list of apps."""

_RIDE_CODE = "ride_code"
_CODE_NO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{7,63}")


@dataclass(frozen=True, slots=True)
class Popups:
    """What an app asks its users, and what their one tap does."""

    office: Office
    people: People
    flows: Flows

    def shown(self, person_id: str, app: str, now_s: int, code_no: str = "") -> Popup | Refusal:
        """Whether the app asks now; see `UpgradeDesk.consent_popup`."""
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return programme
        person = self.people.person(person_id)
        if isinstance(person, Refusal):
            return person
        rules = programme.rules
        opening = app_objection(programme, app)
        why = "" if opening is None else opening.code
        if not why and person.level < _level(programme, "app_popup"):
            why = "UPGRADE_LEVEL_LOW"
        if not why:
            with self.office.reading() as cursor:
                now = store.current(cursor, code_no or code_of(person))
            if now is not None and now.holder == person_id:
                why = "UPGRADE_ALREADY"
        return Popup(app, not why, why, rules.consent_text, rules.consent_version)

    def accept(
        self, person_id: str, app: str, request_id: str, now_s: int, code_no: str = ""
    ) -> Upgrade | Refusal:
        """The one tap; see `UpgradeDesk.accept`."""
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return programme
        refusal = app_objection(programme, app)
        if refusal is not None:
            return refusal
        return self._code("app_popup", programme, person_id, app, request_id, code_no)

    def registered(
        self, person_id: str, app: str, request_id: str, now_s: int, code_no: str = ""
    ) -> Upgrade | Popup | Refusal:
        """A ride code was opened; see `UpgradeDesk.code_opened`."""
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return programme
        if not programme.registers():
            return self.shown(person_id, app, now_s, code_no)
        return self._code("registration", programme, person_id, app, request_id, code_no)

    def opened_by(self, account: str, now_s: int) -> Upgrade | Popup | Refusal:
        """An account opened its code; see `UpgradeDesk.code_opened_by`."""
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return programme
        person = self.people.standing_of(account)
        if person is None or person.closed_s is not None:
            return Refusal("PERSON_NOT_FOUND")
        rules = programme.rules
        if not self.people.has_consent(person.person_id, rules.consent_text):
            return Popup(OWN, False, "UPGRADE_CONSENT", rules.consent_text, rules.consent_version)
        request_id = digest("code_opened", self.office.code, account)
        return self.registered(person.person_id, OWN, request_id, now_s)

    def _code(
        self,
        channel_name: str,
        programme: Programme,
        person_id: str,
        app: str,
        request_id: str,
        code_no: str,
    ) -> Upgrade | Refusal:
        if code_no and not _CODE_NO.fullmatch(code_no):
            return Refusal("UPGRADE_CODE_NUMBER", channel_name)
        asked = digest(channel_name, person_id, app, code_no)
        with self.office.reading() as cursor:
            before = linking.answered(cursor, request_id, asked)
        if before is not None:
            return before
        channel, kind = programme.channel(channel_name), programme.kind(_RIDE_CODE)
        if channel is None or isinstance(kind, Refusal):
            return Refusal("UPGRADE_CHANNEL_UNKNOWN", channel_name)
        person = self.people.person(person_id)
        if isinstance(person, Refusal):
            return person
        return self.flows.code(programme, channel, kind, person, app, code_no, request_id, asked)


def app_objection(programme: Programme, app: str) -> Refusal | None:
    """UPGRADE_APP_UNKNOWN for an app on no list, UPGRADE_POPUP_NOT_YET before its first instant."""
    from_s = programme.popup_s(app)
    if from_s is None:
        return Refusal("UPGRADE_APP_UNKNOWN", app[:40])
    if programme.time_s < from_s:
        return Refusal("UPGRADE_POPUP_NOT_YET", app, {"opens": stamp(from_s)})
    return None


def _level(programme: Programme, channel: str) -> int:
    found = programme.channel(channel)
    return 0 if found is None else found.level
