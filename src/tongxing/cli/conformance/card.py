"""`tongxing conformance card`: the cases for a purse card, over any way to reach one."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import note
from tongxing.cli.conformance.telling import WORDS, list_cases, tell, wanted
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.chip import FileStore, MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.trial import trial_profile
from tongxing.media.card.link import CardLink
from tongxing.media.conformance.card import CardUnderTest, case_rules, parse_profile, run_card
from tongxing.media.conformance.card.vectors import Fresh, Vector

_VECTOR_NUMBER = "3199010000000000013"
Found = TypeVar("Found")


@make_command()
@click.option("--pcsc", "pcsc", default=None, metavar="NAME")
@click.option("--tcp", "tcp", default=None, metavar="HOST:PORT")
@click.option("--command", "program", default=None, metavar="CMD")
@click.option("--image", "image", type=READABLE_FILE, default=None, metavar="FILE")
@click.option("--profile", "profile", type=READABLE_FILE, default=None, metavar="FILE")
@click.option("--only", "only", multiple=True, metavar="NAME")
@click.option("--list", "listed", is_flag=True)
@click.pass_context
def command(
    context: click.Context,
    pcsc: str | None,
    tcp: str | None,
    program: str | None,
    image: Path | None,
    profile: Path | None,
    only: tuple[str, ...],
    listed: bool,
) -> int:
    described = _profile(profile)
    rules = wanted(case_rules(described), only)
    if listed:
        list_cases(rules)
        return 0
    if sum(one is not None for one in (pcsc, tcp, program, image)) != 1:
        raise usage_problem(context, "other", text="--pcsc / --tcp / --command / --image")
    with _opened(pcsc, tcp, program, image) as link:
        fresh: Fresh | None = _fresh if image is not None else None
        return tell(run_card(link, described, fresh=fresh, only=only))


def _profile(path: Path | None) -> CardUnderTest:
    if path is None:
        return CardUnderTest()
    found = parse_profile(path.read_bytes())
    if isinstance(found, Refusal):
        raise Problem(found.code, str(path), **found.values)
    return found


def _opened(
    pcsc: str | None, tcp: str | None, program: str | None, image: Path | None
) -> AbstractContextManager[CardLink]:
    """The link that was asked for; the card of an image file is tried as a copy."""
    if image is not None:
        return _copied(image)
    if tcp is not None:
        from tongxing.media.card.readers.tcp import open_tcp, parse_address

        return _unrefused(open_tcp(*_unrefused(parse_address(tcp), "--tcp")), "--tcp")
    if program is not None:
        from tongxing.media.card.readers.command import open_command

        return _unrefused(open_command(program), "--command")
    from tongxing.media.card.readers.pcsc import open_pcsc

    note(WORDS("waiting"))
    return _unrefused(open_pcsc(pcsc or ""), "--pcsc")


@contextmanager
def _copied(image: Path) -> Iterator[CardLink]:
    """A copy of the card in a file that no other program may write to meanwhile."""
    store = FileStore(image)
    with store.claimed() as refused:
        found = refused or store.read()
        yield SoftwareCard(MemoryStore(_unrefused(found, str(image))), os.urandom)


def _unrefused(found: Found | Refusal, where: str) -> Found:
    if isinstance(found, Refusal):
        raise Problem(found.code, where, **found.values)
    return found


def _fresh(vector: Vector) -> CardLink:
    """Our own card as a vector begins with it."""
    profile = trial_profile(_VECTOR_NUMBER, balance_fen=vector.balance_fen)
    image = personalise(replace(profile, loads=vector.loads, purchases=vector.purchases))
    random = bytes.fromhex(vector.random)
    return SoftwareCard(MemoryStore(image), lambda length: random[:length])
