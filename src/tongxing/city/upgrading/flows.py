"""The flows in which people are upgraded: one tap, a card number, name and phone, a helper, a desk.

Each can be repeated: the same request answers the same. Partners are asked between transactions,
never inside one. A refusal leaves no link and no new consent behind; an identity that was verified
on the way stays verified, for that was a step of its own.
"""

from dataclasses import dataclass, replace

from tongxing.city.office import Office
from tongxing.city.people.forms import read_name
from tongxing.city.store import upgrading as store
from tongxing.city.upgrading import linking
from tongxing.city.upgrading.asking import (
    IDENTITY_LEVEL,
    CardForm,
    Cells,
    Holder,
    NewPerson,
    People,
    SmsForm,
    Upgrade,
)
from tongxing.city.upgrading.data_forms import Channel, Kind, Way
from tongxing.city.upgrading.linking import Tell, Wish
from tongxing.city.upgrading.numbers import read_number
from tongxing.city.upgrading.programme import Programme, programme_at
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.messages.taps import account_token


@dataclass(frozen=True, slots=True)
class Flows:
    """The people's desk and the city's office, which every flow needs."""

    office: Office
    people: People
    cells: Cells
    tell: Tell

    def by_number(
        self, person_id: str, request_id: str, form: CardForm, now_s: int
    ) -> Upgrade | Refusal:
        """A person types the number of a card of their own; see `UpgradeDesk.upgrade_card`."""
        wish = self._wish("number", person_id, request_id, form, now_s)
        if isinstance(wish, Refusal):
            return wish
        return self._link(wish, form, now_s)

    def for_other(
        self, helper_id: str, helped_id: str, request_id: str, form: CardForm, now_s: int
    ) -> Upgrade | Refusal:
        """A helper types it for somebody who proved their telephone to the people's desk; see
        `UpgradeDesk.upgrade_for`."""
        wish = self._wish("number", helped_id, request_id, form, now_s, helper=helper_id)
        if isinstance(wish, Refusal):
            return wish
        if helped_id not in {one.helped_id for one in self.people.helped_by(helper_id)}:
            return Refusal("UPGRADE_NOT_YOUR_HELPED")
        return self._link(wish, form, now_s)

    def at_desk(
        self,
        staff: str,
        request_id: str,
        who: str | NewPerson,
        form: CardForm,
        now_s: int,
        *,
        in_hand: bool,
    ) -> Upgrade | Refusal:
        """Staff do it on the spot; see `UpgradeDesk.upgrade_at_desk`."""
        wish = self._wish("desk", "", request_id, form, now_s, staff=staff, in_hand=in_hand)
        if isinstance(wish, Refusal):
            return wish
        person = self._person_at_desk(staff, request_id, who, now_s)
        if isinstance(person, Refusal):
            return person
        asked = digest(wish.asked, person.person_id)
        return self._link(replace(wish, holder=person.person_id, asked=asked), form, now_s)

    def by_sms(self, form: SmsForm, request_id: str, now_s: int) -> Upgrade | Refusal:
        """Name, telephone and the code that was sent; see `UpgradeDesk.upgrade_by_sms`."""
        found = self._open("sms", form.channel, "ride_code", form.ticked, now_s)
        if isinstance(found, Refusal):
            return found
        programme, channel, kind = found
        if form.app not in channel.apps:
            return Refusal("UPGRADE_CHANNEL_OTHER_APP", form.channel)
        name = read_name(form.name)
        if isinstance(name, Refusal):
            return name
        phone = self.cells.blind_index("upgrade_phone", form.phone)
        asked = digest("sms", form.channel, form.app, phone)
        with self.office.reading() as cursor:
            before = linking.answered(cursor, request_id, asked)
        if before is not None:
            return before
        shown = self.people.show_code(form.phone, "sign_in", form.session_id, form.code, now_s)
        if shown is not None:
            return shown
        if not self.people.name_matches(form.phone, name):
            return Refusal("UPGRADE_NAME_DIFFERS", form.channel)
        signed_in = self.people.sign_in(form.phone, form.code, form.session_id, form.device, now_s)
        if isinstance(signed_in, Refusal):
            return signed_in
        holder = signed_in.person
        return self.code(programme, channel, kind, holder, form.app, "", request_id, asked)

    def code(
        self,
        programme: Programme,
        channel: Channel,
        kind: Kind,
        person: Holder,
        app: str,
        code_no: str,
        request_id: str,
        asked: str,
    ) -> Upgrade | Refusal:
        """Link a ride code with its holder, by whatever channel it came."""
        if person.closed_s is not None:
            return Refusal("PERSON_NOT_FOUND", person.person_id)
        if person.level < channel.level:
            return Refusal("UPGRADE_LEVEL_LOW", channel.name, {"level": channel.level})
        wish = Wish(
            request_id=request_id,
            asked=asked,
            holder=person.person_id,
            medium_no=code_no or code_of(person),
            kind=kind,
            channel=channel.name,
            how="registration" if channel.way == "registration" else "self",
            app=app,
        )
        return self._consented(programme, wish)

    def _wish(
        self,
        way: Way,
        holder: str,
        request_id: str,
        form: CardForm,
        now_s: int,
        *,
        helper: str = "",
        staff: str = "",
        in_hand: bool = False,
    ) -> Wish | Refusal:
        found = self._open(way, form.channel, form.kind, form.ticked, now_s)
        if isinstance(found, Refusal):
            return found
        number = read_number(found[2], form.number)
        if isinstance(number, Refusal):
            return number
        return Wish(
            request_id=request_id,
            asked=digest(way, holder, helper, staff, form.channel, form.kind, number, in_hand),
            holder=holder,
            medium_no=number,
            kind=found[2],
            channel=form.channel,
            how="staff" if staff else "helped" if helper else "self",
            helper=helper,
            staff=staff,
            in_hand=in_hand,
        )

    def _open(
        self, way: Way, channel: str, kind: str, ticked: bool, now_s: int
    ) -> tuple[Programme, Channel, Kind] | Refusal:
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return programme
        known = programme.kind(kind)
        if isinstance(known, Refusal):
            return known
        found = programme.open_channel(channel, way, kind)
        if isinstance(found, Refusal):
            return found
        if not ticked:
            return Refusal("UPGRADE_TICK_REQUIRED", channel)
        return programme, found, known

    def _link(self, wish: Wish, form: CardForm, now_s: int) -> Upgrade | Refusal:
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return programme
        with self.office.reading() as cursor:
            found = linking.answered(cursor, wish.request_id, wish.asked)
            found = found or linking.objection(cursor, programme, wish)
        if found is not None:
            return found
        known = self._known_well(programme, wish, form, now_s)
        if isinstance(known, Refusal):
            return known
        return self._consented(programme, wish)

    def _known_well(
        self, programme: Programme, wish: Wish, form: CardForm, now_s: int
    ) -> Holder | Refusal:
        """The holder, known as well as the channel asks; their data is what the form says (R-150).

        Refuses UPGRADE_DATA_NEEDED, and what the people's desk refuses.
        """
        person = self.people.person(wish.holder)
        channel = programme.channel(wish.channel)
        assert channel is not None, "a wish is made for an open channel"
        if isinstance(person, Refusal):
            return person
        if person.closed_s is not None:
            return Refusal("PERSON_NOT_FOUND", person.person_id)
        if person.level >= channel.level:
            return person
        if channel.level < IDENTITY_LEVEL:
            return Refusal("UPGRADE_LEVEL_LOW", channel.name, {"level": channel.level})
        if not (form.name.strip() and form.id_number.strip()):
            return Refusal("UPGRADE_DATA_NEEDED", channel.name)
        return self.people.verify_identity(wish.holder, form.name, form.id_number, now_s)

    def _person_at_desk(
        self, staff: str, request_id: str, who: str | NewPerson, now_s: int
    ) -> Holder | Refusal:
        if isinstance(who, str):
            return self.people.person(who)
        return self.people.open_for(
            staff,
            who.name,
            who.id_number,
            who.phone,
            who.relation,
            who.guardian_person_id,
            now_s,
            request_id,
        )

    def _consented(self, programme: Programme, wish: Wish) -> Upgrade | Refusal:
        """The consent is there before the link, and goes again where the link is refused."""
        rules, now_s = programme.rules, programme.time_s
        consent = programme.consent_channel(wish.channel)
        had = self.people.has_consent(wish.holder, rules.consent_text)
        if not had:
            given = self.people.give_consent(
                wish.holder, rules.consent_text, rules.consent_version, consent, now_s
            )
            if isinstance(given, Refusal):
                return given
        with self.office.writing() as cursor:
            found = linking.link(cursor, programme, wish, self.tell)
        if isinstance(found, Refusal) and not had:
            with self.office.reading() as cursor:
                others = store.links_of_holder(cursor, wish.holder)
            if not others:
                self.people.withdraw_consent(wish.holder, rules.consent_text, now_s)
        return found


def code_of(person: Holder) -> str:
    """The medium by which gates know a person's own ride code, in whichever app it is shown."""
    return account_token(person.account)
