"""An account in its holder's hands: what was agreed, another number, the data as a file."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rider_world import OTHER_PHONE, PHONE, World

from tongxing.city import RiderOpening
from tongxing.city.people import Person, SignedIn
from tongxing.kernel.reasons import reason

THIRD_PHONE = "13700137000"
ACCOUNT = "9999000000000011"


def signs_in(client: TestClient, world: World, phone: str = PHONE) -> Any:
    """Through the pages, tick and code."""
    client.post("/rider/sign-in", data={"phone": phone, "agree": "yes"})
    return client.post("/rider/sign-in/code", data={"code": world.inbox.code(phone)})


def proves(client: TestClient, world: World, purpose: str, then: str, phone: str = PHONE) -> Any:
    """The step-up: a code to the number that the account has now."""
    world.now_s += 61
    asked = {"purpose": purpose, "next": f"/rider{then}"}
    client.post("/rider/prove/send", data=asked)
    return client.post("/rider/prove", data={**asked, "code": world.inbox.code(phone)})


def given(world: World, person: Person) -> list[tuple[str, str]]:
    found = world.desks.people.consents(person.person_id)
    return [(one.text_id, one.version) for one in found if one.withdrawn_s is None]


def test_the_tick_at_sign_in_is_kept_also_for_an_account_that_was_taken_over(world: World) -> None:
    world.city.open_riders([RiderOpening(ACCOUNT, (), 0)], world.now_s)
    person = world.desks.people.take_over(ACCOUNT, PHONE, world.now_s)
    assert isinstance(person, Person) and given(world, person) == []
    for _ in range(2):
        assert signs_in(world.client(), world).status_code == 200
        assert given(world, person) == [("terms", "1"), ("privacy", "1")]
        world.now_s += 61
    assert len(world.desks.people.consents(person.person_id)) == 2


def test_no_tick_no_code_and_no_consent(world: World) -> None:
    who = world.newcomer()
    answer = world.client().post("/rider/sign-in", data={"phone": PHONE})
    assert answer.status_code == 422 and 'href="#agree"' in answer.text
    assert given(world, who.person) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_number_is_changed_by_the_old_one_and_the_new_one(world: World, language: str) -> None:
    who = world.newcomer()
    client = world.signed_in(who, language)
    assert '/rider/me/phone"' in client.get("/rider/me").text
    assert client.get("/rider/me/phone").url.path == "/rider/prove"
    assert proves(client, world, "change_phone", "/me/phone").url.path == "/rider/me/phone"
    wrong = client.post("/rider/me/phone", data={"phone": "1380013800"})
    assert wrong.status_code == 422 and 'href="#phone"' in wrong.text
    sent = client.post("/rider/me/phone", data={"phone": OTHER_PHONE})
    assert sent.url.path == "/rider/me/phone/code" and "139****5678" in sent.text
    soon = client.post("/rider/me/phone/again")
    assert soon.status_code == 429 and soon.headers["Retry-After"]
    wrong = client.post("/rider/me/phone/code", data={"code": "000000"})
    assert wrong.status_code == 401 and 'href="#code"' in wrong.text
    done = client.post("/rider/me/phone/code", data={"code": world.inbox.code(OTHER_PHONE)})
    assert done.url.path == "/rider/me" and "139****5678" in done.text
    trail = [str(one.url) for each in (sent, wrong, done) for one in (*each.history, each)]
    assert OTHER_PHONE not in " ".join(trail)
    world.now_s += 61
    assert signs_in(world.client(), world, OTHER_PHONE).status_code == 200
    person = world.desks.people.person(who.person.person_id)
    assert isinstance(person, Person) and person.phone_masked == "139****5678"


def test_no_code_goes_to_a_new_number_before_the_old_one_proved_itself(world: World) -> None:
    who = world.newcomer()
    client = world.signed_in(who)
    before = len(world.inbox.sent)
    for path in ("/me/phone", "/me/phone/again"):
        assert client.post(f"/rider{path}", data={"phone": OTHER_PHONE}).url.path == "/rider/prove"
    assert client.get("/rider/me/phone/code").url.path == "/rider/prove"
    assert len(world.inbox.sent) == before
    proves(client, world, "change_phone", "/me/phone")
    client.post("/rider/me/phone", data={"phone": OTHER_PHONE})
    world.now_s += 400
    late = client.post("/rider/me/phone/code", data={"code": world.inbox.code(OTHER_PHONE)})
    assert late.url.path == "/rider/prove"
    back = proves(client, world, "change_phone", "/me/phone/code")
    assert back.url.path == "/rider/me/phone/code"
    done = client.post("/rider/me/phone/code", data={"code": world.inbox.code(OTHER_PHONE)})
    assert done.url.path == "/rider/me"


def test_another_passengers_number_is_refused_at_its_field(world: World) -> None:
    world.newcomer(THIRD_PHONE)
    who = world.newcomer()
    client = world.signed_in(who, "en")
    proves(client, world, "change_phone", "/me/phone")
    client.post("/rider/me/phone", data={"phone": THIRD_PHONE})
    taken = client.post("/rider/me/phone/code", data={"code": world.inbox.code(THIRD_PHONE)})
    assert taken.status_code == 422 and 'href="#phone"' in taken.text
    assert reason("PHONE_TAKEN").en in taken.text
    person = world.desks.people.person(who.person.person_id)
    assert isinstance(person, Person) and person.phone_masked == "138****8000"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_that_is_kept_goes_out_only_after_the_phone_proved_itself(
    world: World, language: str
) -> None:
    who = world.newcomer()
    client = world.signed_in(who, language)
    refused = client.post("/rider/me/export")
    assert refused.url.path == "/rider/prove" and "attachment" not in str(refused.headers)
    assert proves(client, world, "pay_out", "/me/export").url.path == "/rider/me/export"
    assert client.post("/rider/me/export").url.path == "/rider/prove", "that was another purpose"
    world.now_s += 1
    assert proves(client, world, "export", "/me/export").url.path == "/rider/me/export"
    found = client.post("/rider/me/export")
    assert "attachment" in found.headers["Content-Disposition"]
    assert PHONE in found.text
    thief = world.signed_in(other_session(world))
    assert thief.post("/rider/me/export").url.path == "/rider/prove"


def other_session(world: World) -> SignedIn:
    """The same passenger on another device."""
    world.now_s += 61
    return world.newcomer()


def test_every_step_up_says_why(world: World) -> None:
    client = world.signed_in(world.newcomer(), "en")
    told = set()
    for purpose in ("pay_out", "close", "export", "change_phone"):
        text = client.get("/rider/prove", params={"purpose": purpose}).text
        told.add(re.sub(r'value="[a-z_]+"', "", text))
    assert len(told) == 4
