"""Helpers: somebody registers ways to ride for up to five others, each of whom agreed by code.

A helper gets a masked name and nothing of trips or money: this room has no way to give them. Slots
are counted for the helper, the device and the helped person alike, and a freed one stays taken for
a month, so that nobody works through a street by adding and dropping people.
"""

from dataclasses import dataclass, field

from tongxing.city.people.house import ID_NUMBER, PERSON, PHONE, House
from tongxing.city.people.identity import Identity, keep_identity
from tongxing.city.people.notices import notify
from tongxing.city.people.opening import open_account
from tongxing.city.people.store import acts as store
from tongxing.city.people.store import persons
from tongxing.city.people.store.acts import HelpRow
from tongxing.city.people.values import Helped, Helper, Level
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal

TABLE, DEVICE = "person_help", "device"


@dataclass(frozen=True, slots=True)
class Helping:
    """What a helper asks for: on which device, for whom, in which relation."""

    helper_id: str
    device: str = field(repr=False)
    relation: str
    phone: str = field(repr=False)
    identity: Identity


def help_objection(
    house: House, cursor: Cursor, asked: Helping, helped_id: str, now_s: int
) -> Refusal | None:
    """Why a helper may not help (`helped_id` "" while nobody has proven who that is).

    Refuses PERSON_NOT_FOUND, HELP_RELATION, HELP_SELF, HELP_EXISTS, AGENT_LIMIT_REACHED (`where`
    says whose slots are taken: helper, device or helped).
    """
    terms = house.terms(now_s)
    helper = house.living(cursor, asked.helper_id)
    if isinstance(helper, Refusal):
        return helper
    if asked.relation not in terms.relations:
        return Refusal("HELP_RELATION", asked.relation)
    if helped_id == asked.helper_id:
        return Refusal("HELP_SELF")
    both = (asked.helper_id, helped_id)
    if store.helps(cursor, "helper_id = %s AND helped_id = %s", both):
        return Refusal("HELP_EXISTS")
    cooled_s = now_s - terms.cooling_days * DAY_S
    devices = house.indexes(DEVICE, asked.device)
    taken = store.slots_taken(cursor, asked.helper_id, devices, helped_id, cooled_s)
    most = (terms.helped_max, terms.device_max, terms.helpers_max)
    for whose, count, limit in zip(("helper", "device", "helped"), taken, most, strict=True):
        if count >= limit:
            values = {"most": limit, "days": terms.cooling_days}
            return Refusal("AGENT_LIMIT_REACHED", whose, values)
    return None


def lock_help(house: House, cursor: Cursor, asked: Helping) -> None:
    """Let nobody else take slots of this helper, device, phone or number in the meantime."""
    values = [
        ("helper", asked.helper_id),
        (DEVICE, asked.device),
        (ID_NUMBER, asked.identity.number.number),
    ]
    if asked.phone:
        values.append((PHONE, asked.phone))
    house.lock_values(cursor, *values)


def add_help(house: House, cursor: Cursor, asked: Helping, now_s: int) -> Helped | Refusal:
    """The helped person agreed by code and the register confirmed them: they have an account (a new
    one where there was none), and the helper a slot less.

    Refuses what `help_objection` and `keep_identity` name; then nothing is changed.
    """
    helped_id = house.find(cursor, PHONE, asked.phone)
    refusal = help_objection(house, cursor, asked, helped_id or "", now_s)
    if refusal is None:
        refusal = _identity_objection(house, cursor, asked.identity, helped_id or "", now_s)
    if refusal is not None:
        return refusal
    if helped_id is None:
        row = open_account(house, cursor, Level.PHONE, now_s)
        house.put_unique(cursor, row.person_id, PHONE, asked.phone)
    else:
        found = house.living(cursor, helped_id, lock_row=True)
        if isinstance(found, Refusal):
            return found
        row = found
    kept = keep_identity(house, cursor, row, asked.identity, now_s)
    assert kept is None, "what could object was asked before"
    return begin_help(house, cursor, asked, row.person_id, now_s)


def begin_help(house: House, cursor: Cursor, asked: Helping, helped_id: str, now_s: int) -> Helped:
    """Keep who helps whom, and tell the helped person."""
    help_id = house.new_id()
    version = house.cells.version
    device = house.cells.blind_index(DEVICE, asked.device)
    row = HelpRow(help_id, asked.helper_id, helped_id, asked.relation, now_s, None)
    store.write_help(cursor, row, version, device)
    house.put(cursor, TABLE, help_id, DEVICE, asked.device)
    values = {"name": _masks(house, cursor, asked.helper_id)[0], "help_id": help_id}
    notify(cursor, helped_id, "help_begun", values, now_s)
    return _helped(house, cursor, row)


def helped_by(house: House, cursor: Cursor, helper_id: str) -> list[Helped]:
    """Whom somebody helps, masked."""
    return [
        _helped(house, cursor, row) for row in store.helps(cursor, "helper_id = %s", (helper_id,))
    ]


def helpers_of(house: House, cursor: Cursor, person_id: str) -> list[Helper]:
    """Who helps somebody, masked."""
    return [
        Helper(row.help_id, *_masks(house, cursor, row.helper_id), row.relation, row.from_s)
        for row in store.helps(cursor, "helped_id = %s", (person_id,))
    ]


def end_help(
    house: House, cursor: Cursor, person_id: str, other: str, now_s: int
) -> Refusal | None:
    """End a help: a helper names the person, a helped person the help (or the helper).

    Both are told. Refuses HELP_UNKNOWN for a help that is not theirs, or has ended.
    """
    found = store.helps(
        cursor,
        "((helper_id = %s AND %s IN (helped_id, help_id))"
        " OR (helped_id = %s AND %s IN (helper_id, help_id)))",
        (person_id, other, person_id, other),
    )
    if not found:
        return Refusal("HELP_UNKNOWN")
    for row in found:
        store.end_help(cursor, row.help_id, now_s, person_id)
        for whom, of in ((row.helper_id, row.helped_id), (row.helped_id, row.helper_id)):
            name, _ = _masks(house, cursor, of)
            notify(cursor, whom, "help_ended", {"name": name}, now_s)
    return None


def _identity_objection(
    house: House, cursor: Cursor, identity: Identity, helped_id: str, now_s: int
) -> Refusal | None:
    """What `keep_identity` would refuse, asked before anything is written."""
    owner = house.find(cursor, ID_NUMBER, identity.number.number)
    if owner not in (None, helped_id):
        return Refusal("IDENTITY_TAKEN")
    known = house.opened(cursor, PERSON, helped_id).get(ID_NUMBER, "")
    if known and known != identity.number.number:
        return Refusal("IDENTITY_OTHER")
    row = persons.find_person(cursor, helped_id)
    is_child = identity.minor_until_s(house.terms(now_s).minor_age, now_s) is not None
    if is_child and (row is None or row.guardian_id is None):
        return Refusal("GUARDIAN_NEEDED")
    return None


def _helped(house: House, cursor: Cursor, row: HelpRow) -> Helped:
    name, phone = _masks(house, cursor, row.helped_id)
    return Helped(row.helped_id, name, phone, row.relation, row.from_s)


def _masks(house: House, cursor: Cursor, person_id: str) -> tuple[str, str]:
    row = persons.find_person(cursor, person_id)
    if row is None:
        return "", ""
    person = house.person(cursor, row)
    return person.name_masked or person.phone_masked, person.phone_masked
