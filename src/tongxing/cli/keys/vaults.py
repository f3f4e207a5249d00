"""Where a command finds a vault, and where it gets the secret that opens it.

A secret comes from a file, from the environment or from a person at a terminal; on a command line
it would stand in every list of processes.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, in_both, print_table, settings
from tongxing.cli.errors import error_line
from tongxing.cli.shell import Function, usage_problem
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.keys import Environment, MasterName
from tongxing.media.keys.pkcs11 import Pkcs11Vault
from tongxing.media.keys.sealed_file import passphrase_objection
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault_file import unseal

WORDS = Words("keys")
PASSPHRASE, PIN = "TONGXING_VAULT_PASSPHRASE", "TONGXING_TOKEN_PIN"
_SECRET_BYTES_MAX, _TRIES = 4096, 3
_ALGORITHMS = {0x00: "3DES", 0x04: "SM4"}

Vault = SoftwareVault | Pkcs11Vault


secret_option = click.option(
    "--secret-file",
    "secret_file",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
)
"""Where a secret lies. What cannot be read is told when it is read: it may also be a pipe."""


def vault_options(function: Function) -> Function:
    """The options by which a command is told where its vault is."""
    for add in (
        secret_option,
        click.option("--token", "token", metavar="LABEL", default=""),
        click.option("--module", "module", type=click.Path(path_type=Path), metavar="LIBRARY"),
        click.argument("file", type=READABLE_FILE, required=False),
    ):
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


def secret(asking: str, variable: str, file: Path | None) -> str:
    """A passphrase or PIN: the first line of `file`, else the environment, else asked for.

    Raises Problem(KEYVAULT_NO_SECRET) for an empty one and when nobody can be asked.
    """
    given = _given(variable, file)
    return _asked(asking) if given is None else given


def new_passphrase(file: Path | None) -> str:
    """A passphrase for a new vault, from where `secret` takes it; a person enters it twice.

    Raises Problem: KEYVAULT_NO_SECRET; for a person who tried three times, why the last one is
    not taken.
    """
    given = _given(PASSPHRASE, file)
    if given is not None:
        return given
    for _ in range(_TRIES - 1):
        found = _entered_twice()
        if isinstance(found, str):
            return found
        click.echo(error_line(found, settings().language), err=True)
    found = _entered_twice()
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    return found


def _entered_twice() -> str | Refusal:
    passphrase = _asked("ask.new_passphrase")
    objection = passphrase_objection(passphrase)
    if objection is None and _asked("ask.again") != passphrase:
        objection = Refusal("KEYVAULT_PASSPHRASE_DIFFERS")
    return passphrase if objection is None else objection


def _given(variable: str, file: Path | None) -> str | None:
    """The secret of the file or else of the environment; None where a person is to be asked."""
    if file is not None:
        lines = _content(file)[:_SECRET_BYTES_MAX].decode("utf-8", "replace").splitlines()
        if not lines or not lines[0]:
            raise _no_secret(variable, "file", name=file)
        return lines[0]
    found = os.environ.get(variable)
    if found == "":
        raise _no_secret(variable, "variable", name=variable)
    if found is None and not sys.stdin.isatty():
        raise _no_secret(variable, "terminal")
    return found


def _asked(asking: str) -> str:
    text: str = click.prompt(
        WORDS(asking), default="", show_default=False, hide_input=True, err=True
    )
    return text


def _no_secret(variable: str, why: str, **values: object) -> Problem:
    detail = in_both("detail", "keys", f"no_secret.{why}", **values)
    return Problem("KEYVAULT_NO_SECRET", "", variable=variable, **detail)


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
