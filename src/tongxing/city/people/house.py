"""What every part of this room works with: the city, its keys and terms, and a source of chance."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tongxing.city.people.cells import Cells, Draw, key_version_of
from tongxing.city.people.forms import masked_id, masked_name, masked_phone
from tongxing.city.people.store import persons as store
from tongxing.city.people.store.persons import PersonRow
from tongxing.city.people.terms import PeopleTerms, people_terms
from tongxing.city.people.values import Level, Person
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

PERSON = "person"
PHONE, NAME, ID_NUMBER = "phone", "name", "id_number"
UNIQUE = (PHONE, ID_NUMBER)
"""What belongs to one person only, and is found by its blind index."""

TermsAt = Callable[[str, int], PeopleTerms]


@dataclass(frozen=True, slots=True)
class House:
    """One city's people. `draw` gives as many unpredictable bytes as it is asked for."""

    city: str
    cells: Cells
    draw: Draw = field(repr=False)
    terms_at: TermsAt = people_terms

    def terms(self, now_s: int) -> PeopleTerms:
        return self.terms_at(self.city, now_s)

    def new_id(self) -> str:
        """128 random bits in hex: an id that nobody can guess."""
        return self.draw(16).hex()

    def indexes(self, domain: str, value: str) -> list[str]:
        """What stands for a value, under every key that is there."""
        return list(self.cells.blind_indexes(domain, value).values())

    def put(self, cursor: Cursor, table: str, row_id: str, field_name: str, value: str) -> None:
        """Seal a value into its cell."""
        sealed = self.cells.seal(table, field_name, row_id, value, self.draw)
        store.write_cell(cursor, table, row_id, field_name, key_version_of(sealed), sealed)

    def opened(self, cursor: Cursor, table: str, row_id: str) -> dict[str, str]:
        """The cells of a row, open. Raises CellUnreadable."""
        found = store.cells_of(cursor, table, row_id)
        return {name: self.cells.open(table, name, row_id, cell) for name, cell in found.items()}

    def put_unique(self, cursor: Cursor, person_id: str, domain: str, value: str) -> bool:
        """Seal what only one person may have, and index it; False when it is another's.

        The caller must not have let go of `lock_value` in between.
        """
        owner = self.find(cursor, domain, value)
        if owner not in (None, person_id):
            return False
        self.put(cursor, PERSON, person_id, domain, value)
        store.write_index(cursor, domain, person_id, self.cells.blind_indexes(domain, value))
        return True

    def find(self, cursor: Cursor, domain: str, value: str) -> str | None:
        """The person to whom a phone or identity number belongs."""
        return store.find_by_index(cursor, domain, self.indexes(domain, value))

    def lock_values(self, cursor: Cursor, *values: tuple[str, str]) -> None:
        """Let nobody else decide about these (domain, value) until the transaction ends. The oldest
        key names the lock, so that programs with and without a new key wait for one another."""
        oldest = self.cells.versions[0]
        names = [f"{domain}:{self.cells.blind_index(domain, v, oldest)}" for domain, v in values]
        store.lock(cursor, names)

    def person(self, cursor: Cursor, row: PersonRow) -> Person:
        """A person as everybody may see them."""
        cells = self.opened(cursor, PERSON, row.person_id)
        return Person(
            person_id=row.person_id,
            account=row.account,
            level=Level(row.level),
            phone_masked=masked_phone(cells.get(PHONE, "")),
            name_masked=masked_name(cells.get(NAME, "")),
            id_masked=masked_id(cells.get(ID_NUMBER, "")),
            is_minor=row.minor_until_s is not None,
            opened_s=row.opened_s,
            closed_s=row.closed_s,
        )

    def living(
        self, cursor: Cursor, person_id: str, *, lock_row: bool = False
    ) -> PersonRow | Refusal:
        """A person whose account is open. Refuses PERSON_NOT_FOUND."""
        row = store.find_person(cursor, person_id, lock_row=lock_row)
        if row is None or row.closed_s is not None:
            return Refusal("PERSON_NOT_FOUND", person_id)
        return row
