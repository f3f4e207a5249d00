"""The city's register of displays: all stations of a city hear who was first."""

import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fleet_world import CITY, CITY_KEY, Device, Town, must

from tongxing.front.message_key import MESSAGES, seal_message_key
from tongxing.gate.replay import Display, ReplayModes, ReplayRules
from tongxing.gate.sharing import Claim, DisplayDesk, RegisterServer
from tongxing.messages import KeyRing, SigningKey, seal

NOW = 1_900_000_000
SECRET = b"c" * 32
WORDS = "correct horse battery staple"
SHOWN = Display("Q5000100000000014", NOW, NOW + 60)


def desk_of(device: Device, place: tuple[str, int], city: SigningKey) -> DisplayDesk:
    """A gate of that device, which asks the city's register and nobody else."""
    numbers = itertools.count()
    return DisplayDesk(
        {"CENTRAL": (place, city.sender)},
        ReplayModes(["CENTRAL"], ReplayRules({"CENTRAL": 5_000})),
        device.identity.key,
        KeyRing({city.sender: city.public_bytes()}),
        lambda: f"{device.identity.facts.device}-{next(numbers)}",
        lambda _event: None,
    )


def surroundings(folder: Path) -> dict[str, str]:
    """The variables by which the command finds the city's key, and the files that they name."""
    at = folder / "keys" / CITY
    at.mkdir(parents=True)
    (at / MESSAGES).write_bytes(must(seal_message_key(SECRET, WORDS, os.urandom, 10)))
    (folder / "words").write_text(WORDS)
    words = str(folder / "words")
    return {"TONGXING_KEYS": str(folder / "keys"), "TONGXING_KEYS_PASSPHRASE_FILE": words}


@contextmanager
def served(town: Town, folder: Path) -> Iterator[tuple[str, int]]:
    """`tongxing fleet register` until the block ends; where it is."""
    where = ("--city", CITY, "--dsn", town.database.dsn, "--lang", "en")
    process = subprocess.Popen(
        [sys.executable, "-m", "tongxing", "fleet", "register", *where],
        env={**os.environ, **surroundings(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        host, _, port = line.removeprefix("Register of displays: ").strip().rpartition(":")
        yield host, int(port)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_code_shown_at_one_station_is_known_at_another(
    town: Town, device: Callable[..., Device], tmp_path: Path
) -> None:
    here, there = device("XSZ", "IN"), device("JLB", "OTHER-IN")
    key = SigningKey.from_secret(CITY, SECRET)
    with served(town, tmp_path / "served") as place:
        first, second = desk_of(here, place, key), desk_of(there, place, key)
        assert first.shown_elsewhere(SHOWN, NOW) == ""
        first.note_opened()
        assert second.shown_elsewhere(SHOWN, NOW) == here.identity.facts.device
        first.close()
        second.close()


def test_a_revoked_device_is_believed_no_more(town: Town, device: Callable[..., Device]) -> None:
    here, there = device("XSZ", "IN"), device("JLB", "OTHER-IN")
    names = [one.identity.facts.device for one in (here, there)]
    assert set(town.desk.public_keys()) == set(names)
    claim = Claim(number="1", medium_no=SHOWN.medium_no, issued_s=NOW, ends_s=NOW + 60)
    claims = [seal(claim, one.identity.key) for one in (here, there)]
    known = KeyRing(town.desk.public_keys())
    server = RegisterServer(("127.0.0.1", 0), CITY_KEY, known, lambda: NOW)
    try:
        assert all(server.answer(datagram) is not None for datagram in claims)
        must(town.desk.revoke(town.checker, names[0], "stolen", town.clock.now_s))
        server.believe(KeyRing(town.desk.public_keys()))
        assert [server.answer(datagram) is None for datagram in claims] == [True, False]
        assert server.dropped.counts == {"SIGNATURE_INVALID": 1}
    finally:
        server.close()


def test_a_place_that_is_taken_is_told(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in surroundings(tmp_path).items():
        monkeypatch.setenv(name, value)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        assert cli("register", "--port", str(taken.getsockname()[1])) == "PORT_IN_USE"
