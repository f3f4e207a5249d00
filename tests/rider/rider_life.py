"""A passenger with a life: money, a card and a code, rides, a missing exit, a trip under way."""

from dataclasses import dataclass

from rider_world import DAY, World, code_of

from tongxing.city.people import Person, SignedIn
from tongxing.kernel import clock


@dataclass
class Life:
    """A passenger who has money, a card and a code, rides, and a missing exit."""

    world: World
    who: SignedIn
    card: str
    code: str

    @property
    def person(self) -> Person:
        return self.who.person


def lived(world: World) -> Life:
    """Rides of a morning by card and code, one without its exit, and a trip under way."""
    who = world.newcomer()
    card, code = world.with_card(who.person), code_of(who.person)
    world.pays_in(who.person, 10_000)
    day_before = clock.at(DAY, 0) - clock.DAY_S
    world.ride(card, day_before + 8 * 3_600, "chaotianmen", "shapingba")
    world.ride(code, day_before + 12 * 3_600, "shapingba", "chaotianmen")
    world.ride(code, day_before + 18 * 3_600, "chaotianmen")
    assert world.city.close_day(DAY.replace(day=DAY.day - 1), clock.at(DAY, 4)) is not None
    world.ride(card, clock.at(DAY, 8), "shapingba", "chaotianmen")
    world.ride(code, clock.at(DAY, 11, 40), "chaotianmen")
    return Life(world, who, card, code)
