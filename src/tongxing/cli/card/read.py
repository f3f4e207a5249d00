"""`tongxing card read`: a card on a reader, behind a relay or in an image file, shown to people.

A card number is shown with its middle hidden unless ``--full`` asks for it; then alone are the raw
bytes of the files that hold it printed too. Nothing is written to the card.
"""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.card.showing import print_face
from tongxing.cli.common import Words, emit_json, note, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.decode import decode_answer, decode_file
from tongxing.media.card.describe import Described, hexed
from tongxing.media.card.face import CardFace, PurseFace
from tongxing.media.card.legacy import LegacyFace, recognise_atr
from tongxing.media.card.link import CardGone, CardLink
from tongxing.media.card.reading import read_card
from tongxing.network import load_registry

WORDS = Words("card")
_LEFT, _RIGHT = 8, 4
_FILE = re.compile("[0-9A-Fa-f]{2}")

Found = TypeVar("Found")


@make_command()
@click.option("--reader", "reader", default="", metavar="NAME")
@click.option("--tcp", "tcp", default="", metavar="HOST:PORT")
@click.option("--image", "image", type=READABLE_FILE, metavar="FILE")
@click.option("--journeys", "journeys", is_flag=True)
@click.option("--full", "full", is_flag=True)
@click.pass_context
def command(
    context: click.Context, reader: str, tcp: str, image: Path | None, journeys: bool, full: bool
) -> None:
    if sum(map(bool, (reader, tcp, image))) > 1:
        raise usage_problem(context, "other", text="--reader / --tcp / --image")
    with _opened(reader, tcp, image) as link:
        face = _legacy(link) or _unrefused(read_card(link, journeys=journeys))
        shared = _shares_money(link) if image else None
    shown = _legacy_object(face) if isinstance(face, LegacyFace) else _object(face, full, shared)
    if settings().json:
        emit_json(shown)
    else:
        print_face(shown)


def _opened(reader: str, tcp: str, image: Path | None) -> AbstractContextManager[CardLink]:
    """The link that was asked for; a software card's image is read and never written."""
    if image:
        from tongxing.media.card.chip import MemoryStore, SoftwareCard
        from tongxing.media.card.chip.store import FileStore

        found = _unrefused(FileStore(image).read())
        return nullcontext(SoftwareCard(MemoryStore(found), os.urandom))
    if tcp:
        from tongxing.media.card.readers.tcp import open_tcp, parse_address

        return _unrefused(open_tcp(*_unrefused(parse_address(tcp))))
    from tongxing.media.card.readers.pcsc import open_pcsc

    note(WORDS("read.waiting"))
    return _unrefused(open_pcsc(reader))


def _legacy(link: CardLink) -> LegacyFace | None:
    """The card as an M1 card, where the reader says that it is one."""
    atr = getattr(link, "atr", b"")
    if not isinstance(atr, bytes) or not recognise_atr(b"", atr):
        return None
    uid = getattr(link, "uid", None)
    try:
        return recognise_atr(uid() if callable(uid) else b"", atr)
    except CardGone as gone:
        raise Problem(gone.code) from gone


def _unrefused(found: Found | Refusal) -> Found:
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    return found


def _legacy_object(face: LegacyFace) -> Described:
    return {"kind": "legacy", "trust": face.trust, "chip": face.chip, "uid": hexed(face.uid),
            "purses": []}  # fmt: skip


def _object(face: CardFace, full: bool, shared: bool | None) -> Described:
    """`shared`: whether its applications have one purse; None where only the issuer knows."""
    purses = [_purse(purse, full) for purse in face.purses]
    return {"kind": "cpu", "trust": None, "scheme": face.scheme, "purses": purses,
            "shared_purse": shared}  # fmt: skip


def _shares_money(link: CardLink) -> bool:
    """Whether several applications of a software card have one purse."""
    from tongxing.media.card.chip import SoftwareCard

    return isinstance(link, SoftwareCard) and link.image.shares_money


def _purse(purse: PurseFace, full: bool) -> Described:
    number = purse.number
    scheme = load_registry().schemes.get(purse.scheme)
    return {
        "scheme": purse.scheme,
        "scheme_zh": scheme.zh if scheme else None,
        "scheme_en": scheme.en if scheme else None,
        "aid": hexed(purse.aid),
        "locked": purse.locked,
        "number": number if full or number is None else hidden(number),
        "balance_fen": purse.balance_fen,
        "account": purse.public.account_based if purse.public else None,
        "starts": purse.starts.isoformat() if purse.starts else None,
        "expires": purse.expires.isoformat() if purse.expires else None,
        "unreadable": dict(purse.unreadable),
        "files": {part: found for part, found in _files(purse) if full or _is_public(part)},
    }


def _is_public(part: str) -> bool:
    """Whether a file holds no card number."""
    return part == "17" or ":" in part


def _files(purse: PurseFace) -> Iterator[tuple[str, Described]]:
    for part, raw in purse.raw.items():
        name = part.partition(":")[0]
        if name == "fci":
            found = decode_answer("fci", raw, purse.scheme)
        elif _FILE.fullmatch(name):
            found = decode_file(int(name, 16), raw, purse.scheme)
        else:
            continue
        yield part, {"problem": found.as_json()} if isinstance(found, Refusal) else found


def hidden(number: str) -> str:
    """A number with its middle hidden: enough for a counter to tell two cards apart."""
    if len(number) <= _LEFT + _RIGHT:
        return masked(number)
    return f"{number[:_LEFT]}{'*' * (len(number) - _LEFT - _RIGHT)}{number[-_RIGHT:]}"
