"""`tongxing code show`: a code as a picture and in words. It judges nothing."""

import shutil
import sys
import time
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.code.arguments import MOMENT
from tongxing.cli.code.fields import as_json, as_rows
from tongxing.cli.code.given import given_code
from tongxing.cli.code.written import put, refuse_existing, refuse_input
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
@click.option("--replace", "may_replace", is_flag=True)
@click.option("--pixels", type=Whole(100, 4_000), default=_PIXELS, show_default=True)
def command(
    file: Path,
    at_s: int | None,
    png_out: Path | None,
    svg_out: Path | None,
    may_replace: bool,
    pixels: int,
) -> None:
    given = given_code(file)
    code = given if isinstance(given, Refusal) else parse_code(given)
    if isinstance(code, Refusal):
        raise Problem(code.code, str(file), **code.values)
    pictures = {}
    if png_out:
        pictures[png_out] = png(code.raw, pixels)
    if svg_out:
        pictures[svg_out] = svg(code.raw).encode()
    for path in pictures:
        refuse_input(path, file)
        refuse_existing(path, may_replace)
    for path, picture in pictures.items():
        put(path, picture)
    now_s = int(time.time()) if at_s is None else at_s
    if settings().json:
        emit_json(as_json(code) | {"at_s": now_s, "good_for_s": max(0, code.last_good_s - now_s)})
        return
    say(_drawn(code.raw))
    columns = [WORDS("column.field"), WORDS("column.value")]
    print_table("", columns, as_rows(code, WORDS))
    say(_countdown(code, now_s))
    say(WORDS("show.unjudged"))
    for path in pictures:
        say(WORDS("show.written", out=path))


def _drawn(raw: bytes) -> str:
    """The picture, or why it is not drawn: in a narrow terminal its lines would break."""
    drawing = terminal(raw)
    needed = len(drawing.partition("\n")[0])
    width = shutil.get_terminal_size().columns
    if sys.stdout.isatty() and width < needed:
        return WORDS("show.narrow", width=width, needed=needed)
    return drawing


def _countdown(code: RideCode, now_s: int) -> str:
    ends = stamp(code.last_good_s)
    if now_s < code.generated_s:
        return WORDS("show.later", made=stamp(code.generated_s))
    if now_s > code.last_good_s:
        return WORDS("show.ended", ends=ends, ago=now_s - code.last_good_s)
    return WORDS("show.good", ends=ends, left=code.last_good_s - now_s)
