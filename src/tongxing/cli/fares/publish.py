"""`tongxing fares publish`: enter a tariff into the register, or go through the register."""

import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import DAY, READABLE_FILE, Whole, china_time
from tongxing.cli.common import Words, emit_json, note, progress, say, settings
from tongxing.cli.fares.arguments import parse_place
from tongxing.cli.fares.lint import as_json, print_findings
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.fares import TariffBook
from tongxing.fares.publishing import (
    Publication,
    Published,
    Review,
    Wish,
    known_network,
    lint,
    publish,
    verify,
)
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("fares")
_FEN_MOST, _SEED, _DELAY_S = 100_000, 1, 1200


@make_command()
@click.argument("file", type=READABLE_FILE, required=False)
@click.option("--register", "register", required=True, metavar="DIR",
              type=click.Path(path_type=Path, file_okay=False))  # fmt: skip
@click.option("--city", "city", metavar="CITY")
@click.option("--effective", "effective", type=DAY, metavar="DATE")
@click.option("--now", "now", metavar="TIME")
@click.option("--by", "by", metavar="NAME", default="")
@click.option("--second", "second", metavar="NAME", default="")
@click.option("--emergency", "emergency", metavar="REASON")
@click.option("--opening", "opening", is_flag=True)
@click.option("--gain-max", "most", type=Whole(0, _FEN_MOST), metavar="FEN")
@click.option("--verify", "verifies", is_flag=True)
@click.option("--head", "head", metavar="DIGEST", default="")
@click.pass_context
def command(
    context: click.Context,
    file: Path | None,
    register: Path,
    city: str | None,
    effective: date | None,
    now: str | None,
    by: str,
    second: str,
    emergency: str | None,
    opening: bool,
    most: int | None,
    verifies: bool,
    head: str,
) -> int:
    if verifies:
        return _verify(register, head)
    if head:
        raise usage_problem(context, "missing", text="--verify")
    if file is None or city is None:
        raise usage_problem(context, "missing", text="FILE" if file is None else "--city")
    if emergency is not None and not emergency.strip():
        raise Problem("TARIFF_EMERGENCY", "--emergency")
    wish = Wish(
        content=file.read_bytes(),
        name=str(file),
        city=parse_place(city, "--city"),
        now_s=int(time.time()) if now is None else china_time(now, "--now"),
        effective=effective,
        by=by.strip(),
        second=second.strip(),
        emergency=(emergency or "").strip(),
        opening=opening,
    )
    return _publish(register, wish, [] if most is None else [_search_for_loopholes(most)])


def _search_for_loopholes(most_fen: int) -> Review:
    """A review that stops a tariff with a loophole worth more than is allowed."""
    from tongxing.cli.fares.exploits import loophole_above  # only who asks for it waits for it
    from tongxing.fares.trying import (
        QUICK,
        make_plans,
        make_world,
        newest_version,
        search,
        trying_day,
    )

    def review(book: TariffBook) -> Refusal | None:
        version = newest_version(book)
        world = make_world(book, version, known_network(book.city))
        plans = make_plans(world, trying_day(version, None), _SEED, QUICK.every)
        with progress(WORDS("exploits.searching"), len(plans)) as advance:
            found = search(world, plans, QUICK, _DELAY_S, advance)
        return loophole_above(world, found, most_fen)

    return review


def _publish(register: Path, wish: Wish, reviews: Sequence[Review]) -> int:
    linted = lint(wish.content, wish.name)
    if linted.errors:
        if settings().json:
            emit_json(as_json(linted))
        else:
            print_findings(linted)
        raise Problem("TARIFF_HAS_ERRORS", wish.name, file=wish.name, count=len(linted.errors))
    for warning in linted.warnings:
        note(f"{warning.refusal.where}: {warning.refusal.message(settings().language)}")
    done = publish(register, wish, reviews)
    if isinstance(done, Refusal):
        raise Problem(done.code, done.where, **done.values)
    if settings().json:
        emit_json({"publication": done.publication, "is_new": done.is_new, "change": done.change})
    else:
        _print_published(done)
    return 0


def _print_published(done: Published) -> None:
    one = done.publication
    key = "publish.done" if done.is_new else "publish.known"
    say(WORDS(key, number=one.number, city=one.city, time=stamp(one.published_s)))
    if one.opening is True:
        say(WORDS("publish.opened", day=one.from_day))
    elif one.from_day is None:
        say(WORDS("publish.no_change"))
    else:
        say(WORDS("publish.changed_from", day=one.from_day))
    for name in ("begins", "ends", "changes"):
        rules = () if done.change is None else getattr(done.change, name)
        if rules:
            say(WORDS(f"publish.{name}", rules=", ".join(rules)))
    say(WORDS("publish.sha256", sha256=one.sha256))
    say(WORDS("publish.last", digest=one.digest))


def _verify(register: Path, head: str) -> int:
    found = verify(register, head)
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    if settings().json:
        faults = [fault.as_json() for fault in found.faults]
        emit_json({"publications": found.publications, "faults": faults})
    else:
        _print_register(found.publications)
        for fault in found.faults:
            say(f"{fault.code}: {fault.message(settings().language)}")
            say(f"    → {fault.next_step(settings().language)}")
        key = "publish.broken" if found.faults else "publish.whole"
        say(WORDS(key, count=len(found.publications), faults=len(found.faults)))
    return 1 if found.faults else 0


def _print_register(publications: Sequence[Publication]) -> None:
    for one in publications:
        day = "–" if one.from_day is None else one.from_day
        line = WORDS(
            "publish.row", number=one.number, time=stamp(one.published_s), city=one.city, day=day
        )
        people = " + ".join(name for name in (one.by, one.second) if name)
        opening = WORDS("publish.is_opening") if one.opening is True else ""
        extra = "".join(f"  {text}" for text in (people, opening) if text)
        say(f"{line}  {one.sha256[:16]}{extra}")
    if publications:
        say(WORDS("publish.last", digest=publications[-1].digest))
