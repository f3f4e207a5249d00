"""Why a ride cannot be priced here, asked before it is; pricing itself never refuses."""

from tongxing.fares.city import CityFares
from tongxing.fares.model import RideFacts, Rider
from tongxing.fares.rules import BandFare, BaseRule, MeterFare
from tongxing.fares.visitors import open_to_visitors
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES
from tongxing.network.registry import load_registry

NONE_NEAR = {"near_zh": "–", "near_en": "–"}


def pricing_refusal(fares: CityFares, ride: RideFacts, rider: Rider) -> Refusal | None:
    """The reason why this city has no price for a ride or a rider; None when it has one.

    Looks at tariff dates, lines and stations, and at the modes open to visitors of a scheme.
    """
    network = fares.network
    tariff = fares.book.at(ride.entered_s or ride.exited_s)
    if tariff is None:
        return Refusal("FARES_NO_TARIFF", network.code, {"city": network.code})
    system = fares.off_network_system(ride.mode, ride.line)
    if system is None:
        refusal = _network_refusal(fares, ride)
        if refusal is not None:
            return refusal
        system = fares.home_system(ride.mode, ride.line, ride.origin or ride.destination)
    rule = tariff.base(system)
    stated = (system, ride.origin, ride.destination) in tariff.pairs
    if rule is None and (ride.missing or not stated):
        return Refusal("FARES_NO_FARE", network.code, {"system": system, "tariff": tariff.id})
    if rule is not None and not stated and _needs_metres(fares, rule, ride):
        return Refusal("FARES_NO_METER", network.code, {"mode": ride.mode})
    if not rider.issuer_is_local and tariff.visitor_policy(rider.scheme) == "refused":
        return _not_offered(network.code, ride.mode, rider.scheme)
    if not rider.issuer_is_local and not open_to_visitors(rider.scheme, network.code, ride.mode):
        return _not_offered(network.code, ride.mode, rider.scheme)
    return None


def _network_refusal(fares: CityFares, ride: RideFacts) -> Refusal | None:
    """What the network does not know of a ride: its mode, line or stations."""
    network = fares.network
    if not any(line.mode == ride.mode for line in network.lines.values()):
        return Refusal("FARES_NO_MODE", network.code, {"mode": ride.mode})
    if ride.line and ride.line not in network.lines:
        return Refusal("FARES_NO_LINE", network.code, {"line": ride.line})
    for station in (ride.origin, ride.destination):
        if station and station not in network.stations:
            return Refusal("FARES_NO_STATION", network.code, {"station": station, **NONE_NEAR})
    known = ride.origin or ride.destination
    if known and not ride.line and not _serves(fares, known, ride.mode):
        return Refusal("FARES_NO_STATION", network.code, {"station": known, **NONE_NEAR})
    if ride.mode != "rail" and not ride.line and not ride.missing:
        return Refusal("FARES_NO_LINE", network.code, {"line": "–"})
    return None


def _needs_metres(fares: CityFares, rule: BaseRule, ride: RideFacts) -> bool:
    """Whether a ride that no line is known for lacks the metres its fare is asked by."""
    if ride.metres >= 0 or ride.missing:
        return False
    if isinstance(rule, MeterFare):
        return True
    off_network = fares.off_network_system(ride.mode, ride.line) is not None
    return off_network and isinstance(rule, BandFare)


def _serves(fares: CityFares, station: str, mode: str) -> bool:
    """Whether anything of a mode stops at a station."""
    lines = fares.network.lines
    return any(lines[line].mode == mode for line in fares.network.stations[station].lines)


def _not_offered(city: str, mode: str, scheme: str) -> Refusal:
    registry = load_registry()
    values = {
        f"{name}_{language}": text
        for language in LANGUAGES
        for name, text in (
            ("listed", registry.place_name(city, language)),
            ("mode", registry.mode_name(mode, language)),
            ("scheme", registry.schemes[scheme].title(language)),
        )
    }
    return Refusal("VISITOR_MODE_NOT_OFFERED", city, values)
