"""What msgspec learns of a Struct at its first use, learned before there are threads.

msgspec 0.22 takes a Struct for known before it has gone through all its fields. A second thread
that uses the Struct for its first time at that moment finds half of it, and the process is gone. So
whatever starts threads that read messages has every Struct learned first.
"""

from collections.abc import Iterator
from contextlib import suppress
from threading import Lock

import msgspec

_lock = Lock()
_learned: set[type[msgspec.Struct]] = set()


def learn_structs() -> None:
    """Has msgspec learn every Struct there is by now, each once: a tenth of a second for all of
    them. One that msgspec cannot read by itself is passed over."""
    with _lock:
        for struct in set(_below(msgspec.Struct)) - _learned:
            with suppress(TypeError):  # it has a hook of its own where it is read
                msgspec.json.Decoder(struct)
            _learned.add(struct)


def _below(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in struct.__subclasses__():
        yield one
        yield from _below(one)
