"""Every page of staff, in both languages, and who may see which."""

import re

import pytest
from fastapi.routing import APIRoute
from staff_life import QUERY, Life
from staff_world import CHONGQING
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tongxing.counter.app import PAGES

OPEN = {"/sign-in", "/sign-out"}
DESK = {
    "/", "/acts", "/open", "/disputes", "/disputes/card", "/disputes/{case_id}",
    "/disputes/{case_id}/card", "/person/{person_id}", "/person/{person_id}/bind",
    "/person/{person_id}/halves", "/person/{person_id}/halves/{trip_id}",
    "/person/{person_id}/dispute", "/person/{person_id}/close",
}  # fmt: skip
SUPERVISOR = {"/watch"}
MACHINE = {"/machine", "/machine/card", "/machine/phone"}
FOR_SUPERVISORS = {
    "/watch", "/campaign", "/disputes/{case_id}/propose", "/disputes/{case_id}/decide",
    "/person/{person_id}/bind/settle",
}  # fmt: skip


def filled(path: str, life: Life) -> str:
    """A path with this passenger's ids."""
    ids = {
        "person_id": life.person.person_id, "case_id": life.dispute.case_id,
        "trip_id": life.half_trip, "purpose": "prove",
    }  # fmt: skip
    return "/counter" + re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], path)


def routes() -> list[BaseRoute]:
    return [route for page in PAGES for route in page.router.routes]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", sorted(DESK | SUPERVISOR | MACHINE | {"/sign-in"}))
def test_every_page_in_both_languages(seen: Life, path: str, language: str) -> None:
    staff = "boss-1" if path in SUPERVISOR else "machine-1" if path in MACHINE else "desk-1"
    found = seen.world.at(staff, language).get(filled(path, seen) + QUERY)
    assert found.status_code == 200, found.text
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in found.text
    assert "13800138000" not in found.text and "张三丰" not in found.text
    has_chinese = re.search("[一-鿿]", _without_names(found.text)) is not None
    assert has_chinese == (language == "zh"), found.text


def test_every_route_asks_for_a_role(seen: Life) -> None:
    nobody = seen.world.visitor()
    count = 0
    for route in routes():
        if isinstance(route, APIRoute) and route.path not in OPEN:
            for method in route.methods or ():
                answer = nobody.request(method, filled(route.path, seen), follow_redirects=False)
                assert answer.status_code == 303, (route.path, answer.status_code)
                assert answer.headers["location"] == "/counter/sign-in", route.path
                count += 1
        elif isinstance(route, WebSocketRoute):
            assert closed(nobody, filled(route.path, seen)) == 1008, route.path
    assert count > 40


def test_a_machine_reaches_no_counter_page_and_a_counter_no_machine(seen: Life) -> None:
    machine, desk = seen.world.at("machine-1"), seen.world.at("boss-1")
    for route in routes():
        if not isinstance(route, APIRoute | WebSocketRoute) or route.path in OPEN:
            continue
        is_machine = route.path.startswith("/machine")
        foreign = desk if is_machine else machine
        if isinstance(route, WebSocketRoute):
            assert closed(foreign, filled(route.path, seen)) == 1008, route.path
            continue
        for method in route.methods or ():
            answer = foreign.request(method, filled(route.path, seen))
            assert answer.status_code == 403, (route.path, answer.status_code)
            assert "STAFF_NOT_ALLOWED" in answer.text, route.path


def test_a_desk_decides_nothing_that_takes_a_supervisor(seen: Life) -> None:
    desk = seen.world.at("desk-1")
    asked = 0
    for route in routes():
        if isinstance(route, APIRoute) and route.path in FOR_SUPERVISORS:
            for method in route.methods or ():
                answer = desk.request(method, filled(route.path, seen))
                assert answer.status_code == 403, (route.path, answer.status_code)
                asked += 1
    assert asked == len(FOR_SUPERVISORS)
    page = desk.get(f"/counter/disputes/{seen.dispute.case_id}").text
    assert "/propose" not in page and "/watch" not in page


def test_a_socket_of_another_site_is_closed(seen: Life) -> None:
    path = filled("/disputes/card/socket", seen) + "?act=raise&request_id=abc1"
    headers = {"host": "127.0.0.1", "origin": "https://elsewhere.example"}
    assert closed(seen.world.at(), path, headers) == 1008


def test_a_cookie_is_secure_where_the_request_was(seen: Life) -> None:
    for scheme, is_secure in (("http", False), ("https", True)):
        client = TestClient(
            seen.world.app, base_url=f"{scheme}://127.0.0.1", follow_redirects=False
        )
        sent = {"staff_id": "desk-1", "secret": "a long enough secret"}
        cookie = client.post("/counter/sign-in", data=sent).headers["set-cookie"]
        assert ("Secure" in cookie) == is_secure, cookie
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie


def test_what_a_supervisor_watches(seen: Life) -> None:
    page = seen.world.at("boss-1", "en").get("/counter/watch").text
    assert "闸机扫码慢" in page and "Ride code" in page
    assert "signature" in page
    assert seen.world.code == CHONGQING


def closed(client: TestClient, path: str, headers: dict[str, str] | None = None) -> int:
    """With which code a socket is closed before anything was said."""
    try:
        with client.websocket_connect(path, headers=headers or {"host": "127.0.0.1"}) as socket:
            socket.receive_text()
    except WebSocketDisconnect as gone:
        return gone.code
    return 0


def _without_names(text: str) -> str:
    """A page without what stands there in its own tongue: languages, names, what people wrote."""
    for part in (r'<[^>]*lang="zh-CN"[^>]*>[^<]*', r"闸机扫码慢|卡是我的", r"张\*+"):
        text = re.sub(part, "", text)
    return text.replace('<html lang="zh-CN">', "")
