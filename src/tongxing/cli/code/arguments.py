"""Arguments of the code commands: a time as people or machines write it."""

import re

import click

from tongxing.cli.arguments import argument_name, parse_time

_UNIX = re.compile(r"[0-9]{1,10}")


class _Moment(click.ParamType[int]):
    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        text = str(value)
        return int(text) if _UNIX.fullmatch(text) else parse_time(text, argument_name(param))


MOMENT = _Moment()
"""Unix seconds, or ISO 8601 with its offset."""
