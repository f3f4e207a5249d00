"""What `send`, `fetch` and `status` of `tongxing exchange` share: a city's line to its hub."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.cities import city_with_books
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.shell import usage_problem
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.city.hub_line import Dealt, HubAddress, HubDealings
    from tongxing.city.hub_line.store import LetterBook
    from tongxing.messages import SigningKey

WORDS = Words("exchange")
Function = TypeVar("Function", bound=Callable[..., Any])
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def over_the_line(function: Function) -> Function:
    """The options of a command that speaks with a hub."""
    for option in (
        click.option("--tries", "tries", type=Whole(1, 100), default=6, metavar="N"),
        click.option("--ca", "certificates", type=READABLE_FILE, metavar="FILE"),
        click.option("--key-id", "key_id", metavar="ID", default=""),
        click.option("--hub-key", "hub_key", metavar="KEY|FILE", required=True),
        click.option("--hub", "url", metavar="URL", required=True),
        click.option("--city", "city", metavar="CITY"),
    ):
        function = option(function)
    return function


@contextmanager
def dealings_of(
    city: str | None,
    url: str,
    hub_key: str,
    key_id: str,
    certificates: Path | None,
    tries: int,
) -> Iterator[tuple["HubDealings", "LetterBook"]]:
    """The dealings of the one city that is meant. Raises Problem."""
    from tongxing.front.exchange import city_dealings

    hub = _hub(url, hub_key, certificates)
    with city_with_books(city) as (code, database):
        secret, own_id = _key(code)
        named = key_id or own_id
        if not named:
            raise usage_problem(click.get_current_context(), "missing", text="--key-id")
        with city_dealings(database, code, secret, named, hub, tries) as found:
            yield found


def tell(dealt: "Dealt") -> int:
    """Show what a round did; 1 when something was refused, else 0."""
    language = settings().language
    if settings().json:
        emit_json({
            "sent": dealt.sent, "fetched": dealt.fetched, "booked": dealt.booked,
            "suspended": dealt.suspended,
            "refusals": [refusal.as_json() for refusal in dealt.refusals],
        })  # fmt: skip
        return 1 if dealt.refusals else 0
    counts = {"sent": len(dealt.sent), "fetched": dealt.fetched, "booked": dealt.booked}
    say(WORDS("line.done", **counts))
    if dealt.suspended:
        say(WORDS("line.suspended"))
    if dealt.refusals:
        columns = [WORDS(f"column.{name}") for name in ("where", "code", "message", "next")]
        rows = [
            (one.where, one.code, one.message(language), one.next_step(language))
            for one in dealt.refusals
        ]
        print_table(WORDS("line.refused"), columns, rows)
    return 1 if dealt.refusals else 0


def _hub(url: str, hub_key: str, certificates: Path | None) -> "HubAddress":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from tongxing.city.hub_line import HubAddress
    from tongxing.messages import HUB_SENDER

    text = hub_key
    if not _HEX.fullmatch(text) and Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8", errors="replace").strip()
    if not _HEX.fullmatch(text):
        raise Problem("EXCHANGE_KEYS", "--hub-key")
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        raise Problem("TLS_NEEDED", url)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    return HubAddress(url, HUB_SENDER, public, str(certificates or ""))


def _key(city: str) -> tuple["SigningKey", str]:
    """A city's message key, and what it is called where nobody says; of a simulated run its own."""
    from tongxing.front.message_key import message_key_of
    from tongxing.simulation.exchanging import city_key, key_id_of
    from tongxing.simulation.runbook import MARKER, seed_at

    home = settings().home
    if settings().dsn is None and (home / MARKER).exists():
        return city_key(seed_at(home) or 0, city), key_id_of(city)
    return granted(message_key_of(city, os.environ)), ""
