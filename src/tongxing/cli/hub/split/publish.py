"""`tongxing hub split publish`: hand a split table in at the clearing house."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.books import hub_books
from tongxing.cli.common import Words, emit_json, granted, in_both, progress, say, settings
from tongxing.cli.hub.split.arguments import table_in
from tongxing.cli.hub.split.showing import city_name
from tongxing.cli.shell import command as make_command
from tongxing.hub.tables import TableDesk
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("hub")


@make_command()
@click.argument("file", type=READABLE_FILE)
@click.option("--why", "why", metavar="TEXT", required=True)
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--now", "now", metavar="TIME")
def command(file: Path, why: str, by: str, now: str | None) -> None:
    now_s, rows = moment(now, "--now"), table_in(file).header.rows
    label = WORDS("split.publish.label")
    with hub_books(settings().dsn, settings().home) as store, progress(label, rows) as advance:
        found = TableDesk(store).hand_in(file.read_bytes(), by, why, now_s, advance)
    if isinstance(found, Refusal) and found.code == "SPLIT_ROW_WRONG":
        what = in_both("what", "hub", f"split.fault.{found.values['what_en']}")
        raise Problem(found.code, f"{file} {found.where}", **what)
    listed = granted(found)
    if settings().json:
        emit_json(listed._asdict())
        return
    key = "split.publish.done" if listed.released_s is None else "split.publish.already"
    values = {"city": city_name(listed.city), "first": listed.valid_from}
    say(WORDS(key, version=listed.version, **values))
