"""`tongxing gtfs`: what an open feed holds and asks for a ride, and our tariffs as such a feed.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/gtfs.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("show", "price", "export"), not_commands=("arguments",))
def command() -> None:
    """The group; every command is a module beside this one."""
