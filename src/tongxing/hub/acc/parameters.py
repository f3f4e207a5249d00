"""The numbers of the metro split, dated, from a file: paths, thresholds, weights, logit.

The defaults stand in ``data/parameters.toml``; an operator can bring a file of the same form.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.dated import Table, below, in_force, said

PPM = 1_000_000
EVERYBODY = ""
PATHS_MAX = 50


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What the split of a day is made with. Seconds, thousandths, parts per million; theta is per
    minute of generalised cost."""

    paths_max: int
    cost_factor_per_mille: int
    cost_over_s: int
    transfers_over: int
    transfer_penalty_s: int
    riding_per_mille: int
    waiting_per_mille: int
    walking_per_mille: int
    theta_per_minute_ppm: int
    share_min_ppm: int
    source: str


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    from_day: date
    source: str
    city: str = EVERYBODY
    paths_max: int | UnsetType = UNSET
    cost_factor_per_mille: int | UnsetType = UNSET
    cost_over_s: int | UnsetType = UNSET
    transfers_over: int | UnsetType = UNSET
    transfer_penalty_s: int | UnsetType = UNSET
    riding_per_mille: int | UnsetType = UNSET
    waiting_per_mille: int | UnsetType = UNSET
    walking_per_mille: int | UnsetType = UNSET
    theta_per_minute_ppm: int | UnsetType = UNSET
    share_min_ppm: int | UnsetType = UNSET


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    sources: Mapping[str, str]
    parameters: tuple[_Row, ...]


def default_parameters() -> str:
    """The text of the project's own file."""
    return files("tongxing.hub.acc").joinpath("data/parameters.toml").read_text(encoding="utf-8")


def read_parameters(text: str, city: str, day: date) -> Parameters:
    """What a file says for a city on a day; the city's tables lie over everybody's.

    Raises ValueError (msgspec's and tomllib's included) for a file that is malformed, leaves a
    number out, or has one that cannot be.
    """
    file = msgspec.convert(tomllib.loads(text), _File)
    unknown = {row.source for row in file.parameters} - set(file.sources)
    if unknown:
        raise ValueError(f"parameters: no source {', '.join(sorted(unknown))}")
    tables = [Table(row.city, row.from_day, said(row, Parameters)) for row in file.parameters]
    merged = in_force(tables, (EVERYBODY, city), day)
    source = str(merged.get("source", ""))
    found = msgspec.convert({**merged, "source": file.sources.get(source, "")}, Parameters)
    check_parameters(found)
    return found


def parameters_on(city: str, day: date) -> Parameters:
    """The project's own numbers for a city on a day."""
    return read_parameters(default_parameters(), city, day)


def check_parameters(found: Parameters) -> None:
    """Raises ValueError for numbers that no split can be made with."""
    numbers = msgspec.structs.asdict(found)
    wrong = below(numbers, 0)
    wrong += [] if 1 <= found.paths_max <= PATHS_MAX else ["paths_max"]
    wrong += [] if found.cost_factor_per_mille >= 1_000 else ["cost_factor_per_mille"]
    wrong += [] if found.riding_per_mille >= 1 else ["riding_per_mille"]
    wrong += [] if found.share_min_ppm < PPM else ["share_min_ppm"]
    if wrong:
        raise ValueError(f"parameters: {', '.join(wrong)} cannot be right")
