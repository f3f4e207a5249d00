"""The screens of a running gate on a real port, and a browser whose camera shows a real code."""

import io
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from lane_world import eventually
from PIL import Image

from barriers import appearance_of, barriers_on
from tongxing.cli.common import loopback_socket
from tongxing.gate.running import Runner
from tongxing.lane.app import create_lane_app
from tongxing.lane.events import Ending
from tongxing.media.code.picture import png

TAGS = {"zh": "zh-CN", "en": "en"}
PHONE, SMALL, WIDE = (
    {"width": 390, "height": 844},
    {"width": 1024, "height": 600},
    {"width": 1920, "height": 1080},
)
DRAWN = {
    "idle": ".card",
    "open": ".arrow",
    "refused": ".cross",
    "notice": ".bang",
    "trouble": ".bang",
    "lost": ".bang",
}
"""What is drawn, large, beside the words of each sign."""

FRAME = (1280, 720)
FRAMES_A_SECOND = 30


@contextmanager
def serving(runner: Runner, port: int = 0) -> Iterator[str]:
    """The screens until the block ends; the address."""
    with loopback_socket(port) as taken:
        ending = Ending()
        app = create_lane_app(runner, ending)
        config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        eventually(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            ending.end()
            server.should_exit = True
            thread.join()


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def film(path: Path, *scenes: tuple[bytes | None, float]) -> Path:
    """What a camera sees, again and again: a code (or a bare wall) for so many seconds each."""
    with path.open("wb") as file:
        for code, seconds in scenes:
            file.write(picture(code) * int(seconds * FRAMES_A_SECOND))
    return path


def picture(*codes: bytes | None) -> bytes:
    """One frame of a camera, as JPEG: phones held up side by side before a grey wall."""
    wall = Image.new("RGB", FRAME, (96, 104, 110))
    shown = [code for code in codes if code is not None]
    for place, code in enumerate(shown):
        with Image.open(io.BytesIO(png(code, 580))) as screen:
            wall.paste(screen.convert("RGB"), (60 + 610 * place if len(shown) > 1 else 350, 70))
    out = io.BytesIO()
    wall.save(out, "JPEG", quality=92)
    return out.getvalue()


@contextmanager
def camera_browser(browser: Any, browser_path: str, seen: Path | None) -> Iterator[Any]:
    """Another browser, whose camera sees a film; without a film there is no camera."""
    flags = ["--use-fake-ui-for-media-stream", *_as_root()]
    if seen is not None:
        flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}"]
    running = browser.browser_type.launch(executable_path=browser_path, args=flags)
    try:
        yield running
    finally:
        running.close()


def _as_root() -> list[str]:
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


@dataclass
class Screen:
    """A lane's page in a browser, in one language."""

    browser: Any
    address: str
    language: str = "zh"
    size: dict[str, int] = field(default_factory=lambda: SMALL)

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(viewport=self.size)
        cookie = {"name": "lang", "value": self.language, "url": self.address}
        self.context.add_cookies([cookie])
        self.context.add_init_script(
            "window.spoken = [];"
            "speechSynthesis.speak = (one) => window.spoken.push([one.lang, one.text]);"
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def goes(self, path: str) -> "Screen":
        self.page.goto(self.address + path)
        return self

    def signs(self, sign: str) -> "Screen":
        """Wait until the lane shows this sign."""
        self.page.locator(f"body[data-sign={sign}]").wait_for()
        drawn = self.page.locator(f"#sign {DRAWN[sign]}")
        drawn.wait_for(state="visible")
        assert self.page.locator("#sign > :visible").count() == 1
        box = self.page.locator("#sign").bounding_box()
        assert box is not None and min(box["width"], box["height"]) >= 140
        return self

    def says(self, text: str) -> "Screen":
        self.page.get_by_text(text).first.wait_for()
        return self

    def spoken(self) -> list[list[str]]:
        found: list[list[str]] = self.page.evaluate("window.spoken")
        return found

    def looks(self) -> "Screen":
        """Nothing is cut off, and the checker of accessibility finds nothing."""
        page, seen = self.page, appearance_of(self.page)
        assert seen.tag == TAGS[self.language]
        assert seen.width <= self.size["width"]
        told = barriers_on(page)
        assert told == [], (page.url, told)
        assert self.problems == []
        return self

    def close(self) -> None:
        self.context.close()
