"""Everything random in a simulated day, made from one seed and a name.

Each part of the simulation draws from its own named stream, so that adding a passenger kind does
not move the faults, and two processes never share one. Nothing here may look at a clock, at the
order of a set or at Python's string hash.
"""

import hashlib
from random import Random


def secret(seed: int, *labels: object) -> bytes:
    """32 bytes that belong to this seed and name: the private key of a gate, a city or the hub."""
    text = "/".join(str(label) for label in ("tongxing-simulation", seed, *labels))
    return hashlib.sha256(text.encode()).digest()


def stream(seed: int, *labels: object) -> Random:
    """An own stream of random numbers for this name."""
    return Random(int.from_bytes(secret(seed, *labels)[:8], "big"))


def reseed(source: Random, seed: int, *labels: object) -> Random:
    """`source`, put at the beginning of another name's stream: cheaper than a new object."""
    source.seed(int.from_bytes(secret(seed, *labels)[:8], "big"))
    return source


def pick(source: Random, cumulative: list[int]) -> int:
    """The index drawn from running totals of weights: ``[30, 80, 100]`` gives 1 half of the time.

    Raises ValueError when the last total is not positive.
    """
    if not cumulative or cumulative[-1] <= 0:
        raise ValueError("weights must add up to something")
    drawn = source.randrange(cumulative[-1])
    low, high = 0, len(cumulative) - 1
    while low < high:
        middle = (low + high) // 2
        if drawn < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low
