"""The counter where members hand in files and fetch letters.

Safe to call from many threads: files wait for one another, and the rest, on a connection of its
own, waits for no file. A database that went away raises, and is opened anew by the next call. An
answer is given only after the commit that it speaks of.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from tongxing.hub.cases.desk import CaseDesk
from tongxing.hub.exchange import letters as letter_table
from tongxing.hub.exchange.letters import Booked
from tongxing.hub.exchange.registers import RegisterCounter
from tongxing.hub.files import Cover, read_cover
from tongxing.hub.keys import OwnKey, keys_in_force, own_keys, own_ring_of
from tongxing.hub.registers import RegisterDesk
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.service import Hub
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import files as file_table
from tongxing.hub.store import members as member_table
from tongxing.hub.windows import window_of
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import CaseFile, KeyRing, unseal
from tongxing.messages.letters import Letter, LetterPage
from tongxing.messages.register_pages import KeptRegister, RegisterPage
from tongxing.signed_http import HttpKey
from tongxing.storage import Database, migrate
from tongxing.storage.database import Connection

PAGE_MOST = 200
_NONCES_KEPT_S = 1_800
_WAITING_MOST = 32


class ExchangeDesk:
    """The counter. `open_hub` opens the clearing house over `database` and is called again when the
    connection was lost. `key` is the hub's own (or its keys), `trusted` knows who signs manifests
    and cases."""

    def __init__(
        self,
        database: Database,
        open_hub: Callable[[], Hub],
        key: OwnKey,
        trusted: KeyRing,
        rules: Rulebook,
        schema: str = "hub",
    ) -> None:
        self.rules = rules
        self._database, self._schema = database, schema
        self._key, self._trusted = own_keys(key), trusted
        self._open_hub = open_hub
        self._hub: Hub | None = None
        self._cases: HubStore | None = None
        self._connection: Connection | None = None
        self._hub_turn, self._turn = threading.Lock(), threading.Lock()
        self._waiting = threading.BoundedSemaphore(_WAITING_MOST)
        self.registers = RegisterCounter(self._reading, self._take_register, trusted)
        with self._changing():
            pass

    def close(self) -> None:
        """Let go of both connections."""
        for one in (self._hub, self._cases, self._connection):
            if one is not None:
                one.close()

    @property
    def name(self) -> str:
        """What the hub is called."""
        return self._key.first.sender

    def own_key(self, now_s: int) -> HttpKey:
        """The key that signs what is said now. Raises Problem(HUB_KEY_MISSING)."""
        with self._changing() as cursor:
            known = keys_in_force(cursor, self._key)
        due = known.key_of(window_of(now_s, self.rules))
        return HttpKey(known.called(due), self._key.private(due).private)

    def public_keys(self) -> str:
        """The hub's public keys, as `hub.vkey` holds them."""
        with self._changing() as cursor:
            return keys_in_force(cursor, self._key).text

    def use_signature(self, key_id: str, nonce: str, now_s: int) -> Refusal | None:
        """Note that a request's signature was used. Refuses HTTP_REPLAY and HUB_BUSY."""
        with self._changing() as cursor:
            fresh = letter_table.use_signature(cursor, key_id, nonce, now_s, _NONCES_KEPT_S)
        return None if fresh else Refusal("HTTP_REPLAY")

    def check_manifest(self, member: str, file_id: str, content: bytes) -> Refusal | None:
        """Why a manifest is not one of this member for this file.

        Refuses what `read_cover` does, PARTICIPANT_MISMATCH (another sender), UPLOAD_MANIFEST
        (another file), FILE_ID_CONFLICT when another file is booked under the id, and FILE_CHAIN
        when it does not follow the last one that is.
        """
        cover = read_cover(content, self.rules.file, self._trusted)
        if isinstance(cover, Refusal):
            return cover
        if (
            other := _other_file(cover.sender, cover.manifest.file_id, member, file_id)
        ) is not None:
            return other
        known = self.booked(member, file_id)
        if known is not None and known.manifest_sha256 != cover.sha256:
            return Refusal("FILE_ID_CONFLICT", file_id, {"file_id": file_id})
        return None if known is not None else self._off_chain(cover)

    def take_file(self, manifest: bytes, data: bytes, received_s: int) -> bytes | Refusal:
        """The sealed verdicts on a file, once they are booked.

        Refuses what `Hub.receive_file` does, and HUB_BUSY when too many wait.
        """
        with self._turn_of_house() as is_free:
            return self._taken(manifest, data, received_s) if is_free else Refusal("HUB_BUSY")

    def take_case_file(
        self, member: str, file_id: str, message: bytes, received_s: int
    ) -> bytes | Refusal:
        """The sealed answers to a case file of this member under this name, once they are booked.

        Refuses what `CaseDesk.receive` does, PARTICIPANT_MISMATCH, UPLOAD_MANIFEST, and HUB_BUSY
        when too many wait.
        """
        opened = unseal(message, CaseFile, self._trusted)
        if isinstance(opened, Refusal):
            return opened
        if (other := _other_file(opened[0], opened[1].file_id, member, file_id)) is not None:
            return other
        with self._turn_of_house() as is_free:
            return self._case_taken(message, received_s) if is_free else Refusal("HUB_BUSY")

    def booked(self, member: str, file_id: str) -> Booked | None:
        """A file that is in the books; None for one that is not."""
        with self._reading() as cursor:
            return letter_table.booked_file(cursor, member, file_id)

    def letters(self, member: str, after: int) -> LetterPage | Refusal:
        """What was handed out to a member after a number, at most `PAGE_MOST` of it. Refuses
        MEMBER_UNKNOWN."""
        with self._reading() as cursor:
            if member not in member_table.load_members(cursor):
                return Refusal("MEMBER_UNKNOWN", values={"member": member})
            found, last = letter_table.letters_after(cursor, member, after, PAGE_MOST)
            away = member in member_table.suspended_members(cursor)
        return LetterPage(member=member, suspended=away, last=last, letters=found)

    def letter(self, member: str, number: int) -> Letter | Refusal:
        """One of them. Refuses LETTER_UNKNOWN."""
        with self._reading() as cursor:
            found = letter_table.find_letter(cursor, member, number)
        return found or Refusal("LETTER_UNKNOWN", values={"number": number})

    def content(self, member: str, number: int, start: int, most: int) -> bytes:
        """Bytes of a letter that is there."""
        with self._reading() as cursor:
            return letter_table.content_of(cursor, member, number, start, most)

    def is_well(self) -> bool:
        """Whether the books can be read."""
        try:
            with self._reading() as cursor:
                cursor.execute("SELECT 1")
        except (psycopg.OperationalError, Problem):
            return False
        return True

    def _off_chain(self, cover: Cover) -> Refusal | None:
        with self._reading() as cursor:
            _, last = file_table.end_of_chain(cursor, cover.sender)
        found = cover.manifest.previous_manifest_sha256
        if found == last:
            return None
        values = {"expected": last or "-", "found": found or "-"}
        return Refusal("FILE_CHAIN", cover.manifest.file_id, values)

    def _taken(self, manifest: bytes, data: bytes, received_s: int) -> bytes | Refusal:
        if self._hub is None:
            self._hub = self._open_hub()
        try:
            return self._hub.receive_file(manifest, data, received_s)
        except psycopg.OperationalError:
            self._hub.close()
            self._hub = None
            raise

    def _case_taken(self, message: bytes, received_s: int) -> bytes | Refusal:
        with self._store_of_desks() as store:
            desk = CaseDesk(store, self._key, self._trusted, self.rules)
            return desk.receive(message, received_s)

    def _take_register(self, message: bytes, received_s: int) -> Refusal | None:
        """Take a register. Refuses what `RegisterDesk.take` does, and HUB_BUSY."""
        with self._turn_of_house() as is_free:
            if not is_free:
                return Refusal("HUB_BUSY")
            with self._store_of_desks() as store:
                own = own_ring_of(store, self._key)
                taken = RegisterDesk(store, self._trusted, own).take(message, received_s)
        return taken if isinstance(taken, Refusal) else None

    @contextmanager
    def _turn_of_house(self) -> Iterator[bool]:
        """One after the other; False, at once, where too many wait already."""
        if not self._waiting.acquire(blocking=False):
            yield False
            return
        try:
            with self._hub_turn:
                yield True
        finally:
            self._waiting.release()

    @contextmanager
    def _store_of_desks(self) -> Iterator[HubStore]:
        """The books as the desks use them; opened anew after the connection was lost."""
        if self._cases is None:
            self._cases = HubStore(self._database, self._schema)
        try:
            yield self._cases
        except psycopg.OperationalError:
            self._cases.close()
            self._cases = None
            raise

    @contextmanager
    def _changing(self) -> Iterator[Cursor]:
        """A transaction beside those of the hub: it waits for none of them."""
        with (
            self._turn,
            self._opened() as connection,
            connection.transaction(),
            connection.cursor() as cursor,
        ):
            yield cursor

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        with self._changing() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield cursor

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        if self._connection is None:
            HubStore(self._database, self._schema).close()  # the hub's own tables come first
            self._connection = self._database.connect(self._schema)
            migrate(self._connection, letter_table.COMPONENT, letter_table.MIGRATIONS)
            self._connection.commit()
        try:
            yield self._connection
        except psycopg.OperationalError:
            self._connection.close()
            self._connection = None
            raise


def _other_file(sender: str, found: str, member: str, file_id: str) -> Refusal | None:
    """Why what came is not this member's file of this name."""
    if sender != member:
        return Refusal("PARTICIPANT_MISMATCH", file_id, {"named": sender, "expected": member})
    return None if found == file_id else Refusal("UPLOAD_MANIFEST", file_id)


class MemberLine:
    """The counter as one member reaches it from within this process: what `city.hub_line` is over
    HTTPS, without the line."""

    def __init__(self, desk: ExchangeDesk, member: str, clock: Callable[[], int]) -> None:
        self._desk, self._member, self._clock = desk, member, clock

    def send(self, file_id: str, manifest: bytes, data: bytes) -> bytes | Refusal:
        """Hand a file in; the sealed verdicts."""
        refusal = self._desk.check_manifest(self._member, file_id, manifest)
        return refusal or self._desk.take_file(manifest, data, self._clock())

    def letters(self, after: int) -> LetterPage | Refusal:
        """What was handed out since."""
        return self._desk.letters(self._member, after)

    def fetch(self, letter: Letter) -> bytes | Refusal:
        """The bytes of a letter."""
        return self._desk.content(self._member, letter.number, 0, letter.bytes)

    def send_register(self, kind: str, version: int, message: bytes) -> KeptRegister | Refusal:
        """Hand a sealed register in."""
        body = self._desk.registers.body_of(self._member, kind, message)
        if isinstance(body, Refusal):
            return body
        name = (kind, self._member, version)
        return self._desk.registers.take(name, message, self._clock())

    def registers(self, after: int) -> RegisterPage | Refusal:
        """The registers that are new since."""
        return self._desk.registers.listed(self._member, after)

    def fetch_register(self, register: KeptRegister) -> bytes | Refusal:
        """The bytes of a register."""
        return self._desk.registers.content(register.number, 0, register.bytes)
