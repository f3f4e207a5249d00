"""Where a command finds a vault, and where it gets the secret that opens it.

A secret comes from a file, from the environment or from a person at a terminal; on a command line
it would stand in every list of processes.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from tongxing.cli.common import Words, print_table
from tongxing.cli.shell import Function, usage_problem
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.keys import Environment, MasterName
from tongxing.media.keys.pkcs11 import Pkcs11Vault
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault_file import unseal

WORDS = Words("keys")
PASSPHRASE, PIN = "TONGXING_VAULT_PASSPHRASE", "TONGXING_TOKEN_PIN"
_SECRET_BYTES_MAX = 4096
_ALGORITHMS = {0x00: "3DES", 0x04: "SM4"}

Vault = SoftwareVault | Pkcs11Vault


def vault_options(function: Function) -> Function:
    """The options by which a command is told where its vault is."""
    for add in (
        click.option("--secret-file", "secret_file", type=click.Path(path_type=Path),
                     metavar="FILE"),
        click.option("--token", "token", metavar="LABEL", default=""),
        click.option("--module", "module", type=click.Path(path_type=Path), metavar="LIBRARY"),
        click.argument("file", type=click.Path(path_type=Path), required=False),
    ):  # fmt: skip
        function = add(function)
    return function


def open_vault(
    context: click.Context,
    file: Path | None,
    module: Path | None,
    token: str,
    secret_file: Path | None,
    environment: Environment = "test",
) -> Vault:
    """The vault in `file`, or in the token of a module. Raises Problem.

    A file says itself which environment it serves; for a token `environment` does.
    """
    if (file is None) == (module is None and not token):
        raise usage_problem(context, "missing", text="FILE | --module --token")
    if file is not None:
        content = _content(file)
        passphrase = secret("ask.passphrase", PASSPHRASE, secret_file)
        return _or_problem(unseal(content, passphrase), str(file))
    if module is None or not token:
        raise usage_problem(context, "missing", text="--token" if module else "--module")
    pin = secret("ask.pin", PIN, secret_file)
    return _or_problem(Pkcs11Vault.open(module, token, pin, environment), token)


def secret(asking: str, variable: str, file: Path | None, *, twice: bool = False) -> str:
    """A passphrase or PIN: the first line of `file`, else the environment, else asked for.

    Raises Problem(KEYVAULT_NO_SECRET) when nobody can be asked.
    """
    if file is not None:
        lines = _content(file)[:_SECRET_BYTES_MAX].decode("utf-8", "replace").splitlines()
        return lines[0] if lines else ""
    if variable in os.environ:
        return os.environ[variable]
    if not sys.stdin.isatty():
        raise Problem("KEYVAULT_NO_SECRET", variable, variable=variable)
    text: str = click.prompt(WORDS(asking), hide_input=True, confirmation_prompt=twice, err=True)
    return text


def rows_of(values: Mapping[MasterName, str]) -> list[dict[str, object]]:
    """What may be told of keys: use, algorithm, version, check value."""
    return [
        {
            "use": name.use,
            "algorithm": _ALGORITHMS[name.algorithm],
            "version": name.version,
            "check_value": value,
        }
        for name, value in values.items()
    ]


def print_keys(title: str, values: Mapping[MasterName, str]) -> None:
    """The table of keys by their check values."""
    columns = [WORDS(f"column.{key}") for key in ("use", "algorithm", "version", "check_value")]
    rows = [
        [WORDS(f"use.{row['use']}"), row["algorithm"], row["version"], row["check_value"]]
        for row in rows_of(values)
    ]
    print_table(title, columns, rows, right=(2,))


def _content(file: Path) -> bytes:
    """Raises OSError, which the command line tells as one line."""
    return file.read_bytes()


def _or_problem(found: Vault | Refusal, where: str) -> Vault:
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where or where, **found.values)
    return found
