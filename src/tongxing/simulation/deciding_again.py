"""What a city of the simulation says of its gates' decisions, having made them again."""

from dataclasses import dataclass
from datetime import date

from tongxing.city.office import Office
from tongxing.city.redeciding.desk import VerdictDesk
from tongxing.city.store.verdicts import Difference
from tongxing.fares import CityFares
from tongxing.storage import Database

DIFFERING_MOST = 20


@dataclass(frozen=True, slots=True)
class GatesDecidedAgain:
    """How many taps the city decided about again, and those of which it says something else: each
    by name, with both verdicts."""

    taps: int
    differing: list[tuple[str, str]]


def gates_decided_again(
    code: str, database: Database, fares: CityFares | None, now_s: int
) -> GatesDecidedAgain:
    """Decide about all that came, and tell what differs; a city without gates has nothing."""
    office = Office(code, database, fares)
    try:
        desk = VerdictDesk(office)
        desk.decide_again(now_s)
        taps = sum(one.taps for one in desk.counts(date.min, date.max))
        differing = desk.differences(date.min, date.max, DIFFERING_MOST)
    finally:
        office.close()
    return GatesDecidedAgain(taps, [(str(one.tap.ref), _told(one)) for one in differing])


def _told(one: Difference) -> str:
    tap = one.tap
    gate = f"{tap.outcome} {tap.reason} {tap.purse.taken_fen if tap.purse else '-'} {tap.tariff}"
    return f"{one.differs}: {gate} / {one.outcome} {one.reason} {one.taken_fen} {one.tariff}"
