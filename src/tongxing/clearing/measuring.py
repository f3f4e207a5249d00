"""Measures a clearing run: invented rows once, then the run in a process of its own and, in that
process, the engine's bare scan of all columns.

Times are kept both by the wall and by the processor: on a machine that others use, only the second
says what the work costs. Loops are compiled once for a set of rules and kept, so a rehearsal with a
few rows comes first, in a process of its own too.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.codes import card_factors, signed_bytes
from tongxing.clearing.engines.duck import COMPILED_FROM_ROWS, quoted
from tongxing.clearing.invented import LARGE, World, rows_sql, tac_keys, write_rules
from tongxing.kernel.memory import keep_freed, peak_bytes
from tongxing.media.crypto.suites import DES, SM4
from tongxing.media.keys import MasterName
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.tac.columns import IssuerKey
from tongxing.media.tac.engines import COMPILED_FROM, engine_for

if TYPE_CHECKING:
    from tongxing.clearing.engines import Engine

FILE_ROWS = 10_000_000
_CHUNK_ROWS = 1_000_000
_WRONG_EVERY = 9_973
_SECRET = bytes(range(16))


class Figures(msgspec.Struct, frozen=True):
    """What one run took. `steps` are seconds by the wall of each step; times of the processor are
    of all threads together. `peak_mib` is 0 where the system does not say. `sha256` is that of the
    manifest of the results."""

    rows: int
    seconds: float
    cpu_seconds: float
    scan_seconds: float
    scan_cpu_seconds: float
    peak_mib: int
    steps: dict[str, float]
    checked: int
    wrong: int
    sha256: str


def vault() -> SoftwareVault:
    """The vault that the invented cards' codes come from."""
    return SoftwareVault({MasterName("DTK", SM4, 1): _SECRET, MasterName("DTK", DES, 1): _SECRET})


def make_rows(folder: Path, rows: int, tell: Callable[[int], None], world: World = LARGE) -> None:
    """Rules and so many rows with their codes, unless they are there; `tell` hears of rows made."""
    done = folder / "made"
    if done.exists():
        tell(rows)
        return
    shutil.rmtree(folder, ignore_errors=True)
    write_rules(folder / "rules", world)
    with duckdb.connect() as base:
        for number, first in enumerate(range(0, rows, FILE_ROWS)):
            last = min(first + FILE_ROWS, rows)
            base.execute("CREATE OR REPLACE TABLE made AS " + rows_sql(world, 0, 0, rows))
            base.execute("ALTER TABLE made ADD COLUMN tac UINTEGER")
            for start in range(first, last, _CHUNK_ROWS):
                stop = min(start + _CHUNK_ROWS, last)
                columns = base.execute(rows_sql(world, start, stop, rows)).fetchnumpy()
                base.register("chunk", {**columns, "tac": _codes(columns, start)})
                base.execute("INSERT INTO made SELECT * FROM chunk")
                base.unregister("chunk")
                tell(stop - start)
            base.execute(
                f"COPY made TO '{quoted(folder / f'rides-{number:04}.parquet')}' "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)"
            )
    done.touch()


def _codes(columns: Mapping[str, NDArray[Any]], start: int) -> NDArray[np.uint32]:
    """What genuine cards would have signed; one code in some ten thousand is another."""
    plain = {name: np.asarray(column, np.int64) for name, column in columns.items()}
    data, factors = signed_bytes(plain), card_factors(plain["card"])
    found = np.zeros(len(data), np.uint32)
    keys = tac_keys(LARGE)
    safe = vault()
    for issuer in np.unique(plain["issuer"]).tolist():
        if issuer not in keys:
            continue
        rows = np.flatnonzero(plain["issuer"] == issuer)
        key = IssuerKey(*keys[issuer])
        master = safe.card_key("DTK", key.algorithm, key.version, [key.issuer_id])
        assert isinstance(master, bytes)
        engine = engine_for(key.algorithm, len(rows))
        codes = engine.issuer_codes(master, factors[rows], data[rows])
        found[rows] = np.ascontiguousarray(codes).view(">u4")[:, 0]
    found[(start + np.arange(len(found))) % _WRONG_EVERY == 11] ^= 1
    return found


def measure(
    folder: Path, scratch: Path, engine: str, master: str, memory_mib: int, threads: int, tac: bool
) -> Figures:
    """One run in a process of its own. Raises OSError, and RuntimeError with what the process said
    when it failed."""
    if engine == "duckdb":
        few = _few(folder, scratch)
        _alone(few, scratch, engine, master, memory_mib, threads, tac, 0)
    return _alone(folder, scratch, engine, master, memory_mib, threads, tac, COMPILED_FROM_ROWS)


def _few(folder: Path, scratch: Path) -> Path:
    """The same rules, and the first rows: as many as make it worth compiling codes as well."""
    few = scratch / "few"
    shutil.copytree(folder / "rules", few / "rules", dirs_exist_ok=True)
    rows, some = folder / "rides-0000.parquet", few / "rides-0000.parquet"
    with duckdb.connect() as base:
        base.execute(
            f"COPY (FROM read_parquet('{quoted(rows)}') LIMIT {COMPILED_FROM}) "
            f"TO '{quoted(some)}' (FORMAT parquet)"
        )
    return few


def _alone(*given: object) -> Figures:
    orders = [str(int(order)) if isinstance(order, bool) else str(order) for order in given]
    ended = subprocess.run(
        [sys.executable, "-m", __name__, *orders],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    if ended.returncode != 0:
        raise RuntimeError(ended.stderr[-2_000:])
    return msgspec.json.decode(ended.stdout.splitlines()[-1], type=Figures)


def _once(orders: Sequence[str]) -> Figures:
    """The run itself, in this process."""
    from tongxing.clearing.rules import read_rules
    from tongxing.clearing.running import Given, clear
    from tongxing.clearing.writing import MANIFEST, write_results
    from tongxing.kernel.reasons import Refusal

    folder, scratch, engine_name, master, memory_mib, threads, tac, from_rows = orders
    keep_freed()
    place, results = Path(scratch) / "work", Path(scratch) / "results"
    for one in (place, results):
        shutil.rmtree(one, ignore_errors=True)
        one.mkdir(parents=True)
    files = sorted(Path(folder).glob("rides-*.parquet"))
    steps: dict[str, float] = {}
    began_at = {"rules": time.perf_counter()}

    def tell(step: str) -> None:
        ((before, then),) = began_at.items()
        began_at.clear()
        began_at[step] = time.perf_counter()
        steps[before] = round(began_at[step] - then, 2)

    began, cpu = time.perf_counter(), _cpu_s()
    rules = read_rules(Path(folder) / "rules", place)
    if isinstance(rules, Refusal):
        raise RuntimeError(f"{rules.code} {rules.values}")
    engine = _engine(engine_name, place, master, *map(int, (memory_mib, threads, from_rows)))
    names = [path.name for path in files]
    safe = vault() if tac == "1" else None
    cleared = clear(
        engine, Given(files, files, names, rules, safe, False, int(threads)), place, tell
    )
    tell("writing")
    written = write_results(cleared, rules, results)
    engine.close()
    tell("")
    seconds, cpu_seconds = time.perf_counter() - began, _cpu_s() - cpu
    peak = (peak_bytes() or 0) >> 20
    scan, scan_cpu = _bare_scan(files, int(threads))
    codes = cleared.codes
    return Figures(
        rows=sum(facts.rows for facts in cleared.files),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        scan_seconds=scan,
        scan_cpu_seconds=scan_cpu,
        peak_mib=peak,
        steps=steps,
        checked=codes.checked if codes else 0,
        wrong=len(codes.wrong) if codes else 0,
        sha256=written[MANIFEST],
    )


def _engine(
    name: str, place: Path, master: str, memory_mib: int, threads: int, compiled_from_rows: int
) -> "Engine":
    from tongxing.clearing.engines import DuckEngine

    if name == "spark":
        from tongxing.clearing.engines.spark import SparkEngine

        return SparkEngine(place, master, memory_mib)
    return DuckEngine(place, memory_mib * 13 // 16, threads, compiled_from_rows)


def _bare_scan(files: Sequence[Path], threads: int) -> tuple[float, float]:
    """Seconds by the wall and of the processor in which the engine reads every column once."""
    with duckdb.connect() as base:
        base.execute(f"SET threads = {threads}")
        source = f"read_parquet({[str(path) for path in files]!r})"
        names = [row[0] for row in base.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        sums = ", ".join(f"sum({name})" for name in names)
        began, cpu = time.perf_counter(), _cpu_s()
        base.execute(f"SELECT {sums} FROM {source}").fetchall()
        return time.perf_counter() - began, _cpu_s() - cpu


def _cpu_s() -> float:
    return time.process_time()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(msgspec.to_builtins(_once(sys.argv[1:]))) + "\n")
