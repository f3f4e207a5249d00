"""The doors through which a bad file, share table or tariff comes in, each asked as it is in use.

A door takes what a case gives and answers with the refusal, having made sure that the same again is
refused the same way and that nothing was kept.
"""

import gzip
import io
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from psycopg import sql

sys.path.insert(0, str(Path(__file__).parents[1] / "acc"))
sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))
sys.path.insert(0, str(Path(__file__).parents[1] / "hub"))

from exchange_world import KEY, RING, book, golden, record, whole
from hub_world import DAY, Sender, World, encoded, ride

from tongxing.exchange.lines.opening import LineFile, open_lines
from tongxing.exchange.lines.packing import pack_bytes, pack_rows
from tongxing.exchange.lines.rows import LineHead
from tongxing.exchange.parquet import rewrite_parquet
from tongxing.exchange.text_file import TextFile, open_text
from tongxing.hub.acc import read_table
from tongxing.hub.tables import TableDesk
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal

NOW_S = at(DAY, 30)
SCHEMA = "faults"
ACQ = "ACQ-990100"
RECORDS = [ride("t1"), ride("t2", where="S2-S8", charge_fen=360)]
TEXT = b"".join(encoded(one) + b"\n" for one in RECORDS)
PACKED = gzip.compress(TEXT, mtime=0)
UC = golden("UC", copies=2)
HEAD = LineHead(
    kind="records", sender="ACQ-500000", receiver="HUB", file_id="F-1", created_s=1_773_800_000
)
LINES = pack_rows(HEAD, [record("t1"), record("t2")], KEY)
FIRST, SECOND, THIRD, LAST = gzip.decompress(LINES).splitlines(keepends=True)


@dataclass
class House:
    """The one hub and the one folder that all cases share: none of them may change anything."""

    world: World
    folder: Path

    def state(self) -> object:
        """Every row of every table of the hub, and every file of the folder."""
        with self.world.store.reading() as cursor:
            tables = cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
                (SCHEMA,),
            ).fetchall()
            rows = {}
            for (name,) in tables:
                query = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} AS t"
                found = cursor.execute(sql.SQL(query).format(sql.Identifier(name))).fetchone()
                rows[str(name)] = found
        return rows, sorted(path.name for path in self.folder.rglob("*"))


Door = Callable[[House, object], Refusal]


# --- the hub ------------------------------------------------------------------------------------


def file(**wrong: object) -> Mapping[str, object]:
    """A record file with something wrong: fields of its manifest, `data`, `key` or `member`. The
    manifest is made for the data, unless it says otherwise."""
    data = wrong.get("data")
    if isinstance(data, bytes):
        wrong = {"data_sha256": sha256_hex(data), **wrong}
    return wrong


def at_hub(house: House, given: object) -> Refusal:
    """A record file, as `Hub.receive_file` takes it from every line and every inbox."""
    assert isinstance(given, Mapping)
    wrong = dict(given)
    sealed = wrong.pop("sealed", None)
    manifest, data = Sender(str(wrong.pop("member", ACQ))).file(RECORDS, **wrong)
    manifest = sealed if isinstance(sealed, bytes) else manifest
    found = house.world.hub.receive_file(manifest, data, NOW_S)
    assert isinstance(found, Refusal), found
    return found


# --- line files ---------------------------------------------------------------------------------


def lined(*lines: bytes) -> bytes:
    """A line file of these lines and a trailer that is right for them, signed."""
    content = b"".join(lines)
    rows = [json.loads(line) for line in lines[1:] if _is_json(line)]
    fen = [row.get("delta_fen", 0) for row in rows if isinstance(row, dict)]
    sums = {"delta_fen": sum(one for one in fen if type(one) is int)}
    trailer = {"end": True, "rows": len(lines) - 1, "sums": sums, "sha256": sha256_hex(content)}
    return pack_bytes(content + json.dumps(trailer).encode() + b"\n", KEY)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def in_lines(_house: House, given: object) -> Refusal:
    """A line file as `tongxing exchange` opens it, refused whole."""
    data, how = given if isinstance(given, tuple) else (given, {})
    assert isinstance(data, bytes)
    found = open_lines(data, "f", RING, **{"receiver": "HUB", "now_s": NOW_S, **how})
    assert isinstance(found, Refusal), found
    return found


def row_in_lines(_house: House, given: object) -> Refusal:
    """A row of a line file that is sound: it alone is refused, the next one is read."""
    assert isinstance(given, bytes)
    found = open_lines(lined(FIRST, given, THIRD), "f", RING, receiver="HUB", now_s=NOW_S)
    assert isinstance(found, LineFile), found
    (_, _, first), (_, _, second) = found.read()
    found.close()
    assert isinstance(first, Refusal) and not isinstance(second, Refusal), first
    return first


# --- text files ---------------------------------------------------------------------------------


def in_text(_house: House, given: object) -> Refusal:
    """A text file whose form is broken."""
    assert isinstance(given, bytes)
    found = open_text(io.BytesIO(given), "UC.txt", "UC", book(), today=DAY)
    assert isinstance(found, Refusal), found
    return found


def doubt_in_text(_house: House, given: object) -> Refusal:
    """A text file that is read, with one doubt."""
    assert isinstance(given, bytes)
    found = open_text(io.BytesIO(given), "UC.txt", "UC", book(), today=date(2026, 3, 17))
    assert isinstance(found, TextFile), found
    (doubt,) = found.doubts
    return doubt


def line_in_text(_house: House, given: object) -> Refusal:
    """A line of a text file, (kind, line): it alone is refused, the next one is read."""
    assert isinstance(given, tuple)
    code, length, good, line = given
    data = whole(length, line, good)
    found = open_text(io.BytesIO(data), f"{code}.txt", code, book(), today=DAY)
    assert isinstance(found, TextFile), found
    first, second = found.lines()
    assert not second.faults and first.content == line[: len(first.content)]
    (fault,) = first.faults
    return fault


# --- Parquet, share tables ---------------------------------------------------------------------


def parquet(house: House, given: object) -> Refusal:
    """A Parquet file of a stranger, as `tongxing hub clear` has it written anew."""
    assert callable(given)
    source, target = house.folder.parent / "source.parquet", house.folder / "target.parquet"
    with duckdb.connect() as base:
        base.execute(f"COPY (SELECT 1::BIGINT AS n) TO '{source}' (FORMAT parquet)")
    given(source)
    found = rewrite_parquet(source, target, {"n": "BIGINT"})
    source.unlink()
    assert isinstance(found, Refusal), found
    return found


def share_table(house: House, given: object) -> Refusal:
    """A split table, as it is read, and as it is handed in at the hub."""
    assert isinstance(given, bytes)
    found = TableDesk(house.world.store).hand_in(given, "wang", "try", NOW_S)
    assert isinstance(found, Refusal) and found == read_table(given)
    return found
