"""`tongxing entry`: gate cases against the real rules, and what a policy asks where and when.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/entry.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, first=("check", "policy"), not_commands=("cases", "desks", "gates", "wording"))
def command() -> None:
    """The group; every command is a module beside this one."""
