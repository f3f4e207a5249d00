"""Consents: what a person said yes to, in which wording, and what ends when they take it back.

Every yes and every withdrawal is evidence and stays. What holds now is the newest of a text.
"""

from tongxing.city.people.consent_texts import all_consent_texts, consent_texts
from tongxing.city.people.house import ID_NUMBER, NAME, PERSON, PHONE, House
from tongxing.city.people.notices import notify
from tongxing.city.people.store import acts as store
from tongxing.city.people.store import persons
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.values import Consent, Level
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

CHANNELS = ("app", "web", "mini_programme", "counter", "machine", "phone")


def give_consent(
    house: House,
    cursor: Cursor,
    person_id: str,
    text: tuple[str, str],
    channel: str,
    now_s: int,
    guardian_id: str = "",
) -> Refusal | None:
    """Keep a yes to a text (id and version). The same yes again changes nothing.

    Refuses PERSON_NOT_FOUND, CONSENT_CHANNEL, CONSENT_TEXT_UNKNOWN, CONSENT_TEXT_OLD (another
    wording is in force).
    """
    row = house.living(cursor, person_id, lock_row=True)
    if isinstance(row, Refusal):
        return row
    text_id, version = text
    in_force = consent_texts(now_s).get(text_id)
    if in_force is None:
        return Refusal("CONSENT_TEXT_UNKNOWN", text_id)
    if in_force.version != version:
        return Refusal("CONSENT_TEXT_OLD", text_id, {"version": in_force.version})
    if channel not in CHANNELS:
        return Refusal("CONSENT_CHANNEL", channel)
    standing = _standing(consents_of(cursor, person_id), text_id)
    if standing is None or standing.version != version:
        by = guardian_id or row.guardian_id or person_id
        store.write_consent(cursor, person_id, text, "given", channel, by, now_s)
    return None


def withdraw_consent(
    house: House, cursor: Cursor, person_id: str, text_id: str, now_s: int
) -> Refusal | None:
    """Take a yes back, and end what rests on it in this room: `stops` of the text.

    Refuses PERSON_NOT_FOUND, CONSENT_NOT_GIVEN, and CONSENT_NEEDED for a text without which the
    account cannot go on, or an identity that is all that is known of its holder.
    """
    row = house.living(cursor, person_id, lock_row=True)
    if isinstance(row, Refusal):
        return row
    standing = _standing(consents_of(cursor, person_id), text_id)
    if standing is None:
        return Refusal("CONSENT_NOT_GIVEN", text_id)
    stops = stopped_by(text_id, standing.version)
    if "account" in stops:
        return Refusal("CONSENT_NEEDED", text_id)
    if "identity" in stops and PHONE not in persons.cells_of(cursor, PERSON, person_id):
        return Refusal("CONSENT_NEEDED", text_id)
    text = (text_id, standing.version)
    by = row.guardian_id or person_id
    store.write_consent(cursor, person_id, text, "withdrawn", standing.channel, by, now_s)
    if "identity" in stops:
        _forget_identity(cursor, row, now_s)
    if "helping" in stops:
        involved = "(helper_id = %s OR helped_id = %s)"
        for help_ in store.helps(cursor, involved, (person_id, person_id)):
            store.end_help(cursor, help_.help_id, now_s, person_id)
    return None


def consents_of(cursor: Cursor, person_id: str) -> list[Consent]:
    """What a person said yes to, oldest first, with the end of each."""
    found: list[Consent] = []
    for text_id, version, act, channel, at_s in store.consents_of(cursor, person_id):
        standing = _standing(found, text_id)
        if standing is not None:
            ended = Consent(text_id, standing.version, standing.channel, standing.given_s, at_s)
            found[found.index(standing)] = ended
        if act == "given":
            found.append(Consent(text_id, version, channel, at_s, None))
    return found


def has_consent(cursor: Cursor, person_id: str, text_id: str) -> bool:
    """Whether a person's yes to a text, in whatever wording, stands."""
    return _standing(consents_of(cursor, person_id), text_id) is not None


def stopped_by(text_id: str, version: str) -> tuple[str, ...]:
    """What ends when this yes is taken back."""
    for text in all_consent_texts():
        if (text.id, text.version) == (text_id, version):
            return text.stops
    return ()


def _standing(consents: list[Consent], text_id: str) -> Consent | None:
    for consent in reversed(consents):
        if consent.text_id == text_id:
            return consent if consent.withdrawn_s is None else None
    return None


def _forget_identity(cursor: Cursor, row: PersonRow, now_s: int) -> None:
    persons.drop_cells(cursor, PERSON, row.person_id, (NAME, ID_NUMBER))
    persons.drop_index(cursor, row.person_id, ID_NUMBER)
    persons.set_level(cursor, row.person_id, Level.PHONE, row.minor_until_s)
    notify(cursor, row.person_id, "identity_removed", {}, now_s)
