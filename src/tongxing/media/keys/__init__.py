"""Where the master keys of cards live, and what may be asked of them.

A vault gives the keys of one card, never a master key. Nothing here prints, logs or returns a
master key, and a vault of the real world refuses keys that everybody knows.
"""

from tongxing.media.keys.vault import (
    KEY_USES,
    Environment,
    KeyUse,
    KeyVault,
    MasterName,
    factor_blocks,
    family,
)

__all__ = [
    "KEY_USES",
    "Environment",
    "KeyUse",
    "KeyVault",
    "MasterName",
    "factor_blocks",
    "family",
]
