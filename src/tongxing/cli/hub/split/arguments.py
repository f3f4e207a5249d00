"""What several commands of `tongxing hub split` share: tables, plans, stations by name."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import granted, in_both, listed, settings
from tongxing.cli.fares.arguments import parse_place
from tongxing.hub.acc import Plan, SplitTable, plan_of, read_table
from tongxing.hub.acc.making import Patch, Texts
from tongxing.hub.acc.parameters import default_parameters, read_parameters
from tongxing.hub.acc.table import SplitRow
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network import load_registry
from tongxing.network.service import read_service, service_text
from tongxing.network.transport import CityNetwork, city_codes, load_network, network_or_none

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files a table is made from, None for the project's own."""

    parameters: Path | None
    service: Path | None
    patch: Path | None
    replaces: Path | None


def input_options(function: Function) -> Function:
    """The options that name the files a table is made from."""
    for name in ("replaces", "patch", "service", "parameters"):
        function = click.option(f"--{name}", name, type=READABLE_FILE, metavar="FILE")(function)
    return function


def split_city(text: str) -> str:
    """The code of a city whose rail's running is known. Raises Problem(SPLIT_NO_SERVICE)."""
    known = [code for code in city_codes() if _has_service(code)]
    code = text if text in known else parse_place(text, "CITY")
    if code not in known:
        registry, language = load_registry(), settings().language
        names = listed(registry.place_name(one, language) for one in known)
        city = registry.place_name(code, language)
        raise Problem("SPLIT_NO_SERVICE", "CITY", city=city, known=names)
    return code


def _has_service(code: str) -> bool:
    try:
        service_text(code)
    except KeyError:
        return False
    return True


def table_in(path: Path) -> SplitTable:
    """The table in a file. Raises Problem as `read_table` refuses."""
    found = read_table(path.read_bytes())
    if isinstance(found, Refusal):
        where = f"{path} {found.where}".strip()
        raise Problem(found.code, where, **found.values)
    return found


def plan_from(city: str, day: date, until: date | None, inputs: Inputs) -> Plan:
    """The plan for a table. Raises Problem for files that make no sense, and as `plan_of`."""
    network = load_network(city)
    service = _text(inputs.service) or service_text(city)
    parameters = _text(inputs.parameters) or default_parameters()
    patch_text = _text(inputs.patch)
    _try(inputs.service, lambda: read_service(service, network))
    _try(inputs.parameters, lambda: read_parameters(parameters, city, day))
    patch = None
    if inputs.patch is not None:
        patch = _try(inputs.patch, lambda: msgspec.convert(tomllib.loads(patch_text), Patch))
        if inputs.replaces is None or patch.from_day != day:
            key = "patch_alone" if inputs.replaces is None else "patch_day"
            detail = in_both("detail", "hub", f"split.{key}")
            raise Problem("ARG_INVALID", "--patch", text=str(inputs.patch), **detail)
    replaced = None if inputs.replaces is None else table_in(inputs.replaces)
    texts = Texts(service, parameters, patch, patch_text, replaced, until)
    return granted(_try(inputs.patch, lambda: plan_of(network, day, texts)))


Found = TypeVar("Found")


def _try(path: Path | None, read: Callable[[], Found]) -> Found:
    try:
        return read()
    except (ValueError, TypeError) as error:
        if path is None:
            raise
        raise Problem("SPLIT_FILE", str(path), detail=str(error)) from error


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Problem("SPLIT_FILE", str(path), detail=str(error)) from error


def row_named(table: SplitTable, origin: str, destination: str, period: str) -> SplitRow:
    """The row of two stations, by id or name, in the first fare system that has both.

    Raises Problem: FARES_NO_STATION for a name that is none, SPLIT_NO_ROW.
    """
    network = network_or_none(table.header.city)
    ends = [_stations(table, network, text) for text in (origin, destination)]
    for system in dict.fromkeys(section.system for section in table.header.sections):
        for first in ends[0]:
            for last in ends[1]:
                row = table.row(system, period, first, last)
                if row is not None:
                    return row
    raise Problem("SPLIT_NO_ROW", table.header.city, origin=origin, destination=destination)


def _stations(table: SplitTable, network: CityNetwork, text: str) -> list[str]:
    if text in table.numbers:
        return [text]
    found = [station.id for station in network.find_stations(text)]
    if not found:
        near = network.near_stations(text)
        raise Problem(
            "FARES_NO_STATION",
            table.header.city,
            station=text,
            near_zh="、".join(dict.fromkeys(one.name_zh for one in near)) or "–",
            near_en=", ".join(dict.fromkeys(one.name_en for one in near)) or "–",
        )
    return found
