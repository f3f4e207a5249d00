"""`tongxing fleet`: the devices of a city: who may enrol one, which there are, what they are told.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/fleet.toml``.
"""

from tongxing.cli.shell import family

_FIRST = (
    "invite",
    "confirm",
    "enrol",
    "list",
    "order",
    "orders",
    "publish",
    "release",
    "lists",
    "register",
    "revoke",
    "key",
    "serve",
)


@family(__name__, first=_FIRST, not_commands=("offices",))
def command() -> None:
    """The group; every command is a module beside this one."""
