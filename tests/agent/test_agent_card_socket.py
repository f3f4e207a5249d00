"""A card behind a page's WebSocket: a page that leaves, lies or is silent has lost the card."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from agent_world import BALANCE, SELECT, new_table
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from tongxing.media.card.link import CardGone
from tongxing.web.card_socket import EXCHANGES_MAX, MESSAGE_MAX, SocketCard, answer_in, with_card

Talk = Callable[[SocketCard], dict[str, object]]


def balance_of(card: SocketCard) -> dict[str, object]:
    """Select the purse and ask what it has, as whoever binds a card would."""
    try:
        card.transmit(bytes.fromhex(SELECT))
        return {"balance_fen": int.from_bytes(card.transmit(bytes.fromhex(BALANCE))[:4], "big")}
    except CardGone as gone:
        return {"gone": gone.code}


def client(
    talk: Talk, found: list[object], answer_s: float = 5.0, total_s: float = 30
) -> TestClient:
    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        try:
            found.append(await with_card(socket, talk, dict, answer_s=answer_s, total_s=total_s))
        except CardGone as gone:
            found.append(gone.code)

    return TestClient(Starlette(routes=[WebSocketRoute("/card", endpoint)]))


def closing_code(socket: Any) -> int:
    with pytest.raises(WebSocketDisconnect) as ended:
        socket.receive_json()
    return int(ended.value.code)


def test_the_page_relays_and_hears_what_came_of_it() -> None:
    card, found = new_table().card, []
    with client(balance_of, found).websocket_connect("/card") as socket:
        for _ in range(2):
            asked = bytes.fromhex(socket.receive_json()["apdu"])
            socket.send_json({"answer": card.transmit(asked).hex()})
        assert socket.receive_json() == {"balance_fen": 6_070}
        assert closing_code(socket) == 1000
    assert found == [{"balance_fen": 6_070}]


@pytest.mark.parametrize("code", ["CARD_REMOVED", "CARD_TIMEOUT", "CARD_COLLISION"])
def test_a_card_that_left_is_told_by_its_code(code: str) -> None:
    found: list[object] = []
    with client(balance_of, found).websocket_connect("/card") as socket:
        socket.receive_json()
        socket.send_json({"gone": code})
        assert socket.receive_json() == {"gone": code}
    assert found == [{"gone": code}]


def test_a_page_that_closes_takes_the_card_with_it() -> None:
    ended = threading.Event()
    seen: list[object] = []

    def noticing(card: SocketCard) -> dict[str, object]:
        seen.append(balance_of(card))
        ended.set()
        return {}

    with client(noticing, []).websocket_connect("/card") as socket:
        socket.receive_json()
    assert ended.wait(5)
    assert seen == [{"gone": "CARD_REMOVED"}]


def test_a_silent_page_loses_the_card() -> None:
    found: list[object] = []
    with client(balance_of, found, answer_s=0.05).websocket_connect("/card") as socket:
        socket.receive_json()
        assert socket.receive_json() == {"gone": "CARD_TIMEOUT"}
    assert found == [{"gone": "CARD_TIMEOUT"}]


def test_a_card_that_is_gone_stays_gone_and_is_asked_nothing_more() -> None:
    def stubborn(card: SocketCard) -> dict[str, object]:
        codes = []
        for _ in range(3):
            try:
                card.transmit(bytes.fromhex(SELECT))
            except CardGone as gone:
                codes.append(gone.code)
        return {"codes": codes}

    found: list[object] = []
    with client(stubborn, found).websocket_connect("/card") as socket:
        socket.receive_json()
        socket.send_json({"gone": "CARD_COLLISION"})
        assert socket.receive_json() == {"codes": ["CARD_COLLISION"] * 3}


def test_talking_ends_some_day_also_with_a_page_that_answers_for_ever() -> None:
    def endless(card: SocketCard) -> dict[str, object]:
        asked = 0
        while True:
            try:
                card.transmit(bytes.fromhex(BALANCE))
                asked += 1
            except CardGone:
                return {"asked": asked}

    found: list[object] = []
    with client(endless, found).websocket_connect("/card") as socket:
        while "apdu" in (said := socket.receive_json()):
            socket.send_json({"answer": "9000"})
    assert said == {"asked": EXCHANGES_MAX}


def test_a_fault_of_ours_closes_with_a_code_and_says_nothing_of_it() -> None:
    def broken(_card: SocketCard) -> dict[str, object]:
        raise ValueError("13800138000 is nobody's business")

    with (
        pytest.raises(ValueError, match="nobody"),
        client(broken, []).websocket_connect("/card") as socket,
    ):
        assert closing_code(socket) == 1011


def test_gone_that_nobody_catches_closes_too() -> None:
    found: list[object] = []

    def careless(card: SocketCard) -> dict[str, object]:
        card.transmit(bytes.fromhex(SELECT))
        return {}

    with client(careless, found).websocket_connect("/card") as socket:
        socket.receive_json()
        socket.send_json({"gone": "CARD_REMOVED"})
        assert closing_code(socket) == 1011
    assert found == ["CARD_REMOVED"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"answer": "9000"}', b"\x90\x00"),
        ('{"gone": "CARD_TIMEOUT"}', "CARD_TIMEOUT"),
        ('{"gone": "ROOT"}', "CARD_REMOVED"),
        ('{"gone": ["CARD_TIMEOUT"]}', "CARD_REMOVED"),
        ('{"answer": "90"}', "CARD_REMOVED"),
        ('{"answer": "zz"}', "CARD_REMOVED"),
        ('{"answer": 9000}', "CARD_REMOVED"),
        ("[]", "CARD_REMOVED"),
        ("", "CARD_REMOVED"),
        ("[" * 500, "CARD_REMOVED"),
        ('{"answer": "' + "00" * 300 + '"}', "CARD_REMOVED"),
        (" " * (MESSAGE_MAX + 1), "CARD_REMOVED"),
    ],
)
def test_whatever_a_page_sends_is_an_answer_or_a_card_that_went(text: str, found: object) -> None:
    assert answer_in(text) == found
