"""What the words of a case mean here: its city, station, fare system, class of holder, times."""

import tomllib
from datetime import MAXYEAR, datetime, timedelta
from functools import cache
from importlib.resources import files

from tongxing.fares.checking.casefile import Event, FileCase
from tongxing.fares.checking.unclear import CaseUnclear
from tongxing.fares.city import CityFares
from tongxing.fares.model import Rider
from tongxing.fares.tariff import TariffBook, TariffFile, book_codes, load_book, make_book
from tongxing.kernel.clock import CHINA, instant
from tongxing.kernel.reasons import Refusal
from tongxing.network.registry import load_registry
from tongxing.network.transport import MODES, CityNetwork, network_or_none, no_network

_ANY_CITY = "000000"
_ORDINARY_DAY = "2026-03-10"
_FIRST_SLOT = datetime(2026, 3, 1, 9, tzinfo=CHINA)
_SLOT_HOURS, _SLOTS_A_DAY = 3, 4
_STAY = timedelta(minutes=30)
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
MEDIA = ("card", "code", "cash")
ORDINARY = "ordinary"


def city_and_fares(name: str, book: TariffBook | None) -> tuple[str, CityFares]:
    """The code of a case's city and its fares; a `book` given stands for the city's own.

    Raises CaseUnclear for an unknown city, and for a book of another one.
    """
    if book is not None:
        own = {book.city, book.name_zh.casefold(), book.name_en.casefold(), "any"}
        if name.casefold() not in own and _city(name) != book.city:
            raise CaseUnclear(
                f"city {name}", "other_city", city=book.city, name=book.name_zh or book.name_en
            )
        return book.city, CityFares(network_or_none(book.city), book)
    code = _ANY_CITY if name == "any" else _city(name)
    if code in book_codes():
        return code, CityFares(network_or_none(code), load_book(code))
    bare = make_book(TariffFile(city=code, name_zh=code, name_en=code, rule=()))
    return code, CityFares(no_network(code), bare)


def mode_of(named: str) -> str:
    """The mode a case means: ``metro`` is rail, ``bus_outside`` a bus. Raises CaseUnclear."""
    known, first = _words()["mode"], named.partition("_")[0]
    mode = known.get(named, known.get(first, first))
    if mode not in MODES:
        raise CaseUnclear(f"mode {named} ({', '.join(MODES)})")
    return mode


def rider_of(case: FileCase, event: Event, book: TariffBook) -> Rider:
    """Who rides: class of holder, kind of medium, at home or visiting.

    Raises CaseUnclear for a class, medium or scheme that nobody knows: a slip of the pen must not
    become an ordinary card.
    """
    medium = _words()["medium"].get(event.medium, event.medium)
    if medium not in MEDIA:
        raise CaseUnclear(f"medium {event.medium} ({', '.join(MEDIA)})")
    if event.scheme and event.scheme not in load_registry().schemes:
        raise CaseUnclear(f"scheme {event.scheme} ({', '.join(load_registry().schemes)})")
    product = _product(event.rider or case.rider, book)
    if product == ORDINARY and event.medium in _words()["medium_product"]:
        product = _words()["medium_product"][event.medium]
    if case.state_before.get("registered frequent rider"):
        product = "frequent"
    return Rider(
        medium_kind=medium,
        product=product,
        scheme=event.scheme,
        issuer=event.issuer,
        issuer_is_local=not event.visitor,
    )


def _product(text: str, book: TariffBook) -> str:
    """The class of holders by the tariff's own name, else by the words of the list."""
    known = {product for rule in book.rules.values() for product in rule.products}
    if not text or text in known or text == ORDINARY:
        return text or ORDINARY
    for word, product in _words()["product"].items():
        if word in text.casefold():
            return product
    raise CaseUnclear(f"rider {text} ({', '.join(sorted({ORDINARY, *known}))})")


def place_of(city: str, scope: str) -> str:
    """The division code of a part of the city. Raises CaseUnclear for an unknown part."""
    parts = _words()["part_of_city"]
    if scope not in parts:
        raise CaseUnclear(f"scope {scope} ({', '.join(parts)})")
    return city[:4] + parts[scope]


def stations_of(network: CityNetwork, name: str, mode: str) -> tuple[str, ...]:
    """The ids of a name's stations; a city without a network takes any name, "" is none.

    Raises CaseUnclear for an unknown one.
    """
    if not name or not network.stations:
        return (name,)
    found = network.find_stations(name, mode)
    if not found:
        near = " / ".join(one.name_zh for one in network.near_stations(name))
        raise CaseUnclear(f"station {name}" + (f" ({near}?)" if near else ""))
    return tuple(one.id for one in found)


def system_of(fares: CityFares, mode: str, named: str, line: str = "") -> str:
    """The fare system a case means: the main one of the mode, one of that very name or with all
    its words, or, where no network is known, the one its line names. Raises CaseUnclear."""
    off_network = fares.off_network_system(mode, line)
    if off_network is not None and off_network == line:
        return line
    own = named.replace("_", "-")
    if own != named and any(own in rule.systems for rule in fares.book.rules.values()):
        return own
    systems = _systems(fares, mode)
    words = set(named.split("_")[1:])
    for system in systems:
        if not words or words == set(system.split("-")):
            return system
    if words:
        raise CaseUnclear(f"mode {named}")
    return mode


def another_member(scheme: str, city: str) -> str:
    """The first place of the scheme that is not the city, so that its card is a visitor's."""
    registry = load_registry()
    for code in registry.places:
        if code != city and scheme in registry.entries(code):
            return code
    raise CaseUnclear(f"scheme {scheme}")


def times(event: Event, rides: int, last_s: int) -> tuple[int, int]:
    """Entry and exit of an event; rides without a time lie hours apart, so none is a transfer.

    `rides` are those before it, `last_s` is when the last one began.
    """
    if event.t or event.date:
        entered = _moment(event.t or f"{event.date}T09:00")
    elif event.minutes_after:
        entered = datetime.fromtimestamp(last_s, CHINA)
        entered += timedelta(minutes=event.minutes_after)
    else:
        days, slot = divmod(rides, _SLOTS_A_DAY)
        entered = _FIRST_SLOT + timedelta(days=days, hours=slot * _SLOT_HOURS)
    stays = _STAY if entered.year < MAXYEAR else timedelta()
    left = _moment(event.t_out) if event.t_out else entered + stays
    if not _FIRST_YEAR <= entered.year <= left.year <= _LAST_YEAR:
        found = f"time {event.t or event.date}"
        raise CaseUnclear(found, "years", first=_FIRST_YEAR, last=_LAST_YEAR)
    if left < entered:
        raise CaseUnclear(f"t_out {event.t_out}", "exit_first", entered=event.t)
    return instant(entered), instant(left)


@cache
def _words() -> dict[str, dict[str, str]]:
    found = files("tongxing.fares.checking").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(found)


def _city(name: str) -> str:
    """The code of a city by name; a prefecture goes before a county of the same name."""
    registry = load_registry()
    for place in (registry.find_city(name, "prefecture"), registry.find_city(name)):
        if not isinstance(place, Refusal):
            return place.code
    raise CaseUnclear(f"city {name}")


def _systems(fares: CityFares, mode: str) -> list[str]:
    here = {line.fare_system for line in fares.network.lines.values() if line.mode == mode}
    if here:
        return [system for system in fares.network.fare_systems if system in here]
    named = {system for rule in fares.book.rules.values() for system in rule.systems}
    usual = ("metro", "rail") if mode == "rail" else (mode,)
    return [
        *(system for system in usual if system in named),
        *sorted(system for system in named if system.partition("-")[0] in usual),
    ]


def _moment(text: str) -> datetime:
    full = text if "T" in text else f"{_ORDINARY_DAY}T{text}"
    try:
        found = datetime.fromisoformat(full)
        return found if found.tzinfo else found.replace(tzinfo=CHINA)
    except ValueError as error:
        raise CaseUnclear(f"time {text}") from error
