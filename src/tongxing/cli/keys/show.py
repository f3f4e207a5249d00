"""`tongxing keys show`: which keys a vault has, by their check values, and what it is marked for.

A token is not marked: whoever opens it says what it serves.
"""

from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.keys.vaults import open_vault, print_keys, rows_of, vault_options
from tongxing.cli.shell import command as make_command

WORDS = Words("keys")


@make_command()
@vault_options
@click.pass_context
def command(
    context: click.Context,
    file: Path | None,
    module: Path | None,
    token: str,
    secret_file: Path | None,
) -> None:
    vault = open_vault(context, file, module, token, secret_file)
    values = vault.check_values()
    marked = None if file is None else vault.environment
    if settings().json:
        emit_json({"environment": marked, "keys": rows_of(values)})
        return
    print_keys(WORDS("show.title", vault=file or token, count=len(values)), values)
    if marked is not None:
        say(WORDS("show.marked", environment=WORDS(f"environment.{marked}")))
