"""`tongxing card decode`: the bytes of a file or record of a card, as one object of JSON.

The object is what programs rely on, so it is printed always, with or without ``--json``; people
who would rather read ask for ``--table``.
"""

import click

from tongxing.cli.card.arguments import card_bytes, file_of
from tongxing.cli.card.showing import print_object
from tongxing.cli.common import emit_json, settings
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.decode import decode_answer, decode_file


@make_command()
@click.option("--file", "file", required=True, metavar="SFI")
@click.option("--application", "application", default="t_union", metavar="NAME")
@click.option("--table", "table", is_flag=True)
@click.argument("hex_bytes", metavar="HEX", nargs=-1, required=True)
def command(file: str, application: str, table: bool, hex_bytes: tuple[str, ...]) -> None:
    wanted = file_of(file)
    raw = card_bytes(hex_bytes)
    found = (
        decode_answer(wanted, raw, application)
        if isinstance(wanted, str)
        else decode_file(wanted, raw, application)
    )
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    if table and not settings().json:
        print_object(found)
        return
    emit_json(found)
