"""`tongxing trips`: half trips in the books and taps set aside: which wait, how they end.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/trips.toml``.
"""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("pending", "declare", "correct", "disruption", "resolve", "aside", "take_in", "confirm"),
    not_commands=("desks",),
)
def command() -> None:
    """The group; every command is a module beside this one."""
