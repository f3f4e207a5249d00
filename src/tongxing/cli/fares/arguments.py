"""Arguments that several commands of `tongxing fares` share: a city, a class of card, a time."""

import re
from pathlib import Path

from tongxing.cli.arguments import parse_time
from tongxing.cli.common import in_both, settings
from tongxing.fares import TariffBook, read_book
from tongxing.fares.ask import fare_cities
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network import load_registry

_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")


def parse_city(text: str, known: tuple[str, ...] | None = None) -> str:
    """The city's code, by name or code, if it has fares. Raises Problem."""
    cities = fare_cities() if known is None else known
    code = text if text in cities else parse_place(text, "CITY")
    if code not in cities:
        registry = load_registry()
        names = ", ".join(registry.place_name(one, settings().language) for one in cities)
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


def china_time(text: str, where: str) -> int:
    """An instant; China's time holds where no offset is given, since every fare here is China's."""
    return parse_time(text if _OFFSET.search(text) else f"{text}+08:00", where)


def own_book(file: Path) -> TariffBook:
    """The tariff in a file of one's own. Raises Problem when it cannot be read."""
    try:
        return read_book(file.read_bytes())
    except (ValueError, UnicodeDecodeError) as error:
        raise Problem("FARES_TARIFF_FILE", str(file), detail=str(error), file=str(file)) from error
