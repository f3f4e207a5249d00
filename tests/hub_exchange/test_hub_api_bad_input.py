"""What the hub's interface refuses: each case twice with the same answer, and nothing changed.

The rows of the table of bad input that concern files (B73 to B85) stand beside their cases.
"""

import gzip
import hashlib
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
import requests
from foreign_member import ForeignMember, digest
from served_hub import ACQ, NOON_S, SECRETS, ServedHub, open_hub_site

from hub_world import HUB_KEY, Sender, encoded, ride  # isort: skip
from tongxing.hub import Hub
from tongxing.hub.exchange import ExchangeDesk
from tongxing.hub_api import HubLimits
from tongxing.storage import Database

RECORDS = [ride("t1"), ride("t2")]
GOOD = gzip.compress(b"".join(encoded(record) + b"\n" for record in RECORDS), mtime=0)
SMALL_BOMB = gzip.compress(b"\0" * 40_000_000, mtime=0)


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Iterator[ServedHub]:
    generous = HubLimits(strangers_burst=10_000, burst=10_000)
    with open_hub_site(database, tmp_path, generous) as found:
        yield found


def member(hub: ServedHub, key: str = "a") -> ForeignMember:
    return ForeignMember(hub.address, ACQ, key, SECRETS[key], HUB_KEY.public_bytes(), NOON_S)


def state(hub: ServedHub) -> object:
    """All that a refused request must leave as it was: every table, and the spool."""
    with psycopg.connect(hub.database.dsn) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'hub'"
            " AND table_name <> 'used_signature'"
        ).fetchall()
        rows = {}
        for (name,) in tables:
            found = connection.execute(f"SELECT count(*) FROM hub.{name}".encode()).fetchone()
            rows[name] = found
    return rows, sorted(path.name for path in hub.folder.rglob("*") if path.is_file())


def told(answer: requests.Response) -> tuple[int, str]:
    found = answer.json()
    assert found["message_zh"] and found["message_en"] and found["next_step_en"], found
    return answer.status_code, found["code"]


Ask = Callable[[ForeignMember], requests.Response]


def put(path: str, body: bytes = b"x", **more: str) -> Ask:
    return lambda one: one.ask("PUT", one.at(path), body, believe=False, **more)


def get(path: str, **more: str) -> Ask:
    return lambda one: one.ask("GET", one.at(path), believe=False, **more)


def off_by(seconds: int) -> Ask:
    def ask(one: ForeignMember) -> requests.Response:
        one.now_s = NOON_S + seconds
        return one.ask("GET", one.at("letters"), believe=False)

    return ask


def unsigned(one: ForeignMember) -> requests.Response:
    return requests.get(one.address + one.at("letters"), timeout=30)


def changed_after(one: ForeignMember) -> requests.Response:
    """Signed for one letter, sent for another."""
    fields, _ = one.signed("GET", one.at("letters/1"), {})
    return requests.get(one.address + one.at("letters/2"), headers=fields, timeout=30)


def other_body(one: ForeignMember) -> requests.Response:
    fields = {"content-digest": digest(b"what was signed")}
    path = one.at("files/F-1/manifest")
    signed, _ = one.signed("PUT", path, fields)
    return requests.put(one.address + path, data=b"else", headers=fields | signed, timeout=30)


def at_host(host: str) -> Ask:
    def ask(one: ForeignMember) -> requests.Response:
        return requests.get(one.address + one.at("letters"), headers={"Host": host}, timeout=30)

    return ask


def with_secret(secret: bytes, key_id: str) -> Ask:
    def ask(one: ForeignMember) -> requests.Response:
        one.secret, one.key_id = secret, key_id
        return one.ask("GET", one.at("letters"), believe=False)

    return ask


def manifest(**wrong: object) -> bytes:
    return Sender(ACQ).file(RECORDS, **wrong)[0]


FILE = f"files/{ACQ}-0001"
LONG = "f" * 65
BAD_REQUESTS: list[tuple[str, Ask, tuple[int, str]]] = [
    ("no signature", unsigned, (401, "HTTP_UNSIGNED")),
    ("another address than signed", changed_after, (401, "HTTP_SIGNATURE")),
    ("another body than its digest", other_body, (400, "HTTP_DIGEST")),
    ("a clock five minutes and more behind", off_by(-301), (401, "HTTP_CLOCK")),
    ("a clock ahead", off_by(301), (401, "HTTP_CLOCK")),
    ("a key nobody knows", with_secret(b"z" * 32, "nobody"), (401, "HTTP_KEY")),
    ("another's private key", with_secret(b"z" * 32, "a"), (401, "HTTP_SIGNATURE")),
    ("a key that ran out", with_secret(SECRETS["old"], "old"), (401, "HTTP_KEY_DATES")),
    ("another host", at_host("other.example"), (421, "HTTP_HOST")),
    ("a host that is no name", at_host("a b"), (421, "HTTP_HOST")),
    ("packed on the way", put(f"{FILE}/data", GOOD, Content_Encoding="gzip"), (415, "HTTP_CODING")),
    ("an unknown address", get("letter"), (404, "API_PATH")),
    ("another method", lambda one: one.ask("POST", one.at("letters"), believe=False),
     (405, "API_METHOD")),
    ("an unknown query", get("letters?since=1"), (400, "API_QUERY")),
    ("a negative number", get("letters?after=-1"), (400, "API_QUERY")),
    ("a full-width number", get("letters?after=%EF%BC%91"), (400, "API_QUERY")),
    ("a letter that is not there", get("letters/1"), (404, "LETTER_UNKNOWN")),
    ("a letter without a number", get("letters/x"), (404, "LETTER_UNKNOWN")),
    ("B80 up and away", put("files/..%2f..%2fx/manifest"), (404, "API_PATH")),
    ("B80 dots", put("files/..x/manifest"), (422, "FILE_NAME")),
    ("B80 a NUL", put("files/x%00/manifest"), (422, "FILE_NAME")),
    ("B80 too long", put(f"files/{LONG}/manifest"), (422, "FILE_NAME")),
    ("B80 a full-width slash", put("files/a%EF%BC%8Fb/manifest"), (422, "FILE_NAME")),
    ("data without a manifest", put(f"{FILE}/data", GOOD), (409, "UPLOAD_NO_MANIFEST")),
    ("no range", put(f"{FILE}/data", GOOD, Content_Range="bytes 5-4/9"), (400, "API_QUERY")),
    ("a manifest that is no message", put(f"{FILE}/manifest"), (422, "MESSAGE_MALFORMED")),
    ("a manifest without end", put(f"{FILE}/manifest", b"x" * 16_385), (413, "BODY_TOO_LARGE")),
    ("B76 sealed by another", put(f"{FILE}/manifest", manifest(key=HUB_KEY)),
     (403, "SIGNATURE_INVALID")),
    ("B85 another sender's", put(f"{FILE}/manifest", Sender("ACQ-990200").file([])[0]),
     (403, "PARTICIPANT_MISMATCH")),
    ("another name than its address", put("files/F-9/manifest", manifest()),
     (422, "UPLOAD_MANIFEST")),
    ("no link of the chain", put(f"{FILE}/manifest", manifest(previous_manifest_sha256="0" * 64)),
     (409, "FILE_CHAIN")),
]  # fmt: skip


def test_a_bad_request_is_refused_and_changes_nothing(hub: ServedHub) -> None:
    before = state(hub)
    for what, ask, expected in BAD_REQUESTS:
        assert told(ask(member(hub))) == told(ask(member(hub))) == expected, what
        assert state(hub) == before, what


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


BAD_FILES: list[tuple[str, bytes, dict[str, object], str]] = [
    ("B73 no bytes", b"", {}, "FILE_EMPTY"),
    ("B73 no lines, rows told", packed(b""), {}, "FILE_COUNT"),
    ("B74 cut", GOOD[:-9], {}, "FILE_TRUNCATED"),
    ("B75 another count", GOOD, {"rows": 3}, "FILE_COUNT"),
    ("B75 another sum", GOOD, {"delta_sum_fen": 1}, "FILE_SUM"),
    ("B75 another hash", GOOD, {"data_sha256": "0" * 64}, "FILE_CHECKSUM"),
    ("B77 UTF-16", packed("{}\n".encode("utf-16")), {}, "FILE_ENCODING"),
    ("B81 a bomb", SMALL_BOMB, {}, "FILE_EXPANDS_TOO_MUCH"),
    ("B81 packed twice", packed(GOOD), {}, "FILE_TYPE"),
    ("B81 a zip", b"PK\x03\x04" + b"\0" * 40, {}, "FILE_TYPE"),
    ("B81 Parquet", b"PAR1" + b"\0" * 40, {}, "FILE_TYPE"),
    ("B81 zlib", zlib.compress(b"{}\n"), {}, "FILE_TYPE"),
    ("B81 two streams", GOOD + GOOD, {}, "FILE_TYPE"),
]


def test_a_bad_file_is_refused_whole_and_leaves_nothing(hub: ServedHub) -> None:
    one, before = member(hub), state(hub)
    for what, data, wrong, code in BAD_FILES:
        given: dict[str, object] = {"data": data, "data_sha256": hashlib.sha256(data).hexdigest()}
        sealed, _ = Sender(ACQ).file(RECORDS, **(given | wrong))
        for _ in range(2):
            assert one.ask("PUT", one.at(f"{FILE}/manifest"), sealed).status_code == 200, what
            assert told(one.ask("PUT", one.at(f"{FILE}/data"), data)) == (422, code), what
            assert state(hub) == before, what
    sealed, data = Sender(ACQ).file(RECORDS)
    one.ask("PUT", one.at(f"{FILE}/manifest"), sealed)
    assert one.ask("PUT", one.at(f"{FILE}/data"), data).json()["state"] == "booked"


def test_more_than_a_file_may_have_is_refused_as_it_comes(hub: ServedHub) -> None:
    one = member(hub)
    sealed, data = Sender(ACQ).file(RECORDS)
    one.ask("PUT", one.at(f"{FILE}/manifest"), sealed)
    least = msgspec.structs.replace(hub.desks.desk.rules.file, data_bytes_max=100)
    object.__setattr__(hub.desks.desk.rules, "file", least)
    try:
        span = f"bytes 0-9/{len(data)}"
        answer = one.ask("PUT", one.at(f"{FILE}/data"), data[:10], Content_Range=span)
        assert told(answer) == (413, "FILE_TOO_LARGE")
        answer = one.ask("PUT", one.at(f"{FILE}/data"), data, believe=False)
        assert told(answer) == (413, "BODY_TOO_LARGE")
        assert one.ask("GET", one.at(FILE)).json()["have_bytes"] == 0
        short = one.ask("PUT", one.at(f"{FILE}/data"), data[:5], Content_Range="bytes 0-9/90")
        assert told(short) == (409, "UPLOAD_RANGE")
    finally:
        restored = msgspec.structs.replace(least, data_bytes_max=67_108_864)
        object.__setattr__(hub.desks.desk.rules, "file", restored)


def test_a_signature_is_good_once_also_after_a_restart(hub: ServedHub, tmp_path: Path) -> None:
    one = member(hub)
    path = one.at("letters")
    fields, _ = one.signed("GET", path, {}, nonce="0123456789abcdef")
    assert requests.get(one.address + path, headers=fields, timeout=30).status_code == 200
    assert told(requests.get(one.address + path, headers=fields, timeout=30))[1] == "HTTP_REPLAY"
    with open_hub_site(hub.database, tmp_path / "other") as again:
        host = one.address.removeprefix("http://")
        asked = requests.get(again.address + path, headers=fields | {"Host": host}, timeout=30)
        assert told(asked) == (401, "HTTP_REPLAY")


def test_who_asks_too_often_waits_and_nobody_uses_up_anothers(
    database: Database, tmp_path: Path
) -> None:
    few = HubLimits(burst=3, a_second=0.001, strangers_burst=2, strangers_a_second=0.001)
    with open_hub_site(database, tmp_path, few) as hub:
        one, other = member(hub), member(hub, "b")
        other.member = "ACQ-990200"
        codes = [told(unsigned(one))[1] for _ in range(3)]
        assert codes == ["HTTP_UNSIGNED", "HTTP_UNSIGNED", "TOO_MANY_REQUESTS"]
        for path in ("/v1/about", "/v1/health"):
            assert told(requests.get(hub.address + path, timeout=30))[0] == 429
        assert [one.ask("GET", one.at("letters")).status_code for _ in range(3)] == [200] * 3
        late = one.ask("GET", one.at("letters"), believe=False)
        assert told(late) == (429, "TOO_MANY_REQUESTS") and late.headers["retry-after"]
        assert other.ask("GET", other.at("letters")).status_code == 200


def test_books_that_go_away_keep_what_is_here_and_book_it_once(
    hub: ServedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is lost once before the commit, once after it: 503, and then the answer."""
    one, real = member(hub), Hub.receive_file
    fates = iter(["before", "after"])

    def lost(self: Hub, sealed: bytes, data: bytes, received_s: int) -> object:
        fate = next(fates, "")
        if fate == "before":
            raise psycopg.OperationalError("gone")
        found = real(self, sealed, data, received_s)
        if fate == "after":
            raise psycopg.OperationalError("gone")
        return found

    monkeypatch.setattr(Hub, "receive_file", lost)
    sealed, data = Sender(ACQ).file(RECORDS)
    one.ask("PUT", one.at(f"{FILE}/manifest"), sealed)
    for booked in (0, 1):
        answer = one.ask("PUT", one.at(f"{FILE}/data"), data)
        assert told(answer) == (503, "HUB_BUSY") and answer.headers["retry-after"]
        assert hub.rows() == booked
    assert one.ask("GET", one.at(FILE)).json()["state"] == "booked"
    assert one.ask("PUT", one.at(f"{FILE}/data"), data).json()["letter"] == 1
    assert hub.rows() == 1


def test_a_file_at_work_is_left_alone_and_nobody_else_waits(
    hub: ServedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one request books a file, another on it is told to wait, and letters are told. When the
    books were away behind the last piece, that piece again is enough."""
    one, other, real = member(hub), member(hub), ExchangeDesk.take_file
    begun, go_on = threading.Event(), threading.Event()

    def slow(self: ExchangeDesk, sealed: bytes, data: bytes, received_s: int) -> object:
        if begun.is_set():
            return real(self, sealed, data, received_s)
        begun.set()
        go_on.wait(20)
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(ExchangeDesk, "take_file", slow)
    sealed, data = Sender(ACQ).file(RECORDS)
    half, size = len(data) // 2, len(data)
    path = one.at(f"{FILE}/data")
    one.ask("PUT", one.at(f"{FILE}/manifest"), sealed)
    one.ask("PUT", path, data[:half], Content_Range=f"bytes 0-{half - 1}/{size}")
    span, found = f"bytes {half}-{size - 1}/{size}", []
    last = threading.Thread(
        target=lambda: found.append(one.ask("PUT", path, data[half:], Content_Range=span))
    )
    last.start()
    assert begun.wait(20)
    assert told(other.ask("PUT", path, data[half:], Content_Range=span)) == (503, "UPLOAD_BUSY")
    assert other.letters() == []
    go_on.set()
    last.join()
    assert told(found[0]) == (503, "HUB_BUSY")
    assert one.ask("GET", one.at(FILE)).json()["have_bytes"] == size
    assert one.ask("PUT", path, data[half:], Content_Range=span).json()["state"] == "booked"


def test_a_file_nobody_goes_on_with_is_cleared_away(hub: ServedHub) -> None:
    """Sixteen at most, and after a day those that rest make room."""
    one = member(hub)
    for number in range(17):
        name = f"F-{number}"
        sealed, _ = Sender(ACQ).file(RECORDS, file_id=name)
        answer = one.ask("PUT", one.at(f"files/{name}/manifest"), sealed)
        assert answer.status_code == (200 if number < 16 else 409)
    assert told(answer) == (409, "UPLOAD_MANY")
    for path in hub.folder.glob("*/*/*"):
        os.utime(path, (NOON_S - 90_000, NOON_S - 90_000))
        os.utime(path.parent, (NOON_S - 90_000, NOON_S - 90_000))
    assert one.ask("PUT", one.at(f"files/{name}/manifest"), sealed).status_code == 200
    assert len(list(hub.folder.glob("*/*"))) == 1
