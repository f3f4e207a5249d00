"""The upgrade pages over Beijing's programme of May 2022: one tap, a number, a site's code."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from rider_world import BEIJING, NAME, PHONE, World, open_world

from outside_fakes import an_id
from tongxing.city import MediumOpening, RiderOpening
from tongxing.kernel import clock
from tongxing.storage import Database

CARD = "3105170000000000011"
NOW = clock.at(date(2022, 5, 25), 12)


@pytest.fixture
def beijing(database: Database) -> Iterator[World]:
    found = open_world(database, now_s=NOW, code=BEIJING)
    opening = MediumOpening(CARD, "card", "t_union", "ordinary", issued_on=date(2020, 1, 2))
    found.city.open_riders([RiderOpening(CARD, (opening,), 1_000, purse=True)], NOW - 86_400)
    yield found
    found.close()


def request_id(answer: Any) -> str:
    found = re.search(r'name="request_id" value="([0-9a-f]+)"', answer.text)
    assert found is not None
    return found[1]


@pytest.mark.req("R-120", "R-126")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_apps_user_needs_one_tap(beijing: World, language: str) -> None:
    who = beijing.newcomer()
    client = beijing.signed_in(who, language)
    shown = client.get("/rider/upgrade?app=alipay")
    button = {"zh": "已阅并同意", "en": "I have read it and agree"}[language]
    assert button in shown.text
    sent = {"app": "alipay", "request_id": request_id(shown)}
    done = client.post("/rider/upgrade/accept", data=sent)
    assert done.status_code == 200 and "badge good" in done.text
    assert button not in client.get("/rider/upgrade?app=alipay").text
    desk = beijing.desks.upgrading
    assert desk is not None
    [linked] = desk.linked(who.person.person_id)
    ended = client.post(
        "/rider/upgrade/end", data={"medium": linked.medium_no, "request_id": "e" * 32}
    )
    assert ended.url.params["done"] == "ended"


@pytest.mark.req("R-106", "R-149", "R-151", "R-161")
def test_a_card_by_its_number_with_help_to_find_it(beijing: World) -> None:
    client = beijing.signed_in(beijing.newcomer(), "en")
    page = client.get("/rider/upgrade")
    assert "010-96166" in page.text and "96123" in page.text
    way = re.search(r'href="(/rider/upgrade/card\?[^"]*kind=card)"', page.text)
    assert way is not None
    form = client.get(way[1].replace("&amp;", "&"))
    assert "Where is the number?" in form.text
    sent = {
        "channel": re.findall(r'name="channel" value="([a-z_]+)"', form.text)[0],
        "kind": "card",
        "request_id": request_id(form),
        "name": NAME,
        "id_number": an_id(),
        "agree": "yes",
    }
    short = client.post("/rider/upgrade/card", data={**sent, "number": CARD[:-1]})
    assert short.status_code == 422 and 'href="#number"' in short.text
    unticked = client.post("/rider/upgrade/card", data={**sent, "number": CARD, "agree": ""})
    assert 'href="#agree"' in unticked.text
    strange = client.post(
        "/rider/upgrade/card", data={**sent, "number": "3105170099999999999", "request_id": "s"}
    )
    assert strange.status_code == 422
    done = client.post("/rider/upgrade/card", data={**sent, "number": CARD})
    assert done.url.params["done"] == "linked", done.text[:3000]
    again = client.post("/rider/upgrade/card", data={**sent, "number": CARD, "request_id": "n1"})
    assert again.url.params["done"] == "already"


@pytest.mark.req("R-138", "R-141")
def test_a_sites_code_by_name_and_phone(beijing: World) -> None:
    client = beijing.client("en")
    form = client.get("/rider/upgrade/code")
    assert form.status_code == 200
    sent = client.post("/rider/upgrade/code/send", data={"name": NAME, "phone": PHONE})
    fields = dict(re.findall(r'name="(channel|app|phone)" value="([^"]*)"', sent.text))
    wrong = client.post(
        "/rider/upgrade/code",
        data={**fields, "name": NAME, "code": "000000", "agree": "yes", "request_id": "w1"},
    )
    assert wrong.status_code == 401 and 'href="#code"' in wrong.text
    data = {**fields, "name": NAME, "code": beijing.inbox.code(), "agree": "yes"}
    done = client.post("/rider/upgrade/code", data={**data, "request_id": request_id(sent)})
    assert done.status_code == 200 and "It is upgraded." in done.text


def test_the_service_is_offered_where_there_is_one(beijing: World, city_database: Database) -> None:
    way = 'href="/rider/upgrade"'
    client = beijing.signed_in(beijing.newcomer())
    assert way in client.get("/rider/").text and way in client.get("/rider/me").text
    elsewhere = open_world(city_database, now_s=NOW)
    try:
        client = elsewhere.signed_in(elsewhere.newcomer())
        assert way not in client.get("/rider/").text and way not in client.get("/rider/me").text
        assert client.get("/rider/upgrade").status_code == 200
    finally:
        elsewhere.close()
