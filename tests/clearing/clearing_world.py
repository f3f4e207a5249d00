"""A small clearing world: the two cities of the hub's tests as a rules directory, rows as Parquet,
and the same rows as records for the live hub's own admission."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import duckdb
import ibis.expr.types as ir
import numpy as np

from tongxing.clearing.codes import PURCHASE, card_factors, signed_bytes
from tongxing.clearing.engines import DuckEngine, Engine
from tongxing.clearing.engines.engine import Watch
from tongxing.clearing.layout import COLUMNS, HOWS
from tongxing.clearing.rules import Rules, read_rules
from tongxing.clearing.running import Cleared, Given, clear
from tongxing.hub.evidence import Evidence, NumberSpan, Terminal
from tongxing.hub.liability import CityListing, Denial
from tongxing.hub.members import MemberCity, members_of
from tongxing.hub.split import SplitBasis, SplitLeg, Stretch, line_basis, path_basis
from tongxing.kernel.clock import at, local
from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import SM4
from tongxing.media.keys import MasterName
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.tac.engines import engines
from tongxing.messages import CardProof, Record, TapRef
from tongxing.network.transport import MODES

A, B = "990100", "990200"
DAY = date(2026, 3, 17)
RECEIVED_S = at(DAY + timedelta(days=1), 6)
TARIFF = "T1"
MEMBERS = dict(
    enumerate(
        sorted(
            members_of(
                [MemberCity(A, "甲市", "City A", True), MemberCity(B, "乙市", "City B", True)]
            ),
            key=lambda member: member.member_id,
        ),
        start=1,
    )
)
"""1 ACQ-A, 2 ACQ-B, 3 ISS-A, 4 ISS-B."""
NUMBER_OF = {member.member_id: number for number, member in MEMBERS.items()}
LINES = {11: ("M1", A, "rail", "OP1"), 12: ("M2", A, "rail", "OP2"), 21: ("B1", B, "bus", "OP3")}
PATHS = {(1, 9): ((6_000, 4_000), 500), (2, 8): ((8_200, 1_800), 400), (1, 5): ((3_000, 0), 300)}
FLAT_FEN = 200
ISSUER_IDS = {3: bytes.fromhex("A000000000000003"), 4: bytes.fromhex("A000000000000004")}
VAULT = SoftwareVault({MasterName("DTK", SM4, 1): bytes(range(16))})
DENIED = {
    3104000300000000007: Denial(at(DAY, 1), at(DAY, 2), 40, 41),
    3104000300000000008: Denial(at(DAY) - 9 * 86_400, at(DAY) - 8 * 86_400, 30, 32),
    3104000400000000009: Denial(at(DAY) - 9 * 86_400, at(DAY) - 8 * 86_400, 30, 30, True),
}
TERMINALS = {
    101: Terminal("ACQ-990100", "OP1", "M1"),
    102: Terminal("ACQ-990100"),
    103: Terminal("ACQ-990100", last_on=DAY - timedelta(days=1)),
    201: Terminal("ACQ-990200", "OP3"),
}
CITIES = {A: CityListing(date(2020, 1, 1)), B: CityListing(date(2020, 1, 1), date(2026, 3, 1), 7)}
NUMBERS = {
    "ISS-990100": (NumberSpan("31040003", date(2015, 1, 1)),),
    "ISS-990200": (NumberSpan("31040004", date(2015, 1, 1), date(2026, 3, 18)),),
}

Row = dict[str, int | bool | None]


def ride(number: int, **changes: int | bool | None) -> Row:
    """A ride of City A's metro at 8 on the day, in order in everything; its code comes later."""
    row: Row = {
        "received_s": RECEIVED_S, "acquirer": 1, "issuer": 3, "terminal": 102,
        "terminal_seq": number, "card": 3104000300000100000 + number, "line": 11, "origin": 1,
        "destination": 9, "entered_s": at(DAY, 8) + number, "exited_s": at(DAY, 8) + number + 1_800,
        "fare_fen": 500, "charge_fen": 450, "deny_list_version": 50, "how": 1, "mode": -1,
        "city_list_version": 9, "is_test": False, "card_counter": None, "balance_before_fen": None,
    }  # fmt: skip
    return {**row, **changes}


def bus(number: int, **changes: int | bool | None) -> Row:
    """The same on City B's bus."""
    of_bus = {
        "acquirer": 2, "issuer": 4, "terminal": 201, "card": 3104000400000100000 + number,
        "line": 21, "origin": 0, "destination": 0, "exited_s": at(DAY, 8) + number,
        "fare_fen": 200, "charge_fen": 180, "how": 0,
    }  # fmt: skip
    return ride(number, **{**of_bus, **changes})


def signed(rows: Sequence[Row]) -> list[Row]:
    """The rows with the code that a genuine card would give; a row that brings one keeps it."""
    found = []
    for row in rows:
        issuer = ISSUER_IDS.get(int(row["issuer"] or 0))
        if "tac" in row or issuer is None or (row["charge_fen"] or 0) < 0:
            found.append({"tac": None, **row})
            continue
        columns = {
            name: np.array([row[name] or 0], np.int64)
            for name in ("terminal", "terminal_seq", "card", "exited_s", "charge_fen")
        }
        factor = card_factors(columns["card"]).tobytes()
        key = VAULT.card_key("DTK", SM4, 1, [issuer, factor])
        assert isinstance(key, bytes)
        keys = np.frombuffer(key, np.uint8).reshape(1, 16)
        code = engines(SM4)[0].codes(keys, signed_bytes(columns)).tobytes()
        found.append({**row, "tac": int.from_bytes(code, "big")})
    return found


def _places() -> dict[str, list[str]]:
    """Members, lines, fares, splits."""
    return {
        "members": [
            "number,member_id,kind,city,name_zh,name_en,suspended_from,suspended_until,tac_issuer,"
            "tac_algorithm,tac_key_version",
            *(
                f"{number},{one.member_id},{one.kind},{one.city},{one.name_zh},{one.name_en},,,"
                + (f"{ISSUER_IDS[number].hex()},4,1" if number in ISSUER_IDS else ",,")
                for number, one in MEMBERS.items()
            ),
        ],
        "lines": [
            "number,line,city,mode,operator,valid_from,valid_until",
            *(f"{number},{','.join(line)},2020-01-01," for number, line in LINES.items()),
        ],
        "fares": [
            "city,valid_from,valid_until,line,origin,destination,fare_fen,charge_max_fen",
            *(f"{A},2020-01-01,,0,{one},{two},{fare}," for (one, two), (_, fare) in PATHS.items()),
            f"{B},2020-01-01,,21,0,0,{FLAT_FEN},",
        ],
        "splits": [
            "city,version,valid_from,valid_until,period,origin,destination,operator,weight",
            *(
                f"{A},T1,2020-01-01,,,{one},{two},{who},{metres}"
                for (one, two), (run, _) in PATHS.items()
                for who, metres in zip(("OP1", "OP2"), run, strict=True)
            ),
        ],
    }


def _lists() -> dict[str, list[str]]:
    """What is asked of cards, cities and terminals."""
    return {
        "deny": [
            "card,reported_s,published_s,version,named_from,is_anonymous",
            *(
                f"{card},{one.reported_s},{one.published_s},{one.version},{one.named_from},"
                f"{str(one.is_anonymous).lower()}"
                for card, one in DENIED.items()
            ),
        ],
        "cities": [
            "city,joined_on,left_on,left_version",
            *(
                f"{city},{one.joined_on},{one.left_on or ''},{one.left_version or ''}"
                for city, one in CITIES.items()
            ),
        ],
        "terminals": [
            "terminal,acquirer,operator,line,first_on,last_on",
            *(
                f"{number},{NUMBER_OF[one.acquirer]},{one.operator},"
                f"{next((key for key, line in LINES.items() if line[0] == one.line), 0)},"
                f"{one.first_on or ''},{one.last_on or ''}"
                for number, one in TERMINALS.items()
            ),
        ],
        "bins": [
            "bin,issuer,valid_from,valid_until",
            "31040003,3,2015-01-01,",
            "31040004,4,2015-01-01,2026-03-19",
        ],
    }


def write_rules(folder: Path) -> Path:
    """The two cities as a rules directory."""
    folder.mkdir(parents=True)
    data = files("tongxing.hub.data")
    (folder / "rulebook.toml").write_bytes(data.joinpath("rulebook.toml").read_bytes())
    sheets = _places() | _lists()
    for name, lines in sheets.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_rows(
    path: Path, rows: Sequence[Mapping[str, object]], absent: Sequence[str] = ()
) -> Path:
    """Rows as a Parquet file, in their order; some columns may be left out."""
    kinds = {"int32": "BIGINT", "int64": "BIGINT", "boolean": "BOOLEAN"}
    names = [column for column in COLUMNS if column.name not in absent]
    with duckdb.connect() as base:
        columns = ", ".join(f"{column.name} {kinds[column.kind]}" for column in names)
        base.execute(f"CREATE TABLE given ({columns})")
        base.executemany(
            f"INSERT INTO given VALUES ({', '.join('?' for _ in names)})",
            [[row[column.name] for column in names] for row in rows],
        )
        base.execute("COPY given TO ? (FORMAT parquet)", [str(path)])
    return path


@dataclass
class Run:
    """One run over some files: what was found, and where things lie."""

    cleared: Cleared
    rules: Rules
    folder: Path

    def verdicts(self) -> dict[tuple[int, int], tuple[str, str, str]]:
        """Status, codes and bearer of each listed row, by file and row."""
        with duckdb.connect() as base:
            found = base.execute(
                "SELECT listed_key, bits FROM read_parquet(?)", [self.cleared.listed]
            ).fetchall()
        meanings = self.cleared.meanings
        return {
            divmod(key, 1 << 40): (
                meanings[bits].status, " ".join(meanings[bits].codes), meanings[bits].bearer
            )
            for key, bits in found
        }  # fmt: skip


class CompiledEngine(DuckEngine):
    """DuckDB's engine, which must not leave it to SQL to sift rows."""

    def sift(
        self, flagged: ir.Table, counted: ir.Table, watch: Watch | None
    ) -> tuple[ir.Table, ir.Table] | None:
        """As `Engine.sift` says."""
        found = super().sift(flagged, counted, watch)
        assert found is not None
        return found


def run(
    files_given: Sequence[Path],
    rules_folder: Path,
    scratch: Path,
    engine: Engine | None = None,
    vault: SoftwareVault | None = VAULT,
    compiled: bool = False,
) -> Run:
    """Clears files, every row listed; by compiled code, or by SQL alone."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    rules = read_rules(rules_folder, scratch)
    assert not isinstance(rules, Refusal), rules
    names = [path.name for path in files_given]
    made = CompiledEngine(scratch, 512, 1, 0) if compiled else DuckEngine(scratch, 512, 1, 1 << 60)
    engine = engine or made
    given = Given(files_given, files_given, names, rules, vault, True, 1)
    try:
        return Run(clear(engine, given, scratch, lambda _step: None), rules, scratch)
    finally:
        engine.close()


class RulesGround:
    """What the rules directory says, as the live hub asks it."""

    def operators(self, record: Record) -> frozenset[str]:
        found = [line for line in LINES.values() if line[0] == record.line]
        return frozenset(line[3] for line in found if line[1:3] == (record.city, record.mode))

    def acceptance(self, record: Record, issuer_city: str, on: date) -> str:
        return ""

    def tariff_name(self, record: Record) -> str:
        return TARIFF

    def fare_fen(self, record: Record) -> int | None:
        if record.line == "B1":
            return FLAT_FEN
        known = PATHS.get(_pair(record))
        return None if known is None else known[1]

    def highest_charge_fen(self, record: Record) -> int | None:
        found = self.fare_fen(record)
        return record.fare_fen if found is None else found

    def charge_fen(self, record: Record) -> int | None:
        return None

    def split_basis(self, record: Record) -> SplitBasis:
        known = PATHS.get(_pair(record))
        if known is None:
            return line_basis(record.city, TARIFF, record.line, record.operator)
        stretches = tuple(
            Stretch("", who, metres)
            for who, metres in zip(("OP1", "OP2"), known[0], strict=True)
            if metres
        )
        leg = SplitLeg("metro", known[1], stretches)
        return path_basis(record.city, TARIFF, record.origin, record.destination, (leg,))


def _pair(record: Record) -> tuple[int, int]:
    """The stations of a ride by rail in City A; pairs hold for no other ride."""
    if record.line not in ("M1", "M2"):
        return 0, 0
    return int(record.origin or 0), int(record.destination or 0)


EVIDENCE = Evidence(
    denials={str(card): denial for card, denial in DENIED.items()},
    city_lists=CITIES,
    terminals={str(number): (one,) for number, one in TERMINALS.items()},
    numbers=NUMBERS,
)


def record_of(row: Mapping[str, object]) -> Record:
    """A row as the record that the live hub would be shown: its identity is the tap's."""
    cell = {
        name: int(str(value or 0)) for name, value in row.items() if not isinstance(value, bool)
    }
    line, city, mode, operator = LINES.get(cell["line"], (f"L{cell['line']}", "", "rail", "OP1"))
    acquirer = MEMBERS.get(cell["acquirer"])
    city = city or (acquirer.city if acquirer else A)
    issuer = MEMBERS.get(cell["issuer"])
    trip = f"{cell['terminal']}-{cell['terminal_seq']}-{cell['card']}-{cell['exited_s']}"
    said_mode = cell["mode"]
    return Record(
        record_id=f"{trip}.1",
        trip_id=trip,
        revision=1,
        acquirer=acquirer.member_id if acquirer else f"ACQ-{cell['acquirer']}",
        issuer=issuer.member_id if issuer else f"ISS-{cell['issuer']}",
        medium_no=str(cell["card"]),
        medium_kind="card",
        scheme="t_union",
        funding="purse",
        city=city,
        place=city,
        mode=mode if said_mode == -1 else dict(enumerate(MODES)).get(said_mode, "balloon"),
        operator=operator,
        line=line,
        origin=str(cell["origin"]) if cell["origin"] else "",
        destination=str(cell["destination"]) if cell["destination"] else "",
        entered_s=cell["entered_s"],
        exited_s=cell["exited_s"],
        how=HOWS[cell["how"]],
        fare_fen=cell["fare_fen"],
        charge_fen=cell["charge_fen"],
        delta_fen=cell["charge_fen"],
        tariff=TARIFF,
        deny_list_version=cell["deny_list_version"],
        taps=[
            TapRef(
                str(cell["terminal"]),
                cell["exited_s"] * 1_000 + cell["card"] % 1_000,
                1 + cell["terminal_seq"],
            )
        ],
        proofs=_proofs(row, cell),
        city_list_version=cell["city_list_version"],
        is_test=bool(row["is_test"]),
    )


def _proofs(row: Mapping[str, object], cell: Mapping[str, int]) -> list[CardProof]:
    issuer = ISSUER_IDS.get(cell["issuer"])
    if row["tac"] is None or issuer is None or cell["charge_fen"] < 0:  # no card signs that
        return []
    number = str(cell["card"])
    return [
        CardProof(
            number=number,
            issuer_id=issuer,
            card_factor=bytes.fromhex(number[-16:]),
            key_version=1,
            algorithm=SM4,
            amount_fen=cell["charge_fen"],
            kind=PURCHASE,
            terminal_no=cell["terminal"].to_bytes(6, "big"),
            serial=cell["terminal_seq"],
            time=local(cell["exited_s"]).strftime("%Y%m%d%H%M%S"),
            counter=cell["card_counter"],
            balance_before_fen=cell["balance_before_fen"],
            tac=cell["tac"].to_bytes(4, "big"),
        )
    ]
