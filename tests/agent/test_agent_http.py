"""Who may ask the card agent for what: one page, of a known origin, one command at a time."""

import threading

import pytest
from agent_world import BALANCE, CODE, FOREIGN, NUMBER, PAGE, PORT, SELECT, World, code_of

from tongxing.agent.commands import command_of
from tongxing.agent.holding import TRIES_MAX
from tongxing.kernel.reasons import Refusal


@pytest.fixture
def world() -> World:
    return World()


def test_a_page_that_is_let_in_talks_to_the_card(world: World) -> None:
    session = world.session()
    seen = world.ask("GET", "/card", session=session)
    assert seen.json() == {"present": True, "reader": "Table"}
    assert seen.headers["access-control-allow-origin"] == PAGE
    assert world.apdu(session, SELECT).json()["hex"].endswith("9000")
    assert world.apdu(session, BALANCE.lower()).json() == {"hex": "000017B69000"}
    assert world.ask("POST", "/session/end", {}, session=session).json() == {"ended": True}
    assert (world.table.opened, world.table.closed) == (1, 1)
    assert NUMBER not in seen.text


@pytest.mark.parametrize("path", ["/", "/card", "/session", "/apdu", "/session/end", "/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_foreign_origin_is_refused_everywhere_and_reads_nothing(
    world: World, method: str, path: str
) -> None:
    session = world.session()
    for origin in (FOREIGN, "", "null", "https://rider.example.evil", "http://rider.example"):
        body = {"hex": SELECT} if method == "POST" else None
        found = world.ask(method, path, body, origin=origin, session=session)
        assert code_of(found, 403) == "AGENT_ORIGIN"
        assert "access-control-allow-origin" not in found.headers
    assert world.table.heard == []


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"0.0.0.0:{PORT}"]
)
def test_a_foreign_name_for_this_address_is_refused(world: World, host: str) -> None:
    found = world.ask("POST", "/session", {}, host=host)
    assert code_of(found, 421) == "AGENT_HOST"


def test_a_preflight_is_answered_for_our_page_alone_also_into_the_private_network(
    world: World,
) -> None:
    asked = {"access-control-request-private-network": "true"}
    found = world.ask("OPTIONS", "/apdu", **asked)
    assert found.status_code == 204
    assert found.headers["access-control-allow-private-network"] == "true"
    assert found.headers["access-control-allow-origin"] == PAGE
    assert "x-tongxing-session" in found.headers["access-control-allow-headers"]
    assert "access-control-allow-private-network" not in world.ask("OPTIONS", "/apdu").headers


def test_without_known_origins_the_code_lets_a_page_in_and_guessing_ends_soon() -> None:
    world = World((), CODE)
    for _ in range(2):
        found = world.ask("POST", "/session", {"pairing": "00000000"}, origin=FOREIGN)
        assert code_of(found, 403) == "AGENT_PAIRING"
    session = world.session(PAGE, CODE)
    assert world.apdu(session, SELECT).status_code == 200
    assert code_of(world.ask("GET", "/card", session=session, origin=FOREIGN), 403)
    for _ in range(TRIES_MAX):
        found = world.ask("POST", "/session", {"pairing": "1"}, origin=FOREIGN)
    assert code_of(found, 403) in ("AGENT_ORIGIN", "AGENT_PAIRING_CLOSED")
    right = world.ask("POST", "/session", {"pairing": CODE}, origin=FOREIGN)
    assert code_of(right, 403) == "AGENT_ORIGIN", "the code is worth nothing after too many tries"
    assert world.apdu(session, BALANCE).status_code == 200


def test_another_page_waits_until_the_card_is_free(world: World) -> None:
    first = world.session()
    assert code_of(world.ask("POST", "/session", {}), 409) == "AGENT_BUSY"
    world.now_s = 59
    assert world.apdu(first, SELECT).status_code == 200
    world.now_s = 120
    second = world.session()
    assert world.table.closed == 1, "an idle page loses the card"
    assert code_of(world.apdu(first, SELECT), 401) == "AGENT_SESSION"
    assert world.apdu(second, SELECT).status_code == 200


def test_an_idle_card_is_let_go_of_by_itself(world: World) -> None:
    world.apdu(world.session(), SELECT)
    world.holder.let_go_if_idle(30)
    assert world.table.closed == 0
    world.holder.let_go_if_idle(61)
    assert world.table.closed == 1


@pytest.mark.parametrize("session", ["", "0" * 32, "\u00e9"])
def test_a_wrong_token_reaches_no_card(world: World, session: str) -> None:
    world.session()
    sent = session.encode("latin-1").decode("latin-1")
    found = world.ask("POST", "/apdu", {"hex": SELECT}, session="x" if sent > "~" else sent)
    assert code_of(found, 401) == "AGENT_SESSION"
    assert world.table.opened == 0


def test_a_session_is_its_origins_alone() -> None:
    world = World((PAGE, FOREIGN))
    session = world.session(PAGE)
    assert code_of(world.apdu(session, SELECT, FOREIGN), 401) == "AGENT_SESSION"


def test_no_card_is_told_and_may_come_later(world: World) -> None:
    world.table.lies_there = False
    session = world.session()
    assert world.ask("GET", "/card", session=session).json()["present"] is False
    assert code_of(world.apdu(session, SELECT), 410) == "READER_NO_CARD"
    world.table.lies_there = True
    assert world.apdu(session, SELECT).status_code == 200


def test_a_card_that_left_ends_the_session_for_another_may_lie_there_now(world: World) -> None:
    session = world.session()
    world.apdu(session, SELECT)
    world.table.leaves_at = "805C"
    assert code_of(world.apdu(session, BALANCE), 410) == "CARD_REMOVED"
    world.table.leaves_at = ""
    assert code_of(world.apdu(session, SELECT), 410) == "CARD_REMOVED"
    assert (world.table.opened, world.table.closed) == (1, 1)
    assert world.apdu(world.session(), SELECT).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "0020000003123456", "805E000005000000000F", "8416000004AABBCCDD", "841E000004AABBCCDD",
        "8418000004AABBCCDD", "00A4040007A0000000031010", "00A40400", "FFCA000000", "80F0000000",
        "00A4040008A000000632010106",
    ],
)  # fmt: skip
def test_pins_other_applications_and_the_reader_itself_are_out_of_reach(
    world: World, text: str
) -> None:
    session = world.session()
    assert code_of(world.apdu(session, text), 403) == "AGENT_COMMAND"
    assert world.table.heard == []


@pytest.mark.parametrize(
    "text",
    ["", "0", "00A4", "GG", "00 A4", "０0B0000000", None, 5, ["00"], "00" * 262, "00B000000500"],
)
def test_what_is_no_command_is_not_sent(world: World, text: object) -> None:
    session = world.session()
    assert code_of(world.apdu(session, text), 400) == "AGENT_REQUEST"
    assert world.table.opened == 0


def test_long_and_broken_requests_are_refused(world: World) -> None:
    session = world.session()
    assert code_of(world.apdu(session, "00" * 3_000), 413) == "AGENT_BODY"
    for body, kind in (
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "text/plain"),
        (b"[" * 1_500, "application/json"),
    ):
        headers = {"origin": PAGE, "content-type": kind, "x-tongxing-session": session}
        found = world.client.post("/apdu", content=body, headers=headers)
        assert code_of(found, 400) == "AGENT_REQUEST"
    assert code_of(world.ask("GET", "/else"), 404) == "AGENT_PATH"
    assert code_of(world.ask("PUT", "/apdu"), 404) == "AGENT_PATH"


def test_a_second_command_does_not_wait_behind_the_first(world: World) -> None:
    session, found = world.session(), []
    inside, go_on = threading.Event(), threading.Event()
    real = world.table.card.transmit

    def slow(command: bytes) -> bytes:
        inside.set()
        assert go_on.wait(10)
        return real(command)

    world.table.card.transmit = slow  # the card takes its time
    first = threading.Thread(target=lambda: found.append(world.apdu(session, SELECT)))
    first.start()
    assert inside.wait(10)
    assert code_of(world.apdu(session, BALANCE), 409) == "AGENT_ONE_AT_A_TIME"
    go_on.set()
    first.join()
    assert found[0].status_code == 200


def test_every_allowed_application_can_be_selected_by_a_longer_name() -> None:
    phone = "00A404000CA00000063201010501020304"
    assert command_of(phone) == bytes.fromhex(phone)
    assert isinstance(command_of("00A4040002A000"), Refusal)
