"""What may be seen of a city's people without their keys: counts, alarms, and that somebody wrote.

Nothing sealed is opened here, so a program without `Cells` can show it; what passengers wrote is
read where the keys are.
"""

from dataclasses import dataclass

from tongxing.city.people.looking import look_alerts
from tongxing.city.people.one_time import code_health
from tongxing.city.people.store import acts as store
from tongxing.city.people.terms import people_terms
from tongxing.city.people.values import CodeHealth, LookAlert
from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Written:
    """That a passenger wrote: about what and when, from which account; not what."""

    feedback_id: str
    account: str
    about: str
    at_s: int


@dataclass(frozen=True, slots=True)
class PeopleWatch:
    """A city's people at an instant: the newest feedback, how much there is by what it is about,
    staff whose looks of the last hour stand out, the last hour of one-time codes."""

    newest: tuple[Written, ...]
    by_about: tuple[tuple[str, int], ...]
    looks: tuple[LookAlert, ...]
    codes: CodeHealth

    @property
    def feedback(self) -> int:
        """How much was written, as far as it is kept."""
        return sum(count for _, count in self.by_about)


def people_watch(cursor: Cursor, city: str, now_s: int, limit: int) -> PeopleWatch:
    """What stands out at an instant, with so many of the newest pieces of feedback."""
    terms = people_terms(city, now_s)
    return PeopleWatch(
        newest=tuple(Written(*row) for row in store.newest_feedback(cursor, limit)),
        by_about=tuple(store.count_feedback(cursor)),
        looks=tuple(look_alerts(terms, cursor, now_s)),
        codes=code_health(terms, cursor, now_s),
    )


def newest_s(cursor: Cursor) -> int:
    """When something was last written about people; 0 for never."""
    return store.newest_s(cursor)
