"""A real Mosquitto on loopback, with names, passwords and the access list of the documents."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fleet_world import CITY, Town

from tongxing.api.over_mqtt import MqttService
from tongxing.broker import Login, parse_address
from tongxing.broker.address import BrokerAddress
from tongxing.gate.mqtt import MqttLine
from tongxing.web.serving import Tls

PASSWORD = "opensesame-{}"
USERS = ("city", "gate-1", "gate-2")
ACCESS = f"""
user city
topic read tongxing/1/{CITY}/ask/+
topic write tongxing/1/{CITY}/answer/+/+

pattern write tongxing/1/{CITY}/ask/%u
pattern read tongxing/1/{CITY}/answer/%u/+
"""


def mosquitto() -> str:
    """The program; without it the test is skipped, and the summary says so."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if found is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("no Mosquitto")
    return found


@dataclass
class Broker:
    """A broker that can be killed and started again at the same port."""

    folder: Path
    more: str = ""
    tls: Tls | None = None
    port: int = field(default_factory=lambda: _free_port())
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.program = mosquitto()
        self.folder.mkdir(parents=True)
        names = self.folder / "names"
        names.touch(mode=0o600)
        for user in USERS:
            command = ["mosquitto_passwd", "-b", str(names), user, PASSWORD.format(user)]
            subprocess.run(command, check=True, capture_output=True)
        (self.folder / "access").write_text(ACCESS)
        (self.folder / "access").chmod(0o600)
        lines = [
            "user root",
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous false",
            f"password_file {names}",
            f"acl_file {self.folder / 'access'}",
            "persistence false",
            self.more,
        ]
        if self.tls is not None:
            lines += [f"certfile {self.tls.certificate}", f"keyfile {self.tls.key}"]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Begin, and wait until it listens."""
        command = [self.program, "-c", str(self.folder / "mosquitto.conf")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(self._listens, f"mosquitto: {(self.folder / 'log').read_text()}")

    def kill(self) -> None:
        """End at once, as by a power cut."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    @property
    def address(self) -> str:
        """Where a device finds it."""
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}/{CITY}"

    def parsed(self) -> BrokerAddress:
        """The same, taken apart."""
        found = parse_address(self.address)
        assert isinstance(found, BrokerAddress)
        return found

    def line(self, user: str = "gate-1", answer_s: float = 20.0) -> MqttLine:
        """A device's line over it."""
        ca = None if self.tls is None else self.tls.certificate
        return MqttLine(self.parsed(), login(user), ca, answer_s=answer_s)

    def login_file(self, user: str) -> Path:
        """A file with a user's login."""
        file = self.folder / f"{user}.toml"
        file.write_text(f'user = "{user}"\npassword = "{PASSWORD.format(user)}"\n')
        file.chmod(0o600)
        return file

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


@contextmanager
def open_broker(folder: Path, more: str = "", tls: Tls | None = None) -> Iterator[Broker]:
    """A running broker."""
    broker = Broker(folder, more, tls)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@contextmanager
def at_broker(town: Town, broker: Broker, interface: Any = None) -> Iterator[MqttService]:
    """The city answers there too, by its own interface or one laid over it."""
    ca = None if broker.tls is None else broker.tls.certificate
    there: list[object] = []
    answers = interface or town.interface
    where, who = broker.parsed(), login("city")
    service = MqttService(answers, CITY, where, who, ca, there.append, first_s=0.05)
    service.start()
    eventually(lambda: there[-1:] == [None], "the city at the broker")
    try:
        yield service
    finally:
        service.close()


def login(user: str) -> Login:
    """Who somebody is there."""
    return Login(user=user, password=PASSWORD.format(user))


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
