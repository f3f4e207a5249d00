"""`tongxing fares price`: one ride, its charge, and a line for every step."""

import re
import time
from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, china_time
from tongxing.cli.common import Words, emit_json, in_both, print_table, say, settings
from tongxing.cli.fares.arguments import (
    REGISTER,
    chosen_book,
    expect_product,
    parse_city,
    parse_place,
)
from tongxing.cli.shell import command as make_command
from tongxing.fares import Counter, FareState, Rider
from tongxing.fares.ask import Answer, Question, ask
from tongxing.kernel.clock import month_key, stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("fares")
_YUAN = re.compile(r"(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,2}))?")


@make_command()
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
@click.option("--tariff", "tariff", type=READABLE_FILE, metavar="FILE")
@REGISTER
def command(
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
    tariff: Path | None,
    register: Path | None,
) -> None:
    code = parse_city(city)
    book = chosen_book(code, tariff, register)
    entered_s = int(time.time()) if entered is None else china_time(entered, "--at")
    exited_s = 0 if exited is None else china_time(exited, "--exit")
    if exited_s and exited_s < entered_s:
        raise Problem(
            "ARG_INVALID", "--exit", text=exited, **in_both("detail", "fares", "exit_first")
        )
    expect_product(book, product)
    home = code if issuer is None else parse_place(issuer, "--issuer")
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
    answer = ask(question, book)
    if isinstance(answer, Refusal):
        raise Problem(answer.code, answer.where, **answer.values)
    if settings().json:
        emit_json(answer)
    else:
        _print_answer(answer)


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
    say(WORDS("price.version", tariff=answer.quote.tariff))
