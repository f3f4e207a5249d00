"""The first top-up of a new card asks who its holder is, and links the card by itself.

Which card is new is read from the card: its day of issue. A card that was issued before the rule,
or topped up before, is topped up as ever (R-102, R-103).
"""

from dataclasses import dataclass
from datetime import date

from tongxing.city.office import Office
from tongxing.city.store import upgrade_tickets as store
from tongxing.city.store.upgrade_tickets import TopUpRow
from tongxing.city.store.upgrading import lock
from tongxing.city.upgrading import linking
from tongxing.city.upgrading.asking import IDENTITY_LEVEL, People, Upgrade
from tongxing.city.upgrading.linking import Tell, Wish
from tongxing.city.upgrading.programme import Programme, programme_at
from tongxing.city.upgrading.rules import FIRST_TOP_UP, TopUpGate, first_top_up, top_up_from
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal

CHANNEL = FIRST_TOP_UP


@dataclass(frozen=True, slots=True)
class FirstTopUp:
    """A new card's first top-up, and the link it made; `not_linked` says why there is none."""

    upgrade: Upgrade | None
    not_linked: Refusal | None


@dataclass(frozen=True, slots=True)
class TopUps:
    """The gate before a card's first top-up, and what follows it."""

    office: Office
    people: People
    tell: Tell

    def allowed(
        self, medium_no: str, kind: str, issued_on: date | None, person_id: str | None, now_s: int
    ) -> TopUpGate | Refusal:
        """See `UpgradeDesk.first_top_up_allowed`."""
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return TopUpGate(kind, links=False)
        known = programme.kind(kind)
        if isinstance(known, Refusal):
            return known
        from_day = top_up_from(programme, known)
        if from_day is None:
            return TopUpGate(kind, links=False)
        with self.office.reading() as cursor:
            before = store.find_first_top_up(cursor, medium_no)
        if before is not None:
            return TopUpGate(kind, links=False)
        return first_top_up(known, from_day, issued_on, lambda: self._level(person_id))

    def done(
        self, medium_no: str, kind: str, person_id: str, request_id: str, staff: str, now_s: int
    ) -> FirstTopUp | Refusal:
        """See `UpgradeDesk.first_top_up_done`."""
        programme = programme_at(self.office.code, now_s)
        if isinstance(programme, Refusal):
            return programme
        known = programme.open_channel(CHANNEL, "top_up", kind)
        if isinstance(known, Refusal):
            return known
        found = programme.kind(kind)
        person = self.people.person(person_id)
        if isinstance(found, Refusal):
            return found
        if isinstance(person, Refusal):
            return person
        if person.level < IDENTITY_LEVEL:
            return Refusal("UPGRADE_LEVEL_LOW", CHANNEL, {"level": IDENTITY_LEVEL})
        rules, consent = programme.rules, programme.consent_channel(CHANNEL)
        given = self.people.give_consent(
            person_id, rules.consent_text, rules.consent_version, consent, now_s
        )
        if isinstance(given, Refusal):
            return given
        wish = Wish(
            request_id=request_id,
            asked=digest(CHANNEL, person_id, medium_no, kind),
            holder=person_id,
            medium_no=medium_no,
            kind=found,
            channel=CHANNEL,
            how="first_top_up",
            staff=staff,
        )
        return self._note(programme, wish)

    def _level(self, person_id: str | None) -> int | Refusal | None:
        person = None if person_id is None else self.people.person(person_id)
        return person if person is None or isinstance(person, Refusal) else person.level

    def _note(self, programme: Programme, wish: Wish) -> FirstTopUp | Refusal:
        with self.office.writing() as cursor:
            lock(cursor, [f"top_up:{wish.medium_no}"])
            before = store.find_first_top_up(cursor, wish.medium_no)
            if before is not None and before.request_id != wish.request_id:
                return Refusal("UPGRADE_TOP_UP_BEFORE", wish.kind.name)
            linked = linking.link(cursor, programme, wish, self.tell)
            if isinstance(linked, Refusal) and linked.code == "REQUEST_REUSED":
                return linked
            link_id = "" if isinstance(linked, Refusal) else linked.link_id
            if before is None:
                row = TopUpRow(
                    wish.medium_no, wish.request_id, wish.holder, link_id, programme.time_s
                )
                store.write_first_top_up(cursor, row)
        if isinstance(linked, Refusal):
            return FirstTopUp(None, linked)
        return FirstTopUp(linked, None)
