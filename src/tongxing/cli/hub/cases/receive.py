"""`tongxing hub cases receive`: takes a member's signed case file and writes the answer."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.hub.cases.acting import taken
from tongxing.cli.shell import command as make_command


@make_command()
@click.argument("file", type=READABLE_FILE)
@click.option("--answer", "answer", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--now", "now", metavar="TIME")
def command(file: Path, answer: Path | None, now: str | None) -> None:
    taken(file.read_bytes(), moment(now, "--now"), answer)
