"""`tongxing hub keys`: the register of the hub's own keys, as it is published or for people."""

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.keys import known_keys
from tongxing.hub.store.hub_keys import KeyRow, load_changes

WORDS = Words("hub")
COLUMNS = ("from", "key", "how", "by")


@make_command()
def command() -> None:
    with hub_store() as store, store.reading() as cursor:
        known, changes = known_keys(cursor), load_changes(cursor)
    if settings().json:
        first = None if known is None else known.first.text
        emit_json({"first": first, "changes": [row._asdict() for row in changes]})
        return
    if known is None and not changes:
        say(WORDS("keys.none"))
        return
    first = changes[0].old_key if known is None else known.first.text
    rows = [("-", first, WORDS("keys.first"), "-"), *(_row(row) for row in changes)]
    print_table(WORDS("keys.title"), [WORDS(f"keys.column.{name}") for name in COLUMNS], rows)


def _row(row: KeyRow) -> tuple[str, str, str, str]:
    how = WORDS("keys.emergency" if row.is_emergency else "keys.planned")
    if not row.confirmed_by:
        return row.from_window, row.new_key, WORDS("keys.waits", how=how), row.proposed_by
    return row.from_window, row.new_key, how, f"{row.proposed_by} / {row.confirmed_by}"
