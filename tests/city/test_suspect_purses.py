"""What a gate says of a purse is a fact as long as it can be one (B60)."""

import pytest
from msgspec.structs import replace

from street import CARD, CHONGQING, PURSE, Taps, balance_of, booked, open_city, send
from tongxing.city.proofs import prove_city
from tongxing.messages import PurseFacts
from tongxing.messages.taps import Funding
from tongxing.storage import Database

IMPOSSIBLE: list[tuple[Funding, PurseFacts | None]] = [
    ("purse", PurseFacts(1, 5_000, -450)),
    ("purse", PurseFacts(1, 400, 450)),
    ("purse", PurseFacts(1, -1, 0)),
    ("purse", PurseFacts(1, 2**62, 2**62)),
    ("purse", PurseFacts(1, 2**70, 1)),
    ("purse", PurseFacts(-1, 5_000, 450)),
    ("purse", PurseFacts(0x10000, 5_000, 450)),
    ("purse", None),
    ("account", PurseFacts(1, 5_000, 450)),
]


@pytest.mark.parametrize(("funding", "purse"), IMPOSSIBLE, ids=str)
def test_what_no_purse_can_give_is_no_fact(
    database: Database, funding: Funding, purse: PurseFacts | None
) -> None:
    """B60: a gate that writes nonsense, or a stolen key, books no sum that cannot be, and none of
    a purse that nothing is said of, nor of an account as if it were a purse."""
    city, tap = open_city(database), Taps()
    medium = PURSE if funding == "purse" else CARD
    told = tap("09:00", medium, "ride", "chaotianmen", taken=450)
    assert send(city, replace(told, purse=purse)).accepted == 1
    with database.connect(f"city_{CHONGQING}") as connection:
        found = connection.execute("SELECT set_aside FROM tap").fetchall()
    assert (found, booked(database)) == ([("TAP_PURSE_SUSPECT",)], [])
    assert (balance_of(database, PURSE), balance_of(database, "a1")) == (5_000, 10_000)
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert [proof for proof in prove_city(cursor, CHONGQING) if not proof.holds] == []
