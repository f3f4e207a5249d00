"""`tongxing conformance`: named cases for anybody's card, verifier of codes, validator, and member.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/conformance.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("card", "code", "gate", "member"), not_commands=("kit_telling", "telling"))
def command() -> None:
    """The group; every command is a module beside this one."""
