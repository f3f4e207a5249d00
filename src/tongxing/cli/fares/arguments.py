"""Arguments that several commands of `tongxing fares` share: a city, a class of card, a time."""

import time
from pathlib import Path

import click

from tongxing.cli.common import in_both, listed, settings
from tongxing.fares import TariffBook, load_book, read_book
from tongxing.fares.ask import fare_cities
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network import load_registry


def parse_city(text: str, known: tuple[str, ...] | None = None) -> str:
    """The city's code, by name or code, if it has fares. Raises Problem."""
    cities = fare_cities() if known is None else known
    code = text if text in cities else parse_place(text, "CITY")
    if code not in cities:
        registry = load_registry()
        names = listed(registry.place_name(one, settings().language) for one in cities)
        city = registry.place_name(code, settings().language)
        raise Problem("FARES_NO_CITY", "CITY", city=city, known=names)
    return code


def expect_product(book: TariffBook, product: str) -> None:
    """A class of card that no rule of the city knows is a slip of the pen, not a fare."""
    known = {name for rule in book.rules.values() for name in rule.products}
    if product != "ordinary" and product not in known:
        detail = in_both("detail", "fares", "product", known=", ".join(sorted(known)))
        raise Problem("ARG_INVALID", "--product", text=product, **detail)


def parse_place(text: str, where: str) -> str:
    """The code of any place by name or code. Raises Problem."""
    found = load_registry().find_city(text)
    if isinstance(found, Refusal):
        raise Problem(found.code, where, **found.values)
    return found.code


def own_book(file: Path) -> TariffBook:
    """The tariff in a file of one's own. Raises Problem when it cannot be read."""
    try:
        return read_book(file.read_bytes())
    except (ValueError, UnicodeDecodeError) as error:
        raise Problem("FARES_TARIFF_FILE", str(file), detail=str(error), file=str(file)) from error


def expect_folder(file: Path | None) -> None:
    """That the folder of a file to be written is there: known before the work, not after it.

    Raises Problem.
    """
    if file is not None and not file.parent.is_dir():
        raise Problem("FILE_NOT_FOUND", str(file.parent))


REGISTER = click.option(
    "--register", "register", type=click.Path(path_type=Path, file_okay=False), metavar="DIR"
)
"""The option that prices by what a register of published tariffs holds."""


def chosen_book(city: str, tariff: Path | None, register: Path | None) -> TariffBook:
    """The tariff of a file or of a register, else the one the project comes with.

    Raises Problem when it cannot be read, KeyError for a city without any.
    """
    if tariff is not None and register is not None:
        detail = in_both("detail", "fares", "one_tariff")
        raise Problem("ARG_INVALID", "--register", text=str(register), **detail)
    if tariff is not None:
        return own_book(tariff)
    if register is None:
        return load_book(city)
    found = newest_published(register, city)
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    return found


def newest_published(register: Path, city: str) -> TariffBook | Refusal:
    """The newest tariff of a city in a register, or why there is none to be had."""
    from tongxing.fares.publishing import published_book  # only who asks for it waits for it

    return published_book(register, city, int(time.time()))
