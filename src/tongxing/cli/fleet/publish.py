"""`tongxing fleet publish`: hand in a list for the city's gates; a second person releases it."""

from pathlib import Path

import click

from tongxing.city.fleet import ListDesk
from tongxing.cli.arguments import READABLE_FILE, china_time, moment
from tongxing.cli.common import Words, emit_json, granted, note, say, settings
from tongxing.cli.fleet.offices import by_staff, fleet_desk, signed_in
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem
from tongxing.messages.lists import DATA_NAMES, DataName
from tongxing.published import entry_content

WORDS = Words("fleet")


@make_command()
@click.argument("name", type=click.Choice(DATA_NAMES), metavar="LIST")
@click.argument("files", type=READABLE_FILE, nargs=-1, metavar="[FILE]...")
@click.option("--from", "begins", metavar="TIME")
@click.option("--until", "ends", metavar="TIME")
@click.option("--why", "why", metavar="TEXT", required=True)
@by_staff
def command(
    name: DataName,
    files: tuple[Path, ...],
    begins: str | None,
    ends: str | None,
    why: str,
    by: str,
    secret_file: Path | None,
    city: str | None,
    now: str | None,
) -> None:
    now_s, content = moment(now, "--now"), _content(name, files)
    days = (_at(begins, "--from"), _at(ends, "--until"))
    with fleet_desk(city) as (_, office):
        staff = signed_in(office, by, secret_file, now_s)
        found = granted(ListDesk(office).hand_in(staff, name, content, why, now_s, days))
    if settings().json:
        emit_json({"draft": found.number, "list": found.name, "follows": found.follows})
        return
    say(WORDS("publish.done", number=found.number, name=WORDS(f"list_name.{name}")))
    note(WORDS("publish.next", number=found.number, until=stamp(found.lapses_s)))


def _content(name: DataName, files: tuple[Path, ...]) -> bytes | None:
    """What the files say; several policies are one content. Raises Problem."""
    if not files:
        return None
    if name != "entry" and len(files) > 1:
        raise Problem("LIST_ONE_FILE", str(files[1]), name=name)
    try:
        contents = [file.read_bytes() for file in files]
        return entry_content(contents) if name == "entry" else contents[0]
    except UnicodeDecodeError as error:
        raise Problem("LIST_UNFIT", str(files[0]), name=name, detail=str(error)[:100]) from None


def _at(text: str | None, where: str) -> int:
    return 0 if text is None else china_time(text, where)
