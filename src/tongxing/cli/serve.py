"""`tongxing serve`: the pages over the books of a home folder or of a database, until Ctrl-C."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, in_both, loopback_socket, note, settings
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.cli.faces import PublicSite

WORDS = Words("serve")
_SECURE = "https"


@command_of()
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
@click.option(
    "--site",
    "given",
    type=(str, Whole(1, 65_535), str),
    multiple=True,
    metavar="CITY PORT ADDRESS",
)
def command(port: int, given: tuple[tuple[str, int, str], ...]) -> None:
    sites = _sites(given)
    from tongxing.cli.books import books_at
    from tongxing.cli.faces import serve_all
    from tongxing.simulation.runbook import MARKER

    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("CONSOLE_HOME_EMPTY", str(home))
    with loopback_socket(port) as taken, books_at(dsn, home) as database:
        if not database.schemas():
            raise Problem("CONSOLE_HOME_EMPTY", "TONGXING_DSN" if dsn else str(home))
        serve_all(database, home, taken, (home / MARKER).exists(), sites)
    note(WORDS("stopped"))


def _sites(given: tuple[tuple[str, int, str], ...]) -> dict[str, "PublicSite"]:
    """The cities that others reach through a proxy. Raises Problem."""
    from tongxing.cli.faces import PublicSite
    from tongxing.cli.fares.arguments import parse_city

    found: dict[str, PublicSite] = {}
    for name, port, address in given:
        city = parse_city(name)
        parts = urlsplit(address)
        is_whole = parts.scheme == _SECURE and parts.hostname and not parts.path.strip("/")
        if not is_whole or parts.query or parts.fragment or parts.username:
            expected = in_both("detail", "serve", "address")
            raise Problem("ARG_INVALID", "--site", text=address, **expected)
        if city in found:
            raise Problem("ARG_INVALID", "--site", text=name, **in_both("detail", "serve", "twice"))
        found[city] = PublicSite(port, f"{_SECURE}://{parts.netloc}", str(parts.hostname))
    return found
