"""`tongxing hub members`: who is cleared, and who is suspended."""

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.store import members as table
from tongxing.kernel.clock import stamp

WORDS = Words("hub")
COLUMNS = ("member", "name", "state")


@make_command()
def command() -> None:
    with hub_store() as store, store.reading() as cursor:
        members, suspended = table.load_members(cursor), table.suspensions(cursor)
    if settings().json:
        emit_json(
            [
                {
                    "member": member.member_id,
                    "city": member.city,
                    "suspended": stamp(suspended[member.member_id])
                    if member.member_id in suspended
                    else None,
                }
                for member in members.values()
            ]
        )
        return
    if not members:
        say(WORDS("members.none"))
        return
    rows = [
        (
            member.member_id,
            member.name(settings().language),
            _state(suspended.get(member.member_id)),
        )
        for member in members.values()
    ]
    columns = [WORDS(f"members.column.{name}") for name in COLUMNS]
    print_table(WORDS("members.title"), columns, rows)


def _state(since_s: int | None) -> str:
    if since_s is None:
        return WORDS("members.good")
    return WORDS("members.suspended", time=stamp(since_s))
