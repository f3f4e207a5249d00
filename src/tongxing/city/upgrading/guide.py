"""What pages show of the service: channels with their steps in order, help, hot lines.

Everything is a key of the room's catalogue (`texts.toml`), so that a page speaks its reader's
language; nothing is decided here (R-124 to R-126, R-138 to R-151, R-161).
"""

from dataclasses import dataclass

from tongxing.city.upgrading.data_forms import Hotline, Places, ServiceDesk
from tongxing.city.upgrading.numbers import NumberHelp, number_help
from tongxing.city.upgrading.programme import TEXTS, Differing, Programme
from tongxing.kernel.reasons import Refusal

HELP = ("no_sms", "others", "elders", "already", "privacy")


@dataclass(frozen=True, slots=True)
class GuideSteps:
    """One way to be upgraded: the channel, the kind, and the steps in order (keys)."""

    channel: str
    way: str
    kind: str
    opened_s: int
    steps: tuple[str, ...]
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """What a city's passengers can be told now. `differing` are the apps on which the sources do
    not agree; `places` say where the check is tried, with how many of them are not named."""

    city: str
    ways: tuple[GuideSteps, ...]
    numbers: tuple[NumberHelp, ...]
    help: tuple[str, ...]
    hotlines: tuple[Hotline, ...]
    service_desks: tuple[ServiceDesk, ...]
    places: tuple[Places, ...]
    differing: tuple[Differing, ...]


def guide(programme: Programme) -> Guide:
    """The channels that are open, with everything that helps through them."""
    ways, names = [], []
    for channel in programme.channels():
        opened_s = programme.opened_s(channel.name)
        assert opened_s is not None, "an open channel has opened"
        apps = tuple(programme.popup_apps()) if channel.way == "popup" else channel.apps
        for kind in channel.kinds:
            steps = tuple(f"step.{step}" for step in channel.steps_for(kind))
            ways.append(GuideSteps(channel.name, channel.way, kind, opened_s, steps, apps))
            names.append(kind)
    known = [programme.kind(name) for name in dict.fromkeys(names)]
    return Guide(
        city=programme.city,
        ways=tuple(ways),
        numbers=tuple(
            number_help(kind) for kind in known if not isinstance(kind, Refusal) and kind.typed
        ),
        help=tuple(f"help.{name}" for name in HELP),
        hotlines=tuple(programme.hotlines()),
        service_desks=tuple(programme.service_desks()),
        places=tuple(programme.places()),
        differing=tuple(programme.differing()),
    )


def words(key: str, language: str) -> str:
    """A text of the service by its key. Raises KeyError for an unknown one: that is a bug."""
    return TEXTS.text(key, language)
