"""Reads a line file: nothing of it is used before all of it is known to be sound.

In this order: size, outside, signature (over the packed bytes, by this process); then the child
process unpacks and checks all lines under its limits, while this one only stores what comes, in a
temporary file without a name; then header, receiver and file id. Only then are there rows.
"""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec
from msgspec.structs import replace

from tongxing.exchange.limits import Limits, load_limits
from tongxing.exchange.lines.rows import LineHead, Row, foreign_row, head_of, row_of
from tongxing.exchange.lines.wrapping import unwrap
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.messages import KeyRing
from tongxing.messages.faults import made_too_early

CHILD = Path(__file__).with_name("child.py")

_PIECE = 1 << 16
_ANSWER_BYTES_MAX = 1 << 16
_FIRST_ROW_LINE = 2
Numbers = dict[str, int]


@dataclass(slots=True)
class LineFile:
    """A file that is whole and signed. `sha256` is that of the file itself; `not_confined` names
    what this system could not take from the child."""

    name: str
    head: LineHead
    rows: int
    sums: dict[str, int]
    sha256: str
    not_confined: tuple[str, ...]
    _spool: IO[bytes] = field(repr=False)
    _kept: ExitStack = field(repr=False)

    def read(self) -> Iterator[tuple[int, bytes, Row | Refusal]]:
        """The rows in order: line number, bytes, and the row, or why it is none (`row_of`,
        `foreign_row`): a bad row never stops a file."""
        self._spool.seek(0)
        for number, line in enumerate(self._spool, start=_FIRST_ROW_LINE):
            content = line.removesuffix(b"\n")
            place = f"{self.name}:{number}"
            row = row_of(self.head.kind, content, place)
            foreign = None if isinstance(row, Refusal) else foreign_row(self.head, row, place)
            yield number, content, foreign or row

    def close(self) -> None:
        """Let go of the rows."""
        self._kept.close()


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What the child says at its end."""

    ok: dict[str, object] | None = None
    not_confined: list[str] = []
    refused: str = ""
    line: int = 0
    byte: int = 0
    values: dict[str, object] = {}


def open_lines(
    data: bytes,
    name: str,
    keys: KeyRing,
    *,
    receiver: str = "",
    now_s: int | None = None,
    known: Callable[[str, str], str | None] = lambda _sender, _file_id: None,
    limits: Limits | None = None,
) -> LineFile | Refusal:
    """The file, or why it is refused whole. The caller closes it.

    `receiver` is the member that reads, "" for anybody; `now_s` the time, None where nobody knows
    it. `known` gives the SHA-256 of a file that
    this sender has sent under an id before. Refuses as `unwrap` and `head_of` do, and with
    FILE_TOO_LARGE, FILE_… and LINES_… for what stands in it (docs/exchange-faults.md),
    PARTICIPANT_MISMATCH, DATE_FUTURE, FILE_DUPLICATE (the same file again: no effect) or
    FILE_ID_CONFLICT (the id, other bytes).
    """
    limits = limits or load_limits()
    if len(data) > limits.lines.file_bytes_max:
        values = {"found": len(data), "limit": limits.lines.file_bytes_max}
        return Refusal("FILE_TOO_LARGE", name, values)
    wrapped = unwrap(data, keys, name)
    if isinstance(wrapped, Refusal):
        return wrapped
    with ExitStack() as stack:
        spool = stack.enter_context(TemporaryFile())
        found = _taken_apart(wrapped.packed, name, spool, limits)
        if isinstance(found, Refusal):
            return found
        raw, left = found
        head = head_of(raw["head"], name)
        if isinstance(head, Refusal):
            return head
        sha256 = sha256_hex(data)
        refusal = _stranger(head, wrapped.sender, receiver, name)
        if refusal is None and now_s is not None:
            refusal = made_too_early(head.created_s, now_s, f"{name}:1")
        if refusal := refusal or _again(head, sha256, known, name):
            return refusal
        rows, sums = msgspec.convert((raw["rows"], raw["sums"]), tuple[int, dict[str, int]])
        return LineFile(name, head, rows, sums, sha256, tuple(left), spool, stack.pop_all())


def _stranger(head: LineHead, signer: str, receiver: str, name: str) -> Refusal | None:
    if head.sender != signer:
        values = {"named": head.sender, "expected": signer}
        return Refusal("PARTICIPANT_MISMATCH", f"{name}:1", values)
    if receiver and head.receiver != receiver:
        values = {"named": head.receiver, "expected": receiver}
        return Refusal("PARTICIPANT_MISMATCH", f"{name}:1", values)
    return None


def _again(
    head: LineHead, sha256: str, known: Callable[[str, str], str | None], name: str
) -> Refusal | None:
    before = known(head.sender, head.file_id)
    if before is None:
        return None
    code = "FILE_DUPLICATE" if before == sha256 else "FILE_ID_CONFLICT"
    return Refusal(code, name, {"file_id": head.file_id})


def whole_numbers(body: bytes, name: str, limits: Limits | None = None) -> Numbers | Refusal:
    """The whole numbers of a JSON object, read strictly and within the limits of a register by a
    child of its own; of the rest it says only that it is sound.

    Refuses FILE_TOO_LARGE, FILE_ENCODING, FILE_FORBIDDEN_CHAR and LINES_….
    """
    limits = limits or load_limits()
    most = limits.registers.file_bytes_max
    if len(body) > most:
        return Refusal("FILE_TOO_LARGE", name, {"found": len(body), "limit": most})
    own = replace(
        limits,
        lines=replace(limits.lines, rows_max=limits.registers.rows_max),
        child=limits.registers.child,
    )
    with TemporaryFile() as spool:
        found = _taken_apart(body, name, spool, own, "one")
    return found if isinstance(found, Refusal) else msgspec.convert(found[0]["whole"], Numbers)


def _taken_apart(
    packed: bytes, name: str, spool: IO[bytes], limits: Limits, *mode: str
) -> tuple[dict[str, object], list[str]] | Refusal:
    """Run the child over the packed bytes; its rows go into the spool."""
    given = msgspec.to_builtins(limits.lines) | msgspec.to_builtins(limits.child)
    child = subprocess.Popen(
        [sys.executable, "-I", "-B", str(CHILD), json.dumps(given), *mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdin and child.stdout and child.stderr
    said: list[bytes] = []
    late = threading.Event()
    clock = threading.Timer(limits.child.wall_seconds_max, _stop, (child, late))
    clock.daemon = True
    feeder = threading.Thread(target=_feed, args=(child.stdin, packed), daemon=True)
    listener = threading.Thread(target=_listen, args=(child.stderr, said), daemon=True)
    rows = 0
    try:
        for thread in (clock, feeder, listener):
            thread.start()
        rows = _store(child.stdout, spool, limits.lines.expanded_bytes_max)
        if rows < 0:
            child.kill()
        child.wait()
    finally:
        child.kill()
        child.wait()
        clock.cancel()
        feeder.join()
        listener.join()
        child.stdout.close()
    most = limits.lines.expanded_bytes_max
    return _judged(child.returncode, b"".join(said), late.is_set(), rows, most, name)


def _judged(
    code: int, said: bytes, late: bool, rows: int, most: int, name: str
) -> tuple[dict[str, object], list[str]] | Refusal:
    """What the child's end means. Whatever is not its clear word counts as no word."""
    if late:
        return Refusal("LINES_CHILD_TIME", name)
    if rows < 0:
        return Refusal("FILE_EXPANDS_TOO_MUCH", name, {"limit": most})
    if sys.platform != "win32" and code == -signal.SIGXCPU:
        return Refusal("LINES_CHILD_CPU", name)
    try:
        answer = msgspec.json.decode(said, type=_Answer)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        memory = b"MemoryError" in said
        return Refusal("LINES_CHILD_MEMORY" if memory else "LINES_CHILD_DIED", name)
    if answer.refused in all_reasons():
        places = (name, *(str(place) for place in (answer.line, answer.byte) if place))
        place = ":".join(places)
        return Refusal(answer.refused, place, answer.values)
    if answer.ok is None or code != 0 or answer.ok.get("rows") != rows:
        return Refusal("LINES_CHILD_DIED", name)
    return answer.ok, answer.not_confined


def _stop(child: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    child.kill()


def _feed(pipe: IO[bytes], packed: bytes) -> None:
    try:
        pipe.write(packed)
        pipe.close()
    except OSError:  # the child has refused before it read everything
        return


def _listen(pipe: IO[bytes], said: list[bytes]) -> None:
    said.append(pipe.read(_ANSWER_BYTES_MAX))
    while pipe.read(_PIECE):
        pass
    pipe.close()


def _store(pipe: IO[bytes], spool: IO[bytes], most: int) -> int:
    """Put the rows away; how many, -1 when the child gives more than any file may hold."""
    rows = size = 0
    while piece := pipe.read(_PIECE):
        size += len(piece)
        if size > most:
            return -1
        rows += piece.count(b"\n")
        spool.write(piece)
    return rows
