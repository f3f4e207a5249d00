"""`tongxing hub purses`: what purses tell of that no record which stands does."""

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.store.purses import load_gaps, unpaid_links
from tongxing.kernel.money import yuan

WORDS = Words("hub")
COLUMNS = ("card", "counters", "what")


@make_command()
def command() -> None:
    with hub_store() as store, store.reading() as cursor:
        gaps, unpaid = load_gaps(cursor), unpaid_links(cursor)
    if settings().json:
        seen = [
            {"card": one.card, "counter": one.counter, "record_id": one.record_id,
             "amount_fen": one.amount_fen}
            for one in unpaid
        ]  # fmt: skip
        emit_json({"missing": [gap._asdict() for gap in gaps], "unpaid": seen})
        return
    rows = [(gap.card, _counters(gap.first, gap.last), WORDS("purses.missing")) for gap in gaps]
    rows += [
        (
            link.card,
            str(link.counter),
            WORDS("purses.unpaid", record=link.record_id, amount=yuan(link.amount_fen)),
        )
        for link in unpaid
    ]
    if not rows:
        say(WORDS("purses.none"))
        return
    columns = [WORDS(f"purses.column.{name}") for name in COLUMNS]
    print_table(WORDS("purses.title"), columns, sorted(rows))
    say(WORDS("purses.next"))


def _counters(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"
