"""`tongxing card`: what is on a card, from its bytes or from the card itself.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/card.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("read", "decode"), not_commands=("arguments", "showing"))
def command() -> None:
    """The group; every command is a module beside this one."""
