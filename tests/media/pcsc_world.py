"""A smart card service of this test run alone: own socket, own ports, a reader of two slots.

`conftest.py` of all tests has set PCSCLITE_CSOCK_NAME for the whole run, so that no test ever finds
the readers of whoever runs it. The daemon gets that socket handed over as systemd would do it.
"""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers import PoweredCard
from tongxing.media.card.readers.atr import SOFTWARE_ATR
from tongxing.media.card.readers.pcsc import PcscLink, list_readers, open_pcsc
from tongxing.media.card.readers.vpcd import VirtualReader, open_vpcd

NAME = "Tongxing Test Reader"
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_START_S, _STEP_S = 20.0, 0.05
_CONFIGURATION = """FRIENDLYNAME "{name}"
DEVICENAME   /dev/null:{port}
LIBPATH      {driver}
CHANNELID    {port}
"""


@dataclass(frozen=True, slots=True)
class CardService:
    """A running service; `port` and `port + 1` are where cards for its two slots connect."""

    port: int
    process: "subprocess.Popen[bytes]"

    def reader(self, slot: int = 0) -> str:
        """The name of a slot."""
        return f"{NAME} 00 {slot:02X}"

    @contextmanager
    def laid(
        self, card: PoweredCard, slot: int = 0, atr: bytes = SOFTWARE_ATR
    ) -> Iterator[VirtualReader]:
        """The card lies on the reader while this lasts, or until it is closed."""
        laid = open_vpcd(card, port=self.port + slot, atr=atr)
        assert isinstance(laid, VirtualReader), laid
        serving = threading.Thread(target=laid.run, daemon=True)
        serving.start()
        try:
            yield laid
        finally:
            laid.close()
            serving.join(5)
            self.wait_until_empty(slot)

    def wait_until_empty(self, slot: int) -> None:
        """The service looks at its readers every now and then: wait until it has seen the end."""
        until = time.monotonic() + _START_S
        while not is_empty(self.reader(slot)):
            assert time.monotonic() < until, "the card still lies on the reader"
            time.sleep(_STEP_S)

    @contextmanager
    def link(
        self,
        card: PoweredCard,
        slot: int = 0,
        answer_s: float = 3.0,
        atr: bytes = SOFTWARE_ATR,
    ) -> Iterator[PcscLink]:
        """A link through PC/SC to a card that lies on the reader while this lasts."""
        with self.laid(card, slot, atr):
            found = open_pcsc(self.reader(slot), wait_s=_START_S, answer_s=answer_s)
            assert isinstance(found, PcscLink), found
            with found:
                yield found


def is_empty(reader: str) -> bool:
    from smartcard import scard

    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    try:
        _, states = scard.SCardGetStatusChange(context, 0, [(reader, scard.SCARD_STATE_UNAWARE)])
    finally:
        scard.SCardReleaseContext(context)
    return bool(states[0][1] & scard.SCARD_STATE_EMPTY)


def missing() -> str:
    """What this machine lacks for a service of our own; "" when all is there."""
    if find_spec("smartcard") is None:
        return "pyscard"
    if pcscd() is None:
        return "pcscd"
    if not _DRIVER.exists():
        return "vsmartcard-vpcd"
    return "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "root, for pcscd"


def pcscd() -> str | None:
    return shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def running(folder: Path) -> Iterator[CardService]:
    """Start the service and end it, by its id."""
    port = free_pair()
    settings = folder / "reader.conf.d"
    settings.mkdir()
    text = _CONFIGURATION.format(name=NAME, port=port, driver=_DRIVER)
    (settings / "vpcd").write_text(text)
    address = os.environ["PCSCLITE_CSOCK_NAME"]
    with socket.socket(socket.AF_UNIX) as listener, (folder / "log").open("wb") as log:
        listener.bind(address)
        listener.listen()
        hand_over = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec"
        command = f"{hand_over} {pcscd()} --foreground --config {settings}"
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], stdin=listener, stdout=log, stderr=log
        )
    try:
        wait_for_readers(process, folder / "log")
        yield CardService(port, process)
    finally:
        process.terminate()
        process.wait(10)
        Path(address).unlink(missing_ok=True)


def wait_for_readers(process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _START_S
    while isinstance(found := list_readers(), Refusal) or len(found) < 2:
        assert process.poll() is None and time.monotonic() < until, log.read_text()
        time.sleep(_STEP_S)


def free_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("", port + 1))
            except (OSError, OverflowError):
                continue
            return port
