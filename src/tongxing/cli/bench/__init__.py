"""`tongxing bench NAME`: one JSON line with a figure, its reference in the same run, and the ratio.

Each module of this package that offers `command` is one benchmark. The words stand in
``texts/bench.toml``.
"""

from tongxing.cli.shell import family


@family(__name__, not_commands=("ranking",))
def command() -> None:
    """The group; every benchmark is a module beside this one."""
