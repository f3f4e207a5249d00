"""What a city knows of its fleet, its cards and lost media reaches the hub, sealed, and is kept."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from fleet_world import CITY, CITY_KEY, NOON_S, OPERATOR, Device, Town

from tongxing.city.issued_ranges import read_ranges
from tongxing.city.registers import hub_registers
from tongxing.city.store import issued
from tongxing.cli.app import run
from tongxing.hub import Hub, HubStore, MemberCity, NetworkGround, load_rulebook, members_of
from tongxing.hub.evidence import Terminal
from tongxing.hub.registers import RegisterDesk
from tongxing.hub.store import card_register as card_table
from tongxing.hub.store import registers as register_table
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.messages import HUB_SENDER, KeyRing, SigningKey
from tongxing.network import load_registry

HUB_KEY = SigningKey.from_secret(HUB_SENDER, b"h" * 32)
ACQUIRER, ISSUER = f"ACQ-{CITY}", f"ISS-{CITY}"
RING = KeyRing({name: CITY_KEY.public_bytes() for name in (CITY, ACQUIRER, ISSUER)})
CARD = "5000000000000007"


def test_terminals_and_losses_of_a_city_are_taken_by_its_hub(
    town: Town, device: Callable[..., Device]
) -> None:
    """Two terminals are enrolled; a day later their device is revoked, and a card was lost."""
    device("XSZ", "IN", "OUT")
    name = town.ask("SELECT device FROM device")[0][0]
    assert not isinstance(
        town.desk.revoke(town.checker, str(name), "stolen", NOON_S + DAY_S), Refusal
    )
    with town.office.writing() as cursor:
        cursor.execute(
            "INSERT INTO loss_report VALUES ('r1', 'a1', %s, '', %s, %s, %s)",
            (CARD, NOON_S, NOON_S + 60, NOON_S + 120),
        )
        cursor.execute("INSERT INTO loss_lifted VALUES ('r1', 'q1', %s)", (NOON_S + 90,))
    with town.office.reading() as cursor:
        sealed = hub_registers(cursor, CITY, CITY_KEY, NOON_S + 2 * DAY_S)
    store = HubStore(town.database)
    hub = Hub(store, HUB_KEY, RING, load_rulebook(), NetworkGround(load_registry()))
    assert hub.enrol(members_of([MemberCity(CITY, "重庆", "Chongqing", True)]), NOON_S) is None
    desk = RegisterDesk(store, RING, KeyRing({HUB_SENDER: HUB_KEY.public_bytes()}))
    for message in sealed.values():
        assert not isinstance(desk.take(message, NOON_S + 2 * DAY_S), Refusal)
    with store.reading() as cursor:
        found = register_table.load_terminals(cursor, ACQUIRER, ["IN", "OUT", "OTHER"])
        losses = register_table.load_losses(cursor, [(ISSUER, CARD)])
    days = date(2026, 3, 17), date(2026, 3, 18)
    assert found == {name: (Terminal(ACQUIRER, OPERATOR, "", *days),) for name in ("IN", "OUT")}
    (loss,) = losses[ISSUER, CARD]
    assert (loss.reported_s, loss.found_s) == (NOON_S + 60, NOON_S + 90)
    hub.close()


RANGES = b"""first_no,last_no,issued_on,expires_on,schemes
5000000000000000,5000000000999999,2021-01-01,2026-06-30,local:500000 t_union
5000000001000000,5000000001999999,2026-01-01,,
"""


def test_cards_of_a_city_reach_its_hub(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two ranges from a table, a card that was replaced, a medium closed with its account."""
    table = tmp_path / "ranges.csv"
    table.write_bytes(RANGES)
    at_noon = ("--city", CITY, "--dsn", town.database.dsn, "--json", "--now", "2026-03-17T12:00")
    assert run(["city", "issued", str(table), "--complete", *at_noon]) == 0
    capsys.readouterr()
    with town.office.writing() as cursor:
        cursor.execute(
            "INSERT INTO replacement VALUES ('r1', %s, 'new', 'damaged', 0, 0, %s, 'wang')",
            (CARD, NOON_S + 60),
        )
        issued.note_closed(cursor, "token-9", NOON_S + 120)
        issued.note_closed(cursor, CARD, NOON_S + 180)
    with town.office.reading() as cursor:
        sealed = hub_registers(cursor, CITY, CITY_KEY, NOON_S + DAY_S)
    store = HubStore(town.database)
    hub = Hub(store, HUB_KEY, RING, load_rulebook(), NetworkGround(load_registry()))
    assert hub.enrol(members_of([MemberCity(CITY, "重庆", "Chongqing", True)]), NOON_S) is None
    desk = RegisterDesk(store, RING, KeyRing({HUB_SENDER: HUB_KEY.public_bytes()}))
    assert not isinstance(desk.take(sealed["cards"], NOON_S + DAY_S), Refusal)
    with store.reading() as cursor:
        asked = [(ISSUER, number) for number in (CARD, "5000000001000000", "token-9", "5")]
        ranges = card_table.load_ranges(cursor, asked)
        closed = card_table.load_exceptions(cursor, asked)
        assert card_table.load_heads(cursor, [ISSUER])[ISSUER].is_complete
    assert ranges == {
        (ISSUER, CARD): card_table.RangeOf(
            date(2021, 1, 1), date(2026, 6, 30), ("local:500000", "t_union")
        ),
        (ISSUER, "5000000001000000"): card_table.RangeOf(date(2026, 1, 1), None, ()),
    }
    assert {pair: facts.closures[0].reported_s for pair, facts in closed.items()} == {
        (ISSUER, CARD): NOON_S + 60,
        (ISSUER, "token-9"): NOON_S + 120,
    }
    hub.close()
    assert run(["city", "issued", *at_noon]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (len(told["ranges"]), told["is_complete"], told["closed"]) == (2, True, 2)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (b"first_no,last_no", b"last_no,first_no", 1),
        (b"2021-01-01", b"2021-13-01", 2),
        (b"5000000000999999", b"500000000999999", 2),
        (b"2026-06-30", b"2020-06-30", 2),
        (b"2026-01-01,,", b"2026-01-01,", 3),
        (b"5000000001000000", b"5000000000999999", 3),
        (b"local", b"\xff", 1),
    ],
)
def test_a_table_of_ranges_that_is_wrong_is_refused_by_its_line(
    old: bytes, new: bytes, line: int
) -> None:
    refusal = read_ranges(RANGES.replace(old, new))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.values["line"]) == ("CARD_RANGES", line)
    assert refusal.message("zh") and refusal.next_step("en")
