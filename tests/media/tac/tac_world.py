"""Known codes, a vault that holds their key, and columns of made-up records."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongxing.media.crypto.suites import DES, SM4
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault import MasterName
from tongxing.media.tac.engines import Engine, engines
from tongxing.media.tac.fields import TacFields

Bytes = NDArray[np.uint8]

CASES: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("tac_cases.toml").read_text(encoding="utf-8")
)
CARD: dict[str, str] = CASES["card"]
MASTER = bytes.fromhex(CARD["master"])
ALGORITHMS = (DES, SM4)
FAST = [(algorithm, engine) for algorithm in ALGORITHMS for engine in engines(algorithm)[1:]]


def named(case: tuple[int, Engine]) -> str:
    """How a test calls an engine."""
    algorithm, engine = case
    return f"{'SM4' if algorithm == SM4 else '3DES'} by {engine.name}"


def a_vault(master: bytes = MASTER) -> SoftwareVault:
    """A vault with one TAC key for each algorithm, of version 1."""
    return SoftwareVault({MasterName("DTK", algorithm, 1): master for algorithm in ALGORITHMS})


def fields_of(transaction: dict[str, Any], **changes: Any) -> TacFields:
    """The fields of a known transaction of the one card."""
    given = {key: value for key, value in transaction.items() if key in TacFields.__struct_fields__}
    card = {
        "issuer_id": bytes.fromhex(CARD["issuer_id"]),
        "card_factor": bytes.fromhex(CARD["factor"]),
        "number": CARD["number"],
        "terminal_no": bytes.fromhex(CARD["terminal_no"]),
        "key_version": 1,
    }
    return TacFields(**(card | given | changes))


def column(width: int, *rows: str) -> Bytes:
    """Rows of hex as a column."""
    joined = bytes.fromhex("".join(rows))
    return np.frombuffer(joined, np.uint8).reshape(-1, width)


def drawn(count: int, seed: int, width: int = 22) -> tuple[bytes, Bytes, Bytes]:
    """An issuer's key, card factors and data, by chance but always the same."""
    chance = np.random.default_rng(seed)
    factors = chance.integers(0, 256, (count, 8), np.uint8)
    return chance.bytes(16), factors, chance.integers(0, 256, (count, width), np.uint8)
