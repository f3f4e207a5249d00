"""`tongxing media replace`: a new card takes an old one's place at the counter."""

from typing import get_args

import click

from tongxing.city import NewCard, Replacing
from tongxing.city.store.replacing import Why
from tongxing.cli.arguments import moment, request_of
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import one_desk
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.network.legacy import Trust
from tongxing.network.registry import load_registry

WORDS = Words("media")
WHYS = get_args(Why)


@make_command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--staff", "staff", metavar="ID", required=True)
@click.option("--why", "why", type=click.Choice(WHYS))
@click.option("--scheme", "scheme", metavar="SCHEME", default="")
@click.option(
    "--trust", "trust", type=click.Choice(["proven", "legacy_untrusted"]), default="proven"
)
@click.option("--city", "city", metavar="CITY")
@click.option("--request", "request", metavar="ID")
@click.option("--now", "now", metavar="TIME")
def command(
    old: str,
    new: str,
    staff: str,
    why: Why | None,
    scheme: str,
    trust: Trust,
    city: str | None,
    request: str | None,
    now: str | None,
) -> None:
    now_s = moment(now, "--now")
    with one_desk(city) as desk:
        known = granted(desk.medium(old, now_s))
        card = NewCard(new, scheme or _scheme_of(new, known.scheme), trust)
        request_id = request_of(request, "replace", desk.code, old, card, why, staff)
        asked = Replacing(request_id, staff, old, card, why or "legacy")
        done = granted(desk.replace_medium(asked, now_s))
        purse = known.rider_kind == "purse"
    if settings().json:
        numbers = {"old_no": masked(done.old_no), "new_no": masked(done.new_no)}
        shown: dict[str, object] = {"why": done.why, "fee_fen": done.fee_fen}
        shown |= {"waiting_fen": done.waiting_fen}
        shown |= {"ready_s": done.ready_s, "already": done.already_s is not None}
        emit_json({"city": desk.code, "replaced": {**numbers, **shown}})
        return
    say(WORDS("replace.done", old=masked(done.old_no), new=masked(done.new_no)))
    if done.already_s is None:
        say(WORDS("replace.fee", fee=yuan(done.fee_fen)))
    else:
        say(WORDS("replace.already", done=stamp(done.already_s)))
    ready = {"waiting": yuan(done.waiting_fen), "ready": stamp(done.ready_s)}
    say(WORDS("replace.purse", **ready) if purse else WORDS("replace.account"))


def _scheme_of(number: str, old_scheme: str) -> str:
    """The old card's scheme where the number can be of it, else the first that it can be of."""
    matches = load_registry().identify(number)
    found = [] if isinstance(matches, Refusal) else [match.scheme for match in matches]
    return old_scheme if old_scheme in found or not found else found[0]
