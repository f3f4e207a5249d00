"""`tongxing hub split`: metro split tables that are made, checked, explained and compared."""

from tongxing.cli.shell import family


@family(
    __name__, first=("make", "explain", "what_if", "check"), not_commands=("arguments", "showing")
)
def command() -> None:
    """The group; every command is a module beside this one."""
