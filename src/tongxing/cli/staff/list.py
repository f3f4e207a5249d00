"""`tongxing staff list`: who works here, what they may do, and who has left."""

import click

from tongxing.cli.cities import staff_desk
from tongxing.cli.common import Words, emit_json, listed, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.staff.telling import told

WORDS = Words("staff")


@make_command()
@click.option("--city", "city", metavar="CITY")
def command(city: str | None) -> None:
    with staff_desk(city) as desk:
        everybody = desk.everybody()
    if settings().json:
        emit_json([told(one) for one in everybody])
        return
    if not everybody:
        say(WORDS("list.nobody"))
        return
    columns = ("staff", "name", "roles", "place", "state")
    print_table(
        WORDS("list.title"),
        [WORDS(f"column.{name}") for name in columns],
        [
            [
                one.staff_id,
                one.name,
                listed(one.roles),
                one.place or WORDS("list.everywhere"),
                WORDS("list.left" if one.has_left else "list.works"),
            ]
            for one in everybody
        ],
    )
