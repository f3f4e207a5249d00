"""The kit for members: our own city passes it, and each fault put into it is caught."""

import gzip
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests
from member_bench import Bench, port_of, tried
from stranger_member import StrangerMember

from tongxing.city import City
from tongxing.city.hub_line import Dealt, HttpLine, HubDealings, RegisterDealings
from tongxing.city.hub_line import dealing as dealing_module
from tongxing.city.hub_line.http_line import _Told
from tongxing.city.hub_line.registers import RegistersDealt
from tongxing.city.hub_line.store import LetterBook
from tongxing.city.store.exchange import write_statement
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Manifest, SigningKey, Statement, seal
from tongxing.messages.register_pages import KeptRegister
from tongxing.messages.registers import CardRegister, LossRegister
from tongxing.signed_http import Request
from tongxing.storage import Database


@pytest.fixture
def bench(city_database: Database) -> Iterator[Bench]:
    found = Bench(city_database)
    yield found
    found.close()


@pytest.mark.req("R-200")
def test_our_own_city_passes_every_case(bench: Bench) -> None:
    """All cases against a real city over real lines: some seconds, one of them the hub's own."""
    with port_of(bench) as address:
        results = tried(address)
    failed = [(one.case, one.difference) for one in results if one.verdict != "pass"]
    assert failed == []


def test_a_stranger_that_knows_the_pages_alone_passes_every_case() -> None:
    with port_of(StrangerMember()) as address:
        results = tried(address)
    failed = [(one.case, one.difference) for one in results if one.verdict != "pass"]
    assert failed == []


class Believing(HttpLine):
    """Takes whatever answers for the hub."""

    def _believed(self, asked: Request, answer: requests.Response, body: bytes) -> Any:
        told = super()._believed(asked, answer, body)
        if not isinstance(told, Refusal) or answer.status_code >= 400:
            return told
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return _Told(answer.status_code, body, headers)


class OneNonce(HttpLine):
    """Signs everything with one nonce."""

    def __init__(self, *args: Any) -> None:
        hub, member, key, clock, _, wait, tries = args
        super().__init__(hub, member, key, clock, lambda size: b"n" * size, wait, tries)


class Hasty(HttpLine):
    """Waits for nobody."""

    def __init__(self, *args: Any) -> None:
        *rest, _, tries = args
        super().__init__(*rest, lambda _: None, tries)


class Anew(HubDealings):
    """Makes a file anew each time that it goes."""

    def send(self, now_s: int) -> Dealt:
        member = self.members[0]
        line, number = self._lines[member], itertools.count()

        class Again:
            def send(self, file_id: str, manifest: bytes, data: bytes) -> bytes | Refusal:
                packed = gzip.compress(
                    gzip.decompress(data), 1 + next(MADE) % 9, mtime=next(number)
                )
                opened = msgspec.msgpack.decode(manifest)
                body = msgspec.json.decode(opened[3]) | {"data_sha256": sha256_hex(packed)}
                made = seal(msgspec.convert(body, Manifest), self_key(line))
                return line.send(file_id, made, packed)

        self._lines = {**self._lines, member: Again()}
        try:
            return super().send(now_s)
        finally:
            self._lines = {**self._lines, member: line}


MADE = itertools.count()


def self_key(line: Any) -> SigningKey:
    return SigningKey("ACQ-500000", line._key.private)


class Silent(HubDealings):
    """Tells nobody."""

    def send(self, now_s: int) -> Dealt:
        found = super().send(now_s)
        found.refusals.clear()
        return found

    def fetch(self, now_s: int) -> Dealt:
        found = super().fetch(now_s)
        found.refusals.clear()
        return found


class Trusting(HubDealings):
    """Books a statement without a look at its own books, or at whose it is."""

    def __init__(self, city: City, letters: LetterBook, lines: Any, registers: Any) -> None:
        super().__init__(city, letters, lines, registers)
        self._books = {**self._books, "statement": self._anyhow}

    def _anyhow(self, content: bytes, now_s: int) -> Refusal | None:
        body = msgspec.json.decode(msgspec.msgpack.decode(content)[3], type=Statement)
        with self._city._transaction() as cursor:
            write_statement(cursor, body)
        return None


class Forgetful(HubDealings):
    """Tries to book a letter once and never again, in order of number."""

    def fetch(self, now_s: int) -> Dealt:
        real = dealing_module._turn
        dealing_module._turn = lambda letter: (letter.member, letter.number)
        try:
            found = super().fetch(now_s)
        finally:
            dealing_module._turn = real
        for letter in self._letters.waiting():
            self._letters.mark(letter, "kept", letter.why, now_s)
        return found


class Passing(HubDealings):
    """Takes a refused file for done."""

    def send(self, now_s: int) -> Dealt:
        found = super().send(now_s)
        if found.refusals:
            with self._city._transaction() as cursor:
                cursor.execute("UPDATE record_file SET file_code = 'GONE' WHERE file_code IS NULL")
        return found


class Gullible(RegisterDealings):
    """Keeps whatever the list leads to."""

    def _unsound(self, register: KeptRegister, message: bytes) -> Refusal | None:
        return None


class Anyhow(RegisterDealings):
    """Seals a register anew each time that it goes, under the version that it has."""

    def send(self, now_s: int) -> RegistersDealt:
        for one in self._book.waiting():
            opened = msgspec.msgpack.decode(one.message)
            told = msgspec.json.decode(opened[3]) | {"published_s": next(MADE)}
            kind = {"LossRegister": LossRegister, "CardRegister": CardRegister}[one.kind]
            message = seal(msgspec.convert(told, kind), SigningKey(one.owner, self._key.private))
            self._lines[one.owner].send_register(one.kind, one.version, message)
        return super().send(now_s)


class Once(RegisterDealings):
    """Tells of its registers one time and no more."""

    def send(self, now_s: int) -> RegistersDealt:
        told = bool(self.states())
        return RegistersDealt() if told else super().send(now_s)


BROKEN: list[tuple[type[Any], str, str]] = [
    (Believing, "answer-unsigned", "sent.believed"),
    (Believing, "answer-of-a-stranger", "sent.believed"),
    (Believing, "answer-with-a-turned-bit", "sent.believed"),
    (Believing, "list-of-a-stranger", "sent.believed"),
    (OneNonce, "files-one-after-the-other", "sent.nonce"),
    (Hasty, "hub-refuses-for-now", "too_soon"),
    (Anew, "line-cut-before", "sent.other_bytes"),
    (Silent, "hub-refuses-a-file", "nobody_told"),
    (Silent, "hub-away", "nobody_told"),
    (Silent, "statement-wrong-by-a-fen", "nobody_told"),
    (Trusting, "statement-wrong-by-a-fen", "booked_unbelieved"),
    (Trusting, "statement-of-another", "booked_unbelieved"),
    (Forgetful, "letters-permuted", "statement_missing"),
    (Passing, "hub-refuses-a-file", "booked_unbelieved"),
    (Passing, "hub-away", "not_booked"),
    (Gullible, "register-forged", "booked_unbelieved"),
    (Anyhow, "register-line-cut-after", "sent.register_changed"),
    (Once, "registers-handed-in", "register_missing"),
]


@pytest.mark.parametrize(
    ("broken", "case", "what"), BROKEN, ids=lambda one: getattr(one, "__name__", one)
)
def test_a_fault_is_caught(
    city_database: Database, broken: type[Any], case: str, what: str
) -> None:
    kinds = {HttpLine: "line_of", HubDealings: "dealings_of", RegisterDealings: "registers_of"}
    (word,) = (word for kind, word in kinds.items() if issubclass(broken, kind))
    bench = Bench(city_database, **{word: broken})
    with port_of(bench) as address:
        [result] = tried(address, [case])
    bench.close()
    assert result.verdict == "fail" and result.difference is not None, result
    assert result.difference.what == what, result.difference
