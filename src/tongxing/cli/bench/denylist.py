"""`tongxing bench denylist`: a list of ten million media in a gate, beside a Python dictionary.

The dictionary holds the first million of the same entries: all of them would take a gigabyte.
"""

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.bench.ranking import micros, millions
from tongxing.cli.common import Words, emit_json, note
from tongxing.cli.shell import command as make_command

if TYPE_CHECKING:
    from tongxing.gate.denylist import DenyIndex
    from tongxing.simulation.measuring_list import Asked

WORDS = Words("bench")
_ENTRIES, _LOOKUPS = 10_000_000, 200_000
_DICTIONARY = 1_000_000
_CHECKED = 1_000_000
_EDITS = 1_000
_LIMIT_MB, _LIMIT_US = 150, 50


@make_command()
@click.option("--entries", type=Whole(1_000, 20_000_000), default=_ENTRIES, show_default=True)
@click.option("--lookups", type=Whole(100, 10_000_000), default=_LOOKUPS, show_default=True)
@click.option("--full", is_flag=True)
def command(entries: int, lookups: int, full: bool) -> int:
    from tongxing.gate.denylist import DenyIndex
    from tongxing.kernel.memory import peak_bytes, resident_bytes
    from tongxing.simulation import measuring_list as of

    DenyIndex(of.CITY, 1, of.invented_list(100)).reason("")  # what is loaded once is not counted
    before, peak_before = resident_bytes(), peak_bytes()
    since, cpu_since = time.perf_counter(), time.process_time()
    deny = DenyIndex(of.CITY, 1, of.invented_list(entries))
    build_s, cpu_s = time.perf_counter() - since, time.process_time() - cpu_since
    held, peak = resident_bytes(), peak_bytes()
    note(WORDS("denylist.part.built", entries=entries))
    told: dict[str, object] = {
        "entries": len(deny),
        "memory_mb": millions(held, before),
        "memory_peak_mb": millions(peak, peak_before),
        "limit_mb": _LIMIT_MB,
        "build_s": round(build_s, 2),
        "build_cpu_s": round(cpu_s, 2),
        "of_which_inventing_cpu_s": round(_inventing_s(entries), 2),
    }
    told |= _lookups(deny, entries, lookups)
    note(WORDS("denylist.part.asked", count=lookups))
    delta = of.time_delta(deny, entries, min(_EDITS, entries), time.perf_counter_ns)
    told |= {"delta_entries": delta.entries, "delta_ms": round(delta.taken_ns / 1e6, 2)}
    told |= _kept(deny)
    step = 1 if full else max(1, entries // _CHECKED)
    passes, denials = of.wrong_answers(deny, entries, step)
    told |= {"checked": 2 * len(range(0, entries, step))}
    told |= {"false_passes": passes, "false_denials": denials}
    note(WORDS("denylist.part.checked", count=len(range(0, entries, step))))
    emit_json({"bench": "denylist"} | told, line=True)
    return 1 if passes or denials or told["wrong_when_timed"] or not told["same_again"] else 0


def _inventing_s(entries: int) -> float:
    """Seconds of the processor that making the entries takes, without the list."""
    from tongxing.simulation.measuring_list import invented_list

    since = time.process_time()
    for _ in invented_list(entries):
        pass
    return time.process_time() - since


def _lookups(deny: "DenyIndex", entries: int, lookups: int) -> dict[str, object]:
    """Look-ups by the processor's time and by the clock on the wall, beside a dictionary's."""
    from tongxing.simulation.measuring_list import ask_some

    on, off, on_wall, off_wall = (
        ask_some(deny.reason, entries, lookups, listed, clock_ns)
        for clock_ns in (time.thread_time_ns, time.perf_counter_ns)
        for listed in (True, False)
    )
    small = min(entries, _DICTIONARY)
    known, bytes_each = _dictionary(small, lookups)
    figure, reference = micros(on.times_ns, 99), micros(known.times_ns, 99)
    return {
        "figure": figure,
        "reference": reference,
        "ratio": round(figure / reference, 2),
        "unit": "us of the processor/lookup, 99%",
        "reference_is": f"dict of {small}",
        "dict_bytes_an_entry": bytes_each,
        "limit_us": _LIMIT_US,
        "listed_p50_us": micros(on.times_ns, 50),
        "listed_p99_us": figure,
        "others_p50_us": micros(off.times_ns, 50),
        "others_p99_us": micros(off.times_ns, 99),
        "listed_wall_p50_us": micros(on_wall.times_ns, 50),
        "listed_wall_p99_us": micros(on_wall.times_ns, 99),
        "others_wall_p99_us": micros(off_wall.times_ns, 99),
        "lookups": 4 * lookups,
        "wrong_when_timed": on.wrong + off.wrong + on_wall.wrong + off_wall.wrong + known.wrong,
    }


def _kept(deny: "DenyIndex") -> dict[str, object]:
    """Seconds to put the list on the disk and to have it again, and whether it is the same."""
    from tongxing.gate.denylist import DenyIndex, ListChange
    from tongxing.gate.journal import Journal
    from tongxing.gate.kept_list import keep_list, load_list

    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder) / "bench.sqlite", "bench", 1)
        assert isinstance(journal, Journal), journal
        began = time.perf_counter()
        kept = keep_list(journal, ListChange(deny))
        done = time.perf_counter()
        loaded = load_list(journal, deny.city)
        ended = time.perf_counter()
        journal.close()
        same = kept is deny and isinstance(loaded, DenyIndex) and loaded.head == deny.head
        again = same and isinstance(loaded, DenyIndex) and loaded.packed.total() == deny.head.total
    return {
        "kept_s": round(done - began, 2),
        "loaded_s": round(ended - done, 2),
        "same_again": again,
    }


def _dictionary(count: int, lookups: int) -> "tuple[Asked, int | None]":
    """Look-ups in a dictionary of so many entries, and how many bytes each of them takes."""
    from tongxing.kernel.memory import resident_bytes
    from tongxing.simulation.measuring_list import ask_some, invented_list

    before = resident_bytes()
    plain = {entry.medium_no: entry.reason for entry in invented_list(count)}
    held = resident_bytes()

    def answer(number: str) -> str:
        return plain.get(number, "")

    known = ask_some(answer, count, lookups, True, time.thread_time_ns)
    return known, None if held is None or before is None else (held - before) // count
