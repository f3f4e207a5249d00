"""What x.py brings for tests of devices over MQTT: the broker, once, and only where it may."""

import sys
from pathlib import Path

import pytest
from door import broker, machine


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Notes what would be installed on a machine without a broker."""
    found: list[list[str]] = []
    monkeypatch.setattr(machine, "_TRIED", tmp_path / "tried")
    monkeypatch.setattr(broker, "lacks_broker", lambda: True)
    monkeypatch.setattr(broker, "may_install", lambda: True)
    monkeypatch.setattr(broker, "install", lambda packages: bool(found.append(packages)))
    return found


def test_the_broker_is_brought_once(installed: list[list[str]]) -> None:
    for _ in range(2):
        broker.broker_for_tests()
    assert installed == [["mosquitto"]]


@pytest.mark.parametrize("name", ["lacks_broker", "may_install"])
def test_nothing_is_installed_where_it_is_there_or_may_not_be(
    installed: list[list[str]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(broker, name, lambda: False)
    broker.broker_for_tests()
    assert installed == []


def test_the_broker_is_looked_for_with_its_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert broker.lacks_broker(tmp_path, lambda _name: None)
    assert not broker.lacks_broker(tmp_path, lambda name: f"/usr/bin/{name}")
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "usr/sbin/mosquitto").touch()
    assert broker.lacks_broker(tmp_path, lambda _name: None), "its password tool is missing"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not broker.lacks_broker(tmp_path, lambda _name: None)
