"""The program that takes a line file apart: a process of its own, standard library only.

It is started with the limits as JSON on its command line, gets the packed bytes on its standard
input, and gives back the lines on its standard output and, as the last thing, one line of JSON on
its standard error: ``{"ok": {…}}``, or ``{"refused": code, "line": n, "byte": n, "values": {…}}``.
With ``one`` as a second word it gets one JSON object instead, and gives back its whole numbers.
Before it reads a byte it takes from itself, where the system knows how: more memory and processor
time than the limits, files (none can be opened or written), sockets, new processes, new privileges.
"""

import ctypes
import hashlib
import json
import os
import sys
import zlib
from collections.abc import Iterator

FORM = "tongxing-lines"
VERSION = 1

_PIECE = 1 << 16
_OUT = 1 << 16
INSIDE = (
    ("gzip", 0, b"\x1f\x8b"),
    ("zip", 0, b"PK\x03\x04"),
    ("Parquet", 0, b"PAR1"),
    ("tar", 257, b"ustar"),
)
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


class Refused(Exception):
    """The file is not well-formed: a code, the line, the byte in it, the values of the text."""

    def __init__(self, code: str, line: int = 0, byte: int = 0, **values: object) -> None:
        super().__init__(code)
        self.code, self.line, self.byte, self.values = code, line, byte, values


def confine(
    memory_bytes: int, cpu_seconds: int, *, file_bytes: int = 0, handles: int = 3
) -> list[str]:
    """Give up what is not needed; the names of what could not be given up. What is read as lines
    needs no file; `file_bytes` and `handles` are for whoever has to write one."""
    try:
        import resource
    except ImportError:
        return ["memory", "cpu", "files", "sockets", "processes"]
    left = ["processes"] if os.geteuid() == 0 else []  # the system counts no processes of root
    wanted = (
        ("memory", "RLIMIT_AS", memory_bytes),
        ("cpu", "RLIMIT_CPU", cpu_seconds),
        ("files", "RLIMIT_FSIZE", file_bytes),
        ("core", "RLIMIT_CORE", 0),
        ("processes", "RLIMIT_NPROC", 0),
        ("sockets", "RLIMIT_NOFILE", handles),
    )
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            left.append("privileges")
    for name, limit, value in wanted:
        try:
            hard = value + 1 if name == "cpu" else value  # between the two comes a telling signal
            resource.setrlimit(getattr(resource, limit), (value, hard))
        except (AttributeError, OSError, ValueError):
            left.append(name)
    return left


def unpacked(limits: dict[str, int]) -> Iterator[bytes]:
    """The content of one raw deflate stream with CRC and size behind it, piece by piece."""
    source = sys.stdin.buffer
    stream = zlib.decompressobj(-15)
    size = taken = 0
    crc = 0
    rest = b""
    while not stream.eof:
        if not rest:
            rest = source.read(_PIECE)
            taken += len(rest)
            if not rest:
                raise Refused("FILE_TRUNCATED")
        try:
            piece = stream.decompress(rest, _PIECE)
        except zlib.error:
            raise Refused("FILE_TYPE", found="gzip, ?") from None
        rest = stream.unconsumed_tail
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        ratio = taken * limits["expansion_ratio_max"] + (1 << 16)
        most = min(limits["expanded_bytes_max"], ratio)
        if size > most:
            raise Refused("FILE_EXPANDS_TOO_MUCH", limit=most)
        yield piece
    tail = stream.unused_data + source.read(_PIECE)
    if len(tail) < 8:
        raise Refused("FILE_TRUNCATED")
    if len(tail) > 8:
        raise Refused("FILE_TYPE", found=f"gzip + {len(tail) - 8} B")
    said = crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
    if tail != said:
        raise Refused("FILE_CHECKSUM", expected=tail.hex(), found=said.hex())


def split_lines(pieces: Iterator[bytes], longest: int) -> Iterator[bytes]:
    """Lines without their ends; the last one must have one."""
    kept = b""
    number = 1
    for piece in pieces:
        if number == 1 and not kept:
            look_inside(piece)
        parts = (kept + piece).split(b"\n")
        kept = parts.pop()
        for line in parts:
            if len(line) > longest:
                raise Refused("FILE_LINE_TOO_LONG", number, longest + 1, limit=longest)
            yield line
            number += 1
        if len(kept) > longest:
            raise Refused("FILE_LINE_TOO_LONG", number, longest + 1, limit=longest)
    if kept:
        raise Refused("FILE_TRUNCATED", number, len(kept) + 1)


def look_inside(first: bytes) -> None:
    """That the content is text of one byte to a character, and not another packed file."""
    for name, place, mark in INSIDE:
        if first[place : place + len(mark)] == mark:
            raise Refused("FILE_TYPE", found=f"gzip ({name})")
    wide = (first[:1] == b"\0") != (first[1:2] == b"\0")
    if first.startswith((b"\xff\xfe", b"\xfe\xff")) or wide:
        raise Refused("FILE_ENCODING", 1, 1)


class Reader:
    """JSON of one line, strictly: an object, UTF-8, no key twice, whole numbers only."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._depth, self._digits = limits["depth_max"], limits["digits_max"]
        self._number = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._pairs,
            parse_float=self._no_number,
            parse_constant=self._no_number,
            parse_int=self._whole,
        )

    def read(self, number: int, line: bytes) -> dict[str, object]:
        """The object of a line."""
        self._number = number
        if line.startswith(b"\xef\xbb\xbf"):
            raise Refused("FILE_ENCODING", number, 1)
        if b"\r" in line:
            raise Refused("FILE_ENCODING", number, line.index(b"\r") + 1)
        if b"\0" in line:
            raise Refused("FILE_FORBIDDEN_CHAR", number, line.index(b"\0") + 1, char="U+0000")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("FILE_ENCODING", number, error.start + 1) from None
        if line.count(b"{") + line.count(b"[") > self._depth and deep(text) > self._depth:
            raise Refused("LINES_TOO_DEEP", number, limit=self._depth)
        try:
            found, end = self._decoder.raw_decode(text)
        except json.JSONDecodeError as error:
            at = len(text[: error.pos].encode()) + 1
            raise Refused("LINES_NOT_JSON", number, at) from None
        except (ValueError, RecursionError):
            raise Refused("LINES_NOT_JSON", number) from None
        if not isinstance(found, dict):
            raise Refused("LINES_NOT_JSON", number, 1)
        if end != len(text):
            raise Refused("LINES_NOT_JSON", number, len(text[:end].encode()) + 1)
        return found

    def _pairs(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Refused("LINES_KEY_TWICE", self._number)
        return found

    def _no_number(self, text: str) -> object:
        raise Refused("LINES_NUMBER", self._number)

    def _whole(self, text: str) -> int:
        if len(text.lstrip("-")) > self._digits:
            raise Refused("LINES_NUMBER", self._number)
        return int(text)


def deep(text: str) -> int:
    """How deep brackets nest, those inside strings not counted."""
    depth = most = 0
    in_string = escaped = False
    for sign in text:
        if in_string:
            if escaped:
                escaped = False
            elif sign == "\\":
                escaped = True
            elif sign == '"':
                in_string = False
        elif sign == '"':
            in_string = True
        elif sign in "{[":
            depth += 1
            most = max(most, depth)
        elif sign in "}]":
            depth -= 1
    return most


def take_apart(limits: dict[str, int]) -> dict[str, object]:
    """Header, rows and trailer; the rows go out as they are read."""
    reader = Reader(limits)
    lines = split_lines(unpacked(limits), limits["line_bytes_max"])
    out = sys.stdout.buffer
    hasher = hashlib.sha256()
    head: dict[str, object] | None = None
    sums: dict[str, int] = {}
    rows, number, trailer, waiting = 0, 0, None, bytearray()
    for number, line in enumerate(lines, start=1):
        if trailer is not None:
            raise Refused("LINES_AFTER_END", number)
        found = reader.read(number, line)
        if head is None:
            head = found
            named = found.get("sums")
            if found.get("form") != FORM or not isinstance(named, list):
                raise Refused("LINES_HEADER", number)
            if type(found.get("version")) is not int or found["version"] != VERSION:
                raise Refused("SCHEMA_TOO_NEW", number, version=str(found.get("version"))[:20])
            sums = {str(name): 0 for name in named}
        elif "end" in found:
            trailer = found
            continue
        else:
            rows += 1
            if rows > limits["rows_max"]:
                raise Refused("LINES_TOO_MANY", number, limit=limits["rows_max"])
            for name in sums:
                value = found.get(name, 0)
                sums[name] += value if type(value) is int else 0
            waiting += line + b"\n"
            if len(waiting) > _OUT:
                out.write(waiting)
                waiting.clear()
        hasher.update(line + b"\n")
    if head is None:
        raise Refused("FILE_EMPTY")
    if trailer is None:
        raise Refused("FILE_TRUNCATED", number + 1)
    expect_trailer(trailer, rows, sums, hasher.hexdigest(), number)
    out.write(waiting)
    out.flush()
    return {"head": head, "rows": rows, "sums": sums}


def expect_trailer(
    trailer: dict[str, object], rows: int, sums: dict[str, int], sha256: str, number: int
) -> None:
    """That count, sums and SHA-256 of the last line are those of the lines before it."""
    if set(trailer) != {"end", "rows", "sums", "sha256"}:
        raise Refused("LINES_TRAILER", number)
    if trailer["rows"] != rows or type(trailer["rows"]) is not int:
        said = str(trailer["rows"])[:20]
        raise Refused("FILE_COUNT", number, expected=said, found=rows)
    said_sums = trailer["sums"]
    if said_sums != sums:
        named = said_sums if isinstance(said_sums, dict) else {}
        others = [name for name in {**sums, **named} if named.get(name) != sums.get(name)]
        name = others[0] if others else "sums"
        wanted, got = (str(one.get(name, "-"))[:20] for one in (named, sums))
        raise Refused("FILE_SUM", number, name=name[:60], expected=wanted, found=got)
    if trailer["sha256"] != sha256:
        said = str(trailer["sha256"])[:64]
        raise Refused("FILE_CHECKSUM", number, expected=said, found=sha256)


def read_one(limits: dict[str, int]) -> dict[str, object]:
    """One JSON object that is not packed: no list in it may be longer than `rows_max`."""
    found = Reader(limits).read(1, sys.stdin.buffer.read())
    for value in found.values():
        if isinstance(value, list) and len(value) > limits["rows_max"]:
            raise Refused("LINES_TOO_MANY", 1, limit=limits["rows_max"])
    whole = {name: value for name, value in found.items() if type(value) is int}
    return {"rows": 0, "whole": whole}


def main() -> int:
    """Run once; the exit code is 0 for a file that is well-formed, 1 for any other."""
    limits: dict[str, int] = json.loads(sys.argv[1])
    left = confine(limits["memory_bytes_max"], limits["cpu_seconds_max"])
    try:
        work = read_one if sys.argv[2:] == ["one"] else take_apart
        answer: dict[str, object] = {"ok": work(limits), "not_confined": left}
    except Refused as refused:
        answer = {
            "refused": refused.code, "line": refused.line, "byte": refused.byte,
            "values": refused.values,
        }  # fmt: skip
    except MemoryError:
        answer = {"refused": "LINES_CHILD_MEMORY", "line": 0, "values": {}}
    sys.stderr.write(json.dumps(answer) + "\n")
    sys.stderr.flush()
    return 0 if "ok" in answer else 1


if __name__ == "__main__":
    sys.exit(main())
