"""Line files: a sound one gives its rows; any other gives a reason, and nothing else."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from exchange_world import KEY, OTHER, RING, record
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.exchange.limits import Limits, load_limits
from tongxing.exchange.lines import opening as opening_module
from tongxing.exchange.lines.opening import LineFile, open_lines
from tongxing.exchange.lines.packing import pack_bytes, pack_rows
from tongxing.exchange.lines.rows import DenyRow, LineHead
from tongxing.exchange.lines.wrapping import GZIP, Wrapped, unwrap, wrap
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.messages import KeyRing, Record

HEAD = LineHead(
    kind="records", sender="ACQ-500000", receiver="HUB", file_id="F-1", created_s=1_773_800_000
)
DENY_HEAD = msgspec.structs.replace(HEAD, kind="deny")
RECORDS = [record("t1"), record("t2", charge_fen=300, delta_fen=300)]
GOOD = pack_rows(HEAD, RECORDS, KEY)
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")


def opened(data: bytes, limits: Limits | None = None, **how: object) -> LineFile | Refusal:
    return open_lines(data, "f", RING, limits=limits, **how)


def code(data: bytes, limits: Limits | None = None) -> str:
    found = opened(data, limits)
    assert isinstance(found, Refusal), found
    assert found.code in all_reasons()
    return found.code


def lines_of(data: bytes) -> list[bytes]:
    return gzip.decompress(data).splitlines(keepends=True)


def again(lines: Iterable[bytes]) -> bytes:
    """A file of these lines with a trailer that is right for them, signed by its member."""
    content = b"".join(lines)
    rows = content.count(b"\n") - 1
    trailer = {"end": True, "rows": rows, "sums": sums(content), "sha256": sha256_hex(content)}
    return pack_bytes(content + json.dumps(trailer).encode() + b"\n", KEY)


def sums(content: bytes) -> dict[str, int]:
    total = 0
    for line in content.splitlines()[1:]:
        try:
            value = json.loads(line).get("delta_fen", 0)
        except (ValueError, AttributeError, RecursionError):
            continue
        total += value if type(value) is int else 0
    return {"delta_fen": total}


def limits(**changes: float) -> Limits:
    """The usual limits with some changed, by name."""
    found = load_limits()
    for part in ("lines", "child"):
        old = getattr(found, part)
        names = {name: value for name, value in changes.items() if hasattr(old, name)}
        found = msgspec.structs.replace(found, **{part: msgspec.structs.replace(old, **names)})
    return found


def test_a_sound_file_gives_its_rows() -> None:
    found = opened(GOOD, receiver="HUB")
    assert isinstance(found, LineFile)
    assert (found.head.file_id, found.rows, found.sums) == ("F-1", 2, {"delta_fen": 750})
    assert found.sha256 == sha256_hex(GOOD)
    assert [row for _, _, row in found.read()] == RECORDS
    assert [number for number, _, _ in found.read()] == [2, 3]
    found.close()


def test_the_same_rows_are_the_same_bytes_and_any_gzip_unpacks_them() -> None:
    assert pack_rows(HEAD, RECORDS, KEY) == GOOD
    first, *rows, last = lines_of(GOOD)
    assert json.loads(first)["form"] == "tongxing-lines" and len(rows) == 2
    assert json.loads(last)["sums"] == {"delta_fen": 750}


def test_a_file_without_rows_is_sound() -> None:
    found = opened(pack_rows(DENY_HEAD, [], KEY))
    assert isinstance(found, LineFile) and found.rows == 0 and list(found.read()) == []
    found.close()


def test_a_bad_row_stops_no_file() -> None:
    first, second, third, _ = lines_of(GOOD)
    spoiled = second.replace(b'"bus"', b"7")
    found = opened(again([first, spoiled, third]))
    assert isinstance(found, LineFile)
    rows = [row for _, _, row in found.read()]
    found.close()
    assert isinstance(rows[0], Refusal) and rows[0].code == "LINES_ROW"
    assert rows[0].where == "f:2" and isinstance(rows[1], Record)


def test_a_file_cut_at_any_byte_is_refused() -> None:
    found = {size: code(GOOD[:size]) for size in range(len(GOOD))}
    assert found.pop(0) == "FILE_EMPTY"
    assert set(found.values()) == {"FILE_TRUNCATED"}


def test_any_flipped_bit_is_refused_before_anything_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening_module, "_taken_apart", unreachable)
    for place in range(len(GOOD)):
        for bit in range(8):
            spoiled = bytearray(GOOD)
            spoiled[place] ^= 1 << bit
            assert isinstance(opened(bytes(spoiled)), Refusal), (place, bit)


def unreachable(*_: object) -> None:
    raise AssertionError("the child was started")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: GZIP + tail))
def test_any_bytes_at_all_are_refused_at_the_door(data: bytes) -> None:
    assert isinstance(unwrap(data, RING), Refusal)


@pytest.mark.parametrize("tail", [b"\0", b"x" * 1000, GOOD, gzip.compress(b"more", mtime=0)])
def test_whatever_stands_behind_the_end_is_refused(tail: bytes) -> None:
    assert code(GOOD + tail) == "FILE_TYPE"


@pytest.mark.parametrize("data", [b"PK\x03\x04zip", b"PAR1", b"01\n0000"])
def test_other_files_are_refused(data: bytes) -> None:
    assert code(data) == "FILE_TYPE"


def test_a_gzip_file_that_nobody_signed_is_refused() -> None:
    assert code(gzip.compress(GOOD, mtime=0)) == "FILE_SIGNATURE"


def test_a_stranger_and_a_wrong_signature_are_refused() -> None:
    strangers = KeyRing({"ACQ-110000": OTHER.public_bytes()})
    assert open_lines(GOOD, "f", strangers) == Refusal(
        "FILE_SIGNATURE", "f", {"sender": "ACQ-500000"}
    )
    packed = unwrap(GOOD, RING)
    assert isinstance(packed, Wrapped)
    renamed = GOOD.replace(b"ACQ-500000", b"ACQ-110000", 1)
    assert code(renamed) == "FILE_SIGNATURE"
    found = opened(wrap(packed.packed, OTHER))
    assert isinstance(found, Refusal) and found.code == "PARTICIPANT_MISMATCH"


def test_a_file_for_another_member_is_refused() -> None:
    found = opened(GOOD, receiver="ISS-110000")
    assert isinstance(found, Refusal) and found.code == "PARTICIPANT_MISMATCH"


def test_the_same_file_twice_has_no_effect_and_its_id_is_its_own() -> None:
    known = {("ACQ-500000", "F-1"): sha256_hex(GOOD)}
    twice = opened(GOOD, known=lambda sender, name: known.get((sender, name)))
    assert isinstance(twice, Refusal) and twice.code == "FILE_DUPLICATE"
    other = pack_rows(HEAD, RECORDS[:1], KEY)
    clash = opened(other, known=lambda sender, name: known.get((sender, name)))
    assert isinstance(clash, Refusal) and clash.code == "FILE_ID_CONFLICT"


def test_a_newer_version_waits() -> None:
    first, *rest, _ = lines_of(GOOD)
    assert code(again([first.replace(b'"version":1', b'"version":2'), *rest])) == "SCHEMA_TOO_NEW"
    newer = GOOD[:16] + b"\x02" + GOOD[17:]
    assert code(newer) == "SCHEMA_TOO_NEW"


FIRST, SECOND, THIRD, LAST = lines_of(GOOD)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "FILE_EMPTY"),
        ([FIRST], "FILE_TRUNCATED"),
        ([FIRST, SECOND, THIRD], "FILE_TRUNCATED"),
        ([FIRST, SECOND, THIRD, LAST[:-1]], "FILE_TRUNCATED"),
        ([FIRST, SECOND, LAST], "FILE_COUNT"),
        ([FIRST, SECOND, SECOND, THIRD, LAST], "FILE_COUNT"),
        ([FIRST, THIRD, SECOND, LAST], "FILE_CHECKSUM"),
        ([FIRST, SECOND.replace(b'"delta_fen":450', b'"delta_fen":451'), THIRD, LAST], "FILE_SUM"),
        ([FIRST, SECOND.replace(b"B1", b"B2"), THIRD, LAST], "FILE_CHECKSUM"),
        ([FIRST, SECOND, THIRD, LAST.replace(b'"rows":2', b'"rows":true')], "FILE_COUNT"),
        ([FIRST, SECOND, THIRD, LAST.replace(b'"sha256"', b'"sha512"')], "LINES_TRAILER"),
        ([FIRST, SECOND, THIRD, LAST, LAST], "LINES_AFTER_END"),
        ([FIRST, SECOND, THIRD, LAST, b"\n"], "LINES_AFTER_END"),
        ([FIRST, SECOND, THIRD, LAST, b"{}"], "FILE_TRUNCATED"),
        ([SECOND, THIRD, LAST], "LINES_HEADER"),
        ([b"\xef\xbb\xbf" + FIRST, LAST], "FILE_ENCODING"),
        ([FIRST.replace(b"\n", b"\r\n"), LAST], "FILE_ENCODING"),
    ],
)  # fmt: skip
def test_a_file_that_its_own_trailer_contradicts_is_refused(
    lines: list[bytes], expected: str
) -> None:
    assert code(pack_bytes(b"".join(lines), KEY)) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (b"[1]\n", "LINES_NOT_JSON"),
        (b"\n", "LINES_NOT_JSON"),
        (b'{"a":1} \n', "LINES_NOT_JSON"),
        (b'{"a":1}{"b":2}\n', "LINES_NOT_JSON"),
        (b'{"a":\n', "LINES_NOT_JSON"),
        (b'{"a":1,"a":2}\n', "LINES_KEY_TWICE"),
        (b'{"o":{"a":1,"a":1}}\n', "LINES_KEY_TWICE"),
        (b'{"delta_fen":1.0}\n', "LINES_NUMBER"),
        (b'{"delta_fen":1e400}\n', "LINES_NUMBER"),
        (b'{"delta_fen":NaN}\n', "LINES_NUMBER"),
        (b'{"delta_fen":' + b"9" * 19 + b"}\n", "LINES_NUMBER"),
        (b'{"delta_fen":' + b"9" * 5_000 + b"}\n", "LINES_NUMBER"),
        ('{"a":"灰度"}\n'.encode("gbk"), "FILE_ENCODING"),
        (b'{"a":"\0"}\n', "FILE_FORBIDDEN_CHAR"),
        (b'{"a":"' + b"x" * 8_192 + b'"}\n', "FILE_LINE_TOO_LONG"),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}\n", "LINES_TOO_DEEP"),
        (b'{"a":' * 1_300 + b"1" + b"}" * 1_300 + b"\n", "LINES_TOO_DEEP"),
    ],
)  # fmt: skip
def test_a_line_that_is_not_strict_json_refuses_the_file(row: bytes, expected: str) -> None:
    found = opened(again([FIRST, row]))
    assert isinstance(found, Refusal) and found.code == expected
    assert found.where.split(":")[:2] == ["f", "2"]


def test_brackets_inside_a_text_are_no_nesting() -> None:
    row = b'{"medium_no":"' + b"[" * 60 + b'\\"{","reason":"A"}\n'
    head = msgspec.json.encode(DENY_HEAD) + b"\n"
    content = head + row
    trailer = {"end": True, "rows": 1, "sums": {}, "sha256": sha256_hex(content)}
    found = opened(pack_bytes(content + json.dumps(trailer).encode() + b"\n", KEY))
    assert isinstance(found, LineFile), found
    assert next(found.read())[2] == DenyRow("[" * 60 + '"{', "A")
    found.close()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("file_id", "../../etc/passwd"),
        ("file_id", ""),
        ("file_id", "a" * 65),
        ("file_id", "a\tb"),
        ("file_id", "文件"),
        ("receiver", ""),
        ("kind", "purses"),
        ("sums", []),
        ("surprise", 1),
    ],
)
def test_a_header_is_held_to_its_form(field: str, value: object) -> None:
    raw = json.loads(FIRST) | {field: value}
    lines = [json.dumps(raw, ensure_ascii=False).encode() + b"\n"]
    content = b"".join(lines)
    total = {"delta_fen": 0} if raw["sums"] else {}
    trailer = {"end": True, "rows": 0, "sums": total, "sha256": sha256_hex(content)}
    expected = "FILE_NAME" if field == "file_id" else "LINES_HEADER"
    assert code(pack_bytes(content + json.dumps(trailer).encode() + b"\n", KEY)) == expected


def test_bombs_are_refused() -> None:
    bomb = msgspec.json.encode(DENY_HEAD) + b"\n" + b'{"medium_no":"1","reason":"A"}\n' * 400_000
    assert code(pack_bytes(bomb, KEY)) == "FILE_EXPANDS_TOO_MUCH"
    assert code(pack_bytes(b"\0" * 50_000_000, KEY)) == "FILE_LINE_TOO_LONG"
    assert code(pack_bytes(b"\n" * 50_000_000, KEY)) == "LINES_NOT_JSON"


def test_one_file_inside_another_is_refused() -> None:
    assert code(pack_bytes(gzip.compress(GOOD), KEY)) == "FILE_TYPE"


def test_packed_bytes_that_are_no_stream_are_refused() -> None:
    packed = unwrap(GOOD, RING)
    assert isinstance(packed, Wrapped)
    assert code(wrap(b"\xff" * 50, KEY)) == "FILE_TYPE"
    assert code(wrap(packed.packed[:-3], KEY)) == "FILE_TRUNCATED"
    assert code(wrap(packed.packed[:-8] + b"\0" * 8, KEY)) == "FILE_CHECKSUM"
    assert code(wrap(packed.packed + b"more", KEY)) == "FILE_TYPE"
    assert code(wrap(b"", KEY)) == "FILE_TRUNCATED"


def test_limits_of_bytes_rows_and_expansion_hold() -> None:
    assert code(GOOD, limits(file_bytes_max=len(GOOD) - 1)) == "FILE_TOO_LARGE"
    assert code(GOOD, limits(rows_max=1)) == "LINES_TOO_MANY"
    assert code(GOOD, limits(expanded_bytes_max=100)) == "FILE_EXPANDS_TOO_MUCH"


@LINUX
def test_memory_beyond_the_limit_ends_the_child_and_not_us() -> None:
    tight = limits(memory_bytes_max=45_000_000, line_bytes_max=2**27, expansion_ratio_max=2_000)
    assert code(pack_bytes(b'{"a":"' + b"x" * 60_000_000, KEY), tight) == "LINES_CHILD_MEMORY"


@LINUX
def test_processor_time_beyond_the_limit_ends_the_child() -> None:
    slow = pack_rows(DENY_HEAD, [DenyRow("[" * 8_000, "A")] * 20_000, KEY)
    tight = limits(cpu_seconds_max=1, expansion_ratio_max=10_000)
    assert code(slow, tight) == "LINES_CHILD_CPU"


def test_time_beyond_the_limit_ends_the_child() -> None:
    assert code(GOOD, limits(wall_seconds_max=0.001)) == "LINES_CHILD_TIME"


ESCAPES = """
import os, socket, subprocess, sys
sys.argv[1:] = [{limits!r}]
sys.path.insert(0, {folder!r})
import child
left = child.confine(268_435_456, 5)
for name, attempt in (
    ("read", lambda: open("/etc/hostname")),
    ("write", lambda: open({target!r}, "w")),
    ("socket", lambda: socket.socket()),
    ("pipe", os.pipe),
    ("fork", lambda: os.fork() or os._exit(0)),
):
    try:
        attempt()
    except OSError:
        print(name, "refused")
    else:
        print(name, "LET THROUGH")
print("left", left)
"""


@LINUX
def test_the_child_can_open_no_file_no_socket_and_no_process(tmp_path: Path) -> None:
    folder = str(opening_module.CHILD.parent)
    program = ESCAPES.format(limits="{}", folder=folder, target=f"{tmp_path}/x")
    words = [sys.executable, "-I", "-c", program]
    ended = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    of_root = os.geteuid() == 0  # the system counts no processes of root, and the child says so
    assert ended.stdout.splitlines() == [
        "read refused",
        "write refused",
        "socket refused",
        "pipe refused",
        "fork LET THROUGH" if of_root else "fork refused",
        "left ['processes']" if of_root else "left []",
    ]


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(0)",
        'import sys; sys.stderr.write(\'{"ok": {"rows": 2}}\'); sys.exit(3)',
        'import sys; sys.stderr.write(\'{"ok": {"rows": 7, "head": {}, "sums": {}}}\')',
        'import sys; sys.stderr.write(\'{"refused": "NO_SUCH_CODE"}\')',
        "import os; os.kill(os.getpid(), 9)",
        "raise SystemExit('oh')",
    ],
)
def test_a_child_without_a_clear_word_has_said_nothing(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "child.py"
    broken.write_text(program, encoding="utf-8")
    monkeypatch.setattr(opening_module, "CHILD", broken)
    assert code(GOOD) == "LINES_CHILD_DIED"


def test_a_child_that_floods_us_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flood = tmp_path / "child.py"
    flood.write_text("import os\nwhile True: os.write(1, b'x' * 65536)", encoding="utf-8")
    monkeypatch.setattr(opening_module, "CHILD", flood)
    assert code(GOOD, limits(expanded_bytes_max=1_000_000)) == "FILE_EXPANDS_TOO_MUCH"


def test_only_the_sender_signs_its_file() -> None:
    with pytest.raises(ValueError, match="cannot sign"):
        pack_rows(HEAD, RECORDS, OTHER)
