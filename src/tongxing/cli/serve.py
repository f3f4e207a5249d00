"""`tongxing serve`: the console over the books of a home folder or of a database, until Ctrl-C."""

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, loopback_socket, note, say, settings
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem

WORDS = Words("serve")


@command_of()
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
def command(port: int) -> None:
    from tongxing.cli.books import books_at
    from tongxing.console import create_app
    from tongxing.simulation.runbook import MARKER
    from tongxing.web.serving import serve

    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("CONSOLE_HOME_EMPTY", str(home))
    with loopback_socket(port) as taken, books_at(dsn, home) as database:
        if not database.schemas():
            raise Problem("CONSOLE_HOME_EMPTY", "TONGXING_DSN" if dsn else str(home))
        is_simulated = (home / MARKER).exists()
        serve(create_app(database, "simulated" if is_simulated else ""), taken, _told)
    note(WORDS("stopped"))


def _told(address: str) -> None:
    say(WORDS("address", address=address))
    note(WORDS("how_to_stop"))
