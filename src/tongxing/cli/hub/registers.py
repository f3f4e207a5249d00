"""`tongxing hub registers`: take in what members signed of themselves, and say what there is."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.cli.shell import command as make_command
from tongxing.hub.registers import RegisterDesk
from tongxing.hub.store import HubStore
from tongxing.hub.store.registers import KeptVersion
from tongxing.hub.views import windows
from tongxing.hub.windows import closing_day
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("hub")
COLUMNS = ("kind", "owner", "version", "published", "received", "entries", "sha256")
NOT_MADE = ("sender", "check", "rows")


@make_command()
@click.argument("files", type=READABLE_FILE, nargs=-1, metavar="[FILE]...")
@click.option("--window", "window", metavar="WINDOW")
@click.option("--now", "now", metavar="TIME")
def command(files: tuple[Path, ...], window: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with opened_hub(now_s) as opened:
        desk = RegisterDesk(opened.store, opened.trusted, opened.own_ring())
        if window is not None:
            _require_window(opened.store, window)
        taken = [_taken(desk, file, now_s) for file in files]
        known = desk.registers()
        not_made = [] if window is None else opened.hub.checks_not_made(window)
    if settings().json:
        rows = [dict(zip(NOT_MADE, row, strict=True)) for row in not_made]
        emit_json({"taken": _told(taken), "registers": _told(known), "not_made": rows})
        return
    if not known:
        say(WORDS("registers.none"))
    elif not taken:
        print_table(WORDS("registers.title"), _titles(COLUMNS), [_row(one) for one in known])
    if window is not None:
        _print_not_made(window, not_made)


def _taken(desk: RegisterDesk, file: Path, now_s: int) -> KeptVersion:
    """One register taken in, and told at once: it stays taken when the next file is refused. Raises
    Problem, which names the file."""
    kept = desk.take(file.read_bytes(), now_s)
    if isinstance(kept, Refusal):
        where = f"{file}: {kept.where}" if kept.where else str(file)
        raise Problem(kept.code, where, **kept.values)
    if not settings().json:
        kind = WORDS(f"registers.kind.{kept.kind}")
        values = {"owner": kept.owner, "version": kept.version, "entries": f"{kept.entries:,}"}
        say(WORDS("registers.taken", kind=kind, sha256=kept.sha256, **values))
    return kept


def _require_window(store: HubStore, window: str) -> None:
    """Raises Problem: WINDOW_ID, or WINDOW_UNKNOWN for one that no file came for."""
    granted(closing_day(window))
    with store.reading() as cursor:
        if window not in {line.window_id for line in windows(cursor)}:
            raise Problem("WINDOW_UNKNOWN", window=window)


def _told(kept: list[KeptVersion]) -> list[dict[str, object]]:
    return [one._asdict() for one in kept]


def _row(one: KeptVersion) -> tuple[object, ...]:
    kind = WORDS(f"registers.kind.{one.kind}")
    times = stamp(one.published_s), stamp(one.received_s)
    return kind, one.owner, one.version, *times, f"{one.entries:,}", one.sha256[:12]


def _print_not_made(window: str, not_made: list[tuple[str, str, int]]) -> None:
    if not not_made:
        say(WORDS("registers.all_made", window=window))
        return
    rows = [
        (sender, WORDS(f"registers.check.{name}"), f"{count:,}") for sender, name, count in not_made
    ]
    print_table(WORDS("registers.not_made", window=window), _titles(NOT_MADE), rows, right=(2,))


def _titles(names: tuple[str, ...]) -> list[str]:
    return [WORDS(f"registers.column.{name}") for name in names]
