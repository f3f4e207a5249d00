"""Reading pages as a person would: their words, their tables, their links, without the markup."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from fastapi.testclient import TestClient

PAGES = "http://localhost"
"""The name under which the tests ask for pages."""

WINDOW = "W20260318"
PATHS = (
    "/",
    "/trips",
    "/trips?how=half",
    "/trips?city=110000&mode=bus",
    "/settlement",
    f"/settlement/{WINDOW}",
    f"/settlement/{WINDOW}/members/ISS-500000",
    f"/settlement/{WINDOW}/members/ACQ-500000",
    f"/settlement/{WINDOW}/cells/ISS-110000/ACQ-500000",
    "/cases",
    "/cases?show=all",
    "/passengers",
    "/passengers?city=110000",
    "/proofs",
    "/network",
    "/network?q=ningbo",
    "/about",
    "/nothing-here",
    "/trips/0123456789abcdef0123456789abcdef",
)
LANGUAGES = ("zh", "en")

_AMOUNT = re.compile(r"(\N{MINUS SIGN}?)\+?¥([0-9,]+)\.([0-9]{2})")
_HIDDEN = {"script", "style"}


@dataclass
class _Reader(HTMLParser):
    """Collects texts, links and tables."""

    texts: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _cell: list[str] | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        named = {name: value or "" for name, value in attrs}
        self.told += [named[name] for name in ("aria-label", "alt", "title") if named.get(name)]
        if tag == "a":
            self.links.append(named.get("href", ""))
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append(" ".join(self._cell))
            self._cell = None

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and (not self._open or self._open[-1] not in _HIDDEN):
            self.texts.append(text)
            if self._cell is not None:
                self._cell.append(text)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as read: all its words (those for screen readers too), its links and its tables."""

    status: int
    html: str
    words: str
    links: list[str]
    tables: list[list[list[str]]]

    def table(self, first_heading: str) -> list[list[str]]:
        """The body of the table whose first column has this heading."""
        for rows in self.tables:
            if rows and rows[0] and rows[0][0] == first_heading:
                return rows[1:]
        raise AssertionError(f"no table begins with {first_heading}")


def read(client: TestClient, path: str, language: str = "en") -> Page:
    """Fetch and read a page in a language."""
    answer = client.get(path, headers={"Accept-Language": language})
    reader = _Reader()
    reader.feed(answer.text)
    words = "\n".join([*reader.texts, *reader.told])
    return Page(answer.status_code, answer.text, words, reader.links, reader.tables)


def money(amount_fen: int) -> str:
    """An amount as a page writes it."""
    return f"¥{amount_fen // 100:,}.{amount_fen % 100:02d}"


def fen(text: str) -> int:
    """The last amount in a text, in fen; negative behind a minus or the word for payable."""
    sign, whole, cents = _AMOUNT.findall(text)[-1]
    amount = int(whole.replace(",", "")) * 100 + int(cents)
    return -amount if sign or "payable" in text else amount
