"""Small things that the hub's tests are made of: two cities, their lines, records, files, a hub.

City A has a metro of two operators and City B a bus of one, so that every sum can be done by hand.
"""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec
from msgspec.structs import replace

from tongxing.fares import CityFares
from tongxing.hub import Hub, HubStore, MemberCity, load_rulebook, members_of
from tongxing.hub.acc import SplitTables
from tongxing.hub.rows import Row, read_row
from tongxing.hub.split import SplitBasis, SplitLeg, Stretch, line_basis, path_basis
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    HUB_SENDER,
    KeyRing,
    Manifest,
    Record,
    SigningKey,
    TapRef,
    VerdictFile,
    seal,
    unseal,
)
from tongxing.messages.records import How
from tongxing.storage import Database

A, B = "990100", "990200"
DAY = date(2026, 3, 17)
RULES = load_rulebook()
TARIFF = "T1"

MEMBERS = members_of(
    [MemberCity(A, "甲市", "City A", acquires=True), MemberCity(B, "乙市", "City B", acquires=True)]
)
BY_ID = {member.member_id: member for member in MEMBERS}

HUB_KEY = SigningKey.from_secret(HUB_SENDER, b"h" * 32)
KEYS_OF = {
    name: SigningKey.from_secret(name, sha256_hex(name.encode())[:32].encode())
    for name in ("ACQ-990100", "ACQ-990200", "ACQ-990300", "ISS-990100")
}
TRUSTED = KeyRing({name: key.public_bytes() for name, key in KEYS_OF.items()})
HUB_KEYS = KeyRing({HUB_SENDER: HUB_KEY.public_bytes()})

# Paths of City A by station pair: metres per operator, and the fare before relief.
PATHS = {
    ("S1", "S9"): ((("M1", "OP1", 6_000), ("M2", "OP2", 4_000)), 500),
    ("S2", "S8"): ((("M1", "OP1", 8_200), ("M2", "OP2", 1_800)), 400),
    ("S1", "S5"): ((("M1", "OP1", 3_000),), 300),
}
LINES = {A: {"M1": ("rail", "OP1"), "M2": ("rail", "OP2")}, B: {"B1": ("bus", "OP3")}}
HIGHEST_FEN = 900
FLAT_FEN = 200


@dataclass
class PlainGround:
    """The two cities as a `Ground`. `closed` are (scheme, place) pairs where nothing is accepted,
    with the reason why."""

    closed: dict[tuple[str, str], str] = field(default_factory=dict)

    def operators(self, record: Record) -> frozenset[str]:
        mode, operator = LINES.get(record.city, {}).get(record.line, ("", ""))
        return frozenset({operator}) if mode == record.mode else frozenset()

    def acceptance(self, record: Record, issuer_city: str, on: date) -> str:
        return self.closed.get((record.scheme, record.place), "")

    def tariff_name(self, record: Record) -> str:
        return TARIFF

    def fare_fen(self, record: Record) -> int | None:
        if record.how == "missing_exit" and not record.origin:
            return None
        if record.how in ("missing_exit", "missing_entry"):
            return HIGHEST_FEN
        if record.mode == "bus":
            return FLAT_FEN
        known = PATHS.get((record.origin, record.destination))
        return HIGHEST_FEN if known is None else known[1]

    def highest_charge_fen(self, record: Record) -> int | None:
        return self.fare_fen(record)

    def charge_fen(self, record: Record) -> int | None:
        return None

    def split_basis(self, record: Record) -> SplitBasis:
        known = PATHS.get((record.origin, record.destination))
        if known is None or record.how in ("missing_exit", "missing_entry"):
            return line_basis(record.city, TARIFF, record.line, record.operator)
        leg = SplitLeg("metro", known[1], tuple(Stretch(*part) for part in known[0]))
        return path_basis(record.city, TARIFF, record.origin, record.destination, (leg,))

    def with_published(self, tables: SplitTables, fares: CityFares | None) -> "PlainGround":
        return self


def ride(
    trip: str,
    issuer: str = A,
    where: str = "S1-S9",
    charge_fen: int = 450,
    *,
    how: How = "both_taps",
    day: date = DAY,
    hour: int = 8,
) -> Record:
    """The first revision of a trip: ``S1-S9`` by City A's metro, or ``bus`` in City B."""
    is_bus = where == "bus"
    city = B if is_bus else A
    origin, _, destination = ("B1-1", "", "") if is_bus else where.partition("-")
    entered_s = at(day, hour)
    terminal = f"G-{city}-{trip}"
    single = is_bus or how in ("missing_exit", "missing_entry")
    fare_fen = FLAT_FEN if is_bus else PATHS.get((origin, destination), ((), HIGHEST_FEN))[1]
    if how in ("missing_exit", "missing_entry"):
        fare_fen = HIGHEST_FEN
    return Record(
        record_id=f"{trip}.1",
        trip_id=trip,
        revision=1,
        acquirer=f"ACQ-{city}",
        issuer=f"ISS-{issuer}",
        medium_no=f"31049900000000{len(trip):05d}",
        medium_kind="card",
        scheme="t_union",
        funding="purse",
        city=city,
        place=city,
        mode="bus" if is_bus else "rail",
        operator="OP3" if is_bus else "OP1",
        line="B1" if is_bus else "M1",
        origin="" if how == "missing_entry" else origin,
        destination="" if how == "missing_exit" else destination,
        entered_s=entered_s,
        exited_s=entered_s if single else entered_s + 1_800,
        how="single_tap" if is_bus else how,
        fare_fen=fare_fen,
        charge_fen=charge_fen,
        delta_fen=charge_fen,
        tariff=TARIFF,
        deny_list_version=1,
        taps=[TapRef(terminal, 1, 1)] if single else [TapRef(terminal, 1, n) for n in (1, 2)],
    )


def revised(record: Record, charge_fen: int, **changes: object) -> Record:
    """The next revision of a record, with another charge and whatever else changed."""
    return replace(
        record,
        record_id=f"{record.trip_id}.{record.revision + 1}",
        revision=record.revision + 1,
        charge_fen=charge_fen,
        delta_fen=charge_fen - record.charge_fen,
        **changes,
    )


def void(record: Record) -> Record:
    """The revision that withdraws a record's trip."""
    return revised(record, 0, fare_fen=0, how="void")


def encoded(record: Record) -> bytes:
    return msgspec.json.encode(record, order="deterministic")


def rows_of(records: Iterable[Record]) -> list[Row]:
    """Records as rows of one file, read from their lines and numbered from 1."""
    longest = RULES.file.line_bytes_max
    return [
        read_row(number, encoded(item), longest) for number, item in enumerate(records, start=1)
    ]


@dataclass
class Sender:
    """An acquirer that makes record files and remembers its chain of manifests."""

    member: str
    files: int = 0
    last: str = ""

    def file(
        self, records: Sequence[Record] = (), lines: Sequence[bytes] = (), **wrong: object
    ) -> tuple[bytes, bytes]:
        """The next file of the chain: sealed manifest and data. `lines` are added as they are;
        `wrong` overrides manifest fields, or `key`, `data` and `file_id`."""
        content = [*(encoded(record) for record in records), *lines]
        data = wrong.pop("data", None)
        if not isinstance(data, bytes):
            data = gzip.compress(b"".join(line + b"\n" for line in content), mtime=0)
        key = wrong.pop("key", KEYS_OF[self.member])
        assert isinstance(key, SigningKey)
        manifest = Manifest(
            file_id=f"{self.member}-{self.files + 1:04d}",
            sender=self.member,
            created_s=at(DAY, 27),
            rows=len(content),
            delta_sum_fen=sum(record.delta_fen for record in records),
            data_sha256=sha256_hex(data),
            previous_manifest_sha256=self.last,
        )
        return seal(replace(manifest, **wrong), key), data

    def took(self, manifest: bytes) -> None:
        """Note that the hub has taken a file: the next one follows it."""
        self.files, self.last = self.files + 1, sha256_hex(manifest)


@dataclass
class World:
    """A hub over a real database, and the senders that feed it."""

    hub: Hub
    store: HubStore
    ground: PlainGround
    senders: dict[str, Sender]

    def present(self, records: Sequence[Record], received_s: int) -> VerdictFile:
        """One file per acquirer, taken at `received_s`; the verdicts of the last one."""
        answer: VerdictFile | None = None
        for member in sorted({record.acquirer for record in records}):
            own = [record for record in records if record.acquirer == member]
            manifest, data = self.senders[member].file(own)
            answer = opened(self.hub.receive_file(manifest, data, received_s))
            self.senders[member].took(manifest)
        assert answer is not None
        return answer


def opened(answer: bytes | Refusal) -> VerdictFile:
    """The verdict file of an answer, its signature checked."""
    assert isinstance(answer, bytes), answer
    found = unseal(answer, VerdictFile, HUB_KEYS)
    assert not isinstance(found, Refusal)
    assert found[0] == HUB_SENDER
    return found[1]


def make_world(database: Database, schema: str = "hub") -> World:
    """A hub with its members enrolled, in a schema of the database."""
    store, ground = HubStore(database, schema), PlainGround()
    hub = Hub(store, HUB_KEY, TRUSTED, RULES, ground)
    assert hub.enrol(MEMBERS, at(DAY)) is None
    return World(hub, store, ground, {name: Sender(name) for name in KEYS_OF})


def verdicts(answer: VerdictFile) -> dict[str, str]:
    """Status and code by record: ``{"t1.1": "accepted 0000"}``."""
    return {item.record_id: f"{item.status} {item.code}" for item in answer.verdicts}
