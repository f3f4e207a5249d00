"""Cases whose every byte is known beforehand. They need a card whose random numbers can be set.

A card of somebody else draws its own, so these run only where the kit may make the card itself.
"""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import msgspec

from tongxing.media.card.link import CardLink
from tongxing.media.conformance.card.deals import journey
from tongxing.media.conformance.results import Differs

_SELECT = bytes.fromhex("00A4040008A00000063201010500")


class Vector(msgspec.Struct, frozen=True):
    """One deal: the card before it, what it draws, and each command with its answer (hex)."""

    name: str
    balance_fen: int
    loads: int
    purchases: int
    random: str
    exchanges: tuple[tuple[str, str], ...]


Fresh = Callable[[Vector], CardLink]
"""Makes the card that a vector begins with, drawing the vector's random numbers."""


@cache
def vectors() -> tuple[Vector, ...]:
    """All of them, in the order of the file."""
    text = files(__package__).joinpath("vectors.toml").read_text(encoding="utf-8")
    return msgspec.convert(tuple(tomllib.loads(text)["vector"]), tuple[Vector, ...])


def run_vector(vector: Vector, fresh: Fresh) -> None:
    """One deal, byte for byte. Raises Differs."""
    card = fresh(vector)
    card.transmit(_SELECT)
    for sent, answered in vector.exchanges:
        command = sent.replace("{journey}", journey(1).hex().upper())
        found = card.transmit(bytes.fromhex(command)).hex().upper()
        if found != answered:
            raise Differs("bytes", command, answered, found)
