"""What `send`, `fetch` and `status` of `tongxing exchange` share: a city's line to its hub."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.cities import city_with_books
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.shell import usage_problem
from tongxing.kernel.reasons import Problem, Refusal

if TYPE_CHECKING:
    from tongxing.checkpoint import Succession
    from tongxing.city.hub_line import Dealt, HubAddress, HubDealings
    from tongxing.city.hub_line.store import LetterBook
    from tongxing.messages import SigningKey
    from tongxing.storage import Database

WORDS = Words("exchange")
OF_HUB = Words("hub")
Function = TypeVar("Function", bound=Callable[..., Any])
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def over_the_line(function: Function) -> Function:
    """The options of a command that speaks with a hub."""
    return hub_named(function, required=True)


def hub_named(function: Function, *, required: bool = False) -> Function:
    """The same, where the hub need not be named unless it is `required`."""
    for option in (
        click.option("--tries", "tries", type=Whole(1, 100), default=6, metavar="N"),
        click.option("--ca", "certificates", type=READABLE_FILE, metavar="FILE"),
        click.option("--key-id", "key_id", metavar="ID", default=""),
        click.option("--hub-key", "hub_key", metavar="KEY|FILE", required=required),
        click.option("--hub", "url", metavar="URL", required=required),
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
    hub = hub_address(url, hub_key, certificates)
    with (
        city_with_books(city) as (code, database),
        dealings_over(database, code, hub, key_id, tries) as found,
    ):
        yield found


@contextmanager
def dealings_over(
    database: "Database", code: str, hub: "HubAddress", key_id: str, tries: int
) -> Iterator[tuple["HubDealings", "LetterBook"]]:
    """The dealings of a city whose books are open. Raises Problem."""
    from tongxing.front.exchange import city_dealings

    secret, own_id = _key(code)
    named = key_id or own_id
    if not named:
        raise usage_problem(click.get_current_context(), "missing", text="--key-id")
    # the hub of a simulated run is told nothing beside what the run tells it
    is_earnest = not own_id
    dealings = city_dealings(database, code, secret, named, hub, tries, with_registers=is_earnest)
    with dealings as found:
        yield found


def tell(dealt: "Dealt") -> int:
    """Show what a round did; 1 when something was refused, else 0."""
    troubles, registers = dealt.troubles(), dealt.registers
    if settings().json:
        emit_json({
            "sent": dealt.sent, "fetched": dealt.fetched, "booked": dealt.booked,
            "suspended": dealt.suspended,
            "registers": {"sent": registers.sent, "fetched": registers.fetched},
            "refusals": [refusal.as_json() for refusal in troubles],
        })  # fmt: skip
        return 1 if troubles else 0
    counts = {"sent": len(dealt.sent), "fetched": dealt.fetched, "booked": dealt.booked}
    say(WORDS("line.done", **counts))
    if registers.sent:
        say(WORDS("line.registers_sent", names=", ".join(map(_named, registers.sent))))
    if registers.fetched:
        say(WORDS("line.registers_fetched", names=", ".join(map(_named, registers.fetched))))
    if dealt.suspended:
        say(WORDS("line.suspended"))
    tell_refusals(troubles)
    return 1 if troubles else 0


def kind_of_register(kind: str) -> str:
    """What a kind of register is called; one that this program does not know by its own name."""
    from tongxing.hub.registers import KINDS

    return OF_HUB(f"registers.kind.{kind}") if kind in KINDS else kind


def _named(register: str) -> str:
    kind, _, owner = register.partition(" ")
    return f"{kind_of_register(kind)} {owner}"


def tell_refusals(refusals: Sequence[Refusal]) -> None:
    """A table of what was refused, with what to do; nothing for none."""
    if not refusals:
        return
    language = settings().language
    columns = [WORDS(f"column.{name}") for name in ("where", "code", "message", "next")]
    rows = [
        (one.where, one.code, one.message(language), one.next_step(language)) for one in refusals
    ]
    print_table(WORDS("line.refused"), columns, rows)


def hub_address(url: str, hub_key: str, certificates: Path | None) -> "HubAddress":
    """Where the hub is and how its answers are known. Raises Problem."""
    from tongxing.city.hub_line import HubAddress, HubTrust

    text = hub_key
    if not _HEX.fullmatch(text) and Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8", errors="replace").strip()
    known = _keys_in(text)
    parts = urlsplit(url)
    is_near = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (is_near or parts.scheme == "https"):
        raise Problem("HUB_ADDRESS", "--hub", url=url)
    return HubAddress(url, HubTrust(known), str(certificates or ""))


def _keys_in(text: str) -> "Succession":
    """The hub's keys in a text: 64 digits, or what `hub.vkey` holds. Raises Problem."""
    from tongxing.checkpoint import Succession, Verifier, read_succession
    from tongxing.messages import HUB_SENDER

    if _HEX.fullmatch(text):
        return Succession(Verifier(HUB_SENDER, bytes.fromhex(text)))
    found = read_succession(text)
    if isinstance(found, Refusal):
        code = "HUB_KEY_FORM" if found.code == "VERIFIER_MALFORMED" else found.code
        raise Problem(code, "--hub-key", **found.values)
    return found


def _key(city: str) -> tuple["SigningKey", str]:
    """A city's message key, and what it is called where nobody says; of a simulated run its own."""
    from tongxing.front.message_key import message_key_of
    from tongxing.simulation.exchanging import city_key, key_id_of
    from tongxing.simulation.runbook import MARKER, seed_at

    home = settings().home
    if settings().dsn is None and (home / MARKER).exists():
        return city_key(seed_at(home) or 0, city), key_id_of(city)
    return granted(message_key_of(city, os.environ)), ""
