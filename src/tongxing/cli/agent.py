"""`tongxing agent`: lends the card on this machine to a page in this machine's browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.common import Words, loopback_socket, note, say
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem, Refusal

if TYPE_CHECKING:
    from tongxing.agent.holding import OpenCard

WORDS = Words("agent")
PORT = 8471
_IDLE_S = 60.0
_DIGITS = 8


@command_of()
@click.option("--reader", "reader", default="", metavar="NAME")
@click.option("--connect", "connect", default="", metavar="HOST:PORT")
@click.option("--image", "image", type=READABLE_FILE, metavar="FILE")
@click.option("--port", "port", type=Whole(0, 65_535), default=PORT, metavar="PORT")
@click.option("--origin", "origins", multiple=True, metavar="URL")
def command(
    reader: str, connect: str, image: Path | None, port: int, origins: tuple[str, ...]
) -> None:
    from tongxing.agent.holding import Holder
    from tongxing.agent.serving import serve_agent

    if sum(map(bool, (reader, connect, image))) > 1:
        raise Problem("AGENT_CARD_CHOICE", "--reader / --connect / --image")
    known = frozenset(origin_of(text) for text in origins)
    pairing = "" if known else _new_pairing()
    with _card(reader, connect, image) as (open_card, name):
        holder = Holder(open_card, known, pairing, os.urandom, _IDLE_S)
        with loopback_socket(port) as taken:
            serve_agent(holder, name, taken, lambda address: _tell(address, known, pairing))
    note(WORDS("stopped"))


def origin_of(text: str) -> str:
    """The origin in what somebody typed, as a browser writes it. Raises Problem."""
    parts = urlsplit(text.strip())
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_bare:
        raise Problem("AGENT_ORIGIN_FORM", "--origin", text=text)
    return f"{parts.scheme}://{parts.netloc.lower()}"


@contextmanager
def _card(reader: str, connect: str, image: Path | None) -> Iterator[tuple["OpenCard", str]]:
    from tongxing.agent import cards
    from tongxing.media.card.chip import FileStore
    from tongxing.media.card.readers.tcp import parse_address

    if image is not None:
        store = FileStore(image)
        with store.claimed() as refused:
            found = refused or store.read()
            if isinstance(found, Refusal):
                raise Problem(found.code, str(image), **found.values)
            yield cards.in_file(store, os.urandom), image.name
        return
    if connect:
        address = parse_address(connect)
        if isinstance(address, Refusal):
            raise Problem(address.code, "--connect", **address.values)
        yield cards.behind_relay(*address), connect
        return
    yield cards.on_reader(reader), reader or "PC/SC"


def _new_pairing() -> str:
    return str(int.from_bytes(os.urandom(8), "big") % 10**_DIGITS).zfill(_DIGITS)


def _tell(address: str, origins: frozenset[str], pairing: str) -> None:
    say(WORDS("address", address=address))
    if pairing:
        say(WORDS("pairing", code=pairing))
    for origin in sorted(origins):
        say(WORDS("known", origin=origin))
    note(WORDS("how_to_stop"))
