"""The pages of staff on a real port, a card agent with a reader beside them, and a browser that
looks at every page it comes to."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from staff_world import World, open_world

from barriers import appearance_of, barriers_on, low_targets
from tongxing.agent.app import create_agent
from tongxing.agent.holding import Holder, LentCard
from tongxing.cli.common import loopback_socket
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

TAGS = {"zh": "zh-CN", "en": "en"}
WIDE, TABLET = {"width": 1280, "height": 900}, {"width": 768, "height": 1024}
KIOSK = {"width": 1080, "height": 1920}


class Reader:
    """A reader on which a card with a chip lies, or none."""

    def __init__(self) -> None:
        self.plastic: Any = None

    def open(self) -> LentCard | Refusal:
        if self.plastic is None:
            return Refusal("READER_NO_CARD", values={"reader": "Table"})
        self.plastic.enter_field()
        return _Lent(self.plastic)


class _Lent:
    def __init__(self, plastic: Any) -> None:
        self._plastic = plastic

    def transmit(self, command: bytes) -> bytes:
        return bytes(self._plastic.chip.transmit(command))

    def close(self) -> None:
        return None


@dataclass
class Site:
    """A world whose pages can be opened at `address`, with the reader of its counter."""

    world: World
    reader: Reader
    address: str


@contextmanager
def open_site(database: Database) -> Iterator[Site]:
    """Serve pages and agent until the block ends."""
    with ExitStack() as stack:
        page, agent = (stack.enter_context(loopback_socket(0)) for _ in range(2))
        address, agent_address = (
            f"http://127.0.0.1:{taken.getsockname()[1]}" for taken in (page, agent)
        )
        reader = Reader()
        world = open_world(database, agent=agent_address)
        stack.callback(world.close)
        drawn = iter(range(1, 1 << 20))
        holder = Holder(
            reader.open, frozenset({address}), "", lambda size: next(drawn).to_bytes(size, "big"),
            60.0,
        )  # fmt: skip
        port = agent.getsockname()[1]
        stack.enter_context(_serving(create_agent(holder, "Table", port), agent))
        stack.enter_context(_serving(world.app, page))
        yield Site(world, reader, address)


@contextmanager
def _serving(app: Any, taken: Any) -> Iterator[None]:
    taken.listen()  # who comes before the server waits for it
    config = uvicorn.Config(app, log_level="error", ws="wsproto", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


class Walk:
    """One of the staff at a screen, in one language. `shots` is a folder for what it saw."""

    def __init__(self, browser: Any, site: Site, staff_id: str, language: str, size: Any) -> None:
        self.site, self.language, self.size = site, language, size
        self.context = browser.new_context(viewport=size)
        for name, value in (("lang", language), ("counter", site.world.token(staff_id))):
            self.context.add_cookies([{"name": name, "value": value, "url": site.address}])
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def goes(self, path: str) -> "Walk":
        """Open a page by its address, and look at it."""
        self.page.goto(f"{self.site.address}/counter{path}")
        return self.looks()

    def presses(self, selector: str) -> "Walk":
        """Press something, and look at what comes."""
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state()
        return self.looks()

    def fills(self, **fields: str) -> "Walk":
        """Write into fields by their ids."""
        for name, text in fields.items():
            self.page.locator(f"#{name}").fill(text)
        return self

    def ticks(self, *ids: str) -> "Walk":
        for name in ids:
            self.page.locator(f"#{name}").check()
        return self

    def says(self, text: str) -> "Walk":
        """The page says this somewhere that can be seen."""
        self.page.get_by_text(text).first.wait_for()
        return self

    def looks(self) -> "Walk":
        """Nothing is cut off, the language is told, the checker of accessibility finds nothing."""
        page, where, seen = self.page, self.page.url, appearance_of(self.page)
        assert seen.tag == TAGS[self.language], where
        assert seen.width <= self.size["width"], (where, seen)
        told = barriers_on(page)
        assert told == [], (where, told)
        assert self.problems == [], (where, self.problems)
        return self

    def error_leads_to(self, field: str) -> "Walk":
        """The summary of errors has the focus, and its link leads to the field."""
        summary = self.page.locator(".errors")
        summary.wait_for()
        assert summary.evaluate("it => it === document.activeElement")
        assert summary.locator("a").first.get_attribute("href") == f"#{field}"
        assert self.page.locator(f"#{field}").count() == 1
        return self

    def targets_are(self, height: float) -> "Walk":
        """What is pressed is at least so many pixels high."""
        pressed = "button, main a, input:not([type=hidden], [type=checkbox], [type=radio])"
        assert low_targets(self.page, pressed, height - 0.5) == []
        return self
