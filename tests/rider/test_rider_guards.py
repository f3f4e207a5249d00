"""Who may see and do what: nobody sees another's, a page of a stranger's site does nothing, and
what is sent twice is done once."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rider_life import Life
from rider_world import HOME, OTHER_PHONE, PHONE, World
from starlette.websockets import WebSocketDisconnect

from outside_fakes import an_id
from tongxing.city.losing import LossReport
from tongxing.kernel.clock import calendar_date


def plain(answer: Any) -> str:
    """An answer without what is drawn anew each time."""
    return re.sub(r'name="request_id" value="[0-9a-f]+"', "", answer.text)


def request_id(answer: Any) -> str:
    found = re.search(r'name="request_id" value="([0-9a-f]+)"', answer.text)
    assert found is not None, answer.text[:500]
    return found[1]


def test_another_passengers_things_are_as_unknown_as_none(life: Life) -> None:
    world = life.world
    account, now_s = life.person.account, world.now_s
    trip = world.desks.passenger.trips(account, at_month(world))[0].trip_id
    half = world.desks.passenger.standing(account, now_s).halves[0].trip_id
    order = world.desks.money.orders(account)[0].order_id
    lost = world.desks.losing.report(account, life.card, "r" * 32, now_s)
    assert isinstance(lost, LossReport), lost
    stranger = world.signed_in(world.newcomer(OTHER_PHONE))
    for path, nothing in (
        (f"/trips/{trip}", "/trips/" + "0" * 32),
        (f"/trips/half/{half}", "/trips/half/" + "0" * 32),
        (f"/money/orders/{order}", "/money/orders/" + "0" * 32),
        (f"/loss/reports/{lost.report_id}", "/loss/reports/" + "0" * 32),
    ):
        theirs, none = stranger.get(f"/rider{path}"), stranger.get(f"/rider{nothing}")
        assert (theirs.status_code, none.status_code) == (404, 404), path
        assert plain(theirs).replace(path, "") == plain(none).replace(nothing, ""), path
    said = stranger.post(f"/rider/trips/half/{half}", data={"station": "shapingba"})
    assert said.status_code == 404
    found = stranger.post(f"/rider/loss/reports/{'r' * 32}/found")
    assert found.status_code == 404
    assert len(world.desks.passenger.standing(account, now_s).halves) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_signing_in_answers_alike_whether_a_number_is_known(world: World, language: str) -> None:
    world.newcomer(PHONE)
    world.now_s += 61
    seen = []
    for phone in (PHONE, OTHER_PHONE):
        client = world.client(language)
        sent = client.post("/rider/sign-in", data={"phone": phone, "agree": "yes"})
        wrong = client.post("/rider/sign-in/code", data={"code": "000000"})
        masked = f"{phone[:3]}****{phone[-4:]}"
        seen.append(
            (sent.status_code, wrong.status_code, sent.text.replace(masked, ""),
             wrong.text.replace(masked, ""))
        )  # fmt: skip
    assert seen[0] == seen[1]
    assert seen[0][:2] == (200, 401)


@pytest.mark.parametrize(
    "phone", ["１３８００１３８０００", "1380013800", "+8613800138000", "\x00"]
)
def test_what_is_no_phone_number_is_told_at_its_field(world: World, phone: str) -> None:
    """B33: full-width digits, ten digits, another country's number."""
    answer = world.client().post("/rider/sign-in", data={"phone": phone, "agree": "yes"})
    assert answer.status_code == 422
    assert 'href="#phone"' in answer.text and 'aria-invalid="true"' in answer.text


def test_five_wrong_codes_and_no_more(world: World) -> None:
    """B35: tries left are told, then the code is locked."""
    client = world.client("en")
    client.post("/rider/sign-in", data={"phone": PHONE, "agree": "yes"})
    codes = [
        client.post("/rider/sign-in/code", data={"code": "000000"}).status_code for _ in range(6)
    ]
    assert codes[:4] == [401] * 4 and codes[5] == 429
    right = client.post("/rider/sign-in/code", data={"code": world.inbox.code()})
    assert right.status_code == 429 and right.headers["Retry-After"]


def test_a_strangers_site_can_do_nothing(life: Life) -> None:
    client = life.world.signed_in(life.who)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = client.post("/rider/me/sessions", data={"session": "1"}, headers=headers)
        assert answer.status_code == 403
    foreign = TestClient(life.world.app, base_url="http://evil.example")
    assert foreign.get("/rider/sign-in").status_code == 421


def test_a_card_socket_belongs_to_who_is_signed_in_on_our_own_page(life: Life) -> None:
    client = life.world.signed_in(life.who)
    evil = {"Origin": "https://evil.example"}
    for browser, headers in ((life.world.client(), {}), (client, evil), (client, {})):
        with (
            pytest.raises(WebSocketDisconnect),
            browser.websocket_connect("/rider/bind/prove/socket", headers=headers) as socket,
        ):
            socket.receive_text()


def test_the_same_form_twice_opens_one_order(life: Life) -> None:
    client = life.world.signed_in(life.who)
    form = client.get("/rider/money/top-up")
    sent = {"request_id": request_id(form), "amount": "2000", "channel": "alipay"}
    before = len(life.world.desks.money.orders(life.person.account))
    one, other = (client.post("/rider/money/top-up", data=sent) for _ in range(2))
    assert one.url == other.url and one.status_code == 200
    assert len(life.world.desks.money.orders(life.person.account)) == before + 1


@pytest.mark.parametrize("amount", ["", "zehn", "0", "-5", "1e3", "12.345", "99999999"])
def test_an_amount_that_is_none_changes_nothing(life: Life, amount: str) -> None:
    client = life.world.signed_in(life.who)
    sent = {"amount": "other", "other": amount, "channel": "alipay"}
    before = len(life.world.desks.money.orders(life.person.account))
    answer = client.post("/rider/money/top-up", data=sent)
    assert answer.status_code == 422 and 'href="#other"' in answer.text
    assert len(life.world.desks.money.orders(life.person.account)) == before


def test_money_leaves_only_after_the_phone_proved_itself(life: Life) -> None:
    client = life.world.signed_in(life.who)
    asked = client.post("/rider/money/refund", data={"amount": "10"})
    assert asked.url.path == "/rider/prove"
    direct = client.post("/rider/money/refund/check", data={"fen": "1000", "request_id": "a1"})
    assert direct.url.path == "/rider/prove"
    assert life.world.desks.money.refunds(life.person.account) == []


def test_forms_are_bounded_and_readable(world: World) -> None:
    client = world.client("en")
    large = client.post("/rider/sign-in", data={"phone": "1" * 40_000})
    assert large.status_code == 413
    odd = client.post(
        "/rider/sign-in",
        content=b"phone=%ff%fe",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert odd.status_code == 422


def test_a_session_that_was_ended_is_over(life: Life) -> None:
    client = life.world.signed_in(life.who)
    assert client.get("/rider/money").status_code == 200
    client.post("/rider/sign-out")
    client.cookies.set("rider", life.who.token)
    assert client.get("/rider/money").url.path == "/rider/sign-in"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/rider//evil", "x"])
def test_signing_in_leads_nowhere_else(world: World, wanted: str) -> None:
    client = world.client()
    client.get("/rider/sign-in", params={"next": wanted})
    client.post("/rider/sign-in", data={"phone": PHONE, "agree": "yes"})
    answer = client.post("/rider/sign-in/code", data={"code": world.inbox.code()})
    assert str(answer.url) == f"{HOME}/rider/welcome"


def test_personal_data_stands_in_no_address_and_no_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    client = world.client()
    client.post("/rider/sign-in", data={"phone": PHONE, "agree": "yes"})
    answer = client.post("/rider/sign-in/code", data={"code": world.inbox.code()})
    number = an_id()
    verified = client.post(
        "/rider/me/identity", data={"name": "张三丰", "id_number": number, "agree": "yes"}
    )
    trail = [str(one.url) for each in (answer, verified) for one in (*each.history, each)]
    for secret in (PHONE, number, "张三丰"):
        assert secret not in " ".join(trail) + caplog.text
        assert secret not in client.get("/rider/me").text


def at_month(world: World) -> Any:
    """The first day of the world's month."""
    return calendar_date(world.now_s).replace(day=1)
