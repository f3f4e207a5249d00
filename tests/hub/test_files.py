"""Record files: what is refused whole, what is a verdict, and that a refusal leaves nothing."""

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hub_world import (
    DAY,
    KEYS_OF,
    RULES,
    Sender,
    World,
    encoded,
    opened,
    ride,
    verdicts,
)
from msgspec.structs import replace
from psycopg import sql

from tongxing.hub.files import open_file
from tongxing.hub.rows import Row
from tongxing.hub.rulebook import FileLimits
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Manifest, SigningKey

MORNING_S = at(DAY, 30)
ACQ = "ACQ-990100"
RECORDS = [ride("t1"), ride("t2", where="S2-S8", charge_fen=360)]


def state(world: World) -> dict[str, int]:
    """How many rows every table has: what a refused file must leave as it was."""
    with world.store.reading() as cursor:
        tables = cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'hub'"
        ).fetchall()
        counts = {}
        for (name,) in tables:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
            row = cursor.execute(query).fetchone()
            assert row is not None
            counts[str(name)] = int(row[0])
    return counts


def refused(world: World, manifest: bytes, data: bytes) -> str:
    """The code a file is refused with, twice, having left nothing behind."""
    before = state(world)
    first = world.hub.receive_file(manifest, data, MORNING_S)
    second = world.hub.receive_file(manifest, data, MORNING_S)
    assert isinstance(first, Refusal) and first == second
    assert first.message("zh") and first.next_step("en")
    assert state(world) == before
    return first.code


STRANGER = SigningKey.from_secret(ACQ, b"x" * 32)
BOMB = gzip.compress(b"\0" * 40_000_000, mtime=0)
GOOD_DATA = gzip.compress(b"".join(encoded(record) + b"\n" for record in RECORDS), mtime=0)


def with_data(data: bytes) -> dict[str, object]:
    return {"data": data, "data_sha256": sha256_hex(data)}


# What is wrong with the file, and the reason it is refused with.
BAD_FILES: list[tuple[str, dict[str, object], str]] = [
    ("signed by a stranger", {"key": STRANGER}, "SIGNATURE_INVALID"),
    ("signed by another acquirer", {"key": KEYS_OF["ACQ-990200"]}, "PARTICIPANT_MISMATCH"),
    ("an acquirer that never joined", {"member": "ACQ-990300"}, "FILE_SENDER"),
    ("an issuer as sender", {"member": "ISS-990100"}, "FILE_SENDER"),
    ("a file id with a slash and a space", {"file_id": "../ x"}, "FILE_NAME"),
    ("a file id without end", {"file_id": "F" * 65}, "FILE_NAME"),
    ("no file id", {"file_id": ""}, "FILE_NAME"),
    ("another hash than the data's", {"data_sha256": "0" * 64}, "FILE_CHECKSUM"),
    ("one row too many", {"rows": 3}, "FILE_COUNT"),
    ("a negative row count", {"rows": -1}, "FILE_COUNT"),
    ("another sum", {"delta_sum_fen": 811}, "FILE_SUM"),
    ("a manifest before it that never was", {"previous_manifest_sha256": "0" * 64}, "FILE_CHAIN"),
    ("no bytes at all", with_data(b""), "FILE_EMPTY"),
    ("bare text", with_data(b"{}\n"), "FILE_TYPE"),
    ("a zlib stream", with_data(zlib.compress(b"{}\n")), "FILE_TYPE"),
    ("a zip file", with_data(b"PK\x03\x04" + b"\0" * 40), "FILE_TYPE"),
    ("something after the stream", with_data(GOOD_DATA + b"x"), "FILE_TYPE"),
    ("two streams", with_data(GOOD_DATA + GOOD_DATA), "FILE_TYPE"),
    ("packed twice", with_data(gzip.compress(GOOD_DATA)), "FILE_TYPE"),
    ("a last line without its end", with_data(gzip.compress(b"{}")), "FILE_TRUNCATED"),
    ("a bomb", with_data(BOMB), "FILE_EXPANDS_TOO_MUCH"),
    ("a manifest without end", {"data_sha256": "0" * 20_000}, "FILE_TOO_LARGE"),
]


@pytest.mark.parametrize(("what", "wrong", "code"), BAD_FILES, ids=[row[0] for row in BAD_FILES])
def test_a_bad_file_is_refused_whole(
    world: World, what: str, wrong: dict[str, object], code: str
) -> None:
    wrong = dict(wrong)
    sender = Sender(str(wrong.pop("member", ACQ)))
    assert refused(world, *sender.file(RECORDS, **wrong)) == code


def test_a_file_of_an_unknown_size_is_not_even_unpacked(world: World) -> None:
    limits = replace(RULES.file, data_bytes_max=100)
    manifest = Manifest(
        file_id="F",
        sender=ACQ,
        created_s=0,
        rows=0,
        delta_sum_fen=0,
        data_sha256="",
        previous_manifest_sha256="",
    )
    refusal = open_file(manifest, b"x" * 101, limits)
    assert isinstance(refusal, Refusal) and refusal.code == "FILE_TOO_LARGE"


def test_a_file_cut_anywhere_is_refused(world: World) -> None:
    """Cut with its manifest as it was, the hash is wrong; with a manifest made for the cut file,
    the stream has no end."""
    manifest, data = world.senders[ACQ].file(RECORDS)
    for end in range(1, len(data), 7):
        cut = data[:end]
        assert isinstance(opening := world.hub.receive_file(manifest, cut, MORNING_S), Refusal)
        assert opening.code == "FILE_CHECKSUM"
        remade = world.senders[ACQ].file(RECORDS, **with_data(cut))
        assert isinstance(opening := world.hub.receive_file(*remade, MORNING_S), Refusal)
        assert opening.code in ("FILE_TRUNCATED", "FILE_TYPE")
    for end in range(0, len(manifest), 7):
        assert isinstance(world.hub.receive_file(manifest[:end], data, MORNING_S), Refusal)
    assert isinstance(world.hub.receive_file(manifest, data, MORNING_S), bytes)


def test_a_file_cut_at_every_byte_is_refused() -> None:
    """Every single length, whole bytes of the stream and of the text in it; also when the manifest
    counts the lines that are left, so that nothing but the missing end and the sum can tell."""
    manifest = _manifest_of(GOOD_DATA)
    text = gzip.decompress(GOOD_DATA)
    for end in range(1, len(GOOD_DATA)):
        cut = GOOD_DATA[:end]
        opening = open_file(manifest, cut, RULES.file)
        assert isinstance(opening, Refusal) and opening.code == "FILE_CHECKSUM"
        opening = open_file(_manifest_of(cut), cut, RULES.file)
        assert isinstance(opening, Refusal) and opening.code in ("FILE_TRUNCATED", "FILE_TYPE")
    for end in range(len(text)):
        cut = gzip.compress(text[:end], mtime=0, compresslevel=1)
        opening = open_file(_manifest_of(cut), cut, RULES.file)
        assert isinstance(opening, Refusal), end
        assert opening.code in ("FILE_TRUNCATED", "FILE_COUNT"), end
        opening = open_file(_manifest_of(cut, text[:end].count(b"\n")), cut, RULES.file)
        assert isinstance(opening, Refusal), end
        whole_lines = end == 0 or text[end - 1] == 10
        assert opening.code == ("FILE_SUM" if whole_lines else "FILE_TRUNCATED"), end


def test_every_flipped_bit_of_every_record_is_found() -> None:
    """With its manifest as it was the hash refuses, for each bit of the records' own lines."""
    manifest, text = _manifest_of(GOOD_DATA), bytearray(gzip.decompress(GOOD_DATA))
    assert not isinstance(open_file(manifest, GOOD_DATA, RULES.file), Refusal)
    for bit in range(8 * len(text)):
        text[bit // 8] ^= 1 << bit % 8
        wrong = gzip.compress(bytes(text), mtime=0, compresslevel=1)
        opening = open_file(manifest, wrong, RULES.file)
        assert isinstance(opening, Refusal) and opening.code == "FILE_CHECKSUM"
        text[bit // 8] ^= 1 << bit % 8


def _manifest_of(data: bytes, rows: int = len(RECORDS)) -> Manifest:
    return Manifest(
        file_id="F",
        sender=ACQ,
        created_s=0,
        rows=rows,
        delta_sum_fen=sum(record.delta_fen for record in RECORDS),
        data_sha256=sha256_hex(data),
        previous_manifest_sha256="",
    )


def test_a_flipped_bit_is_found_wherever_it_is(world: World) -> None:
    manifest, data = world.senders[ACQ].file(RECORDS)
    for bit in range(0, 8 * len(data), 37):
        wrong = bytearray(data)
        wrong[bit // 8] ^= 1 << bit % 8
        refusal = world.hub.receive_file(manifest, bytes(wrong), MORNING_S)
        assert isinstance(refusal, Refusal) and refusal.code == "FILE_CHECKSUM"
    for bit in range(0, 8 * len(manifest), 37):
        wrong = bytearray(manifest)
        wrong[bit // 8] ^= 1 << bit % 8
        assert isinstance(world.hub.receive_file(bytes(wrong), data, MORNING_S), Refusal)
    assert isinstance(world.hub.receive_file(manifest, data, MORNING_S), bytes)


def test_the_same_file_again_gets_the_same_bytes_and_changes_nothing(world: World) -> None:
    manifest, data = world.senders[ACQ].file(RECORDS)
    first = world.hub.receive_file(manifest, data, MORNING_S)
    before = state(world)
    assert world.hub.receive_file(manifest, data, MORNING_S + 90_000) == first
    assert state(world) == before
    assert refused(world, manifest, data[:-1]) == "FILE_CHECKSUM"


def test_the_same_id_with_other_content_is_refused(world: World) -> None:
    sender = world.senders[ACQ]
    manifest, data = sender.file(RECORDS)
    world.hub.receive_file(manifest, data, MORNING_S)
    assert refused(world, *sender.file([ride("t3")])) == "FILE_ID_CONFLICT"


def test_the_chain_of_manifests_has_no_gap_and_no_fork(world: World) -> None:
    sender = world.senders[ACQ]
    first = sender.file([ride("t1")])
    sender.took(first[0])
    second = sender.file([ride("t2")])
    fork = Sender(ACQ, files=1).file([ride("t3")])
    assert refused(world, *second) == "FILE_CHAIN"
    opened(world.hub.receive_file(*first, MORNING_S))
    assert refused(world, *fork) == "FILE_CHAIN"
    opened(world.hub.receive_file(*second, MORNING_S))
    assert refused(world, *fork) == "FILE_ID_CONFLICT"


def test_each_acquirer_has_its_own_chain_and_its_own_names(world: World) -> None:
    one = world.senders[ACQ].file([ride("t1")], file_id="SAME")
    other = world.senders["ACQ-990200"].file(
        [ride("b1", where="bus", charge_fen=180)], file_id="SAME"
    )
    assert verdicts(opened(world.hub.receive_file(*one, MORNING_S))) == {"t1.1": "accepted 0000"}
    assert verdicts(opened(world.hub.receive_file(*other, MORNING_S))) == {"b1.1": "accepted 0000"}


def test_an_empty_file_keeps_the_chain_going(world: World) -> None:
    manifest, data = world.senders[ACQ].file([])
    assert opened(world.hub.receive_file(manifest, data, MORNING_S)).verdicts == []


DEEP = b'{"record_id":"t8.1","x":' + b"[" * 3_500 + b"]" * 3_500 + b"}"


def edited(change: Callable[[bytes], bytes]) -> bytes:
    line = change(encoded(ride("t8")))
    assert line != encoded(ride("t8"))
    return line


# A line that is no record, and the name its verdict goes by.
BAD_LINES: list[tuple[str, bytes, str]] = [
    ("no JSON", b"hello", "#2"),
    ("nothing", b"", "#2"),
    ("a byte order mark", b"\xef\xbb\xbf" + encoded(ride("t8")), "#2"),
    ("GBK", edited(lambda line: line.replace(b'"M1"', '"一号线"'.encode("gbk"))), "t8.1"),
    ("cut", encoded(ride("t8"))[:-1], "#2"),
    ("a list", b"[1]", "#2"),
    ("an unknown field", edited(lambda line: line.replace(b"{", b'{"vip":1,', 1)), "t8.1"),
    ("a missing field", edited(lambda line: line.replace(b'"mode":"rail",', b"")), "t8.1"),
    ("a float", edited(lambda line: line.replace(b":450", b":450.0")), "t8.1"),
    ("a number as text", edited(lambda line: line.replace(b":450", b':"450"')), "t8.1"),
    ("an unknown way", edited(lambda line: line.replace(b"both_taps", b"both_ways")), "t8.1"),
    (
        "a key twice",
        edited(lambda line: line.replace(b'"line":', b'"charge_fen":1,"line":')),
        "t8.1",
    ),
    ("a NUL in its trip", edited(lambda line: line.replace(b'"t8"', b'"t8\\u0000"')), "t8.1"),
    ("a NUL in its terminal", edited(lambda line: line.replace(b"G-9", b"G\\u0000")), "t8.1"),
    ("a space in its trip", edited(lambda line: line.replace(b'"t8"', b'"t 8"')), "t8.1"),
    ("revision 0", edited(lambda line: line.replace(b'"revision":1', b'"revision":0')), "t8.1"),
    ("a NUL in its name", edited(lambda line: line.replace(b"t8.1", b"t8\\u0000")), "#2"),
    ("a NUL in an unknown field", b'{"record_id":"t8.1","\\u0000":1}', "t8.1"),
    ("nested without end", DEEP, "#2"),
    ("longer than a line may be", edited(lambda line: line + b" " * 8_192), "#2"),
]


@pytest.mark.parametrize(("what", "line", "name"), BAD_LINES, ids=[row[0] for row in BAD_LINES])
def test_a_bad_line_is_a_verdict_and_stops_nothing(
    world: World, what: str, line: bytes, name: str
) -> None:
    sender = world.senders[ACQ]
    content = b"".join(item + b"\n" for item in (encoded(ride("t1")), line, encoded(ride("t2"))))
    data = gzip.compress(content, mtime=0)
    file = sender.file([ride("t1"), ride("t2")], **with_data(data), rows=3)
    answer = opened(world.hub.receive_file(*file, MORNING_S))
    assert [f"{item.record_id} {item.status} {item.code}" for item in answer.verdicts] == [
        "t1.1 accepted 0000",
        f"{name} rejected 1006",
        "t2.1 accepted 0000",
    ]
    with world.store.reading() as cursor:
        kept = cursor.execute("SELECT content FROM refused_row").fetchall()
    assert [bytes(row[0]) for row in kept] == [line if len(line) <= 8_192 else b""]


def test_a_record_written_in_another_order_of_keys_is_the_same_record(world: World) -> None:
    """Another vendor's writer may order keys and space them as it likes."""
    line = encoded(ride("t1"))
    body = line[1:-1].split(b',"issuer"')
    shuffled = b'{ "issuer"' + body[1] + b"," + body[0] + b"}"
    one, other = (rows_in(content) for content in (line, shuffled))
    assert one[0].content == other[0].content
    assert one[0].record == other[0].record


def rows_in(line: bytes) -> list[Row]:
    data = gzip.compress(line + b"\n", mtime=0)
    manifest = Manifest(
        file_id="F",
        sender=ACQ,
        created_s=0,
        rows=1,
        delta_sum_fen=450,
        data_sha256=sha256_hex(data),
        previous_manifest_sha256="",
    )
    found: Any = open_file(manifest, data, RULES.file)
    assert isinstance(found, list), found
    return found


def test_limits_are_those_of_the_rulebook() -> None:
    """No limit is left at nothing, and a full file fits between them."""
    limits: FileLimits = RULES.file
    assert limits.rows_max * 600 <= limits.expanded_bytes_max
    assert limits.line_bytes_max * 100 < limits.data_bytes_max
