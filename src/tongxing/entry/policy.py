"""What is asked of who enters, where, when and for how long: dated data, one file per policy.

Nothing is asked anywhere unless a site is given a policy, and no policy is read that does not say
its purpose and its last day. Days are business days: the first one begins with the first train.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

import msgspec
from msgspec import Struct

from tongxing.kernel.clock import DAY_S, business_date

Effect = Literal["enforced", "informative"]
WhenDown = Literal["open", "closed", "manual"]
Handling = Literal["check", "by_hand", "free"]

LIFE_S_MAX = DAY_S
"""No attestation outlives a day: nothing about a holder's state is kept longer anywhere."""


class Place(Struct, frozen=True, kw_only=True):
    """Where somebody enters: a mode, every name of the line and of the station, and what is known
    of the place besides (the names of a policy's sets)."""

    mode: str
    lines: frozenset[str] = frozenset()
    stations: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset()


class _Told(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: str
    certain: bool = True


class ResultRule(_Told, frozen=True, kw_only=True):
    """How old a result may be: whole calendar days since the day of its sample, or hours."""

    unit: Literal["days", "hours"]
    most: int


class PlaceSet(_Told, frozen=True, kw_only=True):
    """Places that a source counts (0: it says neither how many nor which); `named` are those that
    it names. The others are known to whoever runs the station, who gives its gates the set's name
    as a property."""

    name: str
    title_zh: str
    title_en: str
    count: int
    named: tuple[str, ...]

    @property
    def unknown(self) -> int:
        """How many the source counts and does not name."""
        return self.count - len(self.named)


class Category(_Told, frozen=True, kw_only=True):
    """Holders who are never asked to upgrade: others did it for them. `products` are the classes
    under which gates know their media."""

    name: str
    title_zh: str
    title_en: str
    products: tuple[str, ...]


class Tickets(_Told, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """From which day a single ticket needs its rider's identity and a passed check."""

    from_day: date
    identity: bool


CLOSING = frozenset(
    {
        "ENTRY_MANUAL_LANE",
        "ENTRY_TURNED_BACK",
        "ENTRY_NOT_UPGRADED",
        "ENTRY_NO_ANSWER",
        "ENTRY_STAFF_CHECK",
    }
)
"""Why a lane may stay shut for a condition of entry."""


class Condition(_Told, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """One statement of where a policy holds. A list that is empty excludes nothing.

    `effect` enforced: the answer decides; informative: it informs, and the staff's rule decides.
    `when_down` says what a gate does here while nobody can answer it.
    """

    from_day: date
    until: date | None = None
    mode: str = ""
    lines: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    place_set: str = ""
    effect: Effect
    when_down: WhenDown

    def runs_on(self, day: date) -> bool:
        """Whether it holds on a business day."""
        return self.from_day <= day and (self.until is None or day <= self.until)


class Policy(_Told, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """One city's policy; ``data/`` says what each field means."""

    name: str
    city: str
    title_zh: str
    title_en: str
    purpose_zh: str
    purpose_en: str
    from_day: date
    until: date
    result: ResultRule
    attestation_life_s: int
    refusal_life_s: int
    media: dict[str, Handling]
    not_upgraded: str
    manual_lane: bool
    single_tickets: Tickets | None = None
    category: tuple[Category, ...] = ()
    place_set: tuple[PlaceSet, ...] = ()
    where: tuple[Condition, ...]

    def runs_at(self, now_s: int) -> bool:
        """Whether the policy holds at all; after its last day it never does again."""
        return self.from_day <= business_date(now_s) <= self.until

    def condition_at(self, place: Place, now_s: int) -> Condition | None:
        """What holds at a place now. Of several statements the last one in the file decides."""
        if not self.runs_at(now_s):
            return None
        day = business_date(now_s)
        found = [one for one in self.where if one.runs_on(day) and self._covers(one, place)]
        return found[-1] if found else None

    def can_close(self, place: Place) -> bool:
        """Whether there is a day on which an automatic lane of a place can stay shut."""
        return any(one.effect == "enforced" and self._covers(one, place) for one in self.where)

    def kind_of(self, medium_kind: str, product: str) -> str:
        """What the policy calls a medium: by its class where it names that, else card or code."""
        return product if product in self.media else medium_kind

    def handling(self, kind: str) -> Handling:
        """How a kind of medium is checked; a kind that nothing is said of is checked."""
        return self.media.get(kind, "check")

    def category_of(self, product: str) -> Category | None:
        """The category whose holders are never asked to upgrade, if the class is one of it."""
        return next((one for one in self.category if product in one.products), None)

    def _covers(self, one: Condition, place: Place) -> bool:
        if one.mode and one.mode != place.mode:
            return False
        if one.lines and not place.lines.intersection(one.lines):
            return False
        if one.stations and not place.stations.intersection(one.stations):
            return False
        if not one.place_set or one.place_set in place.properties:
            return True
        named = next(group.named for group in self.place_set if group.name == one.place_set)
        return not place.stations.isdisjoint(named)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    policy: Policy


@cache
def policies() -> tuple[Policy, ...]:
    """Every policy that the project comes with, the oldest first. Raises ValueError for a file that
    is not in order, and for two policies of one city and day."""
    return in_order(read_policy(content) for content in policy_files())


def policy_files() -> list[bytes]:
    """The files of the policies that the project comes with, by name."""
    folder = files(__package__).joinpath("data")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml"))
    return [folder.joinpath(name).read_bytes() for name in names]


def in_order(found: Iterable[Policy]) -> tuple[Policy, ...]:
    """Policies by city and day. Raises ValueError for two of one city on one day."""
    rows = sorted(found, key=lambda one: (one.city, one.from_day))
    for before, after in pairwise(rows):
        if before.city == after.city and after.from_day <= before.until:
            raise ValueError(f"{before.name} and {after.name} hold on the same day")
    return tuple(rows)


def policy_at(known: Iterable[Policy], city: str, now_s: int) -> Policy | None:
    """The policy that holds in a city now; None on all other days."""
    return next((one for one in known if one.city == city and one.runs_at(now_s)), None)


def read_policy(content: bytes) -> Policy:
    """Read a policy's file strictly.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or missing field, a last day
    before the first, a statement outside those days, a set that nobody describes or that names more
    places than it counts, an attestation that would live for more than a day, a prompt that is not
    on the list of reasons, and a gate that could be closed without a manual lane beside it.
    """
    policy = msgspec.toml.decode(content, type=_File).policy
    sets = {one.name for one in policy.place_set}
    spans = [(policy.from_day, policy.until)]
    for one in policy.where:
        spans += [(policy.from_day, one.from_day), (one.from_day, one.until or policy.until)]
        spans.append((one.until or policy.until, policy.until))
        if one.place_set and one.place_set not in sets:
            raise ValueError(f"{policy.name}: nothing says what {one.place_set} is")
        if one.effect == "enforced" and not policy.manual_lane:
            raise ValueError(f"{policy.name}: every entrance keeps a manual lane")
    if any(first > last for first, last in spans):
        raise ValueError(f"{policy.name}: days out of order")
    if any(one.unknown < 0 for one in policy.place_set):
        raise ValueError(f"{policy.name}: more places are named than counted")
    lives = (policy.attestation_life_s, policy.refusal_life_s)
    if policy.result.most < 0 or not all(0 < life_s <= LIFE_S_MAX for life_s in lives):
        raise ValueError(f"{policy.name}: an age below zero, or a life of no or several days")
    if policy.not_upgraded not in CLOSING:
        raise ValueError(f"{policy.name}: {policy.not_upgraded} is no reason to close a lane")
    return policy
