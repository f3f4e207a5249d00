"""The tables of the upgrade service's data files, read strictly: a misspelt name is an error."""

from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

from tongxing.kernel.clock import instant

Way = Literal["popup", "number", "sms", "desk", "file", "top_up", "registration"]
Place = Literal["physical", "phone", "ticket", "category", "code"]


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: str
    certain: bool = True


class _Dated(_Table, frozen=True, kw_only=True, rename={"from_time": "from"}):
    city: str
    from_time: datetime

    @property
    def from_s(self) -> int:
        """From which instant it holds. Raises ValueError for a time without its offset."""
        return instant(self.from_time)


class NumberForm(Struct, frozen=True, forbid_unknown_fields=True):
    """One form of a number: so many ASCII digits, with this beginning."""

    length: int
    begins: str = ""


class Kind(_Table, frozen=True, kw_only=True):
    """What can be linked; ``data/kinds.toml`` says what each field means."""

    name: str
    place: Place
    in_books: bool
    typed: bool = True
    forms: tuple[NumberForm, ...]
    printed: str
    lookup: tuple[str, ...]


class Rules(_Dated, frozen=True, kw_only=True):
    """The numbers of one city; ``data/programmes.toml`` says what each means."""

    differing: Literal["any", "all"]
    consent_text: str
    consent_version: str
    limits: dict[Place, int]
    others_max: int
    others_cool_days: int
    number_tries_a_day: int


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to be upgraded; when it opened is said by `Opening` and `PopupList`."""

    city: str
    name: str
    way: Way
    level: int
    consent: str
    kinds: tuple[str, ...]
    apps: tuple[str, ...] = ()
    steps: dict[str, tuple[str, ...]]

    def steps_for(self, kind: str) -> tuple[str, ...]:
        """The steps for a kind, in order, as keys of the catalogue."""
        return self.steps.get(kind) or self.steps[""]


class Opening(_Dated, frozen=True, kw_only=True):
    """One source's word that channels are open from an instant on."""

    channels: tuple[str, ...]


class PopupList(_Dated, frozen=True, kw_only=True):
    """One source's list of the apps that ask their users."""

    apps: tuple[str, ...]


class Hotline(_Dated, frozen=True, kw_only=True):
    """Telephone numbers that help, for bus or rail."""

    about: Literal["bus", "rail"]
    numbers: tuple[str, ...]


class Registration(_Dated, frozen=True, kw_only=True):
    """From when a newly opened ride code is linked at its registration."""


class SingleTickets(_Dated, frozen=True, kw_only=True):
    """From when single tickets need identity and a passed check."""

    check_age_s: int
    e_tickets_suspended: bool


class FirstTopUp(_Table, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """The first day of issue from which a card's first top-up needs identity."""

    city: str
    from_day: date
    places: tuple[Place, ...]


class Places(_Dated, frozen=True, kw_only=True):
    """Stations or lines that test or try the check: what is named, and how many there are."""

    what: Literal["stations", "bus_lines"]
    state: Literal["test", "trial"]
    count: int
    named: tuple[str, ...]

    @property
    def unknown(self) -> int:
        """How many the source counts and does not name."""
        return self.count - len(self.named)


class ServiceDesk(_Dated, frozen=True, kw_only=True):
    """A desk before the gates of a station that upgrades on the spot."""

    station: str
    gate: str


class CampaignDates(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    """From which day a campaign is counted, and which totals are milestones."""

    city: str
    from_day: date
    milestones: tuple[int, ...]


class Reported(_Table, frozen=True, kw_only=True):
    """A total that a source reported of a campaign."""

    city: str
    on: date
    linked: int
    at_least: bool


class ProgrammeFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of ``programmes.toml``."""

    rules: tuple[Rules, ...]
    first_top_up: tuple[FirstTopUp, ...]
    registration: tuple[Registration, ...]
    single_tickets: tuple[SingleTickets, ...]
    channel: tuple[Channel, ...]
    opening: tuple[Opening, ...]
    popup: tuple[PopupList, ...]
    hotline: tuple[Hotline, ...]


class KindFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of ``kinds.toml``."""

    kind: tuple[Kind, ...]


class TrialFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of ``trial.toml``."""

    places: tuple[Places, ...]
    service_desk: tuple[ServiceDesk, ...]
    campaign: tuple[CampaignDates, ...]
    reported: tuple[Reported, ...]


def _content(name: str) -> bytes:
    return files(__package__).joinpath("data", name).read_bytes()


@cache
def programme_file() -> ProgrammeFile:
    """The programmes of all cities. Raises ValueError when the file is not in order."""
    return read_programmes(_content("programmes.toml"), kinds())


def read_programmes(content: bytes, known: dict[str, Kind]) -> ProgrammeFile:
    """Read programmes strictly.

    Raises ValueError (msgspec.ValidationError is one) for an unknown field, kind or channel, a time
    without its offset, or a channel that has no steps.
    """
    found = msgspec.toml.decode(content, type=ProgrammeFile)
    names = {(channel.city, channel.name) for channel in found.channel}
    if len(names) != len(found.channel):
        raise ValueError("two channels of one city and name")
    for channel in found.channel:
        if not set(channel.kinds) <= set(known) or "" not in channel.steps:
            raise ValueError(f"channel {channel.name}: an unknown kind, or no steps")
    dated = (*found.rules, *found.registration, *found.single_tickets, *found.opening)
    for row in (*dated, *found.popup, *found.hotline):
        instant(row.from_time)
    for opening in found.opening:
        if {(opening.city, name) for name in opening.channels} - names:
            raise ValueError("an opening names an unknown channel")
    return found


@cache
def kinds() -> dict[str, Kind]:
    """Every kind of medium by its name."""
    found = msgspec.toml.decode(_content("kinds.toml"), type=KindFile).kind
    return {kind.name: kind for kind in found}


@cache
def trial_file() -> TrialFile:
    """Where the check is tried, and the campaign's figures. Raises ValueError for a place that is
    named although it is not counted."""
    found = msgspec.toml.decode(_content("trial.toml"), type=TrialFile)
    if any(places.unknown < 0 for places in found.places):
        raise ValueError("more places are named than counted")
    return found
