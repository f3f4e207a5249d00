"""`tongxing gtfs export`: our network and fares as a feed, and a list of what it cannot say."""

from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import DAY
from tongxing.cli.common import Words, emit_json, listed, note, print_table, say, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command
from tongxing.fares import load_city_fares
from tongxing.feeds import feed_texts
from tongxing.feeds.exporting import Export, export_city
from tongxing.feeds.writing import write_zip
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.kernel.texts import LANGUAGES

WORDS = Words("gtfs")


@make_command()
@click.argument("city")
@click.option("--out", "out", metavar="FILE", type=click.Path(path_type=Path), required=True)
@click.option("--on", "on", metavar="DATE", type=DAY)
@click.option("--url", "address", metavar="URL", default="https://publisher.invalid/")
def command(city: str, out: Path, on: date | None, address: str) -> None:
    import time

    code = parse_city(city)
    note(WORDS("export.working"))
    day = on or calendar_date(int(time.time()))
    found = export_city(load_city_fares(code), day, address)
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    if not out.parent.is_dir():
        raise Problem("FILE_NOT_FOUND", str(out.parent))
    write_zip(out, found.files)
    if settings().json:
        emit_json(_plain(found, out))
    else:
        _print(found, out)


def _why(keys: tuple[str, ...], language: str) -> str:
    texts = feed_texts()
    return " ".join(texts.text(f"unsaid.{key}", language) for key in keys)


def _plain(found: Export, out: Path) -> dict[str, object]:
    return {
        "out": str(out),
        "city": found.city,
        "tariff": found.tariff,
        "day": found.day,
        "last_day": found.last_day,
        "rows": {name: len(rows) - 1 for name, rows in found.files.items()},
        "rules": [
            {"rule": one.rule, "kind": one.kind, "said": one.how, "keys": one.why,
             **{f"why_{name}": _why(one.why, name) for name in LANGUAGES}}
            for one in found.said
        ],
        "unplaced_stops": found.unplaced,
        "lines_left_out": found.left_out,
        "pairs_left_out": found.dearer,
        "riders_as_ordinary": found.as_ordinary,
    }  # fmt: skip


def _print(found: Export, out: Path) -> None:
    language = settings().language
    say(WORDS("export.head", out=out, tariff=found.tariff, first=found.day, last=found.last_day))
    sizes = listed(f"{name} {len(rows) - 1:,}" for name, rows in found.files.items())
    say(WORDS("export.rows", rows=sizes))
    whole = sum(one.how == "whole" for one in found.said)
    print_table(
        WORDS("export.unsaid", whole=whole, total=len(found.said)),
        [WORDS(f"column.{key}") for key in ("rule", "kind", "said", "missing")],
        [
            (one.rule, one.kind, WORDS(f"export.{one.how}"), _why(one.why, language))
            for one in found.said
            if one.how != "whole"
        ],
    )
    say(WORDS("export.covers"))
    if found.unplaced:
        say(WORDS("export.unplaced", count=len(found.unplaced)))
    if found.left_out:
        say(WORDS("export.left_out", lines=listed(found.left_out)))
    if found.dearer:
        say(WORDS("export.dearer", count=found.dearer))
    if found.as_ordinary:
        say(WORDS("export.as_ordinary", riders=listed(found.as_ordinary)))
