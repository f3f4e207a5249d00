"""The file that says what a gate is: site, keys, journal, screen, and its validators.

What is not understood is refused with line and column; nothing is filled in for a misspelt name.
Whether the files and places that it names exist is asked by `plan`.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tongxing.fares.publishing.positions import Document, NotToml, Spot, read_document
from tongxing.kernel.reasons import Refusal

Device = Literal["gate", "bus", "handheld", "machine"]
LaneRole = Literal["entry", "exit", "board", "alight", "ride", "both"]
Side = Literal["", "entry", "exit", "board", "alight"]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Pulse = Annotated[int, Meta(ge=50, le=10_000)]
Hex = Annotated[str, Meta(pattern="^([0-9A-Fa-f]{2})+$", max_length=32)]

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[([0-9]+)\]")
_NAMED = re.compile(r"(?P<kind>unknown|required) field `(?P<name>[^`]+)`")
_VALUE_MAX = 60


class _Reader(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):  # fmt: skip
    """What every reader says: on a lane of both ways, on which side it stands."""

    side: Side = ""


class ScannerTcp(_Reader, frozen=True, tag="scanner_tcp"):
    """A QR scanner that is asked at a network address."""

    address: Text


class ScannerSerial(_Reader, frozen=True, tag="scanner_serial"):
    """A QR scanner on a serial line, by the path of its device."""

    path: Text
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 115200


class ScannerKeyboard(_Reader, frozen=True, tag="scanner_keyboard"):
    """A QR scanner that types: an evdev device, or "-" for lines on standard input."""

    path: Text


class CardPcsc(_Reader, frozen=True, tag="card_pcsc"):
    """A card reader of this machine, by a part of its name ("": the only one)."""

    name: str = ""


class CardTcp(_Reader, frozen=True, tag="card_tcp"):
    """A card that another program lends over TCP."""

    address: Text


class Camera(_Reader, frozen=True, tag="camera"):
    """The camera of the browser that shows this lane's page on the same machine."""


class Simulated(_Reader, frozen=True, tag="simulated"):
    """Codes as lines over TCP, on this machine only: for tests."""

    port: Port


ReaderSpec = ScannerTcp | ScannerSerial | ScannerKeyboard | CardPcsc | CardTcp | Camera | Simulated
SCANNERS = (ScannerTcp, ScannerSerial, ScannerKeyboard, Camera, Simulated)
CARD_READERS = (CardPcsc, CardTcp)


class FileRelaySpec(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="file"
):  # fmt: skip
    """A door behind a file: "1" opens, "0" lets go, as a GPIO line of Linux has it."""

    path: Text
    pulse_ms: Pulse = 500


class TcpRelaySpec(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="tcp"
):  # fmt: skip
    """A door behind a network address (`docs/gate.md` has its few words)."""

    address: Text
    pulse_ms: Pulse = 500


class ValidatorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One validator. `role` "both" is a lane open to both ways, whose readers say their side.

    `lane` says whether staff stand at it ("": they do where the device is a hand-held one), and
    `entrance` at which of the station's entrances it is, for a condition of entry.
    """

    id: Annotated[str, Meta(pattern="^[0-9A-Za-z][0-9A-Za-z:_.-]{0,59}$")]
    device: Device
    role: LaneRole
    line: Text
    station: str = ""
    vehicle: str = ""
    lane: Literal["", "auto", "manual"] = ""
    entrance: str = ""
    readers: Annotated[list[ReaderSpec], Meta(min_length=1, max_length=8)]
    relay: FileRelaySpec | TcpRelaySpec | None = None


class SiteSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which site this is, and the language its screens speak first."""

    name: Annotated[str, Meta(pattern="^[0-9A-Za-z][0-9A-Za-z:_.-]{0,59}$")]
    city: Annotated[str, Meta(pattern="^[1-9][0-9]{5}$")]
    language: Literal["zh", "en"] = "zh"


class KeySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files of keys; those for codes or cards only where there are readers for them.

    `device` is the folder of a device that has enrolled: it stands in the place of `site` and
    `city`, and says where taps go. `ca` is a certificate file for that, where one is needed.
    """

    site: str = ""
    city: str = ""
    device: str = ""
    ca: str = ""
    code_roots: str = ""
    code_issuers: str = ""
    registers: str = ""
    cards: str = ""
    cards_passphrase: str = ""
    card_issuers: str = ""


class CardSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How cards name this site's acquirer, and whose denied cards are locked on the spot."""

    institution: Annotated[str, Meta(pattern="^([0-9A-Fa-f]{16})?$")] = ""
    home: list[Annotated[str, Meta(pattern="^[0-9A-Fa-f]{8}$")]] = []
    signs_code: bool = False


class EntrySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dated policy is asked of who enters, and who answers for holders (`docs/entry.md`).

    `policy` is the name of one of the city's, or a file of one's own (ending in .toml).
    `properties` are the policy's sets of places that this station is in; `manual_elsewhere` are
    entrances whose manual lane another process or a desk keeps. `provider` is the address of who
    attests, https only; without it nobody is asked. `key` signs questions in the name of `asker`,
    `holders` names holders, `attesters` says whose answers are believed.
    """

    policy: Text
    properties: list[Text] = []
    manual_elsewhere: list[Text] = []
    provider: Annotated[str, Meta(max_length=200)] = ""
    ca: str = ""
    asker: Annotated[str, Meta(pattern="^([0-9A-Za-z][0-9A-Za-z:_.-]{0,59})?$")] = ""
    key: str = ""
    holders: str = ""
    attesters: str = ""
    timeout_ms: Annotated[int, Meta(ge=50, le=2_000)] = 300


class UplinkSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How taps go up, where it is not as the device enrolled: another address of the same city
    ("": the one it enrolled at), and who the device is at a broker (`docs/device-protocol.md`)."""

    address: Annotated[str, Meta(max_length=200)] = ""
    login: str = ""


class JournalSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where taps are kept until the city has them, and where the slip lies with which this machine
    may go on with the journal (`gate/epochs.py`): best on other storage."""

    path: Text
    slip: Text = "journal.slip"


class RegisterSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A register of displays: where it is, and by which name it signs. One that signs by this
    site's own name is held here, and its address is where it listens. `wait_ms` is how long a
    passenger waits for its answer at most (None: `ReplayRules` has it)."""

    address: Text
    name: Annotated[str, Meta(pattern="^[0-9A-Za-z][0-9A-Za-z:_.-]{0,59}$")]
    wait_ms: Annotated[int, Meta(ge=10, le=1_000)] | None = None


class ReplaySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom this site asks whether a display was shown before: the station's register, the
    city's."""

    station: RegisterSpec | None = None
    city: RegisterSpec | None = None


class ScreenSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the screens' pages are served, and under which further names they answer. `staff` are
    the IP addresses, beside this machine's own, from which staff may say what they have checked."""

    address: Text = "127.0.0.1"
    port: Port
    hosts: list[Text] = []
    staff: list[Text] = []


class GateConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `stop` is a file in which the vehicle's computer writes the stop it is at."""

    site: SiteSpec
    keys: KeySpec
    journal: JournalSpec
    status: str = "status.json"
    stop: str = ""
    screen: ScreenSpec | None = None
    cards: CardSpec = CardSpec()
    entry: EntrySpec | None = None
    uplink: UplinkSpec = UplinkSpec()
    replay: ReplaySpec | None = None
    validator: Annotated[list[ValidatorSpec], Meta(min_length=1, max_length=64)]


class Written:
    """A configuration with where everything in it stands."""

    def __init__(self, path: Path, config: GateConfig, document: Document) -> None:
        self.path, self.config, self._document = path, config, document

    def file(self, name: str) -> Path:
        """A path that the file names: seen from the folder in which the file lies."""
        return self.path.parent / name

    def at(self, *path: str | int) -> str:
        """Where something stands, as a person says it: file, line, column."""
        return _where(self.path, self._document.value_spot(path))


def read_config(path: Path, content: bytes) -> Written | Refusal:
    """The configuration in a file's content.

    Refuses GATE_CONFIG_SYNTAX, GATE_CONFIG_UNKNOWN, GATE_CONFIG_MISSING and GATE_CONFIG_VALUE, each
    with file, line and column.
    """
    document = read_document(content)
    if isinstance(document, NotToml):
        detail = document.words or document.detail
        return Refusal("GATE_CONFIG_SYNTAX", _where(path, document.spot), {"detail": detail})
    try:
        config = msgspec.convert(document.value, GateConfig)
    except msgspec.ValidationError as error:
        return _invalid(path, document, str(error))
    return Written(path, config, document)


def _invalid(file: Path, document: Document, message: str) -> Refusal:
    found = _AT.match(message)
    what, steps = (found["what"], found["path"] or "") if found else (message, "")
    path = tuple(int(index) if index else name for name, index in _STEP.findall(steps))
    named = _NAMED.search(what)
    if named is not None:
        name = ".".join(str(step) for step in (*path, named["name"]))
        if named["kind"] == "unknown":
            spot = document.key_spot((*path, named["name"]))
            return Refusal("GATE_CONFIG_UNKNOWN", _where(file, spot), {"name": name})
        spot = document.value_spot(path)
        return Refusal("GATE_CONFIG_MISSING", _where(file, spot), {"name": name})
    name = ".".join(str(step) for step in path)
    values = {
        "name": name or file.name,
        "value": document.source(path)[:_VALUE_MAX],
        "detail": what,
    }
    return Refusal("GATE_CONFIG_VALUE", _where(file, document.value_spot(path)), values)


def _where(path: Path, spot: Spot) -> str:
    return f"{path}:{spot.line}:{spot.column}"
