"""`tongxing code`: ride codes made, shown and judged.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/code.toml``.
"""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("issue", "show", "verify"),
    not_commands=("arguments", "fields", "given", "keyring", "written"),
)
def command() -> None:
    """The group; every command is a module beside this one."""
