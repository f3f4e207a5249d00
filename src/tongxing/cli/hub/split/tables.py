"""`tongxing hub split tables`: the clearing house's split tables, and how each stands."""

from tongxing.cli.books import hub_books
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.split.showing import city_name
from tongxing.cli.shell import command as make_command
from tongxing.hub.store.split_tables import ListedTable
from tongxing.hub.tables import TableDesk

WORDS = Words("hub")
COLUMNS = ("city", "version", "state", "first", "until", "by", "why")


@make_command()
def command() -> None:
    with hub_books(settings().dsn, settings().home) as store:
        tables = TableDesk(store).tables()
    replaced = {one.replaces for one in tables if one.released_s is not None}
    if settings().json:
        emit_json([{**one._asdict(), "state": _state(one, replaced)} for one in tables])
        return
    if not tables:
        say(WORDS("split.tables.none"))
        return
    print_table(
        WORDS("split.tables.title"),
        [WORDS(f"split.tables.column.{name}") for name in COLUMNS],
        [_row(one, replaced) for one in tables],
    )


def _state(one: ListedTable, replaced: set[str]) -> str:
    if one.released_s is None:
        return "waiting"
    return "replaced" if one.version in replaced else "released"


def _row(one: ListedTable, replaced: set[str]) -> tuple[object, ...]:
    return (
        city_name(one.city),
        one.version,
        WORDS(f"split.tables.state.{_state(one, replaced)}"),
        one.valid_from,
        one.valid_until or WORDS("split.open_end"),
        f"{one.handed_in_by} + {one.released_by or '–'}",
        one.why,
    )
