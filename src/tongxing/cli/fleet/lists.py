"""`tongxing fleet lists`: what was published for the gates, and what waits to be released."""

import click

from tongxing.city.fleet import ListDesk, ListDraft, ListReleased
from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.fleet.offices import fleet_desk
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp
from tongxing.messages.lists import DATA_NAMES, DataName

WORDS = Words("fleet")
_DRAFTS = ("number", "list", "begins", "by", "lapses", "why")
_RELEASED = ("list", "version", "state", "begins", "ends", "by", "size", "why")


@make_command()
@click.argument("name", type=click.Choice(DATA_NAMES), required=False, metavar="[LIST]")
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(name: DataName | None, city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (_, office):
        desk = ListDesk(office)
        drafts = [one for one in desk.waiting(now_s) if name in (None, one.name)]
        released = desk.released(name)
    states = _states(released, now_s)
    if settings().json:
        emit_json({"waiting": drafts, "released": [_told(one, states) for one in released]})
        return
    if not drafts and not released:
        say(WORDS("lists.none"))
        return
    if drafts:
        print_table(WORDS("lists.waiting"), _titles(_DRAFTS), [_draft(one) for one in drafts])
    if released:
        rows = [_row(one, states) for one in released]
        print_table(WORDS("lists.title"), _titles(_RELEASED), rows, right=(1, 6))


def _states(released: list[ListReleased], now_s: int) -> dict[tuple[str, int], str]:
    """How each version stands: newest first, the first whose time has come is the one in force."""
    found: dict[tuple[str, int], str] = {}
    in_force, earliest = set(), dict.fromkeys(DATA_NAMES, 2**62)
    for one in released:
        draft = one.draft
        if draft.not_before_s > now_s:
            state = "waits" if draft.not_before_s < earliest[draft.name] else "replaced"
        elif draft.name in in_force:
            state = "past"
        else:
            in_force.add(draft.name)
            state = "expired" if 0 < draft.not_after_s <= now_s else "in_force"
        earliest[draft.name] = min(earliest[draft.name], draft.not_before_s)
        found[draft.name, one.version] = state
    return found


def _told(one: ListReleased, states: dict[tuple[str, int], str]) -> dict[str, object]:
    draft = one.draft
    return {
        "list": draft.name,
        "version": one.version,
        "state": states[draft.name, one.version],
        "not_before_s": draft.not_before_s,
        "not_after_s": draft.not_after_s,
        "handed_in_by": draft.drafted_by,
        "released_by": one.released_by,
        "released_s": one.released_s,
        "bytes": one.content_bytes,
        "why": draft.why,
    }


def _draft(one: ListDraft) -> list[object]:
    begins = stamp(one.not_before_s) if one.not_before_s else WORDS("lists.at_release")
    name = WORDS(f"list_name.{one.name}")
    return [one.number, name, begins, one.drafted_by, stamp(one.lapses_s), one.why]


def _row(one: ListReleased, states: dict[tuple[str, int], str]) -> list[object]:
    draft = one.draft
    return [
        WORDS(f"list_name.{draft.name}"),
        one.version,
        WORDS(f"list_state.{states[draft.name, one.version]}"),
        stamp(draft.not_before_s),
        stamp(draft.not_after_s) if draft.not_after_s else "–",
        f"{draft.drafted_by} + {one.released_by}",
        f"{one.content_bytes:,} B",
        draft.why,
    ]


def _titles(names: tuple[str, ...]) -> list[str]:
    return [WORDS(f"list_column.{name}") for name in names]
