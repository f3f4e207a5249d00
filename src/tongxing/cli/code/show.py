"""`tongxing code show`: a code as a picture and in words. It judges nothing."""

import time
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.code.arguments import MOMENT
from tongxing.cli.code.fields import as_json, as_rows
from tongxing.cli.code.given import given_code
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.media.code.picture import png, svg, terminal

WORDS = Words("code")
_PIXELS = 420


@make_command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--at", "at_s", type=MOMENT, metavar="TIME")
@click.option("--png", "png_out", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--svg", "svg_out", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--pixels", type=Whole(100, 4_000), default=_PIXELS, show_default=True)
def command(
    file: Path, at_s: int | None, png_out: Path | None, svg_out: Path | None, pixels: int
) -> None:
    given = given_code(file)
    code = given if isinstance(given, Refusal) else parse_code(given)
    if isinstance(code, Refusal):
        raise Problem(code.code, str(file), **code.values)
    if png_out:
        png_out.write_bytes(png(code.raw, pixels))
    if svg_out:
        svg_out.write_text(svg(code.raw), encoding="utf-8")
    now_s = int(time.time()) if at_s is None else at_s
    if settings().json:
        emit_json(as_json(code) | {"at_s": now_s, "good_for_s": max(0, code.last_good_s - now_s)})
        return
    say(terminal(code.raw))
    columns = [WORDS("column.field"), WORDS("column.value")]
    print_table("", columns, as_rows(code, WORDS))
    say(_countdown(code, now_s))
    say(WORDS("show.unjudged"))
    for path in filter(None, (png_out, svg_out)):
        say(WORDS("show.written", out=path))


def _countdown(code: RideCode, now_s: int) -> str:
    ends = stamp(code.last_good_s)
    if now_s < code.generated_s:
        return WORDS("show.later", made=stamp(code.generated_s))
    if now_s > code.last_good_s:
        return WORDS("show.ended", ends=ends, ago=now_s - code.last_good_s)
    return WORDS("show.good", ends=ends, left=code.last_good_s - now_s)
