"""Publishing a tariff: lint what was written, hold the dates to it, and keep what was published.

`lint` says everything that is wrong with a tariff file, each in its line and column. `publish`
enters a file into a register that only grows; `published_book` reads the newest from it.
"""

from tongxing.fares.publishing.findings import Finding
from tongxing.fares.publishing.linting import Linted, known_network, lint
from tongxing.fares.publishing.register import (
    Publication,
    Published,
    Review,
    Verified,
    Wish,
    publish,
    published_book,
    read_register,
    verify,
)

__all__ = [
    "Finding",
    "Linted",
    "Publication",
    "Published",
    "Review",
    "Verified",
    "Wish",
    "known_network",
    "lint",
    "publish",
    "published_book",
    "read_register",
    "verify",
]
