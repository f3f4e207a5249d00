"""The demonstration of two windows, by the commands of `docs/gate.md`: processes and browsers."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lane_site import FRAME, FRAMES_A_SECOND, PHONE
from lane_world import eventually
from PIL import Image

CITY, PHONE_NUMBER = "500000", "13800138000"
DESK, SUPERVISOR = ("w01", "demo counter"), ("s01", "demo supervisor")


@dataclass
class Command:
    """A command that stays: what it has said so far."""

    process: "subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)

    def tells(self, pattern: str) -> str:
        """Wait until it says something; the first group of the pattern."""
        found: list[str] = []

        def told() -> bool:
            match = re.search(pattern, "".join(self.said))
            found.extend([match[1]] if match else [])
            assert self.process.poll() is None or match, "".join(self.said)
            return match is not None

        eventually(told, pattern)
        return found[0]


@dataclass
class Machine:
    """A machine on which everything is tried, with a home of its own."""

    home: Path
    folder: Path

    def runs(self, *arguments: str, secret: str = "") -> str:
        """Run a command to its end; what it said."""
        done = subprocess.run(
            self._line(arguments),
            env=self._surroundings(secret),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def stays(self, *arguments: str) -> Iterator[Command]:
        """Run a command until the block ends; then it has to end tidily."""
        process = subprocess.Popen(
            self._line(arguments),
            env=self._surroundings(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        command = Command(process)
        assert process.stdout is not None
        hears = threading.Thread(target=command.said.extend, args=(process.stdout,), daemon=True)
        hears.start()
        try:
            yield command
        finally:
            process.send_signal(signal.SIGINT)
            status = process.wait(60)
            hears.join(10)
            process.stdout.close()
        assert status == 0, "".join(command.said)

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-u", "-m", "tongxing", *arguments]

    def _surroundings(self, secret: str = "") -> dict[str, str]:
        source = str(Path(__file__).parents[2] / "src")
        told = {"PYTHONPATH": source, "TONGXING_HOME": str(self.home), "TONGXING_LANG": "en"}
        return {**os.environ, **told, **({"TONGXING_STAFF_SECRET": secret} if secret else {})}


def enrolled_gate(machine: Machine, devices: Command, screen_port: int) -> None:
    """A machine becomes a device of the city, with a gate of two lanes."""
    address, key = devices.tells(r"(http://\S+?)/\s"), devices.tells(r"key: ([0-9a-f]{64})")
    lanes = ("--operator", "OP-CQ-RAIL", "--terminal", "IN", "--terminal", "OUT")
    told = machine.runs(
        "fleet", "invite", "my-gate", *lanes, "--by", DESK[0], "--city", CITY, secret=DESK[1]
    )
    code = re.search(r"once: (\S+)", told)
    number = re.search(r"Invitation (\d+)", told)
    assert code and number, told
    confirm = ("fleet", "confirm", number[1], "--by", SUPERVISOR[0], "--city", CITY)
    machine.runs(*confirm, secret=SUPERVISOR[1])
    at = ("--at", address, "--city-key", key, "--keep", "my-device")
    machine.runs("fleet", "enrol", code[1], *at)
    machine.runs("gate", "init", "my-gate", "--device", "my-device")
    file = machine.folder / "my-gate" / "gate.toml"
    text = file.read_text(encoding="utf-8")
    assert "port = 8480" in text
    file.write_text(text.replace("port = 8480", f"port = {screen_port}"), encoding="utf-8")


@dataclass
class Passenger:
    """Window 1: the passenger's page, signed in, at the width of a phone."""

    browser: Any
    rider: str
    sandbox: str

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(viewport=PHONE)
        self.context.add_cookies([{"name": "lang", "value": "en", "url": self.rider}])
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self._signs_in()

    def shows_code(self) -> bytes:
        """A picture of the page with a code that nobody has seen yet."""
        self.page.goto(f"{self.rider}code")
        begin, card = self.page.locator("#code-begin"), self.page.locator("#code-card")
        eventually(lambda: begin.is_visible() or card.is_visible())
        if begin.is_visible():
            begin.click()
        card.wait_for(state="visible")
        self.page.locator("#code-qr").scroll_into_view_if_needed()
        picture: bytes = self.page.screenshot()
        return picture

    def fresh_code(self) -> bytes:
        """The same after "New code now": what was seen before is drawn no more."""
        before = self.shows_code()
        self.page.locator("#code-refresh").click()
        eventually(lambda: self.page.screenshot() != before)
        picture: bytes = self.page.screenshot()
        return picture

    def reads(self, path: str, text: str) -> None:
        """Wait until a page of theirs says this, opening it again and again."""

        def says() -> bool:
            self.page.goto(f"{self.rider}{path}")
            return text in self.page.locator("main").inner_text()

        eventually(says, text)

    def _signs_in(self) -> None:
        page = self.page
        page.goto(f"{self.rider}sign-in")
        page.locator("#phone").fill(PHONE_NUMBER)
        page.locator("#agree").check()
        page.locator("main form button.wide").click()
        page.wait_for_url("**/sign-in/code*")
        inbox = self.context.new_page()
        inbox.goto(f"{self.sandbox}messages")
        code = inbox.locator(".secret b").first.inner_text()
        inbox.close()
        page.locator("#code").fill(code)
        page.locator("main form button.wide").first.click()
        page.wait_for_url(lambda url: "sign-in" not in url)


def film_of(path: Path, shot: bytes, seconds: float, pause: float) -> Path:
    """What a camera sees to which a page is held up: it is taken away, and held up again."""
    with path.open("wb") as file:
        file.write(_frame(shot) * int(seconds * FRAMES_A_SECOND))
        file.write(_frame(None) * int(pause * FRAMES_A_SECOND))
    return path


def _frame(shot: bytes | None) -> bytes:
    wall = Image.new("RGB", FRAME, (96, 104, 110))
    if shot is not None:
        with Image.open(io.BytesIO(shot)) as screen:
            phone = screen.convert("RGB")
        phone.thumbnail((FRAME[0], FRAME[1] - 20))
        wall.paste(phone, ((FRAME[0] - phone.width) // 2, 10))
    out = io.BytesIO()
    wall.save(out, "JPEG", quality=92)
    return out.getvalue()
