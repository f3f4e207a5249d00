"""Ride packs and month passes: rides paid beforehand, used one by one.

A pack belongs to a medium and lies in its fare state. Selling one is a matter of the books; here
is only what it then does to a price.
"""

from datetime import date, timedelta

from msgspec.structs import replace

from tongxing.fares.model import FareState, Pack
from tongxing.fares.rules import PackRelief
from tongxing.kernel.clock import at, calendar_date
from tongxing.kernel.reasons import Refusal


def pack_name(city: str, rule: PackRelief) -> str:
    """How a pack is called in a fare state: ``<city>.<pack>``."""
    return f"{city}.{rule.pack}"


def held_pack(packs: tuple[Pack, ...], name: str, time_s: int) -> Pack | None:
    """The pack of that name that still has a ride at an instant; the one that ends first."""
    fitting = [
        one for one in packs if one.name == name and one.rides_left > 0 and time_s <= one.until_s
    ]
    return min(fitting, key=lambda one: one.until_s, default=None)


def used(packs: tuple[Pack, ...], pack: Pack) -> tuple[Pack, ...]:
    """The packs after one ride of `pack`; an empty one is gone."""
    rest = replace(pack, rides_left=pack.rides_left - 1)
    found = list(packs)
    index = found.index(pack)
    found[index : index + 1] = [rest] if rest.rides_left else []
    return tuple(found)


def buy_pack(city: str, rule: PackRelief, state: FareState, bought_s: int) -> FareState | Refusal:
    """The state of a medium that bought a pack; the caller books `rule.price_fen`.

    Refuses PACK_PRICE_UNKNOWN for a pack whose price the tariff does not state.
    """
    if rule.price_fen is None:
        return Refusal("PACK_PRICE_UNKNOWN", rule.id, {"pack": rule.pack})
    bought = Pack(pack_name(city, rule), _end_s(rule, bought_s), rule.rides)
    return replace(state, packs=(*state.packs, bought))


def _end_s(rule: PackRelief, bought_s: int) -> int:
    day = calendar_date(bought_s)
    if rule.days:
        return at(day + timedelta(days=rule.days)) - 1
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return at(following) - 1
