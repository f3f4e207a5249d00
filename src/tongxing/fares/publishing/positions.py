"""A TOML file with the line and column of everything in it, so that a mistake can be pointed at.

Two readers share the work: the standard library's says whether the file is TOML and what it
means, a syntax tree says where each piece stands. Where the tree has no answer, the nearest thing
around it is pointed at; a position is never a reason to fail. Nothing here knows tariffs.
"""

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from tree_sitter import Language, Node, Parser
from tree_sitter_toml import language

FILE_BYTES_MAX = 16 * 1024 * 1024

Path = tuple[str | int, ...]

_LANGUAGE = Language(language())
_CLOCK = re.compile(r"(?:^[^\"'#]*=|\[|,)\s*(?:(24:[0-9:]*)|([0-9]{1,2}:[0-9]{1,2}(?::[0-9]*)?))")
_CLOCK_RIGHT = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_AT = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in a file, counted from 1; columns are characters, not bytes."""

    line: int
    column: int


START = Spot(1, 1)


@dataclass(frozen=True, slots=True)
class NotToml:
    """Why and where a file cannot be read; `detail` names a text, or is the reader's own words."""

    spot: Spot
    detail: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What a TOML file says, and where. `content` is the file as it came."""

    content: bytes
    value: dict[str, Any]
    _lines: tuple[bytes, ...]
    _keys: dict[Path, Node] = field(default_factory=dict)
    _values: dict[Path, Node] = field(default_factory=dict)
    _items: dict[Path, list[Node]] = field(default_factory=dict)

    def key_spot(self, path: Path) -> Spot:
        """Where the key that ends a path is written; for an element, where the element is."""
        spot = self.value_spot(path)
        node = self._keys.get(path)
        return spot if node is None else self._spot(node)

    def value_spot(self, path: Path) -> Spot:
        """Where the value of a path begins, or the nearest thing around it."""
        for end in range(len(path), 0, -1):
            node = self._node(path[:end])
            if node is not None:
                return self._spot(node)
        return START

    def source(self, path: Path) -> str:
        """How the value of a path is written in the file, "" if that is not known."""
        node = self._node(path)
        return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")

    def _node(self, path: Path) -> Node | None:
        known = self._values.get(path)
        if known is not None or not path:
            return known
        outer = path[:-1]
        if not isinstance(path[-1], int):
            self._node(outer)
            return self._values.get(path)
        if outer not in self._items:
            node = self._node(outer)
            children = [] if node is None else node.named_children
            self._items[outer] = [child for child in children if child.type != "comment"]
            for index, item in enumerate(self._items[outer]):
                _enter_inline(self, item, (*outer, index))
        items = self._items[outer]
        return items[path[-1]] if path[-1] < len(items) else None

    def _spot(self, node: Node) -> Spot:
        row, column = node.start_point
        before = self._lines[row][:column] if row < len(self._lines) else b""
        return Spot(row + 1, len(before.decode("utf-8", "replace")) + 1)


def read_document(content: bytes) -> Document | NotToml:
    """The meaning and the positions of a TOML file, or where it stops being one."""
    if len(content) > FILE_BYTES_MAX:
        return NotToml(START, "too_big")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return NotToml(_spot_of(content, error.start), "not_utf8")
    try:
        value = tomllib.loads(text)
        document = Document(content, value, tuple(content.split(b"\n")))
        _enter(document, Parser(_LANGUAGE).parse(content).root_node)
    except tomllib.TOMLDecodeError as error:
        return _not_toml(str(error), content)
    except RecursionError:
        return NotToml(START, "too_deep")
    except ValueError as error:  # an integer of thousands of digits
        return NotToml(START, "reader", str(error))
    return document


def _not_toml(message: str, content: bytes) -> NotToml:
    match = _AT.search(message)
    words = message[: match.start()] if match else message
    if match and match.group(1):
        row, column = int(match.group(1)), int(match.group(2))
        line = content.split(b"\n")[row - 1].decode("utf-8", "replace")
        for clock in _CLOCK.finditer(line):
            is_here = clock.start() < column <= clock.end() + 1
            if is_here and clock.group(1):
                return NotToml(Spot(row, clock.start(1) + 1), "midnight")
            if is_here and not _CLOCK_RIGHT.fullmatch(clock.group(2)):
                return NotToml(Spot(row, clock.start(2) + 1), "clock")
        return NotToml(Spot(row, column), "reader", words)
    return NotToml(_spot_of(content, len(content)), "reader", words)


def _spot_of(content: bytes, offset: int) -> Spot:
    before = content[:offset]
    last = before.rpartition(b"\n")[2].decode("utf-8", "replace")
    return Spot(before.count(b"\n") + 1, len(last) + 1)


def _enter(document: Document, root: Node) -> None:
    """Note the node of every key and value; elements of arrays are looked up when asked for."""
    counts: dict[Path, int] = {}
    for node in root.named_children:
        if node.type == "pair":
            _enter_pair(document, node, ())
        elif node.type in ("table", "table_array_element") and node.named_children:
            path: Path = ()
            for name in _names(node.named_children[0]):
                path = (*path, name)
                if path in counts and path != _whole(node):
                    path = (*path, counts[path] - 1)
            if node.type == "table_array_element":
                counts[path] = counts.get(path, 0) + 1
                path = (*path, counts[path] - 1)
            document._keys.setdefault(path, node.named_children[0])
            document._values.setdefault(path, node)
            for child in node.named_children[1:]:
                if child.type == "pair":
                    _enter_pair(document, child, path)


def _whole(node: Node) -> Path:
    """The plain names of an array-of-tables header; () for a table, which must lead through."""
    return tuple(_names(node.named_children[0])) if node.type == "table_array_element" else ()


def _enter_pair(document: Document, node: Node, outer: Path) -> None:
    children = [child for child in node.named_children if child.type != "comment"]
    if len(children) != 2:
        return
    key, value = children
    path: Path = (*outer, *_names(key))
    document._keys[path] = key
    document._values[path] = value
    _enter_inline(document, value, path)


def _enter_inline(document: Document, node: Node, path: Path) -> None:
    if node.type == "inline_table":
        for child in node.named_children:
            if child.type == "pair":
                _enter_pair(document, child, path)


def _names(key: Node) -> list[str]:
    if key.type == "dotted_key":
        return [name for child in key.named_children for name in _names(child)]
    text = (key.text or b"").decode("utf-8", "replace")
    if key.type != "quoted_key":
        return [text]
    try:
        return list(tomllib.loads(f"{text} = 0"))
    except tomllib.TOMLDecodeError:
        return [text]
