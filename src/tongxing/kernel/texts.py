"""Words for people: every string a person reads stands in a catalogue, in Chinese and English.

A catalogue is a TOML file beside the room that speaks: ``[key]`` with ``zh`` and ``en``.
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one room, by key."""

    entries: dict[str, dict[str, str]]

    def text(self, key: str, language: str, /, **values: object) -> str:
        """The text of a key with its values put in. Raises KeyError for an unknown key."""
        template = self.entries[key][language]
        return template.format(**values) if values else template


def load_catalogue(package: str, name: str = "texts.toml") -> Catalogue:
    """Read the catalogue `name` that lies in `package`."""
    raw = tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
    return Catalogue(_flatten(raw))


def _flatten(raw: dict[str, object], prefix: str = "") -> dict[str, dict[str, str]]:
    flat: dict[str, dict[str, str]] = {}
    for key, value in raw.items():
        if not isinstance(value, dict):
            raise ValueError(f"{prefix}{key}: a text needs zh and en")
        if all(isinstance(part, str) for part in value.values()):
            flat[prefix + key] = value
        else:
            flat.update(_flatten(value, f"{prefix}{key}."))
    return flat
