"""The reader that a line of the configuration asks for."""

from collections.abc import Callable
from pathlib import Path

from tongxing.gate.running.config import (
    Camera,
    CardPcsc,
    CardTcp,
    ReaderSpec,
    ScannerKeyboard,
    ScannerSerial,
    ScannerTcp,
    Simulated,
)
from tongxing.gate.running.readers.cards import CardReader, Noticed, pcsc_field, relay_field
from tongxing.gate.running.readers.keyboard import KeyboardScanner
from tongxing.gate.running.readers.simulated import SimulatedReader
from tongxing.gate.running.readers.streams import (
    STDIN,
    LineScanner,
    SerialScanner,
    TcpScanner,
)
from tongxing.gate.running.readers.watched import Reader
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers.tcp import parse_address

_STANDARD_INPUT = 0


def reader_of(
    spec: ReaderSpec, name: str, file: Callable[[str], Path], noticed: Noticed
) -> Reader | None:
    """A reader that has not been started; None for a camera, whose pictures come from a page."""
    match spec:
        case ScannerTcp():
            return TcpScanner(name, _address(spec.address))
        case ScannerSerial():
            return SerialScanner(name, file(spec.path), spec.baud)
        case ScannerKeyboard() if spec.path == STDIN:
            return LineScanner(name, _STANDARD_INPUT)
        case ScannerKeyboard():
            return KeyboardScanner(name, file(spec.path))
        case CardPcsc():
            return CardReader(name, pcsc_field(spec.name), noticed)
        case CardTcp():
            return CardReader(name, relay_field(*_address(spec.address)), noticed)
        case Simulated():
            return SimulatedReader(name, spec.port)
        case Camera():
            return None


def _address(text: str) -> tuple[str, int]:
    found = parse_address(text)
    assert not isinstance(found, Refusal)  # the configuration has been checked
    return found
