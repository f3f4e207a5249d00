"""Takes a Parquet file from a stranger: the child writes it anew, and only that is used."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from tempfile import TemporaryFile

import msgspec

from tongxing.exchange.limits import Limits, load_limits
from tongxing.kernel.reasons import Refusal, all_reasons

CHILD = Path(__file__).with_name("child.py")
_ANSWER_BYTES_MAX = 1 << 16


def rewrite_parquet(
    source: Path, target: Path, columns: Mapping[str, str], limits: Limits | None = None
) -> int | Refusal:
    """The rows of a file, now in `target` in the same order; or why the file is refused whole.

    `columns` are those a file may have, with DuckDB types (whole numbers or BOOLEAN). Refuses with
    FILE_EMPTY, FILE_TRUNCATED, FILE_TOO_LARGE, FILE_EXPANDS_TOO_MUCH, PARQUET_…,
    LINES_CHILD_… or DISK_FULL.
    """
    limits = limits or load_limits()
    with _plainly_named(source.absolute(), target) as named:
        return _rewritten(source, named, target, columns, limits)


@contextmanager
def _plainly_named(source: Path, target: Path) -> Iterator[Path]:
    """The file under a name that nobody takes for a pattern of others: if need be, a link beside
    the target."""
    if escape(str(source)) == str(source):
        yield source
        return
    link = target.absolute().with_suffix(".source")
    link.unlink(missing_ok=True)  # of a run that was killed
    link.symlink_to(source)
    try:
        yield link
    finally:
        link.unlink(missing_ok=True)


def _rewritten(
    source: Path, named: Path, target: Path, columns: Mapping[str, str], limits: Limits
) -> int | Refusal:
    orders = {
        "source": str(named),
        "target": str(target.absolute()),
        "columns": dict(columns),
        "limits": msgspec.to_builtins(limits.parquet),
    }
    with TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-I", "-B", str(CHILD), json.dumps(orders)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = child.wait(limits.parquet.wall_seconds_max)
        except subprocess.TimeoutExpired:
            return Refusal("LINES_CHILD_TIME", str(source))
        finally:
            child.kill()
            child.wait()
        said.seek(0, 2)
        said.seek(max(0, said.tell() - _ANSWER_BYTES_MAX))
        return _judged(code, said.read(), str(source))


def _judged(code: int, said: bytes, name: str) -> int | Refusal:
    """What the child's end means. Whatever is not its clear word counts as no word."""
    if sys.platform != "win32" and code == -signal.SIGXCPU:
        return Refusal("LINES_CHILD_CPU", name)
    if sys.platform != "win32" and code == -signal.SIGXFSZ:
        return Refusal("FILE_TOO_LARGE", name)
    try:
        answer = msgspec.json.decode(said.strip().rpartition(b"\n")[2], type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        memory = b"MemoryError" in said or b"bad_alloc" in said
        return Refusal("LINES_CHILD_MEMORY" if memory else "LINES_CHILD_DIED", name)
    refused, values = answer.get("refused"), answer.get("values")
    if isinstance(refused, str) and refused in all_reasons() and isinstance(values, dict):
        return Refusal(refused, name, values)
    ok = answer.get("ok")
    rows = ok.get("rows") if isinstance(ok, dict) else None
    if code != 0 or not isinstance(rows, int):
        return Refusal("LINES_CHILD_DIED", name)
    return rows
