"""`tongxing keys`: vaults of master keys, made, shown by their check values, and checked.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/keys.toml``. No key and no passphrase is ever printed, and
none is taken from the command line.
"""

from tongxing.cli.shell import family


@family(__name__, first=("city", "make", "show", "check"), not_commands=("vaults",))
def command() -> None:
    """The group; every command is a module beside this one."""
