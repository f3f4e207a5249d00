"""A vault of master keys as one sealed file (`sealed_file`)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import KEY_BYTES
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.sealed_file import (
    LOG2_COST,
    open_file,
    passphrase_objection,
    seal_file,
)
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault import Environment, KeyUse, MasterName

_KIND = "tongxing_vault"


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    use: KeyUse
    algorithm: Literal[0, 4]
    version: Annotated[int, Meta(ge=0, le=255)]
    key: str

    def __repr__(self) -> str:
        return f"_Key({self.use}, {self.algorithm}, {self.version})"


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    environment: Environment
    keys: tuple[_Key, ...]


def seal(
    masters: Mapping[MasterName, bytes],
    environment: Environment,
    passphrase: str,
    random: Callable[[int], bytes],
    log2_cost: int = LOG2_COST,
) -> bytes | Refusal:
    """The content of a vault file. `random` gives as many unpredictable bytes as it is asked for.

    Refuses what `passphrase_objection` names, and TEST_KEY_IN_PROD for a test key in a vault for
    "prod".
    """
    objection = passphrase_objection(passphrase)
    if objection is not None:
        return objection
    refused = SoftwareVault(masters, environment).refused() if environment == "prod" else ()
    if refused:
        return refused[0]
    keys = tuple(
        _Key(name.use, 4 if name.algorithm else 0, name.version, key.hex())
        for name, key in sorted(masters.items())
    )
    content = msgspec.json.encode(_Content(environment, keys))
    return seal_file(_KIND, content, passphrase, random, log2_cost)


def unseal(content: bytes, passphrase: str) -> SoftwareVault | Refusal:
    """The vault in a file's content.

    Refuses KEYVAULT_FILE for what is no vault file, KEYVAULT_PASSPHRASE for a wrong passphrase or
    a file that was altered (the two cannot be told apart), TEST_KEY_IN_PROD for one that should
    never have been made.
    """
    opened = open_file(_KIND, content, passphrase)
    if not isinstance(opened, bytes):
        return Refusal("KEYVAULT_FILE" if opened == "foreign" else "KEYVAULT_PASSPHRASE")
    try:
        vault = _vault(msgspec.json.decode(opened, type=_Content))
    except (msgspec.DecodeError, ValueError):
        return Refusal("KEYVAULT_FILE")
    refused = vault.refused() if vault.environment == "prod" else ()
    return refused[0] if refused else vault


def new_masters(
    environment: Environment, random: Callable[[int], bytes]
) -> dict[MasterName, bytes]:
    """The master keys of a new vault: drawn at random for "prod", those that everybody knows for
    "test". Raises as `drawn_masters`."""
    known = simulated_masters()
    return drawn_masters(tuple(known), random) if environment == "prod" else dict(known)


def drawn_masters(
    names: tuple[MasterName, ...], random: Callable[[int], bytes]
) -> dict[MasterName, bytes]:
    """New master keys at random. Raises ValueError when `random` repeats itself."""
    drawn = {name: random(KEY_BYTES) for name in names}
    if len(set(drawn.values())) != len(names):
        raise ValueError("the source of random bytes gave the same key twice")
    return drawn


def _vault(content: _Content) -> SoftwareVault:
    masters = {
        MasterName(key.use, key.algorithm, key.version): bytes.fromhex(key.key)
        for key in content.keys
    }
    if len(masters) != len(content.keys):
        raise ValueError("a master key stands in the file twice")
    return SoftwareVault(masters, content.environment)
