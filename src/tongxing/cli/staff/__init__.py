"""`tongxing staff`: who works at a city's counters and machines.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/staff.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("add", "list", "end"), not_commands=("telling",))
def command() -> None:
    """The group; every command is a module beside this one."""
