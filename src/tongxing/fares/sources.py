"""Where fare rules come from: names in zh and en, by key, for each rule to cite (R-400)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """One source: what it is, and where it can be found ("" when it is not a page)."""

    zh: str
    en: str
    where: str

    def name(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@cache
def fare_sources() -> Mapping[str, Source]:
    """All sources by key, read once."""
    content = files("tongxing.fares").joinpath("data", "sources.toml").read_bytes()
    return msgspec.toml.decode(content, type=dict[str, Source])
