"""`tongxing upgrade`: media linked with their holders for entry checks, and what goes with it.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/upgrade.toml``.
"""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("ways", "bulk", "progress", "list", "refund_tickets"),
    not_commands=("offices",),
)
def command() -> None:
    """The group; every command is a module beside this one."""
