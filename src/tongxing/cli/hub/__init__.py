"""`tongxing hub`: the clearing house's own tools.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/hub.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("day", "cases", "check", "split"), not_commands=("differing", "opened"))
def command() -> None:
    """The group; every command is a module beside this one."""
