"""`tongxing gate`: a gate that runs, its configuration, and how it is.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/gate.toml``.
"""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("init", "check_config", "run", "status", "sign_off"),
    not_commands=("benching", "configured", "trial"),
)
def command() -> None:
    """The group; every command is a module beside this one."""
