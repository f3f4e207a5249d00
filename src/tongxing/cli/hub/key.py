"""`tongxing hub key`: the hub's own key: makes its sealed file, or shows its public half."""

from pathlib import Path

import click

from tongxing.checkpoint import verifier_of
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.fleet.key import made_message_key
from tongxing.cli.hub.opened import hub_key
from tongxing.cli.keys.vaults import secret_option
from tongxing.cli.shell import command as make_command
from tongxing.messages import HUB_SENDER

WORDS = Words("hub")


@make_command()
@click.option("--make", "file", type=click.Path(path_type=Path), metavar="FILE")
@secret_option
def command(file: Path | None, secret_file: Path | None) -> None:
    key = hub_key() if file is None else made_message_key(HUB_SENDER, file, secret_file)
    public, verifier = key.public_bytes().hex(), verifier_of(key).text
    if settings().json:
        emit_json({"public_key": public, "verifier": verifier})
        return
    say(WORDS("key.public", key=public))
    say(WORDS("key.verifier", verifier=verifier))
