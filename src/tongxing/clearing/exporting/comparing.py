"""What was cleared of an export, laid beside what the hub settled: verdict by verdict, to the fen.

Where nothing stands apart of a window, its positions, pairs and payments are the same. Where
something does, pairs and operators' shares are the same once it is added, and it is why positions
differ.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from tongxing.clearing.exporting.desk import APART, APART_SHARES, MANIFEST, RECORDS, SETTLED
from tongxing.clearing.exporting.documents import INSTRUCTIONS, PAIRS, POSITIONS
from tongxing.clearing.exporting.positions import OF_PAIRS, Sheets, Shifted, shifted
from tongxing.hub.verdicts import IN_ORDER, verdict_code

_SHOWN_MAX = 20

Pair = tuple[str, str]
Row = dict[str, str]


class Difference(NamedTuple):
    """Something that was settled and cleared differently: the window or file, what it is, what
    each side says, and what kind of thing it is: "verdict", the name of a sheet of which `what` is
    a row, "pair" (records and fen), "share" or "position" (fen)."""

    where: str
    what: str
    settled: str
    cleared: str
    kind: str


class Compared(NamedTuple):
    """How many verdicts and windows were laid beside each other; the first differences; windows
    that nothing stands apart of; by window, whose positions differ because of what stands apart."""

    verdicts: int
    windows: int
    clean: int
    differences: tuple[Difference, ...]
    shifted: tuple[tuple[str, Shifted], ...]


class OtherRows(Exception):
    """The results are not of this export's rows; told with the names of the files."""


def compare(export: Path, results: Path) -> Compared:
    """Lays the results of `hub clear` beside the export that was cleared.

    Raises OtherRows for results of other rows; OSError, ValueError and duckdb.Error for a directory
    that is neither.
    """
    _same_input(export, results)
    count, differing = _verdicts(export, results)
    apart = [row for row in _rows(export / APART) if _is_money(row)]
    windows = [
        str(one["window"])
        for one in json.loads((export / MANIFEST).read_text("utf-8"))["windows"]
        if one["state"] != "open"
    ]
    clean, moved = 0, list[tuple[str, Shifted]]()
    for window in windows:
        beside = [row for row in apart if row["window"] == window]
        settled, cleared = export / SETTLED / window, results / window
        if beside:
            differing += _with_apart(export, window, beside, settled, cleared)
            for one in shifted(_sheets(settled), _sheets(cleared), beside):
                if one.is_explained:
                    moved.append((window, one))
                else:
                    differing.append(_unexplained(window, one))
        else:
            clean += 1
            for name in (POSITIONS, PAIRS, INSTRUCTIONS):
                differing += _same_rows(window, name, settled / name, cleared / name)
    return Compared(count, len(windows), clean, tuple(differing[:_SHOWN_MAX]), tuple(moved))


def _same_input(export: Path, results: Path) -> None:
    """Both say the SHA-256 of each file of rows."""
    ours = json.loads((export / MANIFEST).read_text("utf-8"))["files"]
    rows = {Path(name).name: sha256 for name, sha256 in ours.items() if name.startswith("rows/")}
    cleared = {
        str(one["name"]): str(one["sha256"])
        for one in json.loads((results / MANIFEST).read_text("utf-8"))["inputs"]
    }
    if rows != cleared:
        raise OtherRows(f"{', '.join(sorted(cleared))} ≠ {', '.join(sorted(rows))}")


def _verdicts(export: Path, results: Path) -> tuple[int, list[Difference]]:
    in_order = ("accepted", IN_ORDER, verdict_code(IN_ORDER).bearer)
    with duckdb.connect() as base:
        base.execute("SET enable_progress_bar = false")
        row = base.execute(
            "SELECT count(*) FROM read_parquet(?)", [str(export / RECORDS)]
        ).fetchone()
        found = base.execute(
            "SELECT coalesce(e.file, v.file), e.record_id, concat_ws(' ', e.status, e.codes, "
            "e.bearer), concat_ws(' ', coalesce(v.status, ?), coalesce(v.codes, ?), "
            "coalesce(v.bearer, ?)) FROM read_parquet(?) e FULL JOIN read_parquet(?) v "
            "USING (file, row) WHERE concat_ws(' ', e.status, e.codes, e.bearer) IS DISTINCT FROM "
            "concat_ws(' ', coalesce(v.status, ?), coalesce(v.codes, ?), coalesce(v.bearer, ?)) "
            f"ORDER BY 1, 2 LIMIT {_SHOWN_MAX}",
            [*in_order, str(export / RECORDS), str(results / "verdicts.parquet"), *in_order],
        ).fetchall()
    differing = [
        Difference(str(row[0]), str(row[1]), str(row[2]), str(row[3]), "verdict") for row in found
    ]
    return int(row[0]) if row else 0, differing


def _same_rows(window: str, name: str, settled: Path, cleared: Path) -> list[Difference]:
    """Differing rows of two sheets; a window without any money has none to compare with."""
    one = {tuple(row.values()) for row in _rows(settled)}
    other = {tuple(row.values()) for row in _rows(cleared)} if cleared.exists() else set()
    return [
        Difference(
            window,
            name,
            ",".join(row) if row in one else "",
            ",".join(row) if row in other else "",
            name,
        )
        for row in sorted(one ^ other)
    ]


def _sheets(folder: Path) -> Sheets:
    """Positions and pairs; a window without any money has none."""
    positions, pairs = folder / POSITIONS, folder / PAIRS
    return Sheets(
        _rows(positions) if positions.exists() else [], _rows(pairs) if pairs.exists() else []
    )


def _unexplained(window: str, one: Shifted) -> Difference:
    """A position beside the nearest that what stands apart allows."""
    allowed_fen = min(max(one.settled_fen, one.least_fen), one.most_fen)
    return Difference(window, one.member, str(one.settled_fen), str(allowed_fen), "position")


def _with_apart(
    export: Path, window: str, beside: list[Row], settled: Path, cleared: Path
) -> list[Difference]:
    """Pairs and shares of a window, with what is apart added to what was cleared."""
    pairs, shares = _totals(settled / PAIRS)
    known, parts = _totals(cleared / PAIRS) if (cleared / PAIRS).exists() else ({}, {})
    total: dict[Pair, list[int]] = defaultdict(lambda: [0, 0])
    for pair, (records, fen) in known.items():
        total[pair] = [records, fen]
    for row in beside:
        if row["why"].startswith("case_") and row["why"] not in OF_PAIRS:
            continue
        found = total[row["acquirer"], row["issuer"]]
        if not row["why"].startswith("case_"):
            found[0] += int(row["accepted"])
        found[1] += int(row["accepted_fen"])
    of_operators: dict[tuple[str, ...], int] = defaultdict(int, parts)
    for row in _rows(export / APART_SHARES):
        if row["window"] == window:
            of_operators[row["acquirer"], row["issuer"], row["operator"]] += int(row["share_fen"])
    differing = []
    for pair in sorted({*pairs, *total}):
        one, other = tuple(pairs.get(pair, (0, 0))), tuple(total[pair])
        if one != other:
            differing.append(Difference(window, " <- ".join(pair), str(one), str(other), "pair"))
    for key in sorted({*shares, *of_operators}):
        if shares.get(key, 0) != of_operators[key]:
            what = " ".join(key)
            differing.append(
                Difference(window, what, str(shares.get(key, 0)), str(of_operators[key]), "share")
            )
    return differing


def _totals(path: Path) -> tuple[dict[Pair, tuple[int, int]], Mapping[tuple[str, ...], int]]:
    """Records and fen of each pair, and the operators' shares of it."""
    pairs: dict[Pair, tuple[int, int]] = {}
    shares: dict[tuple[str, ...], int] = {}
    for row in _rows(path):
        pair = (row["acquirer"], row["issuer"])
        pairs[pair] = (int(row["records"]), int(row["charge_fen"]))
        if row["operator"]:
            shares[(*pair, row["operator"])] = int(row["share_fen"])
    return pairs, shares


def _is_money(row: Row) -> bool:
    return int(row["accepted"]) != 0 or int(row["accepted_fen"]) != 0


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
