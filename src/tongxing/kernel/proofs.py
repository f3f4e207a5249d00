"""The shape of a proof: a truth that must hold, whether it does, and the figures that show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from tongxing.kernel.texts import Catalogue, load_catalogue


@dataclass(frozen=True, slots=True)
class Proof:
    """One truth (DESIGN truths 1 to 8) held against the live books of one house.

    `truth` is its number, `name` its key in the proofs' text catalogue, `house` whose books.
    `figures` are the amounts and counts compared, by name, so that a reader can redo the sum.
    """

    truth: int
    name: str
    house: str
    holds: bool
    figures: Mapping[str, int] = field(default_factory=dict)


@cache
def proof_texts() -> Catalogue:
    """The sentence of each proof by its name, and of each truth as ``truth.<number>``."""
    return load_catalogue("tongxing.kernel", "proofs.toml")
