"""The card the agent lends: on a USB reader, behind a relay, or a card of software in a file."""

from collections.abc import Callable

from tongxing.agent.holding import LentCard, OpenCard
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import FileStore, SoftwareCard
from tongxing.media.card.readers.pcsc import open_pcsc
from tongxing.media.card.readers.tcp import open_tcp

_LOOK_S = 0.2


def on_reader(name: str) -> OpenCard:
    """The card on the reader with `name` in its name, held alone while it is lent."""
    return lambda: open_pcsc(name, wait_s=_LOOK_S)


def behind_relay(host: str, port: int) -> OpenCard:
    """The card that another program lends over TCP."""
    return lambda: open_tcp(host, port)


def in_file(store: FileStore, draw: Callable[[int], bytes]) -> OpenCard:
    """The software card in a file that this program has claimed: it is in the file before the
    answer leaves."""

    def opened() -> LentCard | Refusal:
        found = store.read()
        return found if isinstance(found, Refusal) else _FileCard(SoftwareCard(store, draw))

    return opened


class _FileCard:
    """A software card from power to power."""

    def __init__(self, card: SoftwareCard) -> None:
        self._card = card
        card.reset()

    def transmit(self, command: bytes) -> bytes:
        return self._card.transmit(command)

    def close(self) -> None:
        self._card.reset()
