"""`tongxing conformance`: named cases for anybody's card, and for anybody's verifier of codes.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/conformance.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("card", "code"), not_commands=("telling",))
def command() -> None:
    """The group; every command is a module beside this one."""
