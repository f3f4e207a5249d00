"""`tongxing hub rekey`: another key takes the place of the hub's own, once two persons said so."""

import os
from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import hub_keys, hub_store
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.front.keys import PASSPHRASE_FILE
from tongxing.front.message_key import unseal_message_key
from tongxing.hub import load_rulebook
from tongxing.hub.keys import KeyDesk, NewKey
from tongxing.hub.store.hub_keys import id_of
from tongxing.hub.windows import closing_day
from tongxing.messages import HUB_SENDER

WORDS = Words("hub")


@make_command()
@click.argument("file", type=READABLE_FILE, metavar="FILE")
@click.option("--from", "from_window", metavar="WINDOW", default="")
@click.option("--emergency", "is_emergency", is_flag=True)
@click.option("--by", "by", metavar="NAME", required=True)
def command(file: Path, from_window: str, is_emergency: bool, by: str) -> None:
    if is_emergency == bool(from_window):
        wrong, text = ("extra", "--from") if is_emergency else ("missing", "--from | --emergency")
        raise usage_problem(click.get_current_context(), wrong, text=text)
    if from_window:
        granted(closing_day(from_window))
    own = hub_keys()
    passphrase = Path(os.environ.get(PASSPHRASE_FILE, "")).read_text(encoding="utf-8").strip()
    key = granted(unseal_message_key(HUB_SENDER, file.read_bytes(), passphrase))
    with hub_store() as store:
        desk = KeyDesk(store, own, load_rulebook())
        row = granted(desk.change(NewKey(key, from_window, is_emergency), by, moment(None, "")))
    if settings().json:
        emit_json({**row._asdict(), "done": bool(row.confirmed_by)})
        return
    said = "rekey.done" if row.confirmed_by else "rekey.second_person"
    say(WORDS(said, key=id_of(row.new_key), window=row.from_window, by=by))
