"""A running gate on a folder of its own: real journal, real sockets, a clock that the test sets."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tongxing.cli.gate.trial import trial_at
from tongxing.deciding import MediumToken
from tongxing.gate import Journal
from tongxing.gate.running import Plan, Runner, load_plan, read_config
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone
from tongxing.media.keys.vault_file import seal
from tongxing.messages import Tap
from tongxing.simulation.real_media import Phone, PlasticCard, RunMedia
from tongxing.simulation.scenario import load_scenario

SEED, CITY, STATION = 7, "500000", "xiaoshizi"
SITE = f"{CITY}-{STATION}"
LANE = f"{SITE}.lane-1"
EIGHT = at(date(2026, 3, 17), 8)
EXPIRES = date(2099, 12, 31)
MEDIA = RunMedia(SEED, load_scenario())
PATIENCE_S = 30.0

CODE = MediumToken(
    scheme="local:500000",
    medium_no="Q5000100000000014",
    medium_kind="code",
    issuer=CITY,
    product="ordinary",
    funding="account",
    expires=EXPIRES,
)
CARD = MediumToken(
    scheme="local:500000",
    medium_no="4000000000000017",
    medium_kind="card",
    issuer=CITY,
    product="ordinary",
    funding="purse",
    balance_fen=50_00,
    expires=EXPIRES,
)

HEAD = f"""status = "status.json"
{{top}}
[site]
name = "{SITE}"
city = "{CITY}"

[keys]
site = "keys/site.key"
city = "keys/city.json"
code_roots = "keys/roots.json"
code_issuers = "keys/code-issuers.json"
cards = "keys/cards.vault"
cards_passphrase = "keys/cards.passphrase"
card_issuers = "keys/card-issuers.json"

[journal]
path = "journal.sqlite"

[screen]
port = 0
"""

_KEYS: dict[str, bytes] = {}
_CHEAP_LOG2_COST = 10
"""What opening the cards' vault costs in a test: a gate in earnest takes a third of a second."""


@dataclass
class Clock:
    """The gate's own time, which stands until it is set."""

    now_s: int = EIGHT

    def __call__(self) -> int:
        return self.now_s


def validator(
    readers: str,
    name: str = LANE,
    role: str = "entry",
    device: str = "gate",
    line: str = "rail-1",
    station: str = STATION,
    more: str = "",
) -> str:
    """One validator of a configuration."""
    return f"""
[[validator]]
id = "{name}"
device = "{device}"
role = "{role}"
line = "{line}"
station = "{station}"
readers = [{readers}]
{more}
"""


def write_gate(folder: Path, *validators: str, top: str = "") -> Path:
    """A configuration with its keys; the path of its file."""
    if not _KEYS:
        home = folder / "home"
        home.mkdir(parents=True)
        (home / "simulation.json").write_text(f'{{"seed": {SEED}}}')
        _KEYS.update(trial_at(home, CITY, STATION).keys)
        passphrase = _KEYS["cards.passphrase"].decode().strip()
        vault = seal(MEDIA.masters, "test", passphrase, os.urandom, _CHEAP_LOG2_COST)
        assert isinstance(vault, bytes), vault
        _KEYS["cards.vault"] = vault
        shutil.rmtree(home)
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    for name, content in _KEYS.items():
        (keys / name).write_bytes(content)
        (keys / name).chmod(0o600)
    file = folder / "gate.toml"
    file.write_text(HEAD.format(top=top) + "".join(validators), encoding="utf-8")
    return file


def plan_of(file: Path) -> Plan | Refusal:
    """What the file asks for."""
    written = read_config(file, file.read_bytes())
    return written if isinstance(written, Refusal) else load_plan(written)


def refused_plan(file: Path) -> Refusal:
    """Why the file is refused."""
    found = plan_of(file)
    assert isinstance(found, Refusal), found
    assert found.message("zh") and found.next_step("en")
    return found


@contextmanager
def running(file: Path, clock: Callable[[], int] | None = None) -> Iterator[Runner]:
    """A gate at work until the block ends."""
    plan = plan_of(file)
    assert isinstance(plan, Plan), plan
    runner = Runner(plan, clock or Clock(), 7)
    assert runner.start() is None
    try:
        yield runner
    finally:
        runner.stop()


def taps_of(runner: Runner) -> list[Tap]:
    """Everything in the journal of a gate at work, in order; asked in the gate's own thread."""
    found = runner.ask(lambda site: runner.unsent(1_000))
    assert not isinstance(found, Refusal), found
    return found


def taps_in(folder: Path) -> list[Tap]:
    """Everything in the journal of a gate that has stopped."""
    journal = Journal.open(folder / "journal.sqlite", SITE, 9)
    assert isinstance(journal, Journal), journal
    taps = journal.unsent(100_000)
    journal.close()
    assert not isinstance(taps, Refusal)
    return taps


def phone(number: int = 14) -> Phone:
    """A passenger's phone; other numbers are other accounts."""
    medium_no = f"Q{5000100000000000 + number}"
    fields = {name: getattr(CODE, name) for name in CODE.__struct_fields__}
    return MEDIA.phone(MediumToken(**(fields | {"medium_no": medium_no})))


def eventually(true: Callable[[], bool], what: str = "") -> None:
    """Wait until something is so; fails after a while."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, what or "it never came"
        time.sleep(0.02)


@dataclass
class Wallet:
    """A card that a test lays into a reader's field and takes away."""

    plastic: PlasticCard
    in_field: bool = False
    commands: list[bytes] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        if not self.in_field:
            raise CardGone
        self.commands.append(command)
        return self.plastic.chip.transmit(command)

    def reset(self) -> None:
        if not self.in_field:
            raise CardGone
        self.plastic.chip.reset()
