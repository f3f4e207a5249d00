"""`tongxing hub reserve`: what members keep at the hub, and what covers one that fails."""

from tongxing.cli.shell import family


@family(__name__, first=("status", "terms", "pay_in", "call", "cover"))
def command() -> None:
    """The group; every command is a module beside this one."""
