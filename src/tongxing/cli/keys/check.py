"""`tongxing keys check`: whether a vault may serve where real money moves; exit 1 when not."""

from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, in_both, say, settings
from tongxing.cli.keys.vaults import Vault, open_vault, vault_options
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys import KEY_USES, Environment

WORDS = Words("keys")


@make_command()
@vault_options
@click.option("--env", "environment", type=click.Choice(["test", "prod"]), default="prod")
@click.pass_context
def command(
    context: click.Context,
    file: Path | None,
    module: Path | None,
    token: str,
    secret_file: Path | None,
    environment: Environment,
) -> int:
    vault = open_vault(context, file, module, token, secret_file, environment)
    found = _findings(vault, environment)
    if settings().json:
        emit_json({"environment": environment, "findings": [one.as_json() for one in found]})
    else:
        for one in found:
            say(f"{one.code}: {one.message(settings().language)}")
            say(f"    → {one.next_step(settings().language)}")
        key = "check.refused" if found else "check.fit"
        say(WORDS(key, count=len(found), environment=WORDS(f"environment.{environment}")))
    return 1 if found else 0


def _findings(vault: Vault, environment: Environment) -> list[Refusal]:
    """Everything that keeps this vault from serving `environment`.

    A vault that is marked for the other one is refused for that alone: test keys protect nothing,
    and live keys do not belong where tests are run. What else is in it does not matter then.
    """
    if vault.environment != environment:
        marked = in_both("marked", "keys", f"environment.{vault.environment}")
        asked = in_both("asked", "keys", f"environment.{environment}")
        values = {"environment": environment, **marked, **asked}
        return [Refusal("KEYVAULT_ENVIRONMENT", values=values)]
    found = list(vault.refused()) if environment == "prod" else []
    there = {name.use for name in vault.check_values()}
    missing = [use for use in KEY_USES if use not in there]
    return found + [Refusal("KEYVAULT_USE_MISSING", use, {"use": use}) for use in missing]
