"""Where rows may come from: a directory that is trusted, or through a process with limits.

A trusted directory is one that only this house writes to. A file from anywhere else is written anew
by the child of `exchange.parquet` first, and only what it wrote is read.
"""

import os
from collections.abc import Iterable, Sequence
from glob import escape
from pathlib import Path

from tongxing.clearing.layout import COLUMNS, SQL_TYPES
from tongxing.exchange.parquet import rewrite_parquet
from tongxing.kernel.reasons import Refusal

VARIABLE = "TONGXING_TRUSTED"


def trusted_folders(named: Iterable[Path]) -> tuple[Path, ...]:
    """The directories that were named, and those of the environment."""
    of_environment = os.environ.get(VARIABLE, "").split(os.pathsep)
    return tuple(
        path.resolve() for path in (*named, *(Path(text) for text in of_environment if text))
    )


def readable(files: Sequence[Path], trusted: Iterable[Path], scratch: Path) -> list[Path] | Refusal:
    """The files to read, in the same order: themselves, or what was written anew of them. One whose
    name engines would take for a pattern of others is read by a link."""
    folders = tuple(trusted)
    found: list[Path] = []
    for number, path in enumerate(files):
        real = path.resolve()
        target = scratch / f"taken-{number:06}.parquet"
        if any(real.is_relative_to(folder) for folder in folders):
            if escape(str(real)) != str(real):
                target.symlink_to(real)
                real = target
            found.append(real)
            continue
        columns = {column.name: SQL_TYPES[column.kind] for column in COLUMNS}
        rows = rewrite_parquet(real, target, columns)
        if isinstance(rows, Refusal):
            return rows
        found.append(target)
    return found


def names_of(files: Sequence[Path]) -> list[str]:
    """What the files are called in the results: their names, numbered where one comes twice."""
    seen: dict[str, int] = {}
    names = []
    for path in files:
        seen[path.name] = seen.get(path.name, 0) + 1
        times = seen[path.name]
        names.append(path.name if times == 1 else f"{path.name}:{times}")
    return names
