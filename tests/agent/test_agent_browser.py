"""A real browser, the real agent and a software card in a file: a page of ours reads the card, a
foreign one gets nothing, and our server talks to the card through the page."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from agent_world import BALANCE, NUMBER, SELECT
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tongxing.cli.common import loopback_socket
from tongxing.media.card.chip import personalise
from tongxing.media.card.chip.image_file import to_bytes
from tongxing.media.card.chip.trial import trial_profile
from tongxing.web.card_socket import SocketCard, with_card

pytestmark = pytest.mark.browser

PAGE = '<!doctype html><html lang="en"><title>A page</title><p>page</p>'
OPEN = """async (agent) => {
  const { openCard, relayOver } = await import("/card_reader.js");
  const card = await openCard({ agentAddress: agent });
  const found = { reader: card.reader, selected: await card.transmit("SELECT") };
  const states = [];
  await card.close();
  const again = await openCard({ agentAddress: agent });
  found.said = await relayOver(`ws://${location.host}/card`, again, (state) => states.push(state));
  return { ...found, states };
}""".replace("SELECT", SELECT)
REFUSED = """async (agent) => {
  const { openCard } = await import("/card_reader.js");
  return openCard({ agentAddress: agent }).then(() => "let in", (error) => error.code);
}"""
BRIDGE = """async () => {
  const heard = [];
  window.TongxingCard = {
    open: async () => heard.push("open"),
    transmit: async (hex) => { if (hex === "00") throw new Error("CARD_TIMEOUT"); return "9000"; },
    close: async () => heard.push("close"),
  };
  const { openCard } = await import("/card_reader.js");
  const card = await openCard();
  heard.push(await card.transmit("00B0950000"));
  try { await card.transmit("00"); } catch (error) { heard.push(error.code); }
  await card.close();
  return heard;
}"""


def talk(card: SocketCard) -> dict[str, object]:
    card.transmit(bytes.fromhex(SELECT))
    return {"balance_fen": int.from_bytes(card.transmit(bytes.fromhex(BALANCE))[:4], "big")}


async def over_socket(socket: WebSocket) -> None:
    await socket.accept()
    await with_card(socket, talk, dict)


def module(_request: Request) -> Response:
    script = files("tongxing.web").joinpath("static", "js", "card_reader.js").read_text("utf-8")
    return Response(script, media_type="text/javascript")


@pytest.fixture
def site() -> Iterator[str]:
    """A page of ours, on a port of its own."""
    app = Starlette(
        routes=[
            Route("/", lambda _request: HTMLResponse(PAGE)),
            Route("/card_reader.js", module),
            WebSocketRoute("/card", over_socket),
        ]
    )
    taken = loopback_socket(0)
    taken.listen()  # who comes before the server waits for it
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="wsproto"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    taken.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    found = tmp_path / "card.img"
    found.write_bytes(to_bytes(personalise(trial_profile(NUMBER, balance_fen=6_070))))
    found.chmod(0o600)
    return found


@pytest.fixture
def agent(site: str, image: Path) -> Iterator[str]:
    """The command itself, letting in the page of `site` alone; its address."""
    words = ["agent", "--image", str(image), "--port", "0", "--origin", site]
    with subprocess.Popen(
        [sys.executable, "-m", "tongxing", *words, "--lang", "en"],
        stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONUNBUFFERED="1"),
    ) as running:  # fmt: skip
        assert running.stdout is not None
        address = running.stdout.readline().rpartition(" ")[2].strip()
        assert address.startswith("http://127.0.0.1:"), address
        yield address
        running.terminate()


@pytest.mark.req("R-015")
def test_a_page_reaches_the_card_through_the_agent_and_a_foreign_one_does_not(
    browser: Any, site: str, agent: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(site)
    found = page.evaluate(OPEN, agent)
    assert found["reader"] == "card.img" and found["selected"].endswith("9000")
    assert found["said"] == {"balance_fen": 6_070}
    assert found["states"][0] == "open" and found["states"][-1] == "done"
    assert page.evaluate(BRIDGE) == ["open", "9000", "CARD_TIMEOUT", "close"]
    page.goto(site.replace("127.0.0.1", "localhost"))
    assert page.evaluate(REFUSED, agent) == "AGENT_AWAY", "another origin reads not even why"
    assert page.evaluate(REFUSED, "http://127.0.0.1:9") == "AGENT_AWAY"
    context.close()
