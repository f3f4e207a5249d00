"""Binding a card at the branch and at the station machine, from the first touch to the slip."""

import re

import pytest
from staff_life import QUERY, bound
from staff_world import CARD, PHONE, SECRET, World, touch
from starlette.testclient import TestClient

from tongxing.city.binding import Binding
from tongxing.city.people import Person

CASE = {"purpose": "counter", "ticket": "A17"}


def path_of(person: Person) -> str:
    return f"/counter/person/{person.person_id}/bind"


def agreed(client: TestClient, world: World, person: Person, **more: str) -> str:
    """Staff read everything out, and the passenger says their code; the page that comes."""
    path = path_of(person)
    world.now_s += 120
    client.post(path + "/code", data=CASE | {"phone": PHONE})
    sent = CASE | {"phone": PHONE, "code": world.inbox.code(PHONE)}
    sent |= {"agree-binding": "yes", "agree-password_free": "yes"} | more
    return client.post(path + "/agree", data=sent).text


@pytest.mark.req("R-002", "R-014", "R-016")
def test_a_card_is_bound_at_the_branch(world: World) -> None:
    person, plastic, client = world.passenger(), world.purse_card(), world.at(language="en")
    path = path_of(person)
    assert "Begin" in client.get(path + QUERY).text
    page = client.post(path + "/begin", data=CASE | {"request_id": "b1"}).text
    assert "Lay the passenger&#39;s card" in page
    torn = touch(client, path.removeprefix("/counter") + "/prove/socket", plastic, tear_at=3)
    assert torn["code"] == "CARD_REMOVED"
    said = touch(client, path.removeprefix("/counter") + "/prove/socket" + QUERY, plastic)
    assert said == {"next": path + QUERY}
    page = client.get(said["next"]).text
    assert "400000******0017" in page and "¥30.00" in page and "Read the texts out" in page
    assert "on their phone" in agreed(client, world, person)
    page = client.post(path + "/sign", data=CASE | {"request_id": "m1", "channel": "alipay"}).text
    assert "<svg xmlns" in page and "style=" not in page
    assert client.get(path + "/state" + QUERY).json() == {"state": "asked"}
    world.partner.signs()
    assert client.get(path + "/state" + QUERY).json() == {"state": "signed"}
    assert "Read the card once more" in client.get(path + QUERY).text
    activate = path.removeprefix("/counter") + "/activate/socket" + QUERY
    assert touch(client, activate, plastic)["next"] == path + QUERY
    slip = client.get(path + QUERY).text
    assert "Card and code are one" in slip and "¥30.00" in slip and "data-print" in slip
    found = world.desks.binding.bound(person.account)
    assert found is not None and (found.medium_no, found.moved_fen) == (CARD, 3_000)
    acts = [(one.act, one.why, one.result) for one in world.desks.staff.acts()]
    assert ("bind:activate", "A17", "DONE") in acts and ("bind:agree", "A17", "DONE") in acts
    assert {one.channel for one in world.desks.people.consents(person.person_id)} == {"counter"}
    world.proofs_hold()


def test_the_passengers_own_word_is_theirs_alone(world: World) -> None:
    person, plastic, client = world.passenger(), world.purse_card(), world.at(language="en")
    path = path_of(person)
    world.passenger("13912345678")
    client.post(path + "/begin", data=CASE | {"request_id": "b1"})
    touch(client, path.removeprefix("/counter") + "/prove/socket", plastic)
    other = client.post(path + "/code", data=CASE | {"phone": "13912345678"})
    assert other.status_code == 422 and "not the phone number" in other.text
    client.post(path + "/code", data=CASE | {"phone": PHONE})
    unread = client.post(path + "/agree", data=CASE | {"phone": PHONE, "agree-binding": "yes"})
    assert "has not been read out" in unread.text
    wrong = client.post(
        path + "/agree",
        data=CASE
        | {"phone": PHONE, "code": "000000", "agree-binding": "yes", "agree-password_free": "yes"},
    )
    assert wrong.status_code == 401 and "#code" in wrong.text
    unseen = client.post(
        path + "/agree",
        data=CASE | {"document": "yes", "agree-binding": "yes", "agree-password_free": "yes"},
    )
    assert unseen.status_code == 422, "whoever has a phone says yes with it"
    assert world.desks.people.consents(person.person_id) == []


def test_what_a_phone_began_goes_on_here_and_can_be_stopped(world: World) -> None:
    person, client = world.passenger(), world.at(language="en")
    begun = world.desks.binding.begin(person.person_id, "phone", "nfc", world.now_s)
    page = client.get(path_of(person) + QUERY).text
    assert isinstance(begun, Binding)
    code = begun.binding_id[:8].upper()
    assert f"{code[:4]} {code[4:]}" in page and "NFC phone" in page
    client.post(path_of(person) + "/stop", data=CASE | {"how": "refused"})
    ended = world.desks.binding.current(person.person_id)
    assert ended is not None and (ended.step, ended.ended_why) == ("ended", "refused")
    assert "Begin" in client.get(path_of(person) + QUERY).text


def test_a_refused_card_comes_with_what_to_tell_the_passenger(world: World) -> None:
    first, second = world.passenger(), world.passenger("13912345678")
    plastic, client = bound(world, first), world.at()
    client.post(path_of(second) + "/begin", data=CASE | {"request_id": "b2"})
    said = touch(client, path_of(second).removeprefix("/counter") + "/prove/socket", plastic)
    assert said["code"] in ("CARD_ALREADY_BOUND", "CARD_NOW_BOUND")
    assert said["message_zh"] and said["next_step_zh"]


def test_a_card_is_released_with_a_reason(world: World) -> None:
    person = world.passenger()
    bound(world, person)
    client, path = world.at(language="en"), path_of(person)
    sent = CASE | {"request_id": "r1", "shown": "identity"}
    assert "Say why" in client.post(path + "/release", data=sent).text
    assert client.post(path + "/release", data=CASE | {"why": "gone"}).status_code == 422
    assert world.desks.binding.bound(person.account) is not None
    early = client.post(path + "/release", data=sent | {"why": "no longer used"})
    assert early.status_code == 409, "not while its money is on hold"
    world.now_s += 73 * 3600
    client = world.at(language="en")
    done = client.post(path + "/release", data=sent | {"why": "no longer used"})
    assert "Done, and kept" in done.text
    assert world.desks.binding.bound(person.account) is None
    world.proofs_hold()


@pytest.mark.req("R-021")
def test_a_passenger_binds_alone_at_the_machine(world: World) -> None:
    plastic, client = world.purse_card(), world.at("machine-1", "zh")
    assert "卡码一体" in client.get("/counter/machine").text
    assert touch(client, "/machine/read/socket", plastic) == {"next": "/counter/machine/phone"}
    unread = client.post("/counter/machine/phone", data={"phone": PHONE})
    assert unread.status_code == 422
    page = client.post("/counter/machine/phone", data={"phone": PHONE, "agree": "yes"}).text
    visit = re.search(r'name="visit" value="(\w+)"', page)
    assert visit is not None and "138****8000" in page
    sent = {"phone": PHONE, "visit": visit[1]}
    assert client.post("/counter/machine/code", data=sent | {"code": "000000"}).status_code == 401
    sent |= {"code": world.inbox.code()}
    assert "正在验卡" in client.post("/counter/machine/code", data=sent).text
    assert touch(client, "/machine/prove/socket", plastic) == {"next": "/counter/machine/bind"}
    assert "请阅读并同意" in client.get("/counter/machine/bind").text
    ticks = {"agree-binding": "yes", "agree-password_free": "yes"}
    assert client.post("/counter/machine/agree", data={}).status_code == 422
    assert "免密" in client.post("/counter/machine/agree", data=ticks).text
    page = client.post("/counter/machine/sign", data={"channel": "alipay", "request_id": "m1"}).text
    assert "<svg" in page and 'data-idle="180"' in page
    world.partner.signs()
    assert client.get("/counter/machine/state").json() == {"state": "signed"}
    assert "激活" in client.get("/counter/machine/bind").text
    touch(client, "/machine/activate/socket", plastic)
    page = client.get("/counter/machine/bind").text
    assert "请取回您的卡" in page and "¥30.00" in page
    person = world.desks.people.find("desk-1", "counter", "A1", phone=PHONE, now_s=world.now_s)
    assert isinstance(person, Person)
    token = client.cookies.get("machine")
    page = client.post("/counter/machine/reset").text
    assert "卡码一体" in page and "¥" not in page and "0017" not in page
    assert client.cookies.get("machine") is None
    assert world.desks.people.person_of(token or "", world.now_s) is None
    assert "中文" in client.get("/counter/machine/bind").text
    world.proofs_hold()


def test_a_machine_whose_station_binds_no_cards_says_where(world: World) -> None:
    desks = world.desks
    desks.staff.enrol("machine-2", "M", ("machine",), SECRET, "setup", 0, "shapingba")
    page = world.at("machine-2", "en").get("/counter/machine").text
    assert "does not bind cards now" in page and "Chaotianmen" in page
