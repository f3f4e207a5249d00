"""Registers over the interface: a stranger hands its own in and fetches what it may see."""

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from foreign_member import ForeignMember, packed
from msgspec.structs import replace
from served_hub import ACQ, ISS, NOON_S, OTHER, SECRETS, ServedHub, open_hub_site
from test_hub_api_bad_input import state, told

from hub_world import HUB_KEY  # isort: skip
from tongxing.exchange.limits import load_limits
from tongxing.exchange.lines.opening import whole_numbers
from tongxing.hub import HubStore
from tongxing.hub.exchange.letters import COMPONENT, MIGRATIONS
from tongxing.hub.registers import RegisterDesk
from tongxing.kernel.reasons import Refusal
from tongxing.messages import HUB_SENDER, KeyRing, SigningKey, seal
from tongxing.messages.registers import CityEntry, CityRegister
from tongxing.storage import Database, migrate

CITY = "990100"
LOSS = ["9901000000000007", NOON_S - 500]


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Iterator[ServedHub]:
    with open_hub_site(database, tmp_path) as found:
        yield found


def member(hub: ServedHub, name: str = ISS, key: str = "a") -> ForeignMember:
    return ForeignMember(hub.address, name, key, SECRETS[key], HUB_KEY.public_bytes(), NOON_S)


def losses(version: int, *entries: list[Any]) -> dict[str, Any]:
    return {"version": version, "published_s": NOON_S - 60, "losses": list(entries)}


def terminals(version: int) -> dict[str, Any]:
    entries = [["T1", "OP", "", "2026-01-01"]]
    return {"version": version, "published_s": NOON_S - 60, "terminals": entries}


def deny_list(version: int) -> dict[str, Any]:
    entries = [[LOSS[0], "MEDIUM_LOST"]]
    return {"city": CITY, "version": version, "published_s": NOON_S - 60, "entries": entries}


def put(one: ForeignMember, kind: str, body: dict[str, Any]) -> requests.Response:
    """Sealed by the member and handed in under its kind and version."""
    return one.ask("PUT", one.at(f"registers/{kind}/{body['version']}"), one.seal(kind, body))


def listed(one: ForeignMember, after: int = 0) -> list[tuple[str, str, int]]:
    page = one.ask("GET", one.at(f"registers?after={after}")).json()
    return [(each["kind"], each["owner"], each["version"]) for each in page["registers"]]


@pytest.mark.req("R-200")
def test_registers_of_a_stranger_are_taken_and_fetched(hub: ServedHub) -> None:
    """Three names of one city, one key; another city sees the losses and not the rest."""
    acquirer, issuer, city = (member(hub, name) for name in (ACQ, ISS, CITY))
    first = put(issuer, "LossRegister", losses(7, LOSS)).json()
    assert (first["kind"], first["owner"], first["version"]) == ("LossRegister", ISS, 7)
    assert put(acquirer, "TerminalRegister", terminals(3)).status_code == 200
    assert put(city, "DenyList", deny_list(1)).status_code == 200
    with HubStore(hub.database).reading() as cursor:
        found = cursor.execute("SELECT medium_no FROM register_loss").fetchall()
    assert found == [(LOSS[0],)]
    other = member(hub, OTHER, "b")
    assert listed(other) == [("LossRegister", ISS, 7)]
    assert listed(acquirer) == [("LossRegister", ISS, 7), ("TerminalRegister", ACQ, 3)]
    assert listed(city)[-1] == ("DenyList", CITY, 1)
    path = other.at(f"registers/{first['number']}")
    whole = other.ask("GET", path)
    assert other.ask("GET", path, Range="bytes=0-9").content == whole.content[:10]
    assert hashlib.sha256(whole.content).hexdigest() == first["sha256"]
    assert whole.headers["etag"] == f'"{first["sha256"]}"'
    hidden = other.ask("GET", other.at(f"registers/{first['number'] + 1}"))
    assert told(hidden) == (404, "REGISTER_UNKNOWN")
    assert listed(other, first["number"]) == []  # nothing is new


def test_versions_only_rise_and_the_same_again_is_the_same(hub: ServedHub) -> None:
    issuer = member(hub)
    first = put(issuer, "LossRegister", losses(7, LOSS))
    assert put(issuer, "LossRegister", losses(7, LOSS)).json() == first.json()
    second = put(issuer, "LossRegister", losses(8)).json()
    assert second["number"] > first.json()["number"]
    assert listed(issuer) == [("LossRegister", ISS, 8)]
    assert put(issuer, "LossRegister", losses(7, LOSS)).json() == first.json()  # late, not refused
    before = state(hub)
    assert told(put(issuer, "LossRegister", losses(8, LOSS))) == (409, "REGISTER_CHANGED")
    assert told(put(issuer, "LossRegister", losses(5))) == (409, "REGISTER_ROLLBACK")
    assert state(hub) == before


def test_what_the_hub_publishes_reaches_every_member(hub: ServedHub) -> None:
    register = CityRegister(
        version=1, published_s=NOON_S - 5, cities=[CityEntry(CITY, date(2026, 1, 1))]
    )
    own = KeyRing({HUB_SENDER: HUB_KEY.public_bytes()})
    message = seal(register, HUB_KEY)
    store = HubStore(hub.database)
    assert not hasattr(RegisterDesk(store, own, own).take(message, NOON_S), "code")
    store.close()
    for one in (member(hub), member(hub, OTHER, "b")):
        (entry,) = one.ask("GET", one.at("registers")).json()["registers"]
        assert one.ask("GET", one.at(f"registers/{entry['number']}")).content == message
        assert one.open(message)["kind"] == "CityRegister"


def raw(one: ForeignMember, kind: str, content: bytes) -> bytes:
    """Any body, rightly sealed."""
    signed = f"tongxing/{kind}/1/{one.member}\n".encode() + content
    key = SigningKey.from_secret(one.member, one.secret).private
    return packed(kind, 1, one.member, content, key.sign(signed))


def test_bad_registers_are_refused_and_leave_nothing(hub: ServedHub) -> None:
    issuer, city = member(hub), member(hub, CITY)
    most = load_limits().registers.file_bytes_max
    twice = b'{"version":7,"version":7,"published_s":5,"losses":[]}'
    fraction = b'{"version":7,"published_s":5.0,"losses":[]}'
    deep = b'{"version":7,"losses":' + b"[" * 40 + b"]" * 40 + b"}"
    unknown = b'{"version":7,"published_s":5,"losses":[],"more":1}'
    late = losses(7, [LOSS[0], NOON_S, False, NOON_S - 9])
    before = state(hub)
    cases: list[tuple[ForeignMember, str, bytes, tuple[int, str]]] = [
        (issuer, "LossRegister/7", b"x", (422, "MESSAGE_MALFORMED")),
        (issuer, "LossRegister/7", b"x" * (most + 1), (413, "BODY_TOO_LARGE")),
        (issuer, "LossRegister/7", raw(issuer, "LossRegister", twice), (422, "LINES_KEY_TWICE")),
        (issuer, "LossRegister/7", raw(issuer, "LossRegister", fraction), (422, "LINES_NUMBER")),
        (issuer, "LossRegister/7", raw(issuer, "LossRegister", deep), (422, "LINES_TOO_DEEP")),
        (issuer, "LossRegister/7", raw(issuer, "LossRegister", unknown), (422, "MESSAGE_BODY")),
        (issuer, "LossRegister/7", raw(issuer, "Manifest", b"{}"), (422, "MESSAGE_KIND")),
        (issuer, "Manifest/7", raw(issuer, "Manifest", b"{}"), (422, "MESSAGE_KIND")),
        (issuer, "DenyList/7", issuer.seal("LossRegister", losses(7)), (422, "MESSAGE_KIND")),
        (issuer, "LossRegister/8", issuer.seal("LossRegister", losses(7)),
         (422, "REGISTER_VERSION")),
        (issuer, "LossRegister/x", issuer.seal("LossRegister", losses(7)),
         (422, "REGISTER_VERSION")),
        (city, "LossRegister/7", issuer.seal("LossRegister", losses(7)),
         (403, "PARTICIPANT_MISMATCH")),
        (issuer, "TerminalRegister/3", issuer.seal("TerminalRegister", terminals(3)),
         (403, "REGISTER_OWNER")),
        (issuer, "LossRegister/7", issuer.seal("LossRegister", late), (422, "REGISTER_UNFIT")),
    ]  # fmt: skip
    for one, path, message, expected in cases:
        answer = one.ask("PUT", one.at(f"registers/{path}"), message, believe=False)
        assert told(answer) == expected, (path, answer.text)
    forged = bytearray(issuer.seal("LossRegister", losses(7)))
    forged[-1] ^= 1
    answer = issuer.ask("PUT", issuer.at("registers/LossRegister/7"), bytes(forged))
    assert told(answer) == (403, "SIGNATURE_INVALID")
    stranger = member(hub, ISS, "b")
    answer = stranger.ask("GET", stranger.at("registers"), believe=False)
    assert told(answer) == (403, "MEMBER_OTHERS")
    assert told(issuer.ask("GET", issuer.at("registers?after=x"))) == (400, "API_QUERY")
    assert state(hub) == before


_UNDONE = """
DROP TABLE register_turn CASCADE;
DROP FUNCTION turn_of_register CASCADE;
DROP FUNCTION put_register_turn;
DELETE FROM migration WHERE component = 'hub_exchange' AND name LIKE '0003%';
"""


def test_what_was_taken_by_hand_before_is_listed(hub: ServedHub, database: Database) -> None:
    """A hub of an earlier version has registers in its books, and no list of them."""
    issuer = member(hub)
    before = put(issuer, "LossRegister", losses(7, LOSS)).json()
    with database.connect("hub") as connection:
        connection.execute(_UNDONE.encode())
        connection.commit()
        migrate(connection, COMPONENT, MIGRATIONS)
    assert issuer.ask("GET", issuer.at("registers")).json()["registers"] == [before]
    assert put(issuer, "LossRegister", losses(8)).json()["number"] == 2


def test_what_costs_too_much_ends_the_child_and_not_the_hub() -> None:
    """Many small lists need far more memory than bytes."""
    limits = load_limits()
    child = replace(limits.registers.child, memory_bytes_max=96 << 20)
    small = replace(limits, registers=replace(limits.registers, child=child))
    body = b'{"version":7,"losses":[' + b"[[],[]]," * 400_000 + b"[]]}"
    found = whole_numbers(body, "LossRegister", small)
    assert isinstance(found, Refusal) and found.code == "LINES_CHILD_MEMORY"
    assert whole_numbers(body, "LossRegister") == {"version": 7}
