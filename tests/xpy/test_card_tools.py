"""What x.py brings for tests of cards: each thing once, told, and never fatal."""

import re
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from door import environment, machine, pcsc, words
from door.process import Ended
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "vsmartcard-vpcd": "usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "softhsm2": "usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "libc6-dev": "usr/include/stdio.h",
    "libpcsclite-dev": "usr/include/PCSC/winscard.h",
    "python3-dev": str(Path(sysconfig.get_path("include")).relative_to("/") / "Python.h"),
}
PROGRAMS = ("pcscd", "gcc", "swig")


class MadeUpMachine:
    """Notes what is installed; `broken` makes every installation fail."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.debian: list[list[str]] = []
        self.python: list[tuple[str, ...]] = []
        self.lacking: list[str] = []
        self.broken = False
        self.stamp = folder / "pyscard.stamp"
        self.locks = {folder / "pcsc.lock": "pyscard", folder / "build.lock": "setuptools"}
        for lock in self.locks:
            lock.write_text("first")
        patch.setattr(words, "_chosen", "en")
        patch.setattr(machine, "_TRIED", folder / "tried")
        patch.setattr(pcsc, "_STAMP", self.stamp)
        patch.setattr(pcsc, "LOCKS", self.locks)
        patch.setattr(pcsc, "_LOCK", folder / "pcsc.lock")
        patch.setattr(pcsc, "_BUILDER_LOCK", folder / "build.lock")
        patch.setattr(pcsc, "may_install", lambda: True)
        patch.setattr(pcsc, "install", self.install)
        patch.setattr(pcsc, "missing_packages", lambda: list(self.lacking))
        patch.setattr(pcsc, "_tools", lambda: list(self.lacking))
        patch.setattr(pcsc, "add_packages", self.add_packages)

    def install(self, packages: list[str]) -> bool:
        self.debian.append(packages)
        if not self.broken:
            self.lacking.clear()
        return not self.broken

    def add_packages(self, lock: Path, *how: str) -> Ended:
        self.python.append((lock.name, *how))
        return Ended(1, "error: no such index\n") if self.broken else Ended(0, "")


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUpMachine:
    return MadeUpMachine(tmp_path, monkeypatch)


def test_what_is_missing_is_named_package_by_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    every = {*FILES, *PROGRAMS}
    assert set(pcsc.missing_packages(tmp_path, lambda _name: None)) == every
    for name, file in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
        every.remove(name)
        assert set(pcsc.missing_packages(tmp_path, lambda _name: None)) == every
    assert pcsc.missing_packages(tmp_path, lambda name: f"/usr/bin/{name}") == []


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_need_no_debian_package(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert pcsc.missing_packages(tmp_path, lambda _name: None) == []


def test_as_root_on_debian_all_is_brought_once(made_up: MadeUpMachine) -> None:
    made_up.lacking = ["pcscd", "swig"]
    for _ in range(2):
        pcsc.cards_for_tests()
    assert made_up.debian == [["pcscd", "swig"]]
    assert made_up.python == [("build.lock",), ("pcsc.lock", "--no-build-isolation")]


def test_what_failed_is_told_and_not_tried_again(
    made_up: MadeUpMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    made_up.broken = True
    pcsc.cards_for_tests()
    assert "could not install support for card readers (no such index)" in capsys.readouterr().err
    pcsc.cards_for_tests()
    assert "installing pyscard failed before and is not tried again" in capsys.readouterr().err
    assert made_up.python == [("build.lock",)]


def test_another_lock_is_another_try(made_up: MadeUpMachine) -> None:
    made_up.broken = True
    pcsc.cards_for_tests()
    made_up.broken = False
    next(iter(made_up.locks)).write_text("second")
    for _ in range(2):
        pcsc.cards_for_tests()
    assert len(made_up.python) == 3


def test_without_the_tools_one_says_which_and_builds_nothing(
    made_up: MadeUpMachine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(pcsc, "may_install", lambda: False)
    made_up.lacking = ["swig", "libpcsclite-dev"]
    pcsc.cards_for_tests()
    assert "needs swig, libpcsclite-dev on this machine" in capsys.readouterr().err
    assert made_up.debian == made_up.python == []
    made_up.lacking = []
    pcsc.cards_for_tests()
    assert len(made_up.python) == 2, "it is tried as soon as the tools are there"


@pytest.mark.parametrize("has_uv", [True, False])
def test_a_further_lock_is_installed_with_its_hashes(
    has_uv: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv that cannot do it, or none: then pip, the environment's own or the one beside it."""
    calls: list[list[str]] = []

    def watch(command: list[str], *_: object, **__: object) -> Ended:
        calls.append(command)
        is_own_pip = command[:3] == [str(environment.PYTHON), "-m", "pip"]
        return Ended(1 if command[0] == "/uv" or is_own_pip else 0, "")

    monkeypatch.setattr(environment, "watch", watch)
    monkeypatch.setattr(environment.shutil, "which", lambda _name: "/uv" if has_uv else None)
    assert environment.add_packages(Path("some.lock"), "--no-build-isolation").code == 0
    assert (calls[0][0] == "/uv") is has_uv
    installs = [" ".join(call) for call in calls if "install" in call]
    assert len(installs) == 1 + has_uv
    for command in installs:
        assert "--require-hashes --no-build-isolation -r some.lock" in command
        assert f"--python {environment.PYTHON}" in command


def test_the_locks_hold_the_extra_with_all_its_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (extra,) = project["project"]["optional-dependencies"]["pcsc"]
    for lock, named in pcsc.LOCKS.items():
        text = lock.read_text(encoding="utf-8")
        (entry,) = re.findall(r"^([a-z]+)==(\S+)", text, re.MULTILINE)
        needed = Requirement(named)
        assert needed.name == entry[0] and needed.specifier.contains(entry[1])
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", text)) >= 2
    assert Requirement(extra) == Requirement("pyscard>=2.3")
    assert "pyscard>=2.3" in pcsc.LOCKS.values()
