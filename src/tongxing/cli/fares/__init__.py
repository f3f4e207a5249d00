"""`tongxing fares`: what a ride costs and why, and how a tariff is written, tried and published.

Each module of this package that offers `command` is one of its commands; none is imported before
it is called. The words stand in ``texts/fares.toml``.
"""

from tongxing.cli.shell import family


@family(
    __name__,
    first=("price", "tariffs", "check", "explain", "lint", "dry_run", "exploits", "publish"),
    not_commands=("arguments", "explanation"),
)
def command() -> None:
    """The group; every command is a module beside this one."""
