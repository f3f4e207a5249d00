"""The bad files and share tables of the project's list of bad input, rows B73 to B85 and B91.

Each case is one thing that is wrong, the door it comes to, the reason it is refused with, where the
refusal points, and what its text says in both languages. What other tests prove is named below.
"""

import gzip
import io
import json
import tarfile
import zipfile
import zlib
from dataclasses import dataclass

import msgspec
from acc_world import city_of, line_of, table_of
from doors import (
    FIRST,
    HEAD,
    LAST,
    LINES,
    NOW_S,
    PACKED,
    SECOND,
    TEXT,
    THIRD,
    UC,
    Door,
    at_hub,
    doubt_in_text,
    file,
    in_lines,
    in_text,
    line_in_text,
    lined,
    parquet,
    row_in_lines,
    share_table,
)
from exchange_world import CL_FIXED, KEY, OTHER, RING, record
from exchange_world import UC as UC_LINE
from hub_world import KEYS_OF

from tongxing.exchange.lines.packing import pack_bytes, pack_rows
from tongxing.exchange.lines.wrapping import Wrapped, unwrap, wrap
from tongxing.hub.acc import write_table
from tongxing.hub.acc.table import SplitRow, seal_table
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import SigningKey
from tongxing.messages.envelope import SCHEMA_VERSION

F, T = "ACQ-990100-0001", "UC.txt"


@dataclass(frozen=True)
class Fault:
    """One case. `says` stands in the message of both languages."""

    row: str
    what: str
    door: Door
    given: object
    code: str
    where: str
    says: tuple[str, ...] = ()


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def tar() -> bytes:
    """An archive whose one entry is a link to a file outside of it."""
    with io.BytesIO() as kept:
        with tarfile.open(fileobj=kept, mode="w") as archive:
            link = tarfile.TarInfo("records.txt")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
        return kept.getvalue()


def zipped() -> bytes:
    with io.BytesIO() as kept:
        with zipfile.ZipFile(kept, "w") as archive:
            archive.writestr("records.txt", TEXT)
        return kept.getvalue()


def lines(*content: bytes) -> bytes:
    """A signed file of exactly these lines."""
    return pack_bytes(b"".join(content), KEY)


def named(file_id: str) -> bytes:
    return pack_rows(msgspec.structs.replace(HEAD, file_id=file_id), [record("t1")], KEY)


def headed(**changes: object) -> bytes:
    return pack_rows(msgspec.structs.replace(HEAD, **changes), [record("t1")], KEY)


def stream() -> bytes:
    """The packed bytes of the good line file, without its header."""
    found = unwrap(LINES, RING)
    assert isinstance(found, Wrapped)
    return found.packed


def newer_manifest() -> bytes:
    """A sealed manifest of the version after ours: what else it says, nobody here can know."""
    later = ("Manifest", SCHEMA_VERSION + 1, "ACQ-990100", b"{}", b"s" * 64)
    return msgspec.msgpack.encode(later)


def cl(place: int, raw: bytes) -> tuple[str, int, bytes, bytes]:
    """A CL line with other bytes at a place, for the door of lines."""
    return "CL", 325, CL_FIXED, CL_FIXED[:place] + raw + CL_FIXED[place + len(raw) :]


def uc(line: bytes) -> tuple[str, int, bytes, bytes]:
    return "UC", 31, UC_LINE, line


def shares_of(more: int) -> bytes:
    """A split table, its hashes in order, whose first row has some parts in a million too many."""
    table = table_of(city_of(line_of("l1", "OP1", "A 1000 B"), line_of("l2", "OP2", "B 900 C")))
    first, *rows = table.rows()
    who, ppm = first.shares[0]
    wrong = SplitRow(first.key, ((who, ppm + more), *first.shares[1:]), first.paths)
    return write_table(seal_table(table.header, [wrong, *rows]))


def cut(line: bytes, old: bytes, new: bytes) -> bytes:
    assert old in line
    return line.replace(old, new, 1)


LATER_S = NOW_S + 3 * DAY_S
BOMB = packed(b"\0" * 40_000_000)
BOMB_OF_LINES = lines(FIRST, SECOND * 40_000)
LONG = b'{"a":"' + b"x" * 8_186 + b'"}\n'
ANOTHER = SigningKey.from_secret("ACQ-990100", b"x" * 32)
NULS = cut(SECOND, b'"B1"', b'"B\0"')
FEN = b'"delta_fen":450'
TWICE = {"known": lambda _sender, _id: sha256_hex(LINES)}
OTHERS = {"known": lambda _sender, _id: "0" * 64}
NAMES = {
    "a way up": "../../x",
    "an absolute path": "/etc/passwd",
    "300 characters": "f" * 300,
    "a device": "CON",
    "a device with an ending": "nul.txt",
    "a drive": "C:\\x",
    "a full-width slash": "a\uff0fb",
    "a space": "a b",
    "nothing": "",
}

FAULTS = [
    Fault("B73", "no byte", at_hub, file(data=b""), "FILE_EMPTY", F),
    Fault("B73", "no byte", in_lines, b"", "FILE_EMPTY", "f"),
    Fault("B73", "no byte", in_text, b"", "FILE_EMPTY", T),
    Fault("B73", "no byte", parquet, lambda path: path.write_bytes(b""), "FILE_EMPTY", ""),
    Fault("B73", "nothing packed", in_lines, lines(), "FILE_EMPTY", "f"),
    Fault("B73", "no rows, though told", at_hub, file(data=packed(b"")), "FILE_COUNT", F,
          ("2", "0")),
    Fault("B73", "header only", in_lines, lines(FIRST), "FILE_TRUNCATED", "f:2"),
    Fault("B73", "header only", in_text, UC[:53], "FILE_COUNT", f"{T}:2", ("2", "0")),
    Fault("B73", "trailer missing", in_lines, lines(FIRST, SECOND, THIRD), "FILE_TRUNCATED", "f:4"),
    Fault("B74", "cut, with its old manifest", at_hub,
          file(data=PACKED[:-9], data_sha256=sha256_hex(PACKED)), "FILE_CHECKSUM", F,
          (sha256_hex(PACKED), sha256_hex(PACKED[:-9]))),
    Fault("B74", "cut, with a manifest of its own", at_hub, file(data=PACKED[:-9]),
          "FILE_TRUNCATED", f"{F}:byte {len(PACKED) - 8}"),
    Fault("B74", "cut before it was packed", at_hub, file(data=packed(TEXT[:-5])),
          "FILE_TRUNCATED", f"{F}:2:{len(TEXT) - TEXT.index(10) - 5}"),
    Fault("B74", "cut", in_lines, LINES[:-5], "FILE_TRUNCATED", f"f:byte {len(LINES) - 4}"),
    Fault("B74", "cut before it was packed", in_lines, lines(FIRST, SECOND, THIRD[:-1]),
          "FILE_TRUNCATED", f"f:3:{len(THIRD)}"),
    Fault("B74", "cut", in_text, UC[:-2], "FILE_TRUNCATED", f"{T}:4"),
    Fault("B74", "cut", parquet, lambda path: path.write_bytes(path.read_bytes()[:-9]),
          "FILE_TRUNCATED", ""),
    Fault("B75", "another count", at_hub, {"rows": 3}, "FILE_COUNT", F, ("3", "2")),
    Fault("B75", "another count", in_lines, lines(FIRST, SECOND, LAST), "FILE_COUNT", "f:3",
          ("2", "1")),
    Fault("B75", "another count", in_text, cut(UC, b"000002", b"000003"), "FILE_COUNT", f"{T}:4",
          ("3", "2")),
    Fault("B75", "another sum", at_hub, {"delta_sum_fen": 811}, "FILE_SUM", F,
          ("delta_fen", "811", "810")),
    Fault("B75", "another sum", in_lines,
          lines(FIRST, cut(SECOND, FEN, b'"delta_fen":451'), THIRD, LAST), "FILE_SUM", "f:4",
          ("delta_fen", "900", "901")),
    Fault("B75", "another hash", at_hub, {"data_sha256": "0" * 64}, "FILE_CHECKSUM", F,
          ("0" * 64, sha256_hex(PACKED))),
    Fault("B75", "another hash", in_lines, lines(FIRST, cut(SECOND, b"B1", b"B2"), THIRD, LAST),
          "FILE_CHECKSUM", "f:4", (json.loads(LAST)["sha256"],)),
    Fault("B75", "another checksum of gzip", in_lines, wrap(stream()[:-8] + b"\0" * 8, KEY),
          "FILE_CHECKSUM", "f", ("0" * 16,)),
    Fault("B76", "signed by a stranger", at_hub, {"key": ANOTHER}, "SIGNATURE_INVALID", "",
          ("ACQ-990100",)),
    Fault("B76", "signed by another participant", at_hub, {"key": KEYS_OF["ACQ-990200"]},
          "PARTICIPANT_MISMATCH", "manifest", ("ACQ-990100", "ACQ-990200")),
    Fault("B76", "from nobody who is enrolled", at_hub, {"member": "ACQ-990300"}, "FILE_SENDER",
          "manifest", ("ACQ-990300",)),
    Fault("B76", "not signed", in_lines, packed(TEXT), "FILE_SIGNATURE", "f"),
    Fault("B76", "signed by a stranger", in_lines,
          wrap(stream(), SigningKey.from_secret("X", b"x" * 32)), "FILE_SIGNATURE", "f", ("X",)),
    Fault("B76", "signed by another participant", in_lines, wrap(stream(), OTHER),
          "PARTICIPANT_MISMATCH", "f:1", ("ACQ-500000", "ACQ-110000")),
    Fault("B77", "a byte order mark", at_hub, file(data=packed(b"\xef\xbb\xbf" + TEXT)),
          "FILE_ENCODING", f"{F}:1:1"),
    Fault("B77", "a byte order mark", in_lines, lines(b"\xef\xbb\xbf" + FIRST, LAST),
          "FILE_ENCODING", "f:1:1"),
    Fault("B77", "a byte order mark", in_text, b"\xef\xbb\xbf" + UC, "FILE_ENCODING", f"{T}:1:1"),
    Fault("B77", "UTF-16", at_hub, file(data=packed(TEXT.decode().encode("utf-16"))),
          "FILE_ENCODING", f"{F}:1:1"),
    Fault("B77", "UTF-16 without its mark", at_hub,
          file(data=packed(TEXT.decode().encode("utf-16-be"))), "FILE_ENCODING", f"{F}:1:1"),
    Fault("B77", "UTF-16", in_lines, lines(FIRST.decode().encode("utf-16-le")), "FILE_ENCODING",
          "f:1:1"),
    Fault("B77", "UTF-16", in_text, UC.decode().encode("utf-16"), "FILE_ENCODING", f"{T}:1:1"),
    Fault("B77", "GBK in a file of UTF-8", in_lines,
          lined(FIRST, cut(SECOND, b'"B1"', '"灰度"'.encode("gbk"))), "FILE_ENCODING",
          f"f:2:{SECOND.index(b'B1') + 1}"),
    Fault("B77", "carriage returns only", at_hub, file(data=packed(TEXT.replace(b"\n", b"\r"))),
          "FILE_ENCODING", f"{F}:1:{TEXT.index(10) + 1}"),
    Fault("B77", "carriage returns only", in_lines, lines(FIRST.replace(b"\n", b"\r"), LAST),
          "FILE_ENCODING", f"f:1:{len(FIRST)}"),
    Fault("B77", "carriage returns only", in_text, UC.replace(b"\n", b"\r"), "FILE_ENCODING",
          f"{T}:1:3"),
    Fault("B78", "a line of 8 KiB and a byte", in_lines, lined(FIRST, LONG), "FILE_LINE_TOO_LONG",
          "f:2:8193", ("8192",)),
    Fault("B78", "a line far too long", line_in_text, uc(UC_LINE * 300), "FILE_LINE_TOO_LONG",
          "UC.txt:3", ("31",)),
    Fault("B78", "a NUL", in_lines, lined(FIRST, NULS), "FILE_FORBIDDEN_CHAR",
          f"f:2:{NULS.index(0) + 1}", ("U+0000",)),
    Fault("B78", "a NUL", in_text, b"0\0" + UC[2:], "FILE_FORBIDDEN_CHAR", f"{T}:1:2", ("U+0000",)),
    Fault("B78", "a NUL", line_in_text, cl(113, b"\0"), "FILE_FORBIDDEN_CHAR", "CL.txt:3:114",
          ("U+0000",)),
    Fault("B78", "an escape", line_in_text, cl(190, b"\x1b"), "FILE_FORBIDDEN_CHAR", "CL.txt:3:191",
          ("U+001B",)),
    Fault("B78", "an unclosed quote", in_lines, lined(FIRST, cut(SECOND, b'"B1"', b'"B1')),
          "LINES_NOT_JSON", ""),
    Fault("B78", "a field too many", row_in_lines, cut(SECOND, b"{", b'{"vip":1,'), "FILE_COLUMNS",
          "f:2", ("+vip",)),
    Fault("B78", "a field missing", row_in_lines, cut(SECOND, b'"mode":"bus",', b""),
          "FILE_COLUMNS", "f:2", ("-mode",)),
    Fault("B78", "a column too many", line_in_text, uc(UC_LINE + b" "), "EXCHANGE_LINE_LENGTH",
          "UC.txt:3", ("32", "31")),
    Fault("B78", "a column missing", line_in_text, uc(UC_LINE[:11]), "EXCHANGE_LINE_LENGTH",
          "UC.txt:3", ("11", "31")),
    Fault("B79", "the same file again", in_lines, (LINES, TWICE), "FILE_DUPLICATE", "f", ("F-1",)),
    Fault("B79", "its id with other bytes", in_lines, (LINES, OTHERS), "FILE_ID_CONFLICT", "f",
          ("F-1",)),
    *(Fault("B80", what, at_hub, {"file_id": name}, "FILE_NAME", "manifest", ("1", "64"))
      for what, name in NAMES.items()),
    *(Fault("B80", what, in_lines, named(name), "FILE_NAME", "f:1", ("1", "64"))
      for what, name in NAMES.items()),
    Fault("B80", "a NUL", at_hub, {"file_id": "a\0b"}, "MESSAGE_BODY", "", ("NUL",)),
    Fault("B80", "a NUL", in_lines, named("a\0b"), "FILE_NAME", "f:1"),
    Fault("B81", "a bomb", at_hub, file(data=BOMB), "FILE_EXPANDS_TOO_MUCH", F,
          (str(len(BOMB) * 100 + 65_536),)),
    Fault("B81", "a bomb", in_lines, BOMB_OF_LINES, "FILE_EXPANDS_TOO_MUCH", "f"),
    Fault("B81", "gzip in gzip", at_hub, file(data=packed(PACKED)), "FILE_TYPE", F,
          ("gzip (gzip)",)),
    Fault("B81", "gzip in gzip", in_lines, lines(LINES), "FILE_TYPE", "f", ("gzip (gzip)",)),
    Fault("B81", "two streams", at_hub, file(data=PACKED + PACKED), "FILE_TYPE",
          f"{F}:byte {len(PACKED) + 1}", (f"gzip + {len(PACKED)} B",)),
    Fault("B81", "two streams", in_lines, LINES + LINES, "FILE_TYPE", f"f:byte {len(LINES) + 1}",
          (f"gzip + {len(LINES)} B",)),
    Fault("B81", "zip", at_hub, file(data=zipped()), "FILE_TYPE", f"{F}:byte 1", ("zip",)),
    Fault("B81", "zip", in_lines, zipped(), "FILE_TYPE", "f:byte 1", ("zip",)),
    Fault("B81", "zip", in_text, zipped(), "FILE_TYPE", f"{T}:byte 1", ("zip",)),
    Fault("B81", "zip in gzip", at_hub, file(data=packed(zipped())), "FILE_TYPE", F,
          ("gzip (zip)",)),
    Fault("B81", "zip in gzip", in_lines, lines(zipped()), "FILE_TYPE", "f", ("gzip (zip)",)),
    Fault("B81", "a tar with a link", at_hub, file(data=tar()), "FILE_TYPE", f"{F}:byte 1",
          ("tar",)),
    Fault("B81", "a tar with a link", in_text, tar(), "FILE_TYPE", f"{T}:byte 1", ("tar",)),
    Fault("B81", "a tar with a link, packed", at_hub, file(data=packed(tar())), "FILE_TYPE", F,
          ("gzip (tar)",)),
    Fault("B81", "a tar with a link, packed", in_lines, lines(tar()), "FILE_TYPE", "f",
          ("gzip (tar)",)),
    Fault("B81", "Parquet", at_hub, file(data=b"PAR1" + b"\0" * 40), "FILE_TYPE", f"{F}:byte 1",
          ("Parquet",)),
    Fault("B81", "Parquet", in_lines, b"PAR1" + b"\0" * 40, "FILE_TYPE", "f:byte 1", ("Parquet",)),
    Fault("B81", "no Parquet", parquet, lambda path: path.write_bytes(TEXT), "PARQUET_BROKEN", ""),
    Fault("B81", "zlib", at_hub, file(data=zlib.compress(TEXT)), "FILE_TYPE", f"{F}:byte 1",
          ("zlib",)),
    Fault("B82", "made in three days", at_hub, {"created_s": LATER_S}, "DATE_FUTURE", F,
          ("2026-03-21", "2026-03-18")),
    Fault("B82", "made in three days", in_lines, headed(created_s=LATER_S), "DATE_FUTURE", "f:1",
          ("2026-03-21", "2026-03-18")),
    Fault("B82", "made in the year 31,000,000,000", in_lines, headed(created_s=10**18 - 1),
          "DATE_FUTURE", "f:1", ("9999-12-31",)),
    Fault("B82", "of tomorrow (a doubt)", doubt_in_text, UC, "DATE_FUTURE", f"{T}:2:7",
          ("2026-03-18", "2026-03-17")),
    Fault("B82", "31 February", in_text, cut(UC, b"20260318", b"20260231"), "DATE_INVALID",
          f"{T}:2:7", ("20260231",)),
    Fault("B82", "31 February", line_in_text, cl(24, b"20260231"), "DATE_INVALID", "CL.txt:3:25",
          ("20260231",)),
    Fault("B82", "25 o'clock", line_in_text, cl(159, b"20260317250000"), "DATE_INVALID",
          "CL.txt:3:160", ("20260317250000",)),
    *(Fault("B83", what, line_in_text, cl(147, raw), "FIELD_AMOUNT", "CL.txt:3:148")
      for what, raw in {
          "a point": b"00000004.500", "a plus": b"+00000000450", "a space": b"         450",
          "full-width digits": "４５０".encode("gbk") + b"000000", "nothing": b" " * 12,
      }.items()),
    Fault("B83", "zeros beyond its width", line_in_text,
          uc(UC_LINE[:11] + b"0" + UC_LINE[11:]), "EXCHANGE_LINE_LENGTH", "UC.txt:3", ("32", "31")),
    *(Fault("B83", what, row_in_lines, cut(SECOND, FEN, b'"delta_fen":' + raw), "FIELD_AMOUNT",
            "f:2", ("delta_fen", raw.decode()))
      for what, raw in {"a text": b'"450"', "a truth": b"true", "nothing": b"null"}.items()),
    *(Fault("B83", what, in_lines, lined(FIRST, cut(SECOND, FEN, b'"delta_fen":' + raw)),
            "LINES_NUMBER", "f:2")
      for what, raw in {
          "a point": b"4.5", "an exponent": b"45e1", "no end": b"9" * 5_000,
      }.items()),
    *(Fault("B83", what, in_lines, lined(FIRST, cut(SECOND, FEN, b'"delta_fen":' + raw)),
            "LINES_NOT_JSON", f"f:2:{SECOND.index(FEN) + 1 + len(FEN) - 3 + more}")
      for what, raw, more in (
          ("a plus", b"+450", 0), ("leading zeros", b"0450", 1),
          ("full-width digits", "４５０".encode(), 0),
      )),
    Fault("B84", "the next version", at_hub, {"sealed": newer_manifest()}, "SCHEMA_TOO_NEW", "",
          ("2",)),
    Fault("B84", "the next version", in_lines, lined(cut(FIRST, b'"version":1', b'"version":2')),
          "SCHEMA_TOO_NEW", "f:1", ("2",)),
    Fault("B84", "the next version outside", in_lines, LINES[:16] + b"\x02" + LINES[17:],
          "SCHEMA_TOO_NEW", "f:byte 17", ("2",)),
    Fault("B84", "the next version", in_text, b"02" + UC[2:], "SCHEMA_TOO_NEW", f"{T}:1", ("02",)),
    Fault("B85", "for another member", in_lines, headed(receiver="ISS-110000"),
          "PARTICIPANT_MISMATCH", "f:1", ("ISS-110000", "HUB")),
    Fault("B85", "a row of another member", row_in_lines,
          cut(SECOND, b'"ACQ-500000"', b'"ACQ-110000"'), "PARTICIPANT_MISMATCH", "f:2",
          ("ACQ-110000", "ACQ-500000")),
    Fault("B91", "shares over one", share_table, shares_of(1), "SPLIT_TABLE_SUMS", "line 3",
          ("1000001",)),
    Fault("B91", "shares under one", share_table, shares_of(-1), "SPLIT_TABLE_SUMS", "line 3",
          ("999999",)),
]  # fmt: skip
