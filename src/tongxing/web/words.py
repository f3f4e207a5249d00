"""How every face speaks: texts of a catalogue, amounts, counts, times and lists in one language.

Amounts carry ¥ and two digits. No text for people stands in code or in a template.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from unicodedata import east_asian_width

from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.web.names import Names

COMMON = "tongxing.web"
MINUS = "\N{MINUS SIGN}"


@cache
def catalogue_of(package: str) -> Catalogue:
    """All texts in the folder ``texts`` of a package. Raises ValueError when two files claim one
    key."""
    entries: dict[str, dict[str, str]] = {}
    for entry in sorted(files(package).joinpath("texts").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        found = load_catalogue(package, f"texts/{entry.name}").entries
        twice = entries.keys() & found.keys()
        if twice:
            raise ValueError(f"{entry.name}: texts stand in two files: {sorted(twice)}")
        entries.update(found)
    return Catalogue(entries)


class Words:
    """The texts, names and figures of one face in one language."""

    def __init__(self, language: str, package: str) -> None:
        self.language = language
        entries = {**catalogue_of(COMMON).entries, **catalogue_of(package).entries}
        self._catalogue = Catalogue(entries)
        self.names = Names(language, self._catalogue)

    def text(self, key: str, **values: object) -> str:
        """The text of a key. Raises KeyError for an unknown key."""
        return self._catalogue.text(key, self.language, **values)

    def money(self, amount_fen: int) -> str:
        """``¥1,234.50``; a negative amount with a real minus sign before it."""
        sign = MINUS if amount_fen < 0 else ""
        return f"{sign}¥{yuan(abs(amount_fen))}"

    def change(self, amount_fen: int) -> str:
        """An amount that is added or taken away: always with its sign."""
        return f"+{self.money(amount_fen)}" if amount_fen > 0 else self.money(amount_fen)

    def number(self, count: int) -> str:
        """A count, with a comma at each thousand."""
        return f"{count:,}"

    def listed(self, names: Sequence[str]) -> str:
        """``Beijing, Chongqing and Tianjin``."""
        if len(names) < 2:
            return "".join(names)
        return self.text("list.comma").join(names[:-1]) + self.text("list.and") + names[-1]

    def shortened(self, name: str, room: int) -> str:
        """A name cut to the room of so many Latin letters; a Chinese character takes 1.7."""
        widths = [17 if east_asian_width(sign) in "WF" else 10 for sign in name]
        if sum(widths) <= 10 * room:
            return name
        kept, left = "", 10 * (room - 1)
        for sign, width in zip(name, widths, strict=True):
            if width > left:
                break
            kept, left = kept + sign, left - width
        return kept.rstrip() + "…"

    def when(self, time_s: int) -> str:
        """Date and time in China."""
        return stamp(time_s)

    def clock(self, time_s: int) -> str:
        """Time of day in China."""
        return stamp(time_s)[11:]
