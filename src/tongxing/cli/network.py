"""`tongxing network`: who is accepted where, asked by card number, by city, or for a whole day.

Only reads arguments and prints; every answer is the registry's. `--json` gives the same values.
"""

import time
from collections.abc import Iterable
from datetime import date
from typing import TypeVar

import click

from tongxing.cli.arguments import DAY
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.shell import group
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network import answers, load_registry
from tongxing.network.answers import CityAnswer, ListedRow, SchemeReach, WhereAnswer
from tongxing.network.registry import Registry
from tongxing.network.reports import CoverageReport, CoverageRow

WORDS = Words("network")

Found = TypeVar("Found")


@group()
def command() -> None:
    """The group; its words stand in texts/network.toml."""


@command.command()
@click.argument("card_number")
@click.option("--at", "at", metavar="PLACE")
@click.option("--on", "on", type=DAY, metavar="DATE")
def where(card_number: str, at: str | None, on: date | None) -> None:
    registry = load_registry()
    place = _expect(registry.find_city(at), "--at") if at is not None else None
    found = answers.where(registry, card_number, on or _today(), place)
    answer = _expect(found, "CARD_NUMBER")
    if settings().json:
        emit_json(answer)
    else:
        _print_where(registry, answer)


@command.command()
@click.argument("name")
@click.option("--on", "on", type=DAY, metavar="DATE")
def city(name: str, on: date | None) -> None:
    registry = load_registry()
    place = _expect(registry.find_city(name), "NAME")
    answer = answers.city(registry, place, on or _today())
    if settings().json:
        emit_json(answer)
    else:
        _print_city(registry, answer)


@command.command()
@click.option("--on", "on", type=DAY, metavar="DATE")
@click.option("--scheme", "scheme", metavar="NAME")
@click.option("--province", "province", metavar="NAME")
def coverage(on: date | None, scheme: str | None, province: str | None) -> None:
    registry = load_registry()
    if scheme is not None and scheme not in registry.schemes:
        raise Problem("SCHEME_UNKNOWN", "--scheme", scheme_zh=scheme, scheme_en=scheme)
    code = ""
    if province is not None:
        code = _expect(registry.find_city(province, "province"), "--province").code
    report = registry.coverage(on or _today(), scheme or "", code)
    if not report.rows:
        raise Problem("COVERAGE_EMPTY", " ".join(filter(None, (scheme, province))))
    if settings().json:
        emit_json(report)
    else:
        _print_coverage(registry, report, every_row=bool(scheme or province))


def _today() -> date:
    return calendar_date(int(time.time()))


def _expect(found: Found | Refusal, where: str) -> Found:
    if isinstance(found, Refusal):
        raise Problem(found.code, where, **found.values)
    return found


def _scheme(registry: Registry, name: str) -> str:
    return registry.schemes[name].title(settings().language)


def _place(registry: Registry, code: str) -> str:
    return registry.place_name(code, settings().language)


def _word(registry: Registry, key: str) -> str:
    return registry.word(key, settings().language)


def _listing(names: Iterable[str]) -> str:
    return ("、" if settings().language == "zh" else ", ").join(names)


def _percent(per_mille: int) -> str:
    whole, rest = divmod(per_mille, 10)
    return f"{whole}.{rest} %" if rest else f"{whole} %"


def _print_where(registry: Registry, answer: WhereAnswer) -> None:
    forms = [
        match.form_zh if settings().language == "zh" else match.form_en for match in answer.matches
    ]
    print_table(
        WORDS("where.title", number=answer.number),
        [
            WORDS(f"column.{name}")
            for name in ("scheme", "issuer", "brand", "reading", "form", "check")
        ],
        [
            (
                _scheme(registry, match.scheme),
                _place(registry, match.issuer) or "—",
                match.brand or "—",
                _word(registry, f"kind.{match.kind}"),
                form,
                WORDS(f"check.{'none' if match.check_ok is None else match.check_ok}".lower()),
            )
            for match, form in zip(answer.matches, forms, strict=True)
        ],
    )
    for reached in answer.reach:
        _print_reach(registry, reached, answer.on)
    if answer.at:
        _print_at(registry, answer)


def _print_reach(registry: Registry, reached: SchemeReach, on: date) -> None:
    title = _scheme(registry, reached.scheme)
    say()
    if not reached.issuer_ok:
        say(WORDS("where.outside", scheme=title, issuer=_place(registry, reached.issuer)))
        return
    if reached.provinces:
        say(WORDS("where.reach", scheme=title, on=on, places=reached.in_service))
        if reached.start_unknown:
            say(WORDS("where.start_unknown", places=reached.start_unknown))
        say(WORDS("where.marks", marks=_listing(reached.marks)))
        print_table(
            WORDS("where.modes"),
            [WORDS("column.mode"), WORDS("column.open"), WORDS("column.marked_lines")],
            [
                (_word(registry, f"mode.{each.mode}"), each.places, each.marked_lines_only)
                for each in reached.modes
            ],
            right=(1, 2),
        )
        say(WORDS("where.modes_note"))
        print_table(
            WORDS("where.provinces"),
            [WORDS(f"column.{name}") for name in ("province", "open", "limited", "closed")],
            [
                (_place(registry, each.province), each.open, each.limited, each.closed)
                for each in reached.provinces
            ],
            right=(1, 2, 3),
        )
    else:
        scopes = reached.scopes_zh if settings().language == "zh" else reached.scopes_en
        print_table(
            WORDS("where.scopes", scheme=title),
            [WORDS("column.scope")],
            [(scope,) for scope in scopes],
        )
    _print_prohibitions(registry, reached)


def _print_prohibitions(registry: Registry, reached: SchemeReach) -> None:
    chinese = settings().language == "zh"
    for each in reached.permitted:
        note = each.note_zh if chinese else each.note_en
        key = "where.permitted_note" if note else "where.permitted"
        say(WORDS(key, action=_word(registry, f"action.{each.action}"), note=note))
    if not reached.prohibitions:
        say(WORDS("where.no_prohibitions"))
        return
    print_table(
        WORDS("where.prohibitions"),
        [WORDS("column.action"), WORDS("column.rule"), WORDS("column.next")],
        [
            (
                _word(registry, f"action.{each.action}"),
                each.text_zh if chinese else each.text_en,
                each.next_zh if chinese else each.next_en,
            )
            for each in reached.prohibitions
        ],
    )


def _print_at(registry: Registry, answer: WhereAnswer) -> None:
    chinese = settings().language == "zh"
    place = _place(registry, answer.at[0].place)
    say()
    print_table(
        WORDS("where.answers", place=place, on=answer.on),
        [WORDS(f"column.{name}") for name in ("scheme", "mode", "accepted", "why")],
        [
            (
                _scheme(registry, each.scheme),
                _word(registry, f"mode.{each.mode}"),
                WORDS("yes" if each.accepted else "no"),
                each.text_zh if chinese else each.text_en,
            )
            for each in answer.at
        ],
    )


def _print_city(registry: Registry, answer: CityAnswer) -> None:
    place = answer.place
    say(
        WORDS(
            "city.title",
            zh=place.name_zh,
            en=place.name_en or "—",
            code=place.code,
            province=_place(registry, answer.province),
        )
    )
    if answer.mark or answer.province_brand:
        say(
            WORDS(
                "city.mark",
                province=_place(registry, answer.province),
                mark=answer.mark or "—",
                brand=answer.province_brand or "—",
            )
        )
    if answer.rows:
        print_table(
            WORDS("city.rows", on=answer.on),
            [
                WORDS(f"column.{name}")
                for name in ("scheme", "listed", "coverage", "state", "brand", "since", "source")
            ],
            [_city_row(registry, row) for row in answer.rows],
        )
    elif not answer.inside:
        say(WORDS("city.none"))
    if answer.rates:
        print_table(
            WORDS("city.rates", as_of=answer.rates[0].as_of),
            [WORDS(f"column.{name}") for name in ("mode", "part", "share", "wording")],
            [
                (
                    _word(registry, f"mode.{rate.mode}"),
                    _word(registry, f"part.{rate.part}"),
                    _percent(rate.per_mille),
                    rate.wording,
                )
                for rate in answer.rates
            ],
            right=(2,),
        )
        say(WORDS("city.rates_note"))
    if answer.inside:
        _print_rows(registry, answer.inside, answer.on)


def _city_row(registry: Registry, row: ListedRow) -> tuple[str, ...]:
    listed = row.title_zh if settings().language == "zh" else row.title_en
    if not listed:
        listed = _place(registry, row.place)
    if not row.title_zh and row.listed_as != registry.place_name(row.place, "zh"):
        listed += f" ({row.listed_as})"
    covered = _word(registry, f"coverage.{row.coverage}")
    if row.areas or row.without:
        key = "city.only" if row.areas else "city.without"
        names = _listing(_place(registry, code) for code in (*row.areas, *row.without))
        covered = WORDS(key, coverage=covered, places=names)
    since = row.since or WORDS("unknown")
    if row.batch:
        since = WORDS("city.batch", since=since, batch=row.batch)
    source = _source(registry, row.source)
    if not row.certain:
        source = WORDS("city.doubt", source=source)
    if row.service_point:
        source = WORDS("city.service_point", source=source, point=row.service_point)
    state = _word(registry, f"state.{row.state}")
    return _scheme(registry, row.scheme), listed, covered, state, row.brand or "—", since, source


def _source(registry: Registry, key: str) -> str:
    found = registry.sources[key]
    return found.zh if settings().language == "zh" else found.en


def _print_coverage(registry: Registry, report: CoverageReport, *, every_row: bool) -> None:
    print_table(
        WORDS("coverage.title", on=report.on),
        [WORDS(f"column.{name}") for name in ("scheme", "coverage", "places", "uncertain")],
        [
            (
                _scheme(registry, count.scheme),
                _word(registry, f"coverage.{kind}"),
                count.by_coverage[kind],
                count.uncertain.get(kind, 0),
            )
            for count in report.counts
            for kind in count.by_coverage
        ],
        right=(2, 3),
    )
    present = {row.scheme for row in report.rows}
    for count in report.counts:
        if count.scheme not in present:
            continue
        states = _listing(
            f"{_word(registry, f'state.{state}')} {number}"
            for state, number in count.by_state.items()
        )
        say(
            WORDS(
                "coverage.states",
                scheme=_scheme(registry, count.scheme),
                rows=count.rows,
                states=states,
            )
        )
        if count.start_unknown:
            say(WORDS("coverage.start_unknown", places=count.start_unknown))
    for fact in (fact for fact in report.facts if fact.scheme in present):
        say(
            WORDS(
                "coverage.fact",
                scheme=_scheme(registry, fact.scheme),
                on=fact.on.text,
                text=fact.text(settings().language),
            )
        )
    say()
    if every_row:
        _print_rows(registry, report.rows, report.on)
    else:
        _print_provinces(registry, report)


def _print_provinces(registry: Registry, report: CoverageReport) -> None:
    schemes = [count.scheme for count in report.counts]
    table: dict[str, dict[str, int]] = {}
    for row in report.rows:
        counts = table.setdefault(row.province, dict.fromkeys(schemes, 0))
        counts[row.scheme] += row.state == "in_service"
    marks = registry.province_marks
    print_table(
        WORDS("coverage.provinces"),
        [
            WORDS("column.province"),
            *(_scheme(registry, scheme) for scheme in schemes),
            WORDS("column.mark"),
            WORDS("column.brand"),
        ],
        [
            (
                _place(registry, code),
                *(table[code][scheme] for scheme in schemes),
                marks[code].mark if code in marks and marks[code].mark else "—",
                marks[code].brand if code in marks and marks[code].brand else "—",
            )
            for code in sorted(table)
        ],
        right=range(1, len(schemes) + 1),
    )


def _print_rows(registry: Registry, rows: Iterable[CoverageRow], on: date) -> None:
    print_table(
        WORDS("coverage.rows", on=on),
        [
            WORDS(f"column.{name}")
            for name in ("scheme", "place", "code", "coverage", "state", "brand", "since")
        ],
        [
            (
                _scheme(registry, row.scheme),
                row.name_zh if settings().language == "zh" else row.name_en,
                row.place,
                _word(registry, f"coverage.{row.coverage}"),
                _word(registry, f"state.{row.state}"),
                row.brand or "—",
                row.since or WORDS("unknown"),
            )
            for row in rows
        ],
    )
