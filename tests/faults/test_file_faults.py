"""Bad files and share tables at the doors they come to: the reason, the place, the words; and that
nothing is kept, however often it is tried."""

from collections.abc import Iterator

import pytest
from doors import SCHEMA, House
from file_faults import FAULTS, Fault
from hub_world import make_world
from psycopg import sql

from tongxing.kernel.reasons import LANGUAGES
from tongxing.storage import Database


@pytest.fixture(scope="module")
def house(database_server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One hub for all cases, for none of them may leave anything behind."""
    folder = tmp_path_factory.mktemp("faults") / "kept"
    folder.mkdir()
    world = make_world(database_server, SCHEMA)
    yield House(world, folder)
    with world.store.changing() as cursor:
        cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SCHEMA)))
    world.hub.close()


def name_of(fault: Fault) -> str:
    return f"{fault.row} {fault.what}, {fault.door.__name__}"


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_it_is_refused_with_its_reason_and_nothing_is_kept(house: House, fault: Fault) -> None:
    before = house.state()
    refusal = fault.door(house, fault.given)
    assert refusal.code == fault.code
    if fault.where:
        assert refusal.where == fault.where
    for language in LANGUAGES:
        message, next_step = refusal.message(language), refusal.next_step(language)
        assert all(part in message for part in fault.says), message
        assert message and next_step and "{" not in message + next_step, message
    assert fault.door(house, fault.given) == refusal, "asked again, it is the same answer"
    assert house.state() == before
