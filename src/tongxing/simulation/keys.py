"""Who signs what in a run: every key made from the seed, every house trusting the ones it needs.

A real network draws its keys at random and keeps them in hardware; a simulated one must be the same
network every time. Nothing else may use these keys.
"""

from collections.abc import Iterable

from tongxing.messages import KeyRing, SigningKey
from tongxing.simulation.seeds import secret

HUB = "HUB"


def signing_key(seed: int, sender: str) -> SigningKey:
    """The key with which `sender` (a site, a city or the hub) signs."""
    return SigningKey.from_secret(sender, secret(seed, "key", sender))


def key_ring(seed: int, senders: Iterable[str]) -> KeyRing:
    """The public keys of these senders."""
    return KeyRing({sender: signing_key(seed, sender).public_bytes() for sender in senders})


def storage_epoch(seed: int, site: str) -> int:
    """The epoch that a site's journal is created with: 1 to 2^63 - 1."""
    return int.from_bytes(secret(seed, "epoch", site)[:8], "big") >> 1 | 1
