"""What a city knows of its fleet and of lost media reaches the hub, sealed, and is kept there."""

from collections.abc import Callable
from datetime import date

from fleet_world import CITY, CITY_KEY, NOON_S, OPERATOR, Device, Town

from tongxing.city.registers import hub_registers
from tongxing.hub import Hub, HubStore, MemberCity, NetworkGround, load_rulebook, members_of
from tongxing.hub.evidence import Terminal
from tongxing.hub.registers import RegisterDesk
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
