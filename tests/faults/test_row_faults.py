"""Bad rows of a record file: each gets its verdict and its reason, and stops nobody else's.

What the table of verdicts says (1006, 1005, 1016 …) decides; beside it the hub keeps which reason
of the list it was, and the line as it came.
"""

import gzip
from collections.abc import Iterator
from datetime import timedelta

import pytest
from doors import ACQ, NOW_S
from hub_world import DAY, Sender, World, encoded, make_world, opened, ride

from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.storage import Database

BAD = encoded(ride("bad"))
SOUND = [ride("t1"), ride("t2")]
FEN = b'"delta_fen":450'


def cut(old: bytes, new: bytes) -> bytes:
    assert old in BAD
    return BAD.replace(old, new, 1)


# row, what is wrong with the line, the line, and the reason that is kept beside 1006
ROWS: list[tuple[str, str, bytes, str]] = [
    ("B77", "a byte order mark", b"\xef\xbb\xbf" + BAD, "FILE_ENCODING"),
    ("B77", "GBK in a file of UTF-8", cut(b'"M1"', '"一号线"'.encode("gbk")), "FILE_ENCODING"),
    ("B78", "8 KiB and a byte", BAD + b" " * (8_193 - len(BAD)), "FILE_LINE_TOO_LONG"),
    ("B78", "a NUL", cut(b'"M1"', b'"M\0"'), "FILE_FORBIDDEN_CHAR"),
    ("B78", "an unclosed quote", cut(b'"M1"', b'"M1'), "LINES_NOT_JSON"),
    ("B78", "a field too many", cut(b"{", b'{"vip":1,'), "FILE_COLUMNS: +vip"),
    ("B78", "a field missing", cut(b'"mode":"rail",', b""), "FILE_COLUMNS: -mode"),
    ("B78", "a field twice", cut(b'"line":', b'"mode":"bus","line":'), "LINES_KEY_TWICE"),
    ("B82", "a time before there was any", cut(b'"entered_s":', b'"entered_s":-'), "DATE_INVALID"),
    ("B83", "a point", cut(FEN, b'"delta_fen":4.5'), "FIELD_AMOUNT: delta_fen 4.5"),
    ("B83", "a text", cut(FEN, b'"delta_fen":"450"'), 'FIELD_AMOUNT: delta_fen "450"'),
    ("B83", "a plus", cut(FEN, b'"delta_fen":+450'), "LINES_NOT_JSON"),
    ("B83", "leading zeros", cut(FEN, b'"delta_fen":0450'), "LINES_NOT_JSON"),
    ("B83", "full-width digits", cut(FEN, '"delta_fen":４５０'.encode()), "LINES_NOT_JSON"),
    ("B83", "a space in it", cut(FEN, b'"delta_fen":4 50'), "LINES_NOT_JSON"),
    ("B83", "more than there is", cut(FEN, b'"delta_fen":1000000001'), "FIELD_AMOUNT"),
    ("B85", "of another member", cut(b"ACQ-990100", b"ACQ-990200"), ""),
    ("B85", "of another city", cut(b'"city":"990100"', b'"city":"990200"'), ""),
]


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    found = make_world(database)
    yield found
    found.hub.close()


def taken(world: World, sender: Sender, lines: list[bytes], fen: int = 0) -> list[str]:
    """What becomes of the rows of a file."""
    data = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
    wrong = {
        "data": data,
        "data_sha256": sha256_hex(data),
        "rows": len(lines),
        "delta_sum_fen": fen,
    }
    manifest, data = sender.file(SOUND, **wrong)
    answer = opened(world.hub.receive_file(manifest, data, NOW_S))
    sender.took(manifest)
    return [f"{one.status} {one.code}" for one in answer.verdicts]


def test_a_bad_row_has_its_verdict_and_its_reason_and_stops_nobody(world: World) -> None:
    """All in one file: the rows before, between and behind them are taken."""
    sound = [encoded(one) for one in SOUND]
    found = taken(world, Sender(ACQ), [sound[0], *(row[2] for row in ROWS), sound[1]])
    assert found == ["accepted 0000", *["rejected 1006"] * len(ROWS), "accepted 0000"]
    with world.store.reading() as cursor:
        kept = cursor.execute("SELECT row_no, detail, content FROM refused_row").fetchall()
    told = {number: (detail, bytes(content)) for number, detail, content in kept}
    for number, (row, what, line, reason) in enumerate(ROWS, start=2):
        detail, content = told[number]
        assert detail.startswith(reason), (row, what, detail)
        if reason:
            assert detail.partition(":")[0] in all_reasons()
        assert content == (b"" if len(line) > 8_192 else line), (row, what)


def test_a_row_of_a_closed_or_a_coming_day_has_the_verdict_of_its_day(world: World) -> None:
    """B82: late but inside the limit, too late, and after the file has come."""
    days = {"late": -3, "closed": -20, "coming": 5}
    rides = [ride(name, day=DAY + timedelta(days=offset)) for name, offset in days.items()]
    found = taken(world, Sender(ACQ), [encoded(one) for one in rides], fen=1_350)
    assert found == ["accepted 0015", "rejected 1005", "held 1016"]


def test_the_same_file_again_has_its_first_answer_and_its_id_no_other_content(world: World) -> None:
    """B79: byte for byte the same answer, and nothing twice."""
    sender = Sender(ACQ)
    manifest, data = sender.file(SOUND)
    first = world.hub.receive_file(manifest, data, NOW_S)
    assert isinstance(first, bytes)
    assert world.hub.receive_file(manifest, data, NOW_S + DAY_S) == first
    other = world.hub.receive_file(*sender.file(SOUND[:1]), NOW_S)
    assert isinstance(other, Refusal) and other.code == "FILE_ID_CONFLICT"
    assert f"{ACQ}-0001" in other.message("zh") and "{" not in other.next_step("zh")
    with world.store.reading() as cursor:
        assert cursor.execute("SELECT count(*) FROM record").fetchone() == (2,)
