"""`tongxing hub export`: a living hub's rules and rows as `hub clear` takes them, and back."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.common import Words, emit_json, granted, print_table, progress, say, settings
from tongxing.cli.hub.differing import code_words, print_compared
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub import NetworkGround, load_rulebook
from tongxing.hub.windows import closing_day
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network import load_registry

if TYPE_CHECKING:
    from tongxing.clearing.exporting import Exported

WORDS = Words("hub")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_MEMORY = "CLEARING_MEMORY"


@make_command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option("--first", "first", metavar="WINDOW", default="")
@click.option("--last", "last", metavar="WINDOW", default="")
@click.option("--whole", "whole", is_flag=True)
@click.option("--compare", "results", type=_FOLDER, metavar="RESULTS")
def command(folder: Path, first: str, last: str, whole: bool, results: Path | None) -> int:
    if results is not None:
        return _compared(folder, results)
    for window in (first, last):
        found = closing_day(window) if window else None
        if isinstance(found, Refusal):
            granted(found)
    out = folder.absolute()
    if out.exists():
        raise Problem("EXPORT_OUT", str(out), name=out.name)
    part = out.parent / f".{out.name}.{os.getpid()}.part"
    try:
        (part / "scratch").mkdir(parents=True)
        (part / "export").mkdir()
        exported = _exported(part, first, last, whole)
        from tongxing.clearing.writing import put_in_place

        put_in_place(part / "export", out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _show(exported, out)
    return 0


def _exported(part: Path, first: str, last: str, whole: bool) -> "Exported":
    from tongxing.clearing.engines import EngineFault
    from tongxing.clearing.engines.duck import faults_told
    from tongxing.clearing.exporting import Asked, ExportDesk
    from tongxing.clearing.exporting.desk import STEPS

    asked = Asked(first, last, whole, part / "scratch")
    with hub_store() as store, progress(WORDS("export.label"), len(STEPS)) as advance:
        desk = ExportDesk(store, load_rulebook(), NetworkGround(load_registry()))
        try:
            found = faults_told(
                lambda: desk.export(asked, part / "export", lambda _step: advance(1))
            )
        except EngineFault as fault:
            code = fault.code if fault.code == "DISK_FULL" else _MEMORY
            raise Problem(code, "", detail=fault.detail) from fault
    return granted(found)


def _show(exported: "Exported", out: Path) -> None:
    from tongxing.clearing.exporting.desk import APART_HEAD

    rows = sum(exported.rows.values())
    if settings().json:
        apart = [dict(zip(APART_HEAD, row, strict=True)) for row in exported.apart]
        emit_json({"out": str(out), "rows": exported.rows, "apart": apart})
        return
    print_table(
        WORDS("export.windows"),
        [WORDS(f"export.column.{name}") for name in ("window", "state", "rows")],
        [
            (
                one.window_id,
                WORDS(f"export.state.{one.state}"),
                f"{exported.rows.get(one.window_id, 0):,}",
            )
            for one in exported.windows
        ],
        right=(2,),
    )
    _show_apart(exported)
    say(WORDS("export.done", rows=f"{rows:,}", out=out))


def _show_apart(exported: "Exported") -> None:
    """What is not among the rows, by reason and codes, so that nobody takes it for cleared."""
    totals: dict[tuple[str, str, str], list[int]] = {}
    for _, why, code, as_stated, _, _, rows, _, _, fen in exported.apart:
        total = totals.setdefault((str(why), str(code), str(as_stated)), [0, 0])
        total[0] += int(str(rows))
        total[1] += int(str(fen))
    if not totals:
        say(WORDS("export.nothing_apart"))
        return
    print_table(
        WORDS("export.apart"),
        [WORDS(f"export.column.{name}") for name in ("why", "code", "as_stated", "rows", "fen")],
        [
            (
                WORDS(f"export.why.{_why(why)}"),
                code_words(code),
                code_words(as_stated),
                f"{rows:,}",
                yuan(fen),
            )
            for (why, code, as_stated), (rows, fen) in sorted(totals.items())
        ],
        right=(3, 4),
    )


def _why(why: str) -> str:
    """The word for a reason; money of cases that moves beside the pairs has one word."""
    known = ("case_adjustment", "case_presentment")
    return "case" if why.startswith("case_") and why not in known else why


def _compared(folder: Path, results: Path) -> int:
    """Whether what was cleared is what the hub settled."""
    import duckdb

    from tongxing.clearing.exporting.comparing import OtherRows, compare

    for path in (folder / "manifest.json", results / "manifest.json"):
        if not path.is_file():
            raise Problem("FILE_NOT_FOUND", str(path))
    try:
        found = compare(folder, results)
    except OtherRows as error:
        raise Problem("EXPORT_ROWS", str(results), detail=str(error)) from error
    except (duckdb.Error, ValueError, KeyError) as error:
        detail = " ".join(str(error).split())[:200]
        raise Problem("EXPORT_FORM", str(folder), detail=detail) from error
    if settings().json:
        emit_json(
            {
                "verdicts": found.verdicts,
                "windows": found.windows,
                "clean": found.clean,
                "differences": [one._asdict() for one in found.differences],
                "shifted": [{"window": window} | one._asdict() for window, one in found.shifted],
            }
        )
    else:
        print_compared(found)
    return 1 if found.differences else 0
