"""The published examples (`data/standard.toml`) by which a library is believed at start.

The private key in there is printed in the standard: it may never protect anything.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Standard:
    """What each algorithm must give: message and digest, block and cipher, key and signature."""

    sm3_message: bytes
    sm3_digest: bytes
    sm4_key: bytes
    sm4_plain: bytes
    sm4_cipher: bytes
    sm2_message: bytes
    sm2_private: bytes
    sm2_public: bytes
    sm2_signature: bytes


@cache
def standard() -> Standard:
    """The examples."""
    source = files(__package__).joinpath("data/standard.toml")
    raw = tomllib.loads(source.read_text(encoding="utf-8"))
    sm2, sm3, sm4 = (
        {name: bytes.fromhex(text) for name, text in raw[part].items()}
        for part in ("sm2", "sm3", "sm4")
    )
    return Standard(
        sm3_message=sm3["message"],
        sm3_digest=sm3["digest"],
        sm4_key=sm4["key"],
        sm4_plain=sm4["plain"],
        sm4_cipher=sm4["cipher"],
        sm2_message=sm2["message"],
        sm2_private=sm2["private"],
        sm2_public=sm2["x"] + sm2["y"],
        sm2_signature=sm2["r"] + sm2["s"],
    )
