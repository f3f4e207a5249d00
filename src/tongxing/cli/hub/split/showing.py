"""Names and figures of the split for people: lines, stations, operators, minutes, kilometres."""

import msgspec

from tongxing.cli.common import settings
from tongxing.hub.acc import SplitTable
from tongxing.network.registry import load_registry
from tongxing.network.transport import CityNetwork


class Names:
    """The names of a city's network in the caller's language; an id that is not there stays one."""

    def __init__(self, network: CityNetwork) -> None:
        self._network = network
        self._chinese = settings().language == "zh"

    def line(self, name: str) -> str:
        return self._pick(self._network.lines.get(name), name)

    def station(self, name: str) -> str:
        return self._pick(self._network.stations.get(name), name)

    def operator(self, name: str) -> str:
        return self._pick(self._network.operators.get(name), name)

    def _pick(self, found: object, name: str) -> str:
        return str(getattr(found, "name_zh" if self._chinese else "name_en", name))


def city_name(code: str) -> str:
    """A city's name in the caller's language."""
    return load_registry().place_name(code, settings().language)


def minutes(seconds_ms: int) -> str:
    """Thousandths of a second as minutes: ``30.4``."""
    return f"{seconds_ms / 60_000:.1f}"


def kilometres(metres: int) -> str:
    """Metres as kilometres: ``7.165``."""
    return f"{metres / 1_000:.3f}"


def percent(ppm: int) -> str:
    """Parts per million as a percentage: ``38.6903 %``."""
    return f"{ppm / 10_000:.4f} %"


def header_told(table: SplitTable) -> dict[str, object]:
    """What JSON answers say of a table: its header without the long lists."""
    plain = msgspec.to_builtins(table.header, str_keys=True)
    return {key: value for key, value in plain.items() if key not in ("tracks", "stations")}
