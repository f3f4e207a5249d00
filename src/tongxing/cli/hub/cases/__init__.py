"""`tongxing hub cases`: disputes between members: who must act until when, and what follows."""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("list", "show", "open", "act", "receive", "rule", "freeze", "unfreeze"),
    not_commands=("acting", "deciding", "showing"),
)
def command() -> None:
    """The group; every command is a module beside this one."""
