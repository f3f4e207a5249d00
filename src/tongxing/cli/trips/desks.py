"""What the commands of `tongxing trips` share: the desks of the cities in a database, stations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tongxing.city import Desk
from tongxing.city.aside_desk import AsideDesk
from tongxing.city.asides import NOTHING_PUT_RIGHT, PutRight
from tongxing.city.office import Office
from tongxing.city.store.taps_aside import Kind
from tongxing.cli.arguments import moment
from tongxing.cli.cities import cities_with_books, city_name, city_with_books
from tongxing.cli.common import Words, emit_json, granted, listed, note, say, settings
from tongxing.cli.fleet.offices import signed_in
from tongxing.fares import load_city_fares
from tongxing.kernel.reasons import Problem
from tongxing.messages import TapRef

WORDS = Words("trips")


@contextmanager
def desks(city: str | None) -> Iterator[list[Desk]]:
    """The desks of all cities with gates whose books the database holds, or of one city.

    Raises what `cities_with_books` raises.
    """
    with cities_with_books(city) as (codes, database):
        found = [Desk(code, database, load_city_fares(code)) for code in codes]
        try:
            yield found
        finally:
            for desk in found:
                desk.close()


@contextmanager
def one_desk(city: str | None) -> Iterator[Desk]:
    """The desk of one city; it need not be named where there is only one.

    Raises Problem(CITY_NEEDED) where there are several, and what `desks` raises.
    """
    with desks(city) as found:
        if len(found) > 1:
            names = listed(city_name(desk.code) for desk in found)
            raise Problem("CITY_NEEDED", "--city", known=names)
        yield found[0]


@contextmanager
def office_with_fares(city: str | None) -> Iterator[Office]:
    """The office of the one city that is meant, which can price. Raises what `city_with_books`
    raises."""
    with city_with_books(city) as (code, database):
        office = Office(code, database, load_city_fares(code))
        try:
            yield office
        finally:
            office.close()


def tap_named(text: str) -> TapRef:
    """A tap by the name that `trips aside` shows. Raises Problem(TAP_NAME)."""
    found = TapRef.named(text)
    if found is None:
        raise Problem("TAP_NAME", "TAP", tap=text[:60])
    return found


def ask_about(
    tap: str,
    kind: Kind,
    why: str,
    by: str,
    secret_file: Path | None,
    city: str | None,
    now: str | None,
    said: Callable[[str], PutRight] = lambda _city: NOTHING_PUT_RIGHT,
) -> None:
    """Somebody of the staff asks for something about a tap; `said` gives what they put right, by
    the city's code. Raises Problem."""
    ref, now_s = tap_named(tap), moment(now, "--now")
    with office_with_fares(city) as office:
        put_right = said(office.code)
        staff = signed_in(office, by, secret_file, now_s)
        asked = granted(AsideDesk(office).ask(staff, ref, kind, why, now_s, put_right))
    if settings().json:
        emit_json({"number": asked.number, "tap": str(ref), "kind": kind, "was": asked.was})
        return
    say(WORDS("ask.done", number=asked.number, tap=ref, kind=WORDS(f"decisions.kind.{kind}")))
    note(WORDS("ask.next", number=asked.number))


def station_name(city: str, station: str) -> str:
    """A station's name in the caller's language; its id where the network does not know it."""
    known = load_city_fares(city).network.stations.get(station)
    if known is None:
        return station
    return known.name_zh if settings().language == "zh" else known.name_en


def station_id(city: str, text: str, where: str) -> str:
    """The id of a station by its name or id. Raises Problem(FARES_NO_STATION)."""
    found = load_city_fares(city).network.find_stations(text)
    if not found:
        near = {"near_zh": "—", "near_en": "—"}
        raise Problem("FARES_NO_STATION", where, station=text, **near)
    return found[0].id
