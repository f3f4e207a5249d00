"""The keys of cells as one sealed file, sealed as key vaults are.

The file belongs to one user alone (0600); on the machine of the database it never lies.
"""

import os
from pathlib import Path

import msgspec

from tongxing.city.people.cells import KEY_BYTES, CellKeys, Cells, Draw, Environment
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys.sealed_file import (
    LOG2_COST,
    open_file,
    passphrase_objection,
    seal_file,
)

_KIND = "tongxing_people_keys"
_OTHERS = 0o077


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    cell: str
    index: str

    def __repr__(self) -> str:
        return f"_Key({self.version})"


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    environment: Environment
    keys: tuple[_Key, ...]


def new_keys(environment: Environment, draw: Draw) -> Cells:
    """Keys of version 1, drawn at random."""
    return Cells({1: CellKeys(draw(KEY_BYTES), draw(KEY_BYTES))}, environment)


def write_keys(
    path: Path, cells: Cells, passphrase: str, draw: Draw, log2_cost: int = LOG2_COST
) -> Refusal | None:
    """Seal the keys into a file that only its owner can read.

    Refuses what `passphrase_objection` names, and TEST_KEY_IN_PROD for a test key among real ones.
    Raises OSError when the disk refuses.
    """
    refusal = passphrase_objection(passphrase) or _test_key(cells)
    if refusal is not None:
        return refusal
    keys = tuple(_Key(v, one.cell.hex(), one.index.hex()) for v, one in cells.keys().items())
    content = msgspec.json.encode(_Content(cells.environment, keys))
    write_whole(path, seal_file(_KIND, content, passphrase, draw, log2_cost), private=True)
    return None


def read_keys(path: Path, passphrase: str) -> Cells | Refusal:
    """The keys in a file.

    Refuses PEOPLE_KEYS_OPEN for a file that others may read, PEOPLE_KEYS_FILE for what is no key
    file, KEYVAULT_PASSPHRASE for a wrong passphrase or a file that was altered, TEST_KEY_IN_PROD.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & _OTHERS:
            return Refusal("PEOPLE_KEYS_OPEN", path.name)
        opened = open_file(_KIND, path.read_bytes(), passphrase)
        if opened == "locked":
            return Refusal("KEYVAULT_PASSPHRASE", path.name)
        if not isinstance(opened, bytes):
            return Refusal("PEOPLE_KEYS_FILE", path.name)
        content = msgspec.json.decode(opened, type=_Content)
        keys = {
            one.version: CellKeys(bytes.fromhex(one.cell), bytes.fromhex(one.index))
            for one in content.keys
        }
        cells = Cells(keys, content.environment)
    except (OSError, msgspec.DecodeError, ValueError):
        return Refusal("PEOPLE_KEYS_FILE", path.name)
    return _test_key(cells) or cells


def _test_key(cells: Cells) -> Refusal | None:
    for version, keys in cells.keys().items():
        if cells.environment == "prod" and keys.is_for_tests:
            values = {"use": "people", "algorithm": "AES-256", "version": version}
            return Refusal("TEST_KEY_IN_PROD", values=values)
    return None
