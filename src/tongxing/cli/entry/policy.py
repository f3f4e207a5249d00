"""`tongxing entry policy`: what is asked of who enters, where and when, and how sure that is."""

import time
from collections.abc import Iterable
from datetime import date

import click

from tongxing.cli.arguments import DAY
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.entry import Condition, Policy, policies
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Problem, Refusal, reason
from tongxing.network import load_registry

WORDS = Words("entry")


@make_command()
@click.argument("city", required=False)
@click.option("--on", "on", type=DAY, metavar="DATE")
def command(city: str | None, on: date | None) -> None:
    day = on or calendar_date(int(time.time()))
    found = list(policies()) if city is None else _of_city(city)
    if settings().json:
        emit_json([{"policy": one, "on": day, "holds": _holding(one, day)} for one in found])
        return
    if not found:
        say(WORDS("policy.none"))
    for one in found:
        _print_policy(one, day)


def _of_city(text: str) -> list[Policy]:
    registry = load_registry()
    place = registry.find_city(text)
    if isinstance(place, Refusal):
        raise Problem(place.code, "CITY", **place.values)
    found = [one for one in policies() if one.city == place.code]
    if not found:
        name = registry.place_name(place.code, settings().language)
        raise Problem("ENTRY_NO_POLICY", "CITY", city=name)
    return found


def _holding(policy: Policy, day: date) -> list[Condition]:
    if not policy.from_day <= day <= policy.until:
        return []
    return [one for one in policy.where if one.runs_on(day)]


def _print_policy(policy: Policy, day: date) -> None:
    language = settings().language
    city = load_registry().place_name(policy.city, language)
    say(WORDS("policy.title", title=_in(policy.title_zh, policy.title_en), city=city))
    say(WORDS("policy.purpose", purpose=_in(policy.purpose_zh, policy.purpose_en)))
    say(WORDS("policy.span", first=policy.from_day, last=policy.until))
    say(WORDS(f"policy.{policy.result.unit}", most=policy.result.most))
    for handling in ("check", "by_hand", "free"):
        media = [_medium(name) for name, how in policy.media.items() if how == handling]
        if media:
            say(WORDS(f"policy.{handling}", media=_listed(media)))
    say(WORDS("policy.prompt", text=reason(policy.not_upgraded).text(language, {})))
    if policy.category:
        names = _listed(_in(one.title_zh, one.title_en) for one in policy.category)
        say(WORDS("policy.category", names=names))
    if policy.manual_lane:
        say(WORDS("policy.manual"))
    tickets = policy.single_tickets
    if tickets is not None and tickets.identity:
        source = _source(tickets.source, tickets.certain)
        say(WORDS("policy.tickets", day=tickets.from_day, source=source))
    for group in policy.place_set:
        values = {"count": group.count, "named": _listed(group.named), "unknown": group.unknown}
        values["source"] = _source(group.source, group.certain)
        key = "policy.set" if group.count else "policy.set_uncounted"
        say(WORDS(key, title=_in(group.title_zh, group.title_en), **values))
    _print_holding(policy, day)


def _print_holding(policy: Policy, day: date) -> None:
    rows = _holding(policy, day)
    if not rows:
        say(WORDS("policy.off", day=day))
        return
    columns = ("where", "effect", "when_down", "dates", "source")
    print_table(
        WORDS("policy.holds", day=day),
        [WORDS(f"policy.{column}") for column in columns],
        [
            (
                _where(policy, one),
                WORDS(f"effect.{one.effect}"),
                WORDS(f"down.{one.when_down}"),
                f"{one.from_day} – {one.until or policy.until}",
                _source(one.source, one.certain),
            )
            for one in rows
        ],
    )


def _where(policy: Policy, one: Condition) -> str:
    parts = [WORDS(f"mode.{one.mode or 'any'}")]
    if one.lines:
        parts.append(WORDS("place.lines", names=_listed(one.lines)))
    parts += list(one.stations)
    parts += [_in(s.title_zh, s.title_en) for s in policy.place_set if s.name == one.place_set]
    if len(parts) == 1:
        parts.append(WORDS("place.all"))
    return " · ".join(parts)


def _medium(name: str) -> str:
    return WORDS.find(f"media.{name}") or name


def _source(source: str, certain: bool) -> str:
    return source if certain else WORDS("policy.unsure", source=source)


def _listed(names: Iterable[str]) -> str:
    return ("、" if settings().language == "zh" else ", ").join(names)


def _in(chinese: str, english: str) -> str:
    return chinese if settings().language == "zh" else english
