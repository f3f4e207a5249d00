"""`tongxing tides`: taps as open fare transactions, and such tables checked.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/tides.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("write", "check"), not_commands=())
def command() -> None:
    """The group; every command is a module beside this one."""
