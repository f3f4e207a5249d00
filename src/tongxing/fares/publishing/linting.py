"""`fares lint`: everything that is wrong or doubtful in a tariff file, at once, each in its place.

The linter is stricter than pricing: whatever it passes, `read_book` reads. It never raises for
the content of a file, however broken. What it looks for stands in the modules it calls.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tongxing.fares.publishing.entries import entries_of
from tongxing.fares.publishing.figures import check_figures
from tongxing.fares.publishing.findings import Finding, Notebook, both, unreadable
from tongxing.fares.publishing.ground import (
    check_city,
    check_ground,
    check_names,
    check_pairs,
)
from tongxing.fares.publishing.overlaps import (
    check_dearer,
    check_reach,
    check_spelling,
    check_twins,
)
from tongxing.fares.publishing.positions import Document, NotToml, read_document
from tongxing.fares.publishing.shape import check_shape
from tongxing.fares.publishing.timeline import check_gaps, check_overlaps, check_rounding
from tongxing.fares.tariff import TariffBook, read_book
from tongxing.network.transport import CityNetwork, city_codes, load_network


@dataclass(frozen=True, slots=True)
class Linted:
    """The findings of one file in the order of the file, and its book when there is no error."""

    name: str
    findings: tuple[Finding, ...]
    book: TariffBook | None

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "warning")


def known_network(city: str) -> CityNetwork | None:
    """The network of a city as the project knows it, None for a city that has none on file."""
    return load_network(city) if city in city_codes() else None


def lint(
    content: bytes,
    name: str,
    network_of: Callable[[str], CityNetwork | None] = known_network,
) -> Linted:
    """Read a tariff file and note all that is wrong with it.

    `name` is what the findings call the file. A `book` comes back exactly when nothing is an
    error.
    """
    document = read_document(content)
    if isinstance(document, NotToml):
        words = document.words
        detail = both("detail", f"toml.{document.detail}", words=words)
        return Linted(name, (unreadable(name, document.spot, **detail),), None)
    notes = Notebook(document, name)
    _check(notes, network_of)
    book = None if notes.has_errors else _read(notes, document)
    return Linted(name, notes.in_order(), book)


def _check(notes: Notebook, network_of: Callable[[str], CityNetwork | None]) -> None:
    for rule in check_shape(notes):
        check_figures(notes, rule)
    check_city(notes)
    entries, complete = entries_of(notes)
    city = notes.document.value.get("city")
    network = network_of(city) if isinstance(city, str) else None
    check_overlaps(notes, entries)
    check_twins(notes, entries)
    check_spelling(notes, entries)
    check_names(notes, entries, network)
    if not complete:
        return  # what a rule that cannot be read would have filled is no gap
    check_gaps(notes, entries)
    check_rounding(notes, entries)
    check_reach(notes, entries)
    check_dearer(notes, entries)
    check_ground(notes, entries, network)
    check_pairs(notes, entries, network)


def _read(notes: Notebook, document: Document) -> TariffBook | None:
    """The book of a file without findings; what pricing refuses all the same is one more."""
    try:
        return read_book(document.content)
    except (ValueError, OverflowError, LookupError) as error:
        notes.error("TARIFF_UNREADABLE", (), detail=str(error))
        return None
