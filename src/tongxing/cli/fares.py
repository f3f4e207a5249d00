"""`tongxing fares`: what a ride costs and why, and which tariffs a city has had.

Only reads arguments and prints; every price, word and date comes from the fares room. `--json`
gives the same values.
"""

import re
import time
from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import DAY, READABLE_FILE, parse_time
from tongxing.cli.common import Words, emit_json, in_both, print_table, say, settings
from tongxing.cli.shell import group
from tongxing.fares import Counter, FareState, Rider, TariffBook, book_codes, load_book
from tongxing.fares.ask import Answer, Question, ask, fare_cities
from tongxing.fares.casefile import read_case_file
from tongxing.fares.check import check as check_case
from tongxing.fares.lists import BaseRow, VersionRow, base_rows, version_rows
from tongxing.kernel.clock import at as instant_at
from tongxing.kernel.clock import calendar_date, month_key, stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network import load_registry

WORDS = Words("fares")
_YUAN = re.compile(r"(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,2}))?")
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")


@group()
def command() -> None:
    """The group; its words stand in texts/fares.toml."""


@command.command()
@click.argument("city")
@click.argument("origin", metavar="FROM")
@click.argument("destination", metavar="[TO]", required=False, default="")
@click.option("--at", "entered", metavar="TIME")
@click.option("--exit", "exited", metavar="TIME")
@click.option("--line", "line", metavar="LINE", default="")
@click.option("--medium", "medium", type=click.Choice(["card", "code", "cash"]), default="card")
@click.option("--product", "product", metavar="NAME", default="ordinary")
@click.option("--scheme", "scheme", type=click.Choice(["t_union", "city_union"]))
@click.option("--issuer", "issuer", metavar="CITY")
@click.option("--spent", "spent", metavar="YUAN")
def price(
    city: str,
    origin: str,
    destination: str,
    entered: str | None,
    exited: str | None,
    line: str,
    medium: str,
    product: str,
    scheme: str | None,
    issuer: str | None,
    spent: str | None,
) -> None:
    code = _city(city)
    entered_s = int(time.time()) if entered is None else _time(entered, "--at")
    exited_s = 0 if exited is None else _time(exited, "--exit")
    if exited_s and exited_s < entered_s:
        raise Problem(
            "ARG_INVALID", "--exit", text=exited, **in_both("detail", "fares", "exit_first")
        )
    _expect_product(code, product)
    home = code if issuer is None else _place(issuer, "--issuer")
    question = Question(
        city=code,
        origin=origin,
        destination=destination,
        line=line,
        entered_s=entered_s,
        exited_s=exited_s,
        rider=Rider(
            medium_kind=medium,
            product=product,
            scheme=scheme or f"local:{code}",
            issuer=home,
            issuer_is_local=home == code,
        ),
        state=_state(code, spent, exited_s or entered_s),
    )
    answer = ask(question)
    if isinstance(answer, Refusal):
        raise Problem(answer.code, answer.where, **answer.values)
    if settings().json:
        emit_json(answer)
    else:
        _print_answer(answer)


@command.command()
@click.argument("city")
@click.option("--on", "on", type=DAY, metavar="DATE")
def tariffs(city: str, on: date | None) -> None:
    code = _city(city, book_codes())
    book = load_book(code)
    day = on or calendar_date(int(time.time()))
    tariff = book.at(instant_at(day))
    versions = version_rows(book)
    bases = () if tariff is None else base_rows(tariff)
    if settings().json:
        emit_json({"city": code, "on": day, "versions": versions, "base_fares": bases})
    else:
        _print_tariffs(book, day, versions, bases)


@command.command()
@click.argument("file", type=READABLE_FILE)
def check(file: Path) -> int:
    found = read_case_file(file.read_bytes())
    if isinstance(found, Refusal):
        raise Problem(found.code, str(file), **found.values)
    results = [check_case(case) for case in found.cases]
    held = sum(result.holds for result in results)
    if settings().json:
        emit_json({"cases": results, "held": held, "total": len(results)})
    else:
        for result in results:
            mark = WORDS("check.holds") if result.holds else WORDS("check.differs")
            say(f"{result.id:<8} {mark}  {result.title}")
            for one in result.differences:
                key = "check.unclear" if one.what == "unclear" else "check.difference"
                words = WORDS(key, what=one.what, found=one.found, expected=one.expected)
                say(f"         {words}")
        say(WORDS("check.sum", held=held, total=len(results)))
    return 0 if held == len(results) else 1


def _city(text: str, known: tuple[str, ...] | None = None) -> str:
    """The city's code, by name or code, if it has fares. Raises Problem."""
    cities = fare_cities() if known is None else known
    code = text if text in cities else _place(text, "CITY")
    if code not in cities:
        registry = load_registry()
        names = ", ".join(registry.place_name(one, settings().language) for one in cities)
        city = registry.place_name(code, settings().language)
        raise Problem("FARES_NO_CITY", "CITY", city=city, known=names)
    return code


def _expect_product(city: str, product: str) -> None:
    """A class of card that no rule of the city knows is a slip of the pen, not a fare."""
    known = {name for rule in load_book(city).rules.values() for name in rule.products}
    if product != "ordinary" and product not in known:
        detail = in_both("detail", "fares", "product", known=", ".join(sorted(known)))
        raise Problem("ARG_INVALID", "--product", text=product, **detail)


def _place(text: str, where: str) -> str:
    found = load_registry().find_city(text)
    if isinstance(found, Refusal):
        raise Problem(found.code, where, **found.values)
    return found.code


def _time(text: str, where: str) -> int:
    """An instant; China's time holds where no offset is given, since every fare here is China's."""
    return parse_time(text if _OFFSET.search(text) else f"{text}+08:00", where)


def _state(city: str, spent: str | None, charged_s: int) -> FareState:
    """A medium that has paid this much on rail this month."""
    if spent is None:
        return FareState()
    match = _YUAN.fullmatch(spent)
    if match is None:
        raise Problem("ARG_INVALID", "--spent", text=spent, **in_both("detail", "fares", "yuan"))
    paid_fen = int(match.group(1)) * 100 + int((match.group(2) or "").ljust(2, "0"))
    return FareState(counters=(Counter(f"{city}.rail", month_key(charged_s), paid_fen, 0),))


def _print_answer(answer: Answer) -> None:
    language = settings().language
    zh = language == "zh"
    ends = [one for one in (answer.origin, answer.destination) if one is not None]
    title = " → ".join(one.name_zh if zh else one.name_en for one in ends)
    when = stamp(answer.ride.entered_s)
    if answer.ride.exited_s:
        when += f" – {stamp(answer.ride.exited_s)[11:]}"
    say(f"{title}   {when}")
    print_table(
        "",
        [WORDS("column.amount"), WORDS("column.why")],
        [
            [yuan(line.amount_fen) if line.amount_fen else "", words]
            for line, words in zip(answer.quote.lines, answer.words[language], strict=True)
        ],
        right=(0,),
    )
    say(
        WORDS(
            "price.charge", charge=yuan(answer.quote.charge_fen), fare=yuan(answer.quote.fare_fen)
        )
    )
    say(WORDS("price.tariff", tariff=answer.quote.tariff))


def _print_tariffs(
    book: TariffBook, day: date, versions: tuple[VersionRow, ...], bases: tuple[BaseRow, ...]
) -> None:
    zh = settings().language == "zh"
    name = book.name_zh if zh else book.name_en
    print_table(
        WORDS("tariffs.versions", city=name),
        [WORDS(f"column.{key}") for key in ("version", "from", "until", "changes")],
        [
            [row.name, row.from_day, row.last_day or "…", ", ".join(row.begins) or "–"]
            for row in versions
        ],
    )
    say()
    if not bases:
        say(WORDS("tariffs.none", day=day))
        return
    print_table(
        WORDS("tariffs.bases", city=name, day=day),
        [WORDS(f"column.{key}") for key in ("system", "rule", "list", "sure", "source")],
        [
            [
                row.systems_zh if zh else row.systems_en,
                row.rule,
                row.price_list_zh if zh else row.price_list_en,
                WORDS(f"confidence.{row.confidence}"),
                row.source_zh if zh else row.source_en,
            ]
            for row in bases
        ],
    )
