"""`tongxing hub serve`: the hub's interface for members, over HTTPS, until Ctrl-C."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import Whole, moment
from tongxing.cli.books import books_at
from tongxing.cli.common import Words, granted, note, say, settings
from tongxing.cli.fleet.serve import LOOPBACK, bound_socket, tls_of
from tongxing.cli.hub.opened import MEMBER_KEYS, hub_folder, hub_keys, hub_witness
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.front.exchange import HubSite
    from tongxing.storage import Database

WORDS = Words("hub")
_SPOOL = "spool"


@make_command()
@click.option("--host", "host", metavar="ADDRESS", default=LOOPBACK, show_default=True)
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
@click.option("--cert", "certificate", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--key", "key_file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--name", "names", metavar="NAME", multiple=True)
def command(
    host: str,
    port: int,
    certificate: Path | None,
    key_file: Path | None,
    names: tuple[str, ...],
) -> None:
    from tongxing.front.exchange import hub_interface
    from tongxing.simulation.runbook import MARKER
    from tongxing.web.serving import serve

    tls = tls_of(certificate, key_file)
    if tls is None and host != LOOPBACK:
        raise Problem("TLS_NEEDED", host)
    home, dsn = settings().home, settings().dsn
    is_simulated = dsn is None and (home / MARKER).exists()
    site = _simulated(home) if is_simulated else _real(names)

    def told(address: str) -> None:
        say(WORDS("serve.address", address=address))
        say(WORDS("serve.public", key=_public_now(database, site)))
        note(WORDS("serve.who", members=", ".join(site.keys.members())))
        note(WORDS("serve.how_to_stop"))

    with (
        bound_socket(host, port) as taken,
        books_at(dsn, home) as database,
        hub_interface(database, site) as app,
    ):
        serve(app, taken, told, tls=tls)


def _public_now(database: "Database", site: "HubSite") -> str:
    """The public key that answers are signed with, in hexadecimal digits."""
    from tongxing.hub import HubStore, load_rulebook
    from tongxing.hub.keys import keys_in_force, own_keys
    from tongxing.hub.windows import window_of

    window = window_of(moment(None, ""), load_rulebook())
    store = HubStore(database)
    try:
        with store.reading() as cursor:
            return keys_in_force(cursor, own_keys(site.sealing)).key_of(window).public.hex()
    finally:
        store.close()


def _real(names: tuple[str, ...]) -> "HubSite":
    """The hub of this home. Raises Problem."""
    from tongxing.front.exchange import HubSite
    from tongxing.hub.evidence import NoWitness
    from tongxing.hub.exchange import member_keys_at
    from tongxing.web.surrounding import LOOPBACK as OWN_NAMES

    folder, witness = hub_folder(), hub_witness()
    path = folder / MEMBER_KEYS
    keys = granted(member_keys_at(path))
    if isinstance(witness, NoWitness):
        note(WORDS("serve.no_witness"))
    own, hosts = hub_keys(), (*OWN_NAMES, *names)
    reread = partial(member_keys_at, path)
    return HubSite(keys, own, folder / _SPOOL, hosts, witness, reread)


def _simulated(home: Path) -> "HubSite":
    """The hub of the run in this home, with its keys, which protect nothing."""
    from tongxing.front.exchange import HubSite
    from tongxing.hub.signatures import SignatureWitness
    from tongxing.simulation.exchanging import member_keys
    from tongxing.simulation.keys import HUB, signing_key
    from tongxing.simulation.real_media import RunMedia
    from tongxing.simulation.runbook import seed_at
    from tongxing.simulation.scenario import load_scenario

    seed, scenario = seed_at(home) or 0, load_scenario()
    media = RunMedia(seed, scenario)
    witness = SignatureWitness(media.vault, media.trust)
    note(WORDS("serve.simulated"))
    keys = member_keys(seed, scenario)
    return HubSite(keys, signing_key(seed, HUB), home / "hub" / _SPOOL, witness=witness)
