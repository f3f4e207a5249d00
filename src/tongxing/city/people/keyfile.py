"""The keys of cells as one sealed file: useless without its passphrase, told apart when altered.

The same form as a vault's file: scrypt makes the key, AES-256-GCM seals the content together with
its header. The file belongs to one user alone (0600); on the machine of the database it never lies.
"""

import binascii
import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta

from tongxing.city.people.cells import KEY_BYTES, CellKeys, Cells, Draw, Environment
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys.vault_file import passphrase_objection

LOG2_COST = 17
_SALT_BYTES, _NONCE_BYTES = 16, 12
_OTHERS = 0o077


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tongxing_people_keys: Literal[1]
    log2_cost: Annotated[int, Meta(ge=10, le=20)]
    salt: str
    nonce: str


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    header: _Header
    sealed: str


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
    salt, nonce = draw(_SALT_BYTES), draw(_NONCE_BYTES)
    header = _Header(1, log2_cost, salt.hex(), nonce.hex())
    keys = tuple(_Key(v, one.cell.hex(), one.index.hex()) for v, one in cells.keys().items())
    content = msgspec.json.encode(_Content(cells.environment, keys))
    sealed = AESGCM(_derived(passphrase, header)).encrypt(
        nonce, content, msgspec.json.encode(header)
    )
    written = msgspec.json.encode(
        _Sealed(header, binascii.b2a_base64(sealed, newline=False).decode())
    )
    write_whole(path, msgspec.json.format(written, indent=1) + b"\n", private=True)
    return None


def read_keys(path: Path, passphrase: str) -> Cells | Refusal:
    """The keys in a file.

    Refuses PEOPLE_KEYS_OPEN for a file that others may read, PEOPLE_KEYS_FILE for what is no key
    file, KEYVAULT_PASSPHRASE for a wrong passphrase or a file that was altered, TEST_KEY_IN_PROD.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & _OTHERS:
            return Refusal("PEOPLE_KEYS_OPEN", path.name)
        found = msgspec.json.decode(path.read_bytes(), type=_Sealed)
        nonce = bytes.fromhex(found.header.nonce)
        key = _derived(passphrase, found.header)
        sealed = binascii.a2b_base64(found.sealed, strict_mode=True)
        bound = msgspec.json.encode(found.header)
        content = msgspec.json.decode(AESGCM(key).decrypt(nonce, sealed, bound), type=_Content)
        keys = {
            one.version: CellKeys(bytes.fromhex(one.cell), bytes.fromhex(one.index))
            for one in content.keys
        }
        cells = Cells(keys, content.environment)
    except InvalidTag:
        return Refusal("KEYVAULT_PASSPHRASE", path.name)
    except (OSError, msgspec.DecodeError, ValueError, RecursionError):
        return Refusal("PEOPLE_KEYS_FILE", path.name)
    return _test_key(cells) or cells


def _test_key(cells: Cells) -> Refusal | None:
    for version, keys in cells.keys().items():
        if cells.environment == "prod" and keys.is_for_tests:
            values = {"use": "people", "algorithm": "AES-256", "version": version}
            return Refusal("TEST_KEY_IN_PROD", values=values)
    return None


def _derived(passphrase: str, header: _Header) -> bytes:
    salt = bytes.fromhex(header.salt)
    scrypt = Scrypt(salt=salt, length=KEY_BYTES, n=1 << header.log2_cost, r=8, p=1)
    return scrypt.derive(passphrase.encode("utf-8", "surrogatepass"))
