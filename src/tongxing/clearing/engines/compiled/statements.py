"""Statements of loops as they are written down: what has a name is worked out once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Key = tuple[str, Any]
_INDENT = "    "


class Unfit(Exception):
    """An expression has a part that is not compiled here: SQL can say it."""


class Statements:
    """Loops over a block of rows, one after the other (`stages`), each with names of its own."""

    def __init__(self) -> None:
        self.stages: list[list[str]] = []
        self._lines: list[str] = []
        self._depth, self._count = 0, 0
        self._known: list[dict[Key, str]] = [{}]

    @contextmanager
    def stage(self) -> Iterator[None]:
        """A loop of its own; one that is begun within another comes before it."""
        before = self._lines, self._known, self._depth
        self._lines, self._known, self._depth = [], [{}], 0
        yield
        self.stages.append(self._lines)
        self._lines, self._known, self._depth = before

    def line(self, text: str) -> None:
        """Another statement."""
        self._lines.append(_INDENT * self._depth + text)

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        """Statements that are done under a condition; what they work out is not known after."""
        self.line(head)
        self._depth += 1
        self._known.append({})
        yield
        self._known.pop()
        self._depth -= 1

    def _once(self, key: Key, work: Callable[[], str]) -> str:
        """What is worked out once is known by its name from then on."""
        known = self._known_as(key)
        if known is not None:
            return known
        text = work()
        if text and not text.isidentifier():
            text = self._named(text)
        self._known[-1][key] = text
        return text

    def _named(self, text: str) -> str:
        name = self._new()
        self.line(f"{name} = {text}")
        return name

    def _known_as(self, key: Key) -> str | None:
        return next((known[key] for known in reversed(self._known) if key in known), None)

    def _new(self) -> str:
        self._count += 1
        return f"v{self._count}"
