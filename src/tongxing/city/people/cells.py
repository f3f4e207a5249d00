"""Cells: single fields of personal data, each sealed by itself, found again by blind indexes.

A cell is AES-256-GCM; its table, field, row and key version are sealed in with it, so that one
moved to another place does not open. A blind index is an HMAC-SHA256 under a key of its domain: a
plain hash of a phone number could be walked through in an hour. Keys have versions: new cells take
the newest, old ones open while their key is there, and once it is destroyed nobody opens them any
more. The keys lie in a sealed file (`keyfile`), never in the database.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tongxing.kernel.reasons import Refusal

Draw = Callable[[int], bytes]
Environment = Literal["test", "prod"]
KEY_BYTES = 32
VERSION_MAX = 65_535
TEST_MARK = b"tongxing test key"
"""How a key for tests begins, so that nobody takes it for a real one."""

_NONCE_BYTES = 12
_VERSION_BYTES = 2


class CellUnreadable(ValueError):
    """A cell that does not open: moved, altered, or its key is gone. Never says what was in it."""


@dataclass(frozen=True, slots=True)
class CellKeys:
    """One version's two keys: for the cells, and for the indexes."""

    cell: bytes = field(repr=False)
    index: bytes = field(repr=False)

    @property
    def is_for_tests(self) -> bool:
        return self.cell.startswith(TEST_MARK) or self.index.startswith(TEST_MARK)


class Cells:
    """Keys by version. The newest seals; all that are there open and index."""

    def __init__(self, keys: Mapping[int, CellKeys], environment: Environment = "test") -> None:
        if not keys or not all(0 < version <= VERSION_MAX for version in keys):
            raise ValueError("keys have versions from 1 to 65535")
        if any(len(part) != KEY_BYTES for one in keys.values() for part in (one.cell, one.index)):
            raise ValueError("a key has 32 bytes")
        self._keys = dict(sorted(keys.items()))
        self._environment = environment

    def __repr__(self) -> str:
        return f"Cells({list(self._keys)}, {self._environment})"

    def __reduce__(self) -> str:
        raise TypeError("keys are not copied or written out")

    @classmethod
    def from_file(cls, path: Path, passphrase: str) -> "Cells | Refusal":
        """The keys of a sealed file; refuses what `keyfile.read_keys` names."""
        from tongxing.city.people.keyfile import read_keys

        return read_keys(path, passphrase)

    @classmethod
    def for_tests(cls, seed: str, versions: int = 1) -> "Cells":
        """Keys that anybody can make again; refused for real people (TEST_KEY_IN_PROD)."""

        def key(part: str, version: int) -> bytes:
            rest = hashlib.sha256(f"{seed}|{part}|{version}".encode()).digest()
            return (TEST_MARK + rest)[:KEY_BYTES]

        return cls({v: CellKeys(key("cell", v), key("index", v)) for v in range(1, versions + 1)})

    @property
    def environment(self) -> Environment:
        return self._environment

    @property
    def version(self) -> int:
        """The version that seals now."""
        return max(self._keys)

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions that are there, oldest first."""
        return tuple(self._keys)

    def keys(self) -> Mapping[int, CellKeys]:
        """The keys themselves, for their file only."""
        return dict(self._keys)

    def rotate(self, draw: Draw) -> "Cells":
        """The same keys and a new version, which seals from now on. First give the new file to
        every program that reads cells, then let `PeopleDesk.reseal` go through the old ones."""
        new = CellKeys(draw(KEY_BYTES), draw(KEY_BYTES))
        return Cells({**self._keys, self.version + 1: new}, self._environment)

    def retire(self) -> "Cells":
        """Only the newest version: whatever is sealed under an older one never opens again."""
        return Cells({self.version: self._keys[self.version]}, self._environment)

    def seal(self, table: str, column: str, row: str, value: str, draw: Draw) -> bytes:
        """A cell: key version (2 bytes), nonce (12 bytes of `draw`), ciphertext with its tag."""
        version, nonce = self.version, draw(_NONCE_BYTES)
        bound = _bound(table, column, row, version)
        sealed = AESGCM(self._keys[version].cell).encrypt(nonce, value.encode(), bound)
        return version.to_bytes(_VERSION_BYTES) + nonce + sealed

    def open(self, table: str, column: str, row: str, cell: bytes) -> str:
        """What is in a cell of this place. Raises CellUnreadable."""
        version = int.from_bytes(cell[:_VERSION_BYTES])
        keys = self._keys.get(version)
        if keys is None:
            raise CellUnreadable(f"{table}.{column}: no key of version {version}")
        nonce, sealed = cell[_VERSION_BYTES:][:_NONCE_BYTES], cell[_VERSION_BYTES + _NONCE_BYTES :]
        try:
            opened = AESGCM(keys.cell).decrypt(nonce, sealed, _bound(table, column, row, version))
        except (InvalidTag, ValueError):
            raise CellUnreadable(f"{table}.{column}: moved or altered") from None
        return opened.decode()

    def blind_index(self, domain: str, value: str, version: int | None = None) -> str:
        """64 hex characters that stand for a value in a domain, under one version (the newest)."""
        keys = self._keys[version or self.version]
        of_domain = hmac.digest(keys.index, domain.encode(), "sha256")
        return hmac.digest(of_domain, value.encode("utf-8", "surrogatepass"), "sha256").hex()

    def blind_indexes(self, domain: str, value: str) -> dict[int, str]:
        """The indexes of a value under every version that is there, oldest first."""
        return {version: self.blind_index(domain, value, version) for version in self._keys}


def key_version_of(cell: bytes) -> int:
    """Under which version a cell was sealed."""
    return int.from_bytes(cell[:_VERSION_BYTES])


def _bound(table: str, column: str, row: str, version: int) -> bytes:
    return "|".join((table, column, row, str(version))).encode()
