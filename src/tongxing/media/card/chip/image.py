"""What a card remembers without power: files, keys, counters, money, and proofs of the last deals.

An image is a value. A command that changes the card makes a new image, and the store takes it whole
or not at all; parts that did not change are shared between the two. Nothing here lives only while
the card has power. Keys, PINs and the contents of files never show in a repr.
"""

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec
from msgspec.structs import replace

Scheme = Literal["t_union", "city_union"]
Access = Literal["never", "free", "authenticated", "coded", "enciphered"]
"""Who may write a file by UPDATE and APPEND: nobody; anybody; who has proven to know a key (UK);
who adds a code under the maintenance key (DAMK); who also enciphers under it."""

IN_USE, BLOCKED, BLOCKED_FOR_EVER = 0, 1, 2
KEY_TRIES = 3
"""Wrong codes in a row until a key or PIN is locked."""


class Binary(msgspec.Struct, frozen=True, tag="binary"):
    """A file of bytes."""

    sfi: int
    data: bytes
    access: Access = "coded"

    def __repr__(self) -> str:
        return f"Binary({self.sfi:02X}, {len(self.data)} bytes)"


class Ring(msgspec.Struct, frozen=True, tag="ring"):
    """A file of `capacity` records of `size` bytes; the newest is record 1, the oldest falls out.

    `by_purchase` files are written within a composite purchase.
    """

    sfi: int
    size: int
    capacity: int
    records: tuple[bytes, ...] = ()
    access: Access = "never"
    by_purchase: bool = False

    def __repr__(self) -> str:
        return f"Ring({self.sfi:02X}, {len(self.records)} records)"


class Variable(msgspec.Struct, frozen=True, tag="variable"):
    """A file of at most `capacity` records that are found by number or by id.

    The first `head` bytes of a record stay as they are for good; the byte at `id_at` is its id.
    Where the head goes on after the id, its last byte counts the bytes that follow it.
    """

    sfi: int
    capacity: int
    records: tuple[bytes, ...] = ()
    id_at: int = 1
    head: int = 3
    access: Access = "coded"
    by_purchase: bool = True

    def __repr__(self) -> str:
        return f"Variable({self.sfi:02X}, {len(self.records)} records)"

    def position(self, record_id: int) -> int | None:
        """Where the first record of this id (one byte) lies, from 0."""
        for position, record in enumerate(self.records):
            if record[self.id_at] == record_id:
                return position
        return None

    def is_record(self, data: bytes) -> bool:
        """Whether these bytes are one whole record, its length byte included."""
        if len(data) < self.head:
            return False
        counts = self.head > self.id_at + 1
        return not counts or data[self.head - 1] == len(data) - self.head


File = Binary | Ring | Variable


class CardKey(msgspec.Struct, frozen=True):
    """A key of 16 bytes by its use and index; `wrong` codes in a row have been seen under it."""

    use: str
    index: int
    version: int
    algorithm: int
    value: bytes
    wrong: int = 0

    @property
    def locked(self) -> bool:
        """Whether too many wrong codes were seen: the key answers no more."""
        return self.wrong >= KEY_TRIES

    def __repr__(self) -> str:
        return f"CardKey({self.use} {self.index:02X})"


class Pin(msgspec.Struct, frozen=True):
    """A PIN of 2 to 6 bytes under its key id."""

    index: int
    value: bytes
    wrong: int = 0

    @property
    def left(self) -> int:
        """Tries left."""
        return max(KEY_TRIES - self.wrong, 0)

    def __repr__(self) -> str:
        return f"Pin({self.index:02X})"


class Proof(msgspec.Struct, frozen=True):
    """What GET TRANSACTION PROVE tells of a deal: its type, the counter after it, two codes."""

    kind: int
    counter: int
    mac2: bytes
    tac: bytes


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """What issuers decide differently. Amounts in fen.

    `counts_zero`/`logs_zero`: whether a debit of nothing raises the counter and writes a line to
    the log; what is not counted leaves no proof either, for its counter belongs to the next one.
    `pin_for_load`: INITIALIZE FOR LOAD wants a verified PIN. `code_in_mac1`: MAC1 covers the
    9-byte security code too (City Union). `select_blocked` is what SELECT of a blocked application
    answers: 6A81, or 6283 with its FCI. `fci_names` puts label and priority into the FCI.
    """

    balance_max_fen: int = 100_000
    load_max_fen: int = 50_000
    counts_zero: bool = True
    logs_zero: bool = True
    pin_for_load: bool = False
    code_in_mac1: bool = False
    select_blocked: int = 0x6A81
    fci_names: bool = False


class Application(msgspec.Struct, frozen=True):
    """One purse application: its names, files and keys, its two counters, its last proofs.

    `purse` is the place of its money among the card's purses; two applications may share one.
    `loads` and `purchases` are the counters before the next deal. Record logs: `load_log` and
    `purchase_log` name the files.
    """

    aid: bytes
    file_id: int
    scheme: Scheme
    label: str
    priority: int
    files: tuple[File, ...]
    keys: tuple[CardKey, ...]
    pins: tuple[Pin, ...]
    switches: Switches
    purse: int = 0
    loads: int = 0
    purchases: int = 0
    load_log: int = 0x18
    purchase_log: int = 0x18
    load_proof: Proof | None = None
    purchase_proof: Proof | None = None
    state: int = IN_USE
    security_code: bytes = b""

    def __repr__(self) -> str:
        return f"Application({self.aid.hex()}, {len(self.files)} files, {len(self.keys)} keys)"

    def file(self, sfi: int) -> File | None:
        """The file of a short id."""
        return next((file for file in self.files if file.sfi == sfi), None)

    def key(self, use: str, index: int) -> CardKey | None:
        """The key of a use under its index."""
        for key in self.keys:
            if key.index == index and key.use == use:
                return key
        return None

    def maintenance_key(self) -> CardKey | None:
        """The key that protects commands: the DAMK of the lowest index."""
        found = [key for key in self.keys if key.use == "DAMK"]
        return min(found, key=lambda key: key.index, default=None)

    def pin(self, index: int) -> Pin | None:
        """The PIN of a key id."""
        return next((pin for pin in self.pins if pin.index == index), None)


class CardImage(msgspec.Struct, frozen=True):
    """A whole card. `purses` are balances in fen; `files` are those of the MF."""

    applications: tuple[Application, ...]
    purses: tuple[int, ...]
    files: tuple[Binary | Variable, ...] = ()
    blocked: bool = False

    @property
    def shares_money(self) -> bool:
        """Whether several applications spend from one purse."""
        return len(self.applications) > len(self.purses)

    def with_application(self, place: int, application: Application) -> "CardImage":
        """The card with one application replaced."""
        return replace(self, applications=put(self.applications, place, application))


Item = TypeVar("Item")


def put(items: tuple[Item, ...], place: int, item: Item) -> tuple[Item, ...]:
    """The items with the one at `place` replaced."""
    return (*items[:place], item, *items[place + 1 :])


def swap(items: tuple[Item, ...], same: Callable[[Item], bool], item: Item) -> tuple[Item, ...]:
    """The items with the first that is the `same` replaced; unchanged when none is."""
    for place, candidate in enumerate(items):
        if same(candidate):
            return put(items, place, item)
    return items
