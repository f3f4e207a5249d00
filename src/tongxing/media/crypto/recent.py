"""The few things made last that are worth keeping: tables and signing keys, in bounded room.

What lost its place is made again or done without; nothing may depend on it being there. It has no
repr of its content, which may be secret.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Kept = TypeVar("Kept")


class Recent(Generic[Name, Kept]):
    """At most `room` things, each made from its name; the least used goes. For all threads."""

    def __init__(self, make: Callable[[Name], Kept], room: int) -> None:
        self._make = make
        self._room = room
        self._kept: OrderedDict[Name, Kept] = OrderedDict()
        self._lock = Lock()

    def made(self, name: Name) -> Kept:
        """The thing of that name, made now if it is not there."""
        found = self.find(name)
        if found is None:
            found = self._make(name)
            with self._lock:
                self._kept[name] = found
                while len(self._kept) > self._room:
                    self._kept.popitem(last=False)
        return found

    def find(self, name: Name) -> Kept | None:
        """The thing of that name, or None when it is not there (any more)."""
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found
