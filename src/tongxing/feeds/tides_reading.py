"""Reads TIDES `fare_transactions` strictly, and turns a package of ours back into taps.

Any table of version 1.0 can be checked. Taps come only out of a package that carries
`tongxing_taps.csv` as well: what a gate decided cannot be guessed from a transaction. The two
tables must agree in every cell.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from tongxing.feeds.opening import Container, Limits, opened
from tongxing.feeds.tables import FileSpec, Row, Table
from tongxing.feeds.tides import (
    ACTIONS,
    MEDIA,
    PACKAGE,
    TAP_COLUMNS,
    TAPS,
    TRANSACTION_COLUMNS,
    make_tap,
    transaction_row,
)
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import Tap, TapRef

_REQUIRED = (
    "transaction_id", "service_date", "event_timestamp", "amount", "fare_action",
)  # fmt: skip
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})"
)
_REF = re.compile(r"([^/]+)/([0-9a-f]{1,16})/([1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MISSING = ("NA", "NaN")
_TRUTHS = "true True TRUE 1 false False FALSE 0 -"
_PACKAGE_BYTES_MAX = 2**20


@dataclass(frozen=True, slots=True)
class Checked:
    """What a package holds: rows by action, the first and last instant, and the taps, if it is one
    of ours (None for a table of others)."""

    rows: int
    actions: dict[str, int]
    first_s: int
    last_s: int
    taps: tuple[Tap, ...] | None


def check_package(
    folder: Path, limits: Limits | None = None, done: Callable[[int], None] = lambda _: None
) -> Checked | Refusal:
    """What a TIDES package (folder or zip) holds, or the first thing that is wrong with it.

    The refusal's `where` is ``file:line:column``.
    """
    try:
        with opened(folder, limits) as container:
            return _checked(container, done)
    except Problem as problem:
        return problem.refusal


def read_taps(folder: Path, limits: Limits | None = None) -> tuple[Tap, ...] | Refusal:
    """The taps of a package of ours, in the table's order. Refusal TIDES_NO_TAP_FACTS for a table
    of others; else as `check_package`."""
    found = check_package(folder, limits)
    if isinstance(found, Refusal):
        return found
    return Refusal("TIDES_NO_TAP_FACTS", TAPS) if found.taps is None else found.taps


def _checked(container: Container, done: Callable[[int], None]) -> Checked:
    name = _table_name(container)
    ours = TAPS in container.names
    beside = dict(_beside(container)) if ours else {}
    actions: dict[str, int] = {}
    seen: set[str] = set()
    taps: list[Tap] = []
    first_s = last_s = 0
    table = Table(FileSpec(name, _REQUIRED, TRANSACTION_COLUMNS), container)
    for row in table:
        cells, time_s = _transaction(row)
        row.once(seen, cells["transaction_id"], "transaction_id")
        seen.add(cells["transaction_id"])
        action = cells["fare_action"]
        actions[action] = actions.get(action, 0) + 1
        first_s = time_s if len(seen) == 1 else min(first_s, time_s)
        last_s = time_s if len(seen) == 1 else max(last_s, time_s)
        if ours:
            row.refer(beside, cells["transaction_id"], "transaction_id", TAPS)
            taps.append(_tap(row, cells, time_s, beside.pop(cells["transaction_id"])))
        done(1)
    if beside:
        left = next(iter(beside.values()))
        place = left.place("transaction_id")
        raise Problem("FEED_REFERENCE", place, text=left.text("transaction_id"), target=name)
    return Checked(table.count, actions, first_s, last_s, tuple(taps) if ours else None)


def _table_name(container: Container) -> str:
    """The file of the table, as the package names it."""
    if PACKAGE not in container.names:
        raise Problem("FEED_FILE_MISSING", PACKAGE)
    content = b""
    for line in container.lines(PACKAGE):
        content += line
        if len(content) > _PACKAGE_BYTES_MAX:
            raise Problem("FEED_TOO_LARGE", PACKAGE, limit=f"{_PACKAGE_BYTES_MAX:,}")
    try:
        resources = json.loads(content)["resources"]
        named = [
            one["path"]
            for one in resources
            if "fare_transactions" in (one.get("tides-table"), one["name"])
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Problem("TIDES_PACKAGE", PACKAGE) from error
    if len(named) != 1 or not isinstance(named[0], str):
        raise Problem("TIDES_PACKAGE", PACKAGE)
    if named[0] not in container.names:
        raise Problem("FEED_FILE_MISSING", named[0])
    return named[0]


def _beside(container: Container) -> Iterator[tuple[str, Row]]:
    seen: set[str] = set()
    for row in Table(FileSpec(TAPS, TAP_COLUMNS), container):
        key = row.text("transaction_id")
        row.once(seen, key, "transaction_id")
        seen.add(key)
        yield key, row


def _transaction(row: Row) -> tuple[dict[str, str], int]:
    """The cells of a row by column, missing values as "", once each is what the schema says; and
    the instant of the event."""
    row.cells = {name: "" if cell in _MISSING else cell for name, cell in row.cells.items()}
    row.text("transaction_id")
    _day(row)
    time_s = _instant(row)
    for column in ("amount", "balance"):
        if (row.maybe(column) or column == "amount") and not _NUMBER.fullmatch(row.maybe(column)):
            raise row.refuse(column, "number")
    _one_of(row, "fare_action", ACTIONS, required=True)
    _one_of(row, "fare_media_id", MEDIA, required=False)
    row.choice("fare_capped", _TRUTHS)
    row.maybe_whole("stop_sequence", 0)
    row.maybe_whole("num_riders", 0)
    if row.maybe("currency_type") and not _CURRENCY.fullmatch(row.maybe("currency_type")):
        raise row.refuse("currency_type", "currency")
    return {column: row.maybe(column) for column in TRANSACTION_COLUMNS}, time_s


def _one_of(row: Row, column: str, allowed: tuple[str, ...], *, required: bool) -> None:
    found = row.maybe(column)
    if found not in allowed and (found or required):
        raise row.refuse(column, "choice", allowed=", ".join(allowed))


def _day(row: Row) -> None:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", row.maybe("service_date")):
            raise ValueError(row.maybe("service_date"))
        date.fromisoformat(row.maybe("service_date"))
    except ValueError as error:
        raise row.refuse("service_date", "iso_day") from error


def _instant(row: Row) -> int:
    found = row.maybe("event_timestamp")
    try:
        if not _MOMENT.fullmatch(found):
            raise ValueError(found)
        return int(datetime.fromisoformat(found).astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise row.refuse("event_timestamp", "moment") from error


def _tap(row: Row, cells: dict[str, str], time_s: int, beside: Row) -> Tap:
    match = _REF.fullmatch(cells["transaction_id"])
    if match is None:
        raise row.refuse("transaction_id", "tap_ref")
    ref = TapRef(match.group(1), int(match.group(2), 16), int(match.group(3)))
    beside.choice("kind", "entry exit ride")
    beside.choice("medium_kind", "card code")
    beside.choice("funding", "purse account")
    beside.choice("outcome", "opened refused")
    beside.whole("deny_list_version", 0)
    purse = ("purse_counter", "purse_before_fen", "purse_taken_fen")
    if any(beside.maybe(column) for column in purse):
        for column in purse:
            beside.whole(column, -(10**12))
    try:
        tap = make_tap(cells, {name: beside.maybe(name) for name in TAP_COLUMNS}, ref, time_s)
    except msgspec.ValidationError as error:
        raise beside.broken("transaction_id", "tides_pair") from error
    for column, expected in transaction_row(tap).items():
        if column in row.cells and cells[column] != expected:
            raise row.broken(column, "tides_pair")
    return tap
