"""`tongxing card serve`: a software card lent to other programs until Ctrl-C.

With ``--vpcd`` it lies on the virtual reader of vsmartcard, where every PC/SC program sees
it; with ``--tcp`` one program at a time may have it. What the card is told to keep is in its
file before the answer leaves.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.common import Words, loopback_socket, note, say
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.chip import FileStore, SoftwareCard
from tongxing.media.card.link import CardGone
from tongxing.media.card.readers.recording import line_of
from tongxing.media.card.readers.relay import CardServer
from tongxing.media.card.readers.tcp import parse_address
from tongxing.media.card.readers.vpcd import PORT, open_vpcd

WORDS = Words("card")
_USUAL = f"127.0.0.1:{PORT}"


@make_command()
@click.argument("file", type=READABLE_FILE)
@click.option("--vpcd", "vpcd", is_flag=False, flag_value=_USUAL, default="", metavar="[HOST:PORT]")
@click.option("--tcp", "tcp", type=Whole(0, 65_535), default=None, metavar="PORT")
@click.option("--verbose", "verbose", is_flag=True)
@click.pass_context
def command(context: click.Context, file: Path, vpcd: str, tcp: int | None, verbose: bool) -> None:
    if bool(vpcd) == (tcp is not None):
        raise usage_problem(context, "other", text="--vpcd / --tcp")
    store = FileStore(file)
    with store.claimed() as refused:
        if refused is not None:
            raise Problem(refused.code, str(file))
        _serve(_Kept(store, file), vpcd, tcp, _tell if verbose else _nothing)


def _serve(
    card: "_Kept", vpcd: str, tcp: int | None, heard: Callable[[bytes, bytes], None]
) -> None:
    try:
        if tcp is None:
            _on_the_reader(card, vpcd, heard)
        else:
            _over_tcp(card, tcp, heard)
    except KeyboardInterrupt:
        note(WORDS("serve.stopped"))
    if card.spoilt is not None:
        raise Problem(card.spoilt.code, str(card.file), **card.spoilt.values)


class _Kept:
    """The card in the file. When the file can be read no more, the card leaves and says why."""

    def __init__(self, store: FileStore, file: Path) -> None:
        self._store, self.file = store, file
        found = self._store.read()
        if isinstance(found, Refusal):
            raise Problem(found.code, str(file), **found.values)
        self._card = SoftwareCard(self._store, os.urandom)
        self.spoilt: Refusal | None = None
        self.ended = threading.Event()

    def transmit(self, command: bytes) -> bytes:
        try:
            return self._card.transmit(command)
        except CardGone:
            found = self._store.read()
            if isinstance(found, Refusal):
                self.spoilt = found
                self.ended.set()
            raise

    def reset(self) -> None:
        self._card.reset()


def _on_the_reader(card: _Kept, text: str, heard: Callable[[bytes, bytes], None]) -> None:
    address = parse_address(text)
    if isinstance(address, Refusal):
        raise Problem(address.code, "--vpcd", **address.values)
    laid = open_vpcd(card, *address, heard=heard)
    if isinstance(laid, Refusal):
        raise Problem(laid.code, "--vpcd", **laid.values)
    with laid:
        say(WORDS("serve.lying", address=text))
        note(WORDS("serve.how_to_stop"))
        laid.run()
    note(WORDS("serve.reader_gone"))


def _over_tcp(card: _Kept, port: int, heard: Callable[[bytes, bytes], None]) -> None:
    with CardServer(card, loopback_socket(port, "--tcp"), heard=heard) as server:
        host, taken = server.address
        say(WORDS("serve.lent", address=f"{host}:{taken}"))
        note(WORDS("serve.how_to_stop"))
        server.start()
        card.ended.wait()


def _tell(command: bytes, answer: bytes) -> None:
    say(line_of(command, answer))


def _nothing(_command: bytes, _answer: bytes) -> None:
    """Not asked to tell."""
