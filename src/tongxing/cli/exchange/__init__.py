"""`tongxing exchange`: files between institutions, sent, fetched, shown, checked, written.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/exchange.toml``.
"""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("send", "fetch", "status", "registers", "show", "check", "write", "layouts"),
    not_commands=("arguments", "dealing", "given", "sources", "telling"),
)
def command() -> None:
    """The group; every command is a module beside this one."""
