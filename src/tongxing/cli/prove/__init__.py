"""`tongxing prove`: the truths over the live books; a record, or a chain, before anybody.

By itself it holds the truths. Each module of this package that offers `command` is one of its
commands; none is imported before it is called. The words stand in ``texts/prove.toml``.
"""

import click

from tongxing.cli.shell import family


@family(
    __name__,
    first=("record", "chain"),
    not_commands=("given", "truths"),
    invoke_without_command=True,
)
@click.pass_context
def command(context: click.Context) -> int:
    """Without a command of its own: the truths."""
    if context.invoked_subcommand is not None:
        return 0
    from tongxing.cli.prove.truths import prove_truths

    return prove_truths()
