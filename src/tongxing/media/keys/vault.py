"""What a key vault is: card keys out of master keys that never leave it.

Terminals, issuers and checkers of codes ask this interface and cannot tell a file from a hardware
module. A vault that cannot do something says so; it never computes a likeness of it.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np
import numpy.typing as npt

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import DES, DES_NAMED, FACTOR_BYTES, SM4, inverted

KeyUse = Literal["DPK", "DLK", "DTK", "DAMK"]
"""Purchases, loads, transaction codes (TAC), and the upkeep of the application."""

Environment = Literal["test", "prod"]

KEY_USES: tuple[KeyUse, ...] = get_args(KeyUse)

Bytes2D = npt.NDArray[np.uint8]


class MasterName(NamedTuple):
    """Which master key: its use, its algorithm (00 for 3DES, 04 for SM4) and its version."""

    use: KeyUse
    algorithm: int
    version: int


class KeyVault(Protocol):
    """Derives the keys of cards. `environment` is "prod" where real money moves."""

    @property
    def environment(self) -> Environment:
        """Whether this vault serves tests or the real world."""

    def card_key(
        self, use: KeyUse, algorithm: int, version: int, factors: Sequence[bytes]
    ) -> bytes | Refusal:
        """The 16-byte key at the end of a chain of 8-byte factors: issuer first, card second.

        `algorithm` is the byte a card answers (00 and 01 are 3DES, 04 SM4). Refuses KEYVAULT_KEY,
        KEY_ALGORITHM_UNSUPPORTED and TEST_KEY_IN_PROD. Raises ValueError for no factor at all,
        which would be the master key, or for one of another length.
        """

    def card_keys(
        self,
        use: KeyUse,
        algorithm: int,
        version: int,
        issuer_factor: bytes,
        card_factors: Bytes2D,
    ) -> Bytes2D | Refusal:
        """The keys of many cards of one issuer: (n, 8) factors give (n, 16) keys, in their order.

        Refuses and raises as `card_key` does.
        """


def family(algorithm: int) -> int:
    """The algorithm byte under which a master key is kept: 01 is another name for 00."""
    return DES if algorithm == DES_NAMED else algorithm


def master_name(use: KeyUse, algorithm: int, version: int) -> MasterName | Refusal:
    """The name of a master key. Refuses KEY_ALGORITHM_UNSUPPORTED for one nobody knows."""
    if family(algorithm) not in (DES, SM4):
        values = {"algorithm": f"{algorithm:02X}"}
        return Refusal("KEY_ALGORITHM_UNSUPPORTED", use, values)
    return MasterName(use, family(algorithm), version)


def unknown_key(name: MasterName) -> Refusal:
    """The refusal for a master key that a vault does not have."""
    values = {"use": name.use, "algorithm": f"{name.algorithm:02X}", "version": name.version}
    return Refusal("KEYVAULT_KEY", name.use, values)


def check_factors(factors: Sequence[bytes]) -> None:
    """Raises ValueError unless there is at least one factor and all have 8 bytes."""
    if not factors or any(len(factor) != FACTOR_BYTES for factor in factors):
        raise ValueError("a card key needs one or more factors of 8 bytes")


def factor_blocks(card_factors: Bytes2D) -> bytes:
    """What is enciphered to derive the keys of many cards: each factor, then its inverse.

    Raises ValueError for anything but an array of shape (n, 8) of bytes.
    """
    if card_factors.ndim != 2 or card_factors.shape[1] != FACTOR_BYTES:
        raise ValueError("card factors are rows of 8 bytes")
    factors = np.asarray(card_factors, dtype=np.uint8)
    return np.concatenate((factors, ~factors), axis=1).tobytes()


def factor_block(factor: bytes) -> bytes:
    """What is enciphered to go one level down: the factor, then its inverse."""
    return factor + inverted(factor)
