"""`tongxing serve`: the pages over the books of a home folder or of a database, until Ctrl-C."""

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, loopback_socket, note, settings
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem

WORDS = Words("serve")


@command_of()
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
def command(port: int) -> None:
    from tongxing.cli.books import books_at
    from tongxing.cli.faces import serve_all
    from tongxing.simulation.runbook import MARKER

    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("CONSOLE_HOME_EMPTY", str(home))
    with loopback_socket(port) as taken, books_at(dsn, home) as database:
        if not database.schemas():
            raise Problem("CONSOLE_HOME_EMPTY", "TONGXING_DSN" if dsn else str(home))
        serve_all(database, home, taken, (home / MARKER).exists())
    note(WORDS("stopped"))
