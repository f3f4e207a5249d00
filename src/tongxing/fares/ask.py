"""What would this ride cost? Answered for people, from the names they know.

Turns names of stations and lines into a ride, prices it, and gives the quote back with its words
and the path it rests on. Where a name fits two stations (out-of-station pairs carry one name), the
cheapest fitting pair is taken, which is what a passenger would be charged at most by walking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from msgspec.structs import replace

from tongxing.fares.city import CityFares, load_city_fares, price
from tongxing.fares.explain import explain
from tongxing.fares.model import FareState, Missing, Quote, RideFacts, Rider
from tongxing.fares.refusals import pricing_refusal
from tongxing.fares.tariff import TariffBook, book_codes
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES
from tongxing.network.registry import load_registry
from tongxing.network.transport import Line, Path, Station, city_codes

# A stay of 5 minutes and 30 km/h stand in where no exit time is given; only limits of hours and
# the turn of a month can ever depend on it.
_STAY_S = 300
_SECONDS_PER_KM = 120


@dataclass(frozen=True, slots=True)
class Question:
    """A ride as a person asks for it. An empty `destination` means the exit was never tapped."""

    city: str
    origin: str
    destination: str
    line: str
    entered_s: int
    exited_s: int
    rider: Rider
    state: FareState


@dataclass(frozen=True, slots=True)
class Answer:
    """The quote of a ride, its words in each language by line, and the path it was priced over."""

    ride: RideFacts
    origin: Station
    destination: Station | None
    quote: Quote
    words: dict[str, tuple[str, ...]]
    path: Path | None


def fare_cities() -> tuple[str, ...]:
    """The cities that have both a network and tariffs."""
    return tuple(city for city in city_codes() if city in book_codes())


def ask(question: Question, book: TariffBook | None = None) -> Answer | Refusal:
    """Price a ride from names, with the city's own tariffs or with those of `book`.

    Refuses what the city does not know, with what it knows instead.
    """
    if question.city not in fare_cities():
        known = ", ".join(fare_cities())
        return Refusal("FARES_NO_CITY", "CITY", {"city": question.city, "known": known})
    fares = load_city_fares(question.city)
    if book is not None:
        fares = CityFares(fares.network, book)
    found = _candidates(fares, question)
    if isinstance(found, Refusal):
        return found
    answers: list[Answer] = []
    for ride in found:
        refusal = _not_accepted(fares, ride, question) or pricing_refusal(
            fares, ride, question.rider
        )
        if refusal is not None:
            return refusal
        if ride.missing or fares.base_fare(fares.tariff_at(ride.entered_s), ride) is not None:
            answers.append(_answer(fares, ride, question))
    if not answers:
        values = {"origin": question.origin, "destination": question.destination}
        return Refusal("FARES_NO_PATH", question.city, values)
    return min(answers, key=lambda answer: answer.quote.charge_fen)


def _not_accepted(fares: CityFares, ride: RideFacts, question: Question) -> Refusal | None:
    """Why a visitor's card is not taken here at all; None for local riders."""
    rider = question.rider
    if rider.issuer_is_local:
        return None
    line = fares.network.lines.get(ride.line)
    answer = load_registry().acceptance(
        rider.scheme,
        rider.issuer,
        ride.place,
        ride.mode,
        calendar_date(question.entered_s),
        ride.line,
        () if line is None else line.schemes,
    )
    return answer.refusal(question.city)


def _candidates(fares: CityFares, question: Question) -> list[RideFacts] | Refusal:
    """The rides that the names can mean, at least one."""
    network = fares.network
    origins = network.find_stations(question.origin)
    ends = network.find_stations(question.destination) if question.destination else ()
    for text, stations in ((question.origin, origins), (question.destination, ends)):
        if text and not stations:
            near = network.near_stations(text)
            return Refusal("FARES_NO_STATION", network.code, {"station": text, **_names(near)})
    line = _line_named(fares, question.line)
    if question.line and line is None:
        return Refusal("FARES_NO_LINE", network.code, {"line": question.line})
    if line is None:
        rail = [_stops(fares, stations, "rail") for stations in (origins, ends)]
        if rail[0] and (rail[1] or not ends):
            return _rides(question, "rail", "", rail[0], rail[1])
        line_or_refusal = _only_line(fares, question, origins, ends)
        if isinstance(line_or_refusal, Refusal):
            return line_or_refusal
        line = line_or_refusal
    on_line = [[one for one in group if one.id in line.stations] for group in (origins, ends)]
    if not on_line[0] or (ends and not on_line[1]):
        values = {"origin": question.origin, "destination": question.destination}
        return Refusal("FARES_NO_PATH", network.code, values)
    single = line.single_tap
    return _rides(question, line.mode, line.id, on_line[0], on_line[1], single)


def _names(stations: Sequence[Station]) -> dict[str, object]:
    """The stations' names in each language, a dash for none."""
    return {
        "near_zh": "、".join(dict.fromkeys(one.name_zh for one in stations)) or "–",
        "near_en": ", ".join(dict.fromkeys(one.name_en for one in stations)) or "–",
    }


def _line_named(fares: CityFares, text: str) -> Line | None:
    wanted = text.strip().casefold()
    for line in fares.network.lines.values():
        if wanted in (line.id, line.name_zh.casefold(), line.name_en.casefold()):
            return line
    return None


def _stops(fares: CityFares, stations: Sequence[Station], mode: str) -> list[Station]:
    lines = fares.network.lines
    return [one for one in stations if any(lines[line].mode == mode for line in one.lines)]


def _only_line(
    fares: CityFares, question: Question, origins: Sequence[Station], ends: Sequence[Station]
) -> Line | Refusal:
    """The one line that serves both stops; a refusal that names them when there are several."""
    fitting = [
        line
        for line in fares.network.lines.values()
        if line.mode != "rail"
        and any(one.id in line.stations for one in origins)
        and (not ends or any(one.id in line.stations for one in ends))
    ]
    if len(fitting) == 1:
        return fitting[0]
    values = {"origin": question.origin, "destination": question.destination}
    if not fitting:
        return Refusal("FARES_NO_PATH", fares.network.code, values)
    values["lines"] = ", ".join(line.id for line in fitting)
    return Refusal("FARES_LINE_NEEDED", fares.network.code, values)


def _rides(
    question: Question,
    mode: str,
    line: str,
    origins: Sequence[Station],
    ends: Sequence[Station],
    single_tap: bool = False,
) -> list[RideFacts]:
    missing: Missing = "exit" if not question.destination and not single_tap else ""
    return [
        RideFacts(
            mode=mode,
            line=line,
            place=origin.place,
            origin=origin.id,
            destination=end.id if end else "",
            entered_s=question.entered_s,
            exited_s=0 if single_tap or missing else question.exited_s,
            missing=missing,
        )
        for origin, end in product(origins, ends or (None,))
    ]


def _answer(fares: CityFares, ride: RideFacts, question: Question) -> Answer:
    path: Path | None = None
    if ride.destination:
        if ride.mode == "rail":
            path = fares.path(ride.origin, ride.destination, ride.entered_s)
        else:
            path = fares.network.path_on_line(ride.line, ride.origin, ride.destination)
    single_tap = ride.line and fares.network.lines[ride.line].single_tap
    if path is not None and not ride.exited_s and not single_tap:
        ride = _with_exit(ride, path.metres)
    quote = price(fares, ride, question.rider, question.state)
    words = {
        language: tuple(explain(line, language, fares) for line in quote.lines)
        for language in LANGUAGES
    }
    stations = fares.network.stations
    end = stations.get(ride.destination)
    return Answer(ride, stations[ride.origin], end, quote, words, path)


def _with_exit(ride: RideFacts, metres: int) -> RideFacts:
    exited_s = ride.entered_s + _STAY_S + metres * _SECONDS_PER_KM // 1000
    return replace(ride, exited_s=exited_s)
