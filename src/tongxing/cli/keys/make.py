"""`tongxing keys make`: a new vault in a sealed file."""

import secrets
from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, note, say, settings
from tongxing.cli.keys.vaults import new_passphrase, print_keys, rows_of, secret_option
from tongxing.cli.shell import command as make_command
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.keys import Environment
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault_file import new_masters, seal

WORDS = Words("keys")
_OWN_USER_ONLY = 0o600


@make_command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--env", "environment", type=click.Choice(["test", "prod"]), required=True)
@secret_option
def command(file: Path, environment: Environment, secret_file: Path | None) -> None:
    if file.exists():
        raise Problem("KEYVAULT_FILE_EXISTS", str(file))
    masters = new_masters(environment, secrets.token_bytes)
    passphrase = new_passphrase(secret_file)
    sealed = seal(masters, environment, passphrase, secrets.token_bytes)
    if isinstance(sealed, Refusal):
        raise Problem(sealed.code, str(file), **sealed.values)
    write_whole(file, sealed)
    file.chmod(_OWN_USER_ONLY)
    values = SoftwareVault(masters, environment).check_values()
    if settings().json:
        emit_json({"file": str(file), "environment": environment, "keys": rows_of(values)})
        return
    print_keys(WORDS("make.made", file=file), values)
    say(WORDS(f"make.{environment}"))
    note(WORDS("make.keep"))
