"""One city's upgrade service at one instant: which channels and apps are open, for what, and what
holds for tickets and first top-ups. Where the sources differ, the rules say which word holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tongxing.city.upgrading.data_forms import (
    Channel,
    Hotline,
    Kind,
    Places,
    Rules,
    ServiceDesk,
    SingleTickets,
    Way,
    kinds,
    programme_file,
    trial_file,
)
from tongxing.kernel.clock import at, stamp
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES, load_catalogue

TEXTS = load_catalogue(__package__)
"""The words of the service: channels, apps, kinds, steps, help."""


@dataclass(frozen=True, slots=True)
class Differing:
    """An app that one source lists and another one does not."""

    app: str
    listed_by: tuple[str, ...]
    not_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """What holds in `city` at `time_s`."""

    city: str
    time_s: int
    rules: Rules

    def channel(self, name: str) -> Channel | None:
        """A channel by its name, open or not."""
        found = (one for one in programme_file().channel if one.city == self.city)
        return next((one for one in found if one.name == name), None)

    def consent_channel(self, name: str) -> str:
        """Under which channel of the people's desk a holder's yes is noted; "" where none is."""
        channel = self.channel(name)
        return "" if channel is None else channel.consent

    def opened_s(self, name: str) -> int | None:
        """From when a channel is open, by the rules' reading of the sources; None where nothing
        says that it ever is."""
        channel = self.channel(name)
        if channel is None:
            return None
        if channel.way == "top_up":
            days = [row.from_day for row in programme_file().first_top_up if self._ours(row.city)]
            return self._chosen(at(day) for day in days)
        if channel.way == "registration":
            rows = programme_file().registration
            return self._chosen(row.from_s for row in rows if self._ours(row.city))
        if channel.way == "popup":
            lists = programme_file().popup
            return self._chosen(row.from_s for row in lists if self._ours(row.city))
        openings = [row for row in programme_file().opening if self._ours(row.city)]
        return self._chosen(row.from_s for row in openings if name in row.channels)

    def open_channel(self, name: str, way: Way, kind: str) -> Channel | Refusal:
        """A channel that is open now for this kind.

        Refuses UPGRADE_CHANNEL_UNKNOWN, UPGRADE_CHANNEL_NOT_YET and UPGRADE_CHANNEL_OTHER_KIND.
        """
        channel = self.channel(name)
        opened_s = self.opened_s(name)
        if channel is None or channel.way != way or opened_s is None:
            return Refusal("UPGRADE_CHANNEL_UNKNOWN", name[:40])
        if self.time_s < opened_s:
            return Refusal("UPGRADE_CHANNEL_NOT_YET", name, {"opens": stamp(opened_s)})
        if kind not in channel.kinds:
            return Refusal("UPGRADE_CHANNEL_OTHER_KIND", name, told("kind", kind))
        return channel

    def channels(self) -> list[Channel]:
        """The channels that are open now, in the order of the data."""
        found = (one for one in programme_file().channel if one.city == self.city)
        return [one for one in found if self._has_begun(self.opened_s(one.name))]

    def popup_s(self, app: str) -> int | None:
        """From when an app asks its users; None for an app on no list, or, where every source has
        to name it, not on all lists."""
        lists = [row for row in programme_file().popup if self._ours(row.city)]
        naming = [row.from_s for row in lists if app in row.apps]
        if self.rules.differing == "all" and len(naming) < len(lists):
            return None
        return self._chosen(naming)

    def popup_apps(self) -> list[str]:
        """The apps that ask their users now, in the order of the lists."""
        rows = [row for row in programme_file().popup if self._ours(row.city)]
        apps = dict.fromkeys(app for row in rows for app in row.apps)
        return [app for app in apps if self._has_begun(self.popup_s(app))]

    def differing(self) -> list[Differing]:
        """The apps on which the sources' lists differ."""
        rows = [row for row in programme_file().popup if self._ours(row.city)]
        found = []
        for app in dict.fromkeys(app for row in rows for app in row.apps):
            naming = tuple(row.source for row in rows if app in row.apps)
            others = tuple(row.source for row in rows if app not in row.apps)
            if others:
                found.append(Differing(app, naming, others))
        return found

    def first_top_up_from(self, place: str) -> date | None:
        """The day of issue from which a card's first top-up needs identity."""
        rows = [row for row in programme_file().first_top_up if self._ours(row.city)]
        return min((row.from_day for row in rows if place in row.places), default=None)

    def registers(self) -> bool:
        """Whether a newly opened ride code is linked at its registration now."""
        rows = programme_file().registration
        return any(self._ours(row.city) and row.from_s <= self.time_s for row in rows)

    def single_tickets(self) -> SingleTickets | None:
        """The rule for single tickets now; None while anybody may buy one."""
        begun = [
            row
            for row in programme_file().single_tickets
            if self._ours(row.city) and row.from_s <= self.time_s
        ]
        return max(begun, key=lambda row: row.from_s, default=None)

    def hotlines(self) -> list[Hotline]:
        """The telephone numbers that help."""
        return [row for row in programme_file().hotline if self._holds(row.city, row.from_s)]

    def places(self) -> list[Places]:
        """Where the check is tested or tried by now."""
        return [row for row in trial_file().places if self._holds(row.city, row.from_s)]

    def service_desks(self) -> list[ServiceDesk]:
        """The desks before gates that the sources name."""
        return [row for row in trial_file().service_desk if self._holds(row.city, row.from_s)]

    def kind(self, name: str) -> Kind | Refusal:
        """A kind of medium. Refuses UPGRADE_KIND_UNKNOWN."""
        found = kinds().get(name)
        return found or Refusal("UPGRADE_KIND_UNKNOWN", name[:40])

    def _chosen(self, times: Iterable[int]) -> int | None:
        pick = min if self.rules.differing == "any" else max
        return pick(times, default=None)

    def _has_begun(self, from_s: int | None) -> bool:
        return from_s is not None and from_s <= self.time_s

    def _holds(self, city: str, from_s: int) -> bool:
        return self._ours(city) and from_s <= self.time_s

    def _ours(self, city: str) -> bool:
        return city == self.city


def programme_at(city: str, time_s: int) -> Programme | Refusal:
    """A city's service at an instant.

    Refuses UPGRADE_NO_PROGRAMME for a city without one, and before it began.
    """
    rules = [row for row in programme_file().rules if row.city == city and row.from_s <= time_s]
    if not rules:
        return Refusal("UPGRADE_NO_PROGRAMME", city)
    return Programme(city, time_s, max(rules, key=lambda row: row.from_s))


def told(name: str, key: str, **values: object) -> dict[str, object]:
    """A word of the catalogue in every language, as the values ``<name>_zh`` and ``<name>_en``."""
    entry = f"{name}.{key}"
    return {f"{name}_{lang}": TEXTS.text(entry, lang, **values) for lang in LANGUAGES}
