"""Does what the clock has made due, again and again, for as long as a city's doors are open."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tongxing.front.opening import CityFront

EVERY_S = 20.0


@contextmanager
def clockwork(
    fronts: Sequence[CityFront], clock: Callable[[], int], every_s: float = EVERY_S
) -> Iterator[None]:
    """Run `do_what_is_due` of each city every so often, in a thread that ends with the block."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every_s):
            for front in fronts:
                front.do_what_is_due(clock())

    thread = threading.Thread(target=run, name="clockwork", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
