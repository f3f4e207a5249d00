"""`tongxing hub clear`: Parquet files of rides in; verdicts, postings, positions, payments out."""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tongxing.cli.arguments import READABLE_FILE, TEXT_SHOWN_MAX, Whole
from tongxing.cli.common import (
    Words,
    emit_json,
    granted,
    in_both,
    print_table,
    progress,
    say,
    settings,
)
from tongxing.cli.keys.vaults import open_vault, secret_option
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.clearing.engines import Engine
    from tongxing.clearing.running import Cleared, Given

WORDS = Words("hub")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_SIZE = re.compile(r"([1-9][0-9]{0,6})(MB|GB|MiB|GiB)")
_MIB = 1_048_576
_UNITS = {"MB": 1_000_000, "GB": 1_000_000_000, "MiB": _MIB, "GiB": 1_024 * _MIB}
_LEAST_MIB = 512
_WINDOW = ("window", "members", "paid_fen", "hub_fee_fen")
_ENGINE_PARTS = (13, 16)
"""How much of the memory the engine may plan with; the rest is for what surrounds it."""


@make_command()
@click.argument("files", nargs=-1, type=READABLE_FILE)
@click.option("--rules", type=_FOLDER)
@click.option("--out", type=_FOLDER)
@click.option("--engine", type=click.Choice(("duckdb", "spark")), default="duckdb")
@click.option("--master", metavar="URL", default="")
@click.option("--memory", metavar="SIZE", default="4GB", show_default=True)
@click.option("--threads", type=Whole(1, 1_024))
@click.option("--trusted", type=_FOLDER, multiple=True)
@click.option("--vault", type=READABLE_FILE)
@secret_option
@click.option("--every-row", "every_row", is_flag=True)
@click.option("--check", "is_check", is_flag=True)
@click.option("--example", type=_FOLDER)
@click.pass_context
def command(context: click.Context, /, files: tuple[Path, ...], **chosen: Any) -> int:
    if chosen["example"] is not None:
        return _example(chosen["example"])
    for name in ("rules", "out"):
        if chosen[name] is None:
            raise usage_problem(context, "missing", text=f"--{name}")
    if not files:
        raise usage_problem(context, "missing", text="FILES")
    out: Path = chosen["out"].absolute()
    if out.exists() != chosen["is_check"]:
        if chosen["is_check"]:
            raise Problem("FILE_NOT_FOUND", str(out))
        raise Problem("CLEARING_OUT", str(out), name=out.name)
    part = out.parent / f".{out.name}.{os.getpid()}.part"
    try:
        (part / "scratch").mkdir(parents=True)
        (part / "results").mkdir()
        cleared, written = _cleared(context, files, chosen, part)
        if chosen["is_check"]:
            return _compared(out, written)
        from tongxing.clearing.writing import put_in_place

        put_in_place(part / "results", out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _show(cleared, out)
    return 0


def _cleared(
    context: click.Context, files: tuple[Path, ...], chosen: Mapping[str, Any], part: Path
) -> "tuple[Cleared, Mapping[str, str]]":
    from tongxing.clearing.engines import EngineFault
    from tongxing.clearing.rules import read_rules
    from tongxing.clearing.running import STEPS, Given, clear, columns_fault
    from tongxing.clearing.sources import names_of, readable, trusted_folders
    from tongxing.clearing.writing import write_results
    from tongxing.kernel.memory import keep_freed

    keep_freed()
    scratch = part / "scratch"
    memory_mib = _memory_mib(chosen["memory"])
    rules = granted(read_rules(chosen["rules"], scratch))
    vault = None
    if chosen["vault"] is not None:
        vault = open_vault(context, chosen["vault"], None, "", chosen["secret_file"])
    with progress(WORDS("clear.label"), len(STEPS) + 2) as advance:
        taken = granted(readable(files, trusted_folders(chosen["trusted"]), scratch))
        fault = columns_fault(taken)
        if fault is not None:
            granted(fault)
        advance(1)
        threads = chosen["threads"] or os.cpu_count() or 1
        given = Given(taken, files, names_of(files), rules, vault, chosen["every_row"], threads)
        try:
            engine = _engine(chosen, scratch, memory_mib, given)
            try:
                cleared = clear(engine, given, scratch, lambda _step: advance(1))
            finally:
                engine.close()
            written = write_results(cleared, rules, part / "results")
        except EngineFault as fault_told:
            raise Problem(fault_told.code, "", detail=fault_told.detail) from fault_told
        advance(1)
    return cleared, written


def _engine(chosen: Mapping[str, Any], scratch: Path, memory_mib: int, given: "Given") -> "Engine":
    more, of = _ENGINE_PARTS
    engine_mib = memory_mib * more // of
    if chosen["engine"] == "spark":
        from tongxing.clearing.engines.spark import SparkEngine

        return SparkEngine(scratch, chosen["master"] or f"local[{given.threads}]", engine_mib)
    from tongxing.clearing.engines import DuckEngine

    return DuckEngine(scratch, engine_mib, given.threads)


def _memory_mib(text: str) -> int:
    match = _SIZE.fullmatch(text)
    mib = int(match[1]) * _UNITS[match[2]] // _MIB if match else 0
    if mib < _LEAST_MIB:
        detail = in_both("detail", "app", "invalid.size", least=f"{_LEAST_MIB}MiB")
        raise Problem("ARG_INVALID", "--memory", text=text[:TEXT_SHOWN_MAX], **detail)
    return mib


def _compared(out: Path, written: Mapping[str, str]) -> int:
    """Whether a directory holds what clearing again gives, byte for byte."""
    there = {
        path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*")) if path.is_file()
    }
    differing = sorted(set(there) ^ set(written))
    for name in sorted(set(there) & set(written)):
        with there[name].open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != written[name]:
                differing.append(name)
    if differing:
        more = f" (+{len(differing) - 3})" if len(differing) > 3 else ""
        raise Problem("CLEARING_DIFFERS", str(out), detail=", ".join(differing[:3]) + more)
    if settings().json:
        emit_json({"out": str(out), "files": len(written), "same": True})
    else:
        say(WORDS("clear.same", count=len(written)))
    return 0


def _show(cleared: "Cleared", out: Path) -> None:
    by_code: dict[tuple[str, str], list[int]] = {}
    for *_, bits, records, fen in cleared.counts:
        meaning = cleared.meanings[bits]
        total = by_code.setdefault((meaning.status, meaning.codes[0]), [0, 0])
        total[0] += records
        total[1] += fen
    windows = [
        (
            window.window_id,
            len(window.netting.positions),
            sum(max(0, item.net_fen) for item in window.netting.positions),
            window.netting.hub_fee_fen,
        )
        for window in cleared.windows
    ]
    rows = sum(facts.rows for facts in cleared.files)
    checked = cleared.codes
    if settings().json:
        emit_json(
            {
                "out": str(out),
                "rows": rows,
                "verdicts": [
                    {"status": status, "code": code, "records": count, "charge_fen": fen}
                    for (status, code), (count, fen) in sorted(by_code.items())
                ],
                "windows": [dict(zip(_WINDOW, one, strict=True)) for one in windows],
                "tac": checked and {"checked": checked.checked, "unchecked": checked.unchecked},
            }
        )
        return
    _show_codes(by_code)
    columns = [WORDS(f"clear.column.{key}") for key in ("window", "members", "paid", "fee")]
    print_table(
        WORDS("clear.windows"),
        columns,
        [(name, count, yuan(paid), yuan(fee)) for name, count, paid, fee in windows],
        right=(1, 2, 3),
    )
    key = "clear.codes" if checked else "clear.no_codes"
    values = (
        {"checked": f"{checked.checked:,}", "unchecked": f"{checked.unchecked:,}"}
        if checked
        else {}
    )
    say(WORDS(key, **values))
    say(WORDS("clear.done", rows=f"{rows:,}", out=out))


def _show_codes(by_code: Mapping[tuple[str, str], list[int]]) -> None:
    from tongxing.hub.verdicts import verdict_code

    columns = [
        WORDS(f"clear.column.{key}") for key in ("code", "meaning", "status", "records", "fen")
    ]
    language = settings().language
    print_table(
        WORDS("clear.verdicts"),
        columns,
        [
            (
                code,
                verdict_code(code).zh if language == "zh" else verdict_code(code).en,
                WORDS(f"clear.status.{status}"),
                f"{count:,}",
                yuan(fen),
            )
            for (status, code), (count, fen) in sorted(by_code.items())
        ],
        right=(3, 4),
    )


def _example(folder: Path) -> int:
    from tongxing.clearing.invented import SMALL, write_example

    if folder.exists():
        raise Problem("CLEARING_EXAMPLE", str(folder), name=folder.name)
    rows = write_example(folder, SMALL)
    values = {"rows": f"{rows:,}", "folder": folder}
    if settings().json:
        emit_json({"rows": rows, "folder": str(folder)})
    else:
        say(WORDS("clear.example_done", **values))
    return 0
