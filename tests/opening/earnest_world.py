"""A city and a hub that begin in earnest on one machine, opened by their own commands. Nothing here
is simulated but the clock, and a bank that pays what it is told.
"""

import contextlib
import io
import json
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fleet"))

import fleet_world
from fleet_world import CITY, DAY, Device, FakeTime, Town, must, open_town, served

from tongxing.cli import arguments, run
from tongxing.cli.hub.opened import MEMBER_KEYS, hub_key
from tongxing.front.exchange import HubSite, hub_interface
from tongxing.front.making import Issuing, make_keys
from tongxing.front.message_key import MESSAGES, message_key_of, seal_message_key
from tongxing.hub.exchange import read_member_keys
from tongxing.kernel.clock import at, local
from tongxing.simulation.bank import Bank
from tongxing.storage import Database

WORDS, COST = "correct horse battery staple", 10
MEMBERS = """[[key]]
id = "500000/1"
members = ["ACQ-500000", "ISS-500000", "500000"]
public = "{public}"
from = 2026-01-01T00:00:00+08:00
until = 2027-01-01T00:00:00+08:00
"""


@dataclass
class Earnest:
    """The two houses: their commands, the city's devices, the bank, and the clock of all."""

    home: Path
    town: Town
    hub: tuple[str, ...]
    bank: Bank = field(default_factory=lambda: Bank("bank"))

    def __post_init__(self) -> None:
        for party in ("HUB", f"ISS-{CITY}", f"ACQ-{CITY}", "OP-CQ-RAIL"):
            self.bank.deposit(party, 1_000_00, self.town.clock.now_s, "opening")

    def at(self, hour: int, minute: int = 0, day: date = DAY) -> int:
        """Set the clock; hours may run past 24."""
        self.town.clock.now_s = at(day, hour, minute)
        return self.town.clock.now_s

    def pays(self) -> None:
        """The bank executes every order that lies there and was not executed."""
        for order in sorted((self.home / "hub/bank/out").glob("*/*.xml")):
            report = self.bank.execute(order.read_bytes(), self.town.clock.now_s)
            (self.home / "hub/bank/in" / order.name).write_bytes(report)

    def notice(self, off_by_fen: int = 0) -> Path:
        """What the bank tells the city of its two accounts: a camt.054, written by hand."""
        lines = [line for kind in ("ISS", "ACQ") for line in self.bank.statement(f"{kind}-{CITY}")]
        entries = "".join(
            _ENTRY.format(
                number=number,
                yuan=f"{(abs(line.amount_fen) + off_by_fen) / 100:.2f}",
                side="CRDT" if line.amount_fen > 0 else "DBIT",
                reference=line.reference,
                back=f"<RtrInf><Rsn><Cd>{line.back}</Cd></Rsn></RtrInf>" if line.back else "",
            )
            for number, line in enumerate(lines)
        )
        made = local(self.town.clock.now_s).isoformat()
        file = self.home / "notice.xml"
        file.write_text(_NOTICE.format(made=made, entries=entries))
        return file


_NOTICE = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">
<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>N-1</MsgId><CreDtTm>{made}</CreDtTm></GrpHdr><Ntfctn><Id>N-1</Id>
<Acct><Id><Othr><Id>ours</Id></Othr></Id></Acct>{entries}</Ntfctn>
</BkToCstmrDbtCdtNtfctn></Document>
"""
_ENTRY = """<Ntry><Amt Ccy="CNY">{yuan}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<AcctSvcrRef>B-{number}</AcctSvcrRef><BkTxCd><Prtry><Cd>TRF</Cd></Prtry></BkTxCd><NtryDtls><TxDtls>
<Refs><EndToEndId>{reference}</EndToEndId></Refs>{back}</TxDtls></NtryDtls></Ntry>"""


def command(*words: str) -> tuple[int, Any]:
    """A command's exit code and what it said as JSON, or the code of its refusal."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["--json", *words])
    text = out.getvalue()
    return code, json.loads(text) if text else json.loads(err.getvalue())["code"]


@contextlib.contextmanager
def open_earnest(
    database: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Earnest]:
    """Chongqing and a hub, each with its keys and books; both serve."""
    clock, keys = FakeTime(), home / "keys"
    keys.mkdir()
    (home / "secret").write_text(WORDS)
    monkeypatch.setenv("TONGXING_HOME", str(home))
    monkeypatch.setenv("TONGXING_DSN", database.dsn)
    monkeypatch.setenv("TONGXING_KEYS", str(keys))
    monkeypatch.setenv("TONGXING_KEYS_PASSPHRASE_FILE", str(home / "secret"))
    monkeypatch.setattr(arguments.time, "time", clock)
    monkeypatch.setattr(fleet_world, "FakeTime", lambda: clock)
    issuing = Issuing("12345678", "87654321")
    must(make_keys(keys / CITY, "prod", issuing, WORDS, DAY, secrets.token_bytes, COST))
    (keys / "HUB").mkdir()
    sealed = must(seal_message_key(secrets.token_bytes(32), WORDS, secrets.token_bytes, COST))
    (keys / "HUB" / MESSAGES).write_bytes(sealed)
    environ = {"TONGXING_KEYS": str(keys), "TONGXING_KEYS_PASSPHRASE_FILE": str(home / "secret")}
    city_key = must(message_key_of(CITY, environ))
    monkeypatch.setattr(fleet_world, "CITY_KEY", city_key)
    (home / "hub").mkdir()
    (home / "hub/hub.toml").write_text(f'[[city]]\ncode = "{CITY}"\n')
    members = MEMBERS.format(public=city_key.public_bytes().hex())
    (home / "hub" / MEMBER_KEYS).write_text(members)
    assert command("open", "Chongqing") == (0, {"city": CITY, "new": True})
    assert command("hub", "enrol")[0] == 0
    site = HubSite(must(read_member_keys(members.encode(), "keys")), hub_key(), home / "hub/spool")
    with (
        open_town(database) as town,
        hub_interface(database, site, clock) as app,
        served(app) as address,
    ):
        public = hub_key().public_bytes().hex()
        line = ("--hub", address, "--hub-key", public, "--key-id", "500000/1", "--tries", "1")
        yield Earnest(home, town, line)


__all__ = ["DAY", "Device", "Earnest", "command", "open_earnest"]
