"""Writes tables as files: the same rows always give the same bytes, and a file is whole or absent.

A zip's members carry one fixed date, so that a feed of the same day can be compared byte by byte.
"""

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def table_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as UTF-8 comma-separated values, lines ending in LF."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def write_zip(path: Path, files: Mapping[str, Iterable[Sequence[str]]]) -> None:
    """Write the tables as one zip file, in place of whatever was there. Raises OSError."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, rows in files.items():
                entry = zipfile.ZipInfo(name, _FIXED_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, table_bytes(rows))
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user can read, in place of whatever was there. Raises OSError."""
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
