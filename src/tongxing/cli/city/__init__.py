"""`tongxing city`: the business day of a city, what its bank says, which cards it issued.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/city.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("day", "bank", "reissue", "issued"), not_commands=("opened", "paying"))
def command() -> None:
    """The group; every command is a module beside this one."""
