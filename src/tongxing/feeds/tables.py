"""Strict tables of comma-separated values: each cell is what its column says, or it is refused.

A refusal names file, line and column. Nothing is repaired but what cannot be misread: a byte order
mark, blanks around a cell, blank lines, and cells missing at the end of a row (read as empty, and
counted). This module knows the form of values; it must never know what a file is for.
"""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from tongxing.feeds.opening import Container
from tongxing.kernel.reasons import Problem
from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue

_WHOLE = re.compile(r"-?[0-9]{1,12}")
_DECIMAL = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,18}))?")
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")
_DAY = re.compile(r"[0-9]{8}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN_MAX = 60

_DECIMALS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
         "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""Decimal places of currencies by ISO 4217, where they are not two."""


@cache
def feed_texts() -> Catalogue:
    """The words of this room."""
    return load_catalogue("tongxing.feeds")


def told(name: str, key: str, /, **values: object) -> dict[str, str]:
    """A text in every language, as the values ``<name>_zh`` and ``<name>_en`` of a reason."""
    texts = feed_texts()
    return {f"{name}_{one}": texts.text(key, one, **values) for one in LANGUAGES}


def decimals(currency: str) -> int:
    """How many decimal places a currency has (ISO 4217)."""
    return _DECIMALS.get(currency, 2)


def money(amount_minor: int, currency: str) -> str:
    """An amount as people read it: ``4.00 PLN``."""
    places = decimals(currency)
    whole, rest = divmod(abs(amount_minor), 10**places)
    figures = f"{whole:,}.{rest:0{places}d}" if places else f"{whole:,}"
    return f"{'-' if amount_minor < 0 else ''}{figures} {currency}"


@dataclass(frozen=True, slots=True)
class FileSpec:
    """What a file must have: its columns `required`, and those `known` beside them."""

    name: str
    required: tuple[str, ...]
    known: tuple[str, ...] = ()


class Row:
    """One row of a file. `line` counts from 1, the header included; a cell's absence is ""."""

    __slots__ = ("cells", "file", "line")

    def __init__(self, file: str, line: int, cells: Mapping[str, str]) -> None:
        self.file, self.line, self.cells = file, line, cells

    def place(self, column: str) -> str:
        """``stops.txt:12:stop_lat``, as refusals name a cell."""
        return f"{self.file}:{self.line}:{column}"

    def refuse(self, column: str, key: str, /, **values: object) -> Problem:
        """The refusal of a cell that is not what the text `key` says it should be."""
        found = self.cells.get(column, "")[:_SHOWN_MAX]
        return Problem(
            "FEED_VALUE", self.place(column), text=found, **told("what", f"value.{key}", **values)
        )

    def broken(self, column: str, key: str, /, **values: object) -> Problem:
        """The refusal of a row whose cells contradict one another or the format's rules."""
        return Problem("FEED_RULE", self.place(column), **told("what", f"rule.{key}", **values))

    def once(self, found: Collection[object], key: object, column: str) -> None:
        """Refuse a key that is already in `found`: it stands in the file twice."""
        if key in found:
            raise Problem("FEED_DUPLICATE", self.place(column), text=str(key))

    def refer(self, known: Collection[str], key: str, column: str, target: str) -> None:
        """Refuse a key that the file `target` does not have."""
        if key not in known:
            raise Problem("FEED_REFERENCE", self.place(column), text=key, target=target)

    def maybe(self, column: str) -> str:
        """The cell, "" where it is empty or the column is absent."""
        return self.cells.get(column, "")

    def text(self, column: str) -> str:
        """The cell, which must not be empty."""
        found = self.cells.get(column, "")
        if not found:
            raise self.refuse(column, "something")
        return found

    def choice(self, column: str, allowed: str) -> str:
        """One of the words or digits of `allowed`, blanks between; "" only if the cell may be."""
        found = self.cells.get(column, "")
        words = allowed.split()
        if found not in words and not (found == "" and "-" in words):
            raise self.refuse(column, "choice", allowed=", ".join(w for w in words if w != "-"))
        return found

    def whole(self, column: str, least: int, most: int = 10**12) -> int:
        """A whole number from `least` to `most`."""
        found = self.cells.get(column, "")
        if not _WHOLE.fullmatch(found) or not least <= int(found) <= most:
            raise self.refuse(column, "whole", least=least, most=most)
        return int(found)

    def maybe_whole(self, column: str, least: int, most: int = 10**12) -> int | None:
        """A whole number, None for an empty cell."""
        return self.whole(column, least, most) if self.cells.get(column) else None

    def micro(self, column: str, most: int) -> int:
        """Degrees from -`most` to `most`, as millionths."""
        match = _DECIMAL.fullmatch(self.cells.get(column, "").removeprefix("+"))
        if match is None:
            raise self.refuse(column, "degrees", most=most)
        sign, whole, fraction = match.groups()
        micro = int(whole) * 10**6 + int((fraction or "").ljust(6, "0")[:6])
        if micro > most * 10**6:
            raise self.refuse(column, "degrees", most=most)
        return -micro if sign else micro

    def amount(self, column: str, currency_column: str, *, negative: bool) -> tuple[int, str]:
        """An amount in minor units (fen, cents) of the currency that the other column names.

        Decimals beyond those of the currency must be zeros; money is never rounded on reading.
        """
        currency = self.cells.get(currency_column, "")
        if not _CURRENCY.fullmatch(currency):
            raise self.refuse(currency_column, "currency")
        places = decimals(currency)
        match = _DECIMAL.fullmatch(self.cells.get(column, ""))
        if match is None or (match.group(1) and not negative):
            raise self.refuse(column, "amount", currency=currency, places=places)
        sign, whole, fraction = match.groups()
        kept = (fraction or "").ljust(places, "0")
        if kept[places:].strip("0"):
            raise self.refuse(column, "amount", currency=currency, places=places)
        minor = int(whole) * 10**places + int(kept[:places] or "0")
        return (-minor if sign else minor), currency

    def day(self, column: str) -> date:
        """A day such as ``20260317``."""
        found = self.cells.get(column, "")
        try:
            if not _DAY.fullmatch(found):
                raise ValueError(found)
            return date(int(found[:4]), int(found[4:6]), int(found[6:]))
        except ValueError as error:
            raise self.refuse(column, "day") from error

    def clock(self, column: str, most_s: int) -> int:
        """A time of day such as ``8:05:00`` as seconds; hours may run past 24 up to `most_s`."""
        match = _CLOCK.fullmatch(self.cells.get(column, ""))
        if match is None:
            raise self.refuse(column, "clock")
        hours, minutes, seconds = map(int, match.groups())
        found = hours * 3600 + minutes * 60 + seconds
        if found > most_s:
            raise self.refuse(column, "clock")
        return found


@dataclass(slots=True)
class Table:
    """A file's rows, read once. `columns` are its known columns, `rows` how many were read, and
    `short` how many of them lacked cells at the end."""

    spec: FileSpec
    container: Container
    columns: frozenset[str] = frozenset()
    count: int = 0
    short: int = 0

    def __iter__(self) -> Iterator[Row]:
        """The rows in the file's order. Raises Problem (see `docs/gtfs.md` for the codes)."""
        name = self.spec.name
        header: list[str] | None = None
        reader = csv.reader(self._decoded(), strict=True)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                where = f"{name}:{reader.line_num}"
                raise Problem("FEED_CSV", where, detail=str(error)) from error
            if cells is None:
                break
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = self._header(cells)
                continue
            yield self._row(header, cells, reader.line_num)
        if header is None:
            raise Problem("FEED_COLUMN_MISSING", f"{name}:1", column=", ".join(self.spec.required))

    def _decoded(self) -> Iterator[str]:
        name = self.spec.name
        for number, line in enumerate(self.container.lines(name), 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise Problem("FEED_ENCODING", f"{name}:{number}") from error
            yield text

    def _header(self, cells: list[str]) -> list[str]:
        header = [cell.strip() for cell in cells]
        named = [cell for cell in header if cell]
        if len(set(named)) != len(named):
            twice = next(one for one in named if named.count(one) > 1)
            raise Problem("FEED_COLUMN_TWICE", f"{self.spec.name}:1", column=twice[:_SHOWN_MAX])
        for column in self.spec.required:
            if column not in header:
                raise Problem("FEED_COLUMN_MISSING", f"{self.spec.name}:1", column=column)
        wanted = {*self.spec.required, *self.spec.known}
        self.columns = frozenset(wanted & set(header))
        return [cell if cell in wanted else "" for cell in header]

    def _row(self, header: list[str], cells: list[str], line: int) -> Row:
        if len(cells) > len(header):
            raise Problem(
                "FEED_ROW_LONG", f"{self.spec.name}:{line}", cells=len(cells), columns=len(header)
            )
        self.short += len(cells) < len(header)
        self.count += 1
        if self.count > self.container.limits.rows:
            limit = f"{self.container.limits.rows:,}"
            raise Problem("FEED_TOO_LARGE", self.spec.name, limit=limit)
        row = Row(
            self.spec.name,
            line,
            {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name},
        )
        if _FORBIDDEN.search("".join(row.cells.values())):
            worst = next(name for name, cell in row.cells.items() if _FORBIDDEN.search(cell))
            raise row.refuse(worst, "plain")
        return row
