"""Arguments that several commands of `tongxing gtfs` share: a feed, and a time in its time zone."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from tongxing.cli.arguments import parse_time
from tongxing.cli.common import note
from tongxing.feeds import Feed, read_feed
from tongxing.kernel.clock import instant
from tongxing.kernel.reasons import Problem, Refusal

_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")
_TOLD_FROM_BYTES = 5 * 2**20


class FeedPath(click.ParamType[Path]):
    """A click type: a feed's zip file or folder. Whether it is one, the reader says."""

    name = "feed"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        return value if isinstance(value, Path) else Path(str(value))


FEED = FeedPath()


def load(path: Path, told: str) -> Feed:
    """The feed of an argument; `told` is said beforehand where it may take a while.

    Raises Problem with the refusal of the reader.
    """
    if path.is_dir() or (path.exists() and path.stat().st_size > _TOLD_FROM_BYTES):
        note(told)
    found = read_feed(path)
    if isinstance(found, Refusal):
        raise Problem(found.code, f"{path} {found.where}".strip(), **found.values)
    return found


def local_time(text: str, zone: ZoneInfo, where: str) -> int:
    """An instant; the feed's own time holds where no offset is given. Raises Problem."""
    if _OFFSET.search(text):
        return parse_time(text, where)
    in_utc = parse_time(f"{text}Z", where)
    wall = datetime.fromtimestamp(in_utc, ZoneInfo("UTC")).replace(tzinfo=zone)
    return instant(wall)
