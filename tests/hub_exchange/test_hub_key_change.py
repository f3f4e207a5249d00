"""Over HTTPS: a member learns its hub's new key from the old one, and no other way."""

import time
from pathlib import Path

import requests
from served_hub import served
from test_city_and_hub import CITY_KEY, HUB_KEY, Both, keys, moment, open_both

from tongxing.checkpoint import Succession, read_succession, verifier_of
from tongxing.city.hub_line import HubAddress, HubTrust
from tongxing.front.exchange import HubSite, city_dealings, hub_interface
from tongxing.hub import HubStore, load_rulebook
from tongxing.hub.keys import HubKeys, KeyDesk, NewKey
from tongxing.kernel.reasons import Refusal
from tongxing.messages import SigningKey
from tongxing.storage import Database

CITY = "500000"
SECOND, THIRD = (SigningKey.from_secret(HUB_KEY.sender, secret * 32) for secret in (b"2", b"3"))
OWN = HubKeys([HUB_KEY, SECOND, THIRD])
FIRST = Succession(verifier_of(HUB_KEY))
STRANGER = Succession(verifier_of(SigningKey.from_secret(HUB_KEY.sender, b"s" * 32)))


def changed(both: Both, new: NewKey) -> None:
    store = HubStore(both.database)
    desk = KeyDesk(store, OWN, load_rulebook())
    rows = [desk.change(new, by, both.clock.now_s) for by in ("ann", "bob")]
    store.close()
    assert not isinstance(rows[1], Refusal) and rows[1].confirmed_by == "bob"


def signs_with(address: str, key: SigningKey) -> None:
    until_s = time.monotonic() + 20
    while requests.get(f"{address}/v1/about").json()["public_key"] != key.public_bytes().hex():
        assert time.monotonic() < until_s


def fetched(both: Both, address: str, given: Succession) -> tuple[list[str], int]:
    hub = HubAddress(address, HubTrust(given))
    with city_dealings(both.database, CITY, CITY_KEY, "500000/1", hub, 1, both.clock) as (one, _):
        sent, dealt = one.send(both.clock.now_s), one.fetch(both.clock.now_s)
    return [refusal.code for refusal in (*sent.refusals, *dealt.refusals)], dealt.booked


def test_a_member_follows_its_hubs_key(database: Database, tmp_path: Path) -> None:
    with open_both(database) as both:
        site = HubSite(keys(), OWN, tmp_path, reread=keys)
        with hub_interface(database, site, both.clock, 0.01) as app, served(app) as address:
            assert fetched(both, address, FIRST)[0] == []
            changed(both, NewKey(SECOND, "W20260319", is_emergency=False))
            both.close_window()
            both.clock.now_s = moment("37:10")
            signs_with(address, SECOND)
            assert fetched(both, address, FIRST) == ([], 2)  # statements of the old key's window
            with database.connect(f"city_{CITY}") as connection:
                kept = connection.execute("SELECT content FROM hub_keys ORDER BY number").fetchall()
            assert [text.count("HUB/key/") for (text,) in kept] == [0, 1]
            assert set(fetched(both, address, STRANGER)[0]) == {"KEY_NOT_INTRODUCED"}
            changed(both, NewKey(THIRD, "", is_emergency=True))
            signs_with(address, THIRD)
            assert set(fetched(both, address, FIRST)[0]) == {"KEY_EMERGENCY"}
            told = read_succession(requests.get(f"{address}/v1/keys").text)
            assert isinstance(told, Succession)
            assert fetched(both, address, told)[0] == []  # a person brought the file
            assert fetched(both, address, FIRST)[0] == []  # it is known by now
