"""`tongxing hub split`: metro split tables that are made, brought into force and explained."""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("make", "check", "publish", "release", "tables", "explain", "what_if"),
    not_commands=("arguments", "showing"),
)
def command() -> None:
    """The group; every command is a module beside this one."""
