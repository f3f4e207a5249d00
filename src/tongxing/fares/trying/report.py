"""The report of a dry run: one file for a browser, in Chinese and English, that needs nothing else.

It shows what `DryRun` holds and works nothing out but percentages. No address of another machine
may stand in it: whoever is sent the file reads it as it is.
"""

from collections.abc import Callable
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tongxing.fares.explain import system_name
from tongxing.fares.trying.dry_run import GROUPS, DryRun
from tongxing.fares.trying.figures import Bin
from tongxing.fares.trying.pictures import SHEETS, Histogram, Pairs, histogram, pairs
from tongxing.fares.trying.words import mode_name, trying_texts
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import LANGUAGES
from tongxing.network.transport import CityNetwork

_PICTURED_MOST = 24
Name = Callable[[str, str, str], str]


def report(run: DryRun, network: CityNetwork, title: str, first_language: str = "zh") -> str:
    """The report as HTML. `title` names the tariff that was tried: its file, say.

    `first_language` is the one shown until the reader chooses the other.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"yuan": yuan, "signed": signed}
    source = files("tongxing.fares.trying")
    template = environment.from_string(
        source.joinpath("report.html.jinja").read_text(encoding="utf-8")
    )
    return template.render(
        run=run,
        title=title,
        languages=LANGUAGES,
        first_language=first_language,
        style=Markup(source.joinpath("report.css").read_text(encoding="utf-8")),
        say=_say,
        city=lambda language: network.name_zh if language == "zh" else network.name_en,
        group_names=[name for name in GROUPS if run.groups[name]],
        name_of=_names(network),
        bin_name=bin_name,
        percent=percent,
        shares=_shares(run),
        histograms=_histograms(run),
        pictured=_pictured(run),
    )


def signed(fen: int) -> str:
    """An amount with its sign, so that more and less are told apart without a colour."""
    return f"+{yuan(fen)}" if fen > 0 else yuan(fen).replace("-", "−")


def percent(part: int, whole: int) -> str:
    """A share of the whole with one decimal, halves away from zero: ``12.5 %``."""
    if whole == 0:
        return "–"
    tenths = (abs(part) * 2_000 + whole) // (2 * whole)
    return f"{'−' if part < 0 and tenths else ''}{tenths // 10}.{tenths % 10} %"


def bin_name(one: Bin, language: str) -> str:
    """A range of changes in words of its ends: ``+0.01 … +2.00``."""
    if one.side == "same":
        return _say("bin.same", language)
    if one.least_fen is None:
        return _say("bin.below", language, amount=signed(one.most_fen or 0))
    if one.most_fen is None:
        return _say("bin.above", language, amount=signed(one.least_fen))
    return f"{signed(one.least_fen)} … {signed(one.most_fen)}"


def group_name(group: str, key: str, language: str, network: CityNetwork) -> str:
    """What people call a group's key: a fare system, an operator, a band of distances, an hour."""
    if key == "":
        return _say("group.unknown", language)
    if group == "system":
        return system_name(key, language)
    if group == "mode":
        return mode_name(key, language)
    if group == "operator" and key in network.operators:
        operator = network.operators[key]
        return operator.name_zh if language == "zh" else operator.name_en
    if group == "distance":
        return _say("group.km", language, km=key.partition(" ")[2])
    if group == "hour":
        return f"{key}:00–{key}:59"
    if group == "medium" and f"medium.{key}" in trying_texts().entries:
        return _say(f"medium.{key}", language)
    return key


def _say(key: str, language: str, /, **values: object) -> str:
    return trying_texts().text(key, language, **values)


def _names(network: CityNetwork) -> Name:
    return lambda group, key, language: group_name(group, key, language, network)


def _shares(run: DryRun) -> dict[str, str]:
    """The percentages that stand beside the main figures."""
    people = run.spread.passengers
    return {
        "change": percent(run.total.change_fen, run.total.before_fen),
        "more": percent(run.spread.more, people),
        "less": percent(run.spread.less, people),
        "same": percent(run.spread.same, people),
    }


def _histograms(run: DryRun) -> list[Histogram]:
    return [histogram(run.spread.bins, sheet) for sheet in SHEETS] if run.spread.bins else []


def _pictured(run: DryRun) -> dict[str, list[Pairs]]:
    return {
        name: [pairs(rows[:_PICTURED_MOST], sheet) for sheet in SHEETS]
        for name, rows in run.groups.items()
        if len(rows) > 1
    }
