"""The limits of files and of the process that takes them apart: one data file."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec


class TextLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a text file of JT/T 978.4 may hold."""

    file_bytes_max: int
    records_max: int


class LineLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a line file may hold; `depth_max` and `digits_max` are those of JSON in a line."""

    file_bytes_max: int
    expanded_bytes_max: int
    expansion_ratio_max: int
    rows_max: int
    line_bytes_max: int
    depth_max: int
    digits_max: int


class ChildLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the child process may use."""

    memory_bytes_max: int
    cpu_seconds_max: int
    wall_seconds_max: float


class ParquetLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Parquet file of somebody's may hold, and what the process that writes it anew may use.
    `engine_bytes` is what DuckDB plans with; the limit of the process is above it."""

    file_bytes_max: int
    expanded_bytes_max: int
    expansion_ratio_max: int
    rows_max: int
    columns_max: int
    engine_bytes: int
    memory_bytes_max: int
    cpu_seconds_max: int
    wall_seconds_max: float


class RegisterLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sealed register may hold, and what the process that reads it first may use."""

    file_bytes_max: int
    rows_max: int
    child: ChildLimits


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""

    text: TextLimits
    lines: LineLimits
    child: ChildLimits
    parquet: ParquetLimits
    registers: RegisterLimits


@cache
def load_limits() -> Limits:
    """The limits that come with the project."""
    text = files("tongxing.exchange").joinpath("limits.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Limits)
