"""A clearing house of two real cities on some days in spring, as docs/operations tells it.

A page's ``console`` blocks are played in order. A comment before a block says what happened in the
meantime: ``<!-- 2026-04-02 12:40; brought: bj-0401; the bank pays -->``. Commands of `tongxing` run
in this process on the clock of the story, all others in a shell. A line that is only ``…`` stands
for any lines, within a line it stands for anything.
"""

import contextlib
import gzip
import io
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from glob import glob
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tongxing.cli import run
from tongxing.fares import RideFacts, load_city_fares
from tongxing.kernel.clock import CHINA, at, calendar_date
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import Manifest, Record, SigningKey, TapRef, seal
from tongxing.simulation.bank import Bank

BEIJING, CHONGQING = "110000", "500000"
HOME = "/srv/tongxing"
_BLOCK = re.compile(r"(?:<!-- (?P<told>[^>]*) -->\n)?```console\n(?P<lines>.*?)^```", re.M | re.S)
_FILE = re.compile(r"<!-- file: (?P<name>[^ ]+) -->\n```toml\n(?P<text>.*?)^```", re.M | re.S)

_NOTICE = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">
<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>N1</MsgId><CreDtTm>2026-04-02T17:00:00+08:00</CreDtTm></GrpHdr>
<Ntfctn><Id>N1</Id><Acct><Id><Othr><Id>HUB</Id></Othr></Id></Acct>{entries}</Ntfctn>
</BkToCstmrDbtCdtNtfctn></Document>
"""
_TOLD_BACK = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr>
<GrpHdr><MsgId>P1</MsgId><CreDtTm>2026-04-02T16:30:00+08:00</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
<TxInf><RtrId>R1</RtrId><OrgnlEndToEndId>{name}</OrgnlEndToEndId>
<RtrdIntrBkSttlmAmt Ccy="CNY">{yuan}</RtrdIntrBkSttlmAmt>
<RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr></Document>
"""
_ENTRY = """<Ntry><Amt Ccy="CNY">{yuan}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd/><NtryDtls><TxDtls><Refs><EndToEndId>{name}</EndToEndId>
</Refs>{back}</TxDtls></NtryDtls></Ntry>
"""


def key_of(member: str) -> SigningKey:
    """A made-up key."""
    return SigningKey.from_secret(member, bytes.fromhex(sha256_hex(member.encode())))


def ride(trip: str, where: str, issuer: str, day: date, city: str = CHONGQING) -> Record:
    """A whole metro ride at the price of its city: on the city's own card in Chongqing, on a
    T-Union card in Beijing."""
    origin, _, destination = where.partition(" ")
    fares = load_city_fares(city)
    entered_s = at(day, 9)
    line = next(iter(fares.network.stations[destination].lines))
    facts = RideFacts(mode="rail", origin=origin, destination=destination)
    priced = fares.base_fare(fares.tariff_at(entered_s), facts)
    assert priced is not None
    return Record(
        record_id=f"{trip}.1",
        trip_id=trip,
        revision=1,
        acquirer=f"ACQ-{city}",
        issuer=f"ISS-{issuer}",
        medium_no=f"31050000000000{sum(trip.encode()):05d}",
        medium_kind="card",
        scheme="t_union" if city == BEIJING else f"local:{city}",
        funding="purse",
        city=city,
        place=city,
        mode="rail",
        operator=fares.network.lines[line].operator,
        line=line,
        origin=origin,
        destination=destination,
        entered_s=entered_s,
        exited_s=entered_s + 2_400,
        how="both_taps",
        fare_fen=priced.fare_fen,
        charge_fen=priced.fare_fen,
        delta_fen=priced.fare_fen,
        tariff=fares.tariff_at(entered_s).name,
        deny_list_version=1,
        taps=[TapRef(f"G-{trip}", 1, 1), TapRef(f"H-{trip}", 1, 1)],
    )


@dataclass
class Member:
    """An acquirer that makes record files, each naming the one before."""

    member: str
    last: str = ""
    number: int = 0

    def file(self, records: Sequence[Record], *, off_by_fen: int = 0) -> tuple[bytes, bytes]:
        lines = [msgspec.json.encode(record, order="deterministic") for record in records]
        data = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
        total_fen = sum(record.delta_fen for record in records)
        manifest = Manifest(
            file_id=f"{self.member}-{self.number + 1:04d}",
            sender=self.member,
            created_s=records[0].exited_s,
            rows=len(lines),
            delta_sum_fen=total_fen + off_by_fen,
            data_sha256=sha256_hex(data),
            previous_manifest_sha256=self.last,
        )
        sealed = seal(manifest, key_of(self.member))
        if not off_by_fen:
            self.last, self.number = sha256_hex(sealed), self.number + 1
        return sealed, data


def deliveries() -> dict[str, tuple[bytes, bytes]]:
    """The files of the story, by name."""
    chongqing, beijing = Member("ACQ-500000"), Member("ACQ-110000")
    first, second, third = date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 7)
    one = ride("cq1", "lianglukou jiaochangkou", CHONGQING, first)
    two = ride("cq2", "shiqiaopu xiaoshizi", CHONGQING, first)
    odd = replace(ride("cq3", "daping eling", CHONGQING, first), operator="OP-BJ-SUBWAY")
    away = ride("bj1", "guomao xizhimen", CHONGQING, first, BEIJING)
    at_home = ride("bj2", "dongzhimen guomao", BEIJING, first, BEIJING)
    back = ride("bj3", "guomao dongzhimen", CHONGQING, first, BEIJING)
    return {
        "cq-0401": chongqing.file([one, two]),
        "cq-0402-bad": chongqing.file([odd], off_by_fen=100),
        "cq-0402": chongqing.file([odd]),
        "bj-0401": beijing.file([away, at_home]),
        "bj-0401-evening": beijing.file([back]),
        "bj-0402": beijing.file([ride("bj4", "guomao xizhimen", CHONGQING, first, BEIJING)]),
        "bj-0403": beijing.file([ride("bj5", "xizhimen guomao", BEIJING, second, BEIJING)]),
        "cq-0403": chongqing.file([ride("cq4", "eling daping", CHONGQING, second)]),
        "bj-holiday": beijing.file([ride("bj6", "guomao xizhimen", CHONGQING, second, BEIJING)]),
        "bj-0408": beijing.file([ride("bj7", "guomao xizhimen", BEIJING, third, BEIJING)]),
    }


@dataclass
class Story:
    """What the pages tell: a home, a database, a clock and a bank."""

    home: Path
    dsn: str
    tools: Path
    now_s: int = at(date(2026, 4, 1), 9)
    bank: Bank = field(default_factory=lambda: Bank("bank"))
    files: dict[str, tuple[bytes, bytes]] = field(default_factory=deliveries)

    def __post_init__(self) -> None:
        for kind in ("ISS", "ACQ"):
            for city in (BEIJING, CHONGQING):
                self.bank.deposit(f"{kind}-{city}", 100_000, self.now_s, "opening")
        for party in ("HUB", "OP-CQ-RAIL", "OP-BJ-SUBWAY", "OP-BJ-MTR", "OP-BJ-METROOP"):
            self.bank.deposit(party, 0, self.now_s, "opening")

    def happens(self, told: str) -> None:
        """What a comment says: the time, files that are brought, what the bank does."""
        for part in (part.strip() for part in told.split(";")):
            if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", part):
                moment = datetime.strptime(part, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)
                assert moment.timestamp() >= self.now_s, f"{part}: the clock went back"
                self.now_s = int(moment.timestamp())
            elif part.startswith("brought: "):
                for name in part.removeprefix("brought: ").split(", "):
                    self._brought(name)
            elif part == "the bank pays":
                self._bank_pays()
            elif part == "the day ends":
                self._day_ends()
            elif part.startswith("the bank refuses: "):
                self._bank_refuses(part.removeprefix("the bank refuses: "))
            elif part.startswith("the bank returns: "):
                self._bank_returns(*part.removeprefix("the bank returns: ").split())
            elif part.startswith("the bank tells of the return: "):
                self._bank_tells(*part.removeprefix("the bank tells of the return: ").split())
            elif part.startswith("the bank says: "):
                self._bank_says(*part.removeprefix("the bank says: ").split())
            else:
                raise AssertionError(f"nobody knows what {part!r} means")

    def writes(self, page: str) -> None:
        """The files that a page shows are put where it says."""
        for match in _FILE.finditer(page):
            path = Path(self._real(match["name"]))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(match["text"], encoding="utf-8")

    def run(self, command: str) -> list[str]:
        """The lines that a command writes."""
        if command.startswith("tongxing "):
            found = self._ours(command)
        else:
            done = subprocess.run(
                ["bash", "-c", self._real(command)],
                capture_output=True,
                text=True,
                cwd=self.home,
                env=os.environ | {"PATH": f"{self.tools}:{os.environ['PATH']}"},
            )
            found = done.stdout + done.stderr
        lines = found.replace(str(self.home), HOME).splitlines()
        return [line.rstrip() for line in lines]

    def _ours(self, command: str) -> str:
        written = io.StringIO()
        words = [self._real(word) for word in shlex.split(command)[1:]]
        words = [one for word in words for one in (sorted(glob(word)) if "*" in word else [word])]
        with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
            run(words)
        return written.getvalue()

    def _real(self, text: str) -> str:
        return text.replace(HOME, str(self.home))

    def _brought(self, name: str) -> None:
        name, _, part = name.partition(".")
        for suffix, content in zip(("manifest", "gz"), self.files[name], strict=True):
            if part in ("", suffix):
                (self.home / f"hub/inbox/{name}.{suffix}").write_bytes(content)

    def _bank_pays(self) -> None:
        for order in sorted((self.home / "hub/bank/out").glob("*/*.xml")):
            folder = self.home / "hub/bank/in"
            if not list(folder.glob(f"taken/{order.stem}.*")):
                report = self.bank.execute(order.read_bytes(), self.now_s - 60)
                (folder / order.name).write_bytes(report)

    def _bank_refuses(self, name: str) -> None:
        """A report that there is no money for a payment."""
        (order,) = (self.home / "hub/bank/out").glob(f"*/{name}.xml")
        poor = Bank("bank")
        poor.balances_fen = dict.fromkeys(self.bank.balances_fen, 0)
        report = poor.execute(order.read_bytes(), self.now_s - 60)
        (self.home / f"hub/bank/in/{name}.xml").write_bytes(report)

    def _bank_tells(self, name: str, reason: str) -> None:
        """A pacs.004 of a payment, before its line comes."""
        (paid,) = (one for one in self.bank.statement("HUB") if one.reference == name)
        told = _TOLD_BACK.format(name=name, yuan=f"{abs(paid.amount_fen) / 100:.2f}", reason=reason)
        (self.home / f"hub/bank/in/told-{name}.xml").write_text(told)

    def _bank_returns(self, name: str, reason: str) -> None:
        """A notice of a payment's own line and of the one that gives it back."""
        self.bank.send_back(name, reason, self.now_s - 60)
        lines = [one for one in self.bank.statement("HUB") if one.reference == name]
        entries = "".join(
            _ENTRY.format(
                yuan=f"{abs(line.amount_fen) / 100:.2f}",
                side="CRDT" if line.amount_fen > 0 else "DBIT",
                reference=f"{name}/{number}",
                name=name,
                back=f"<RtrInf><Rsn><Cd>{line.back}</Cd></Rsn></RtrInf>" if line.back else "",
            )
            for number, line in enumerate(lines)
        )
        (self.home / f"hub/bank/in/back-{name}.xml").write_text(_NOTICE.format(entries=entries))

    def _day_ends(self) -> None:
        """What a timer and the bank do from the statements to the last payment of this date."""
        day = calendar_date(self.now_s)
        for clock in ((12, 31), (15,), (15, 30), (16,)):
            self.now_s = max(self.now_s, at(day, *clock))
            self._bank_pays()
            self.run("tongxing hub day --by timer")

    def _bank_says(self, name: str, amount: str) -> None:
        """A report of another amount than was instructed."""
        (order,) = (self.home / "hub/bank/out").glob(f"*/{name}.xml")
        told = Bank("elsewhere")
        told.balances_fen = dict.fromkeys(self.bank.balances_fen, 10_000_000)
        report = told.execute(order.read_bytes(), self.now_s - 60)
        changed = re.sub(rb">[0-9]+\.[0-9]{2}<", f">{amount}<".encode(), report)
        assert changed != report
        (self.home / f"hub/bank/in/{name}.xml").write_bytes(changed)


@dataclass(frozen=True)
class Block:
    """A block of a page: what happened before it, and each command with the lines that it says."""

    line: int
    told: str
    commands: tuple[tuple[str, tuple[str, ...]], ...]


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of a page, in their order."""
    for match in _BLOCK.finditer(text):
        commands: list[tuple[str, list[str]]] = []
        for line in match["lines"].splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            elif commands and commands[-1][0].endswith("\\"):
                commands[-1] = (f"{commands[-1][0][:-1]}{line.strip()}", [])
            else:
                commands[-1][1].append(line)
        told = match["told"] or ""
        line = text.count("\n", 0, match.start()) + 1
        yield Block(line, told, tuple((name, tuple(said)) for name, said in commands))


def is_as_told(told: Sequence[str], said: Sequence[str]) -> bool:
    """Whether a command said what stands in the page."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else f"{_line(line.rstrip())}\n" for line in told
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in said)) is not None


def _line(told: str) -> str:
    return ".*".join(re.escape(part) for part in told.split("…"))
