"""`tongxing media`: what the issuer knows of a card, and how a new one takes an old one's place.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/media.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("show", "replace", "load", "loaded"))
def command() -> None:
    """The group; every command is a module beside this one."""
