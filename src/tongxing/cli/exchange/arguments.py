"""Arguments that several commands of `tongxing exchange` share, and how they open a file."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from tongxing.cli.arguments import READABLE_FILE, readable_file
from tongxing.cli.common import granted, progress
from tongxing.exchange.layouts import CODES, LayoutBook, load_folder, load_layouts
from tongxing.exchange.lines.wrapping import GZIP
from tongxing.exchange.text_file import TextFile, open_text
from tongxing.kernel.clock import calendar_date

Function = TypeVar("Function", bound=Callable[..., Any])

LAYOUTS = click.option(
    "--layouts", "layouts", metavar="DIR", type=click.Path(path_type=Path, file_okay=False)
)
KIND = click.option(
    "--kind", "kind", metavar="CODE", type=click.Choice(CODES, case_sensitive=False)
)
VARIANT = click.option("--variant", "variant", metavar="NAME", default="")
KEYS = click.option("--keys", "keys", metavar="FILE", type=READABLE_FILE)
PROFILE = click.option("--profile", "profile", metavar="FILE", type=READABLE_FILE)
NUMBERS = click.option("--numbers", "numbers", metavar="FILE", type=READABLE_FILE)


def book_of(layouts: Path | None) -> LayoutBook:
    """The layouts of a folder of one's own, else those that come with the project."""
    if layouts is None:
        return load_layouts()
    if not layouts.is_dir():
        readable_file(str(layouts))
    return load_folder(layouts)


def is_line_file(path: Path) -> bool:
    """Whether a file begins as line files (or any gzip file) do."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP[:2]


def code_of(path: Path, kind: str | None) -> str:
    """The kind that is asked for, else the first two letters of the file's name."""
    return kind.upper() if kind else path.name[:2].upper()


def opened(
    stream: BinaryIO, path: Path, kind: str | None, variant: str, book: LayoutBook, told: str
) -> TextFile:
    """The text file in a stream. Raises Problem when its form is broken."""
    with progress(told, path.stat().st_size) as done:
        return granted(
            open_text(
                stream,
                path.name,
                code_of(path, kind),
                book,
                variant=variant,
                today=calendar_date(int(time.time())),
                done=done,
            )
        )
