"""What a configuration can be wrong about beyond its form: each check says where.

The first objection wins: a person mends one line and asks again.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address, ip_address

from tongxing.deciding.facts import Role
from tongxing.gate.running.config import (
    CARD_READERS,
    SCANNERS,
    Camera,
    CardPcsc,
    CardTcp,
    ReaderSpec,
    ScannerKeyboard,
    ScannerSerial,
    ScannerTcp,
    Simulated,
    TcpRelaySpec,
    ValidatorSpec,
    Written,
)
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers.tcp import parse_address
from tongxing.network.transport import CityNetwork

_ROLES = {
    "gate": ("entry", "exit", "both", "ride"),
    "bus": ("board", "alight", "both", "ride"),
    "handheld": ("entry", "exit", "board", "alight", "ride"),
    "machine": ("entry", "exit", "ride"),
}
_HOST = re.compile(r"[0-9A-Za-z.:\[\]-]{1,253}")
Check = Callable[[Written, CityNetwork], Iterator[Refusal]]


def is_one_head(spec: ValidatorSpec) -> bool:
    """Whether a vehicle's readers are for boarding and alighting alike: none says its side."""
    return (
        spec.device == "bus"
        and spec.role == "both"
        and not any(reader.side for reader in spec.readers)
    )


def sides_of(spec: ValidatorSpec) -> tuple[Role, ...]:
    """The roles of a validator: its own, or the two of a lane of both ways. One that has one head
    has one terminal, at which people board until they have."""
    if is_one_head(spec):
        return ("board",)
    if spec.role != "both":
        return (spec.role,)
    return ("board", "alight") if spec.device == "bus" else ("entry", "exit")


def terminal_of(spec: ValidatorSpec, role: str) -> str:
    """The id under which a side of a validator makes taps."""
    return f"{spec.id}-{role}" if spec.role == "both" and not is_one_head(spec) else spec.id


def first_objection(written: Written, network: CityNetwork) -> Refusal | None:
    """The first thing that is wrong with a configuration, None when it can be worked with."""
    for check in (_names, _places, _roles, _readers, _shared, _screen, _replay, _keys):
        for refusal in check(written, network):
            return refusal
    return None


def _wrong(written: Written, detail: str, *path: str | int, **values: object) -> Refusal:
    return Refusal(detail, written.at(*path), values)


def _names(written: Written, _network: CityNetwork) -> Iterator[Refusal]:
    seen: set[str] = set()
    for index, spec in enumerate(written.config.validator):
        for terminal in (terminal_of(spec, role) for role in sides_of(spec)):
            if terminal in seen:
                yield _wrong(written, "GATE_TWICE", "validator", index, "id", what=terminal)
            seen.add(terminal)


def _places(written: Written, network: CityNetwork) -> Iterator[Refusal]:
    for index, spec in enumerate(written.config.validator):
        line = network.lines.get(spec.line)
        if line is None:
            yield _wrong(
                written, "GATE_PLACE_UNKNOWN", "validator", index, "line", what=spec.line
            )  # fmt: skip
            continue
        moves = spec.device == "bus" or bool(spec.vehicle)
        told_elsewhere = moves and bool(written.config.stop) and not spec.station
        if spec.station not in line.stations and not told_elsewhere:
            where = ("validator", index, "station") if spec.station else ("validator", index)
            yield _wrong(written, "GATE_PLACE_UNKNOWN", *where, what=spec.station or "station")
        if line.single_tap != (spec.role == "ride"):
            code = "GATE_ROLE_SINGLE" if line.single_tap else "GATE_ROLE_PAIR"
            yield _wrong(written, code, "validator", index, "role", line=spec.line)


def _roles(written: Written, _network: CityNetwork) -> Iterator[Refusal]:
    for index, spec in enumerate(written.config.validator):
        allowed = _ROLES[spec.device]
        if spec.role not in allowed:
            values = {"device": spec.device, "allowed": ", ".join(allowed)}
            yield _wrong(written, "GATE_ROLE", "validator", index, "role", **values)
        if spec.device == "bus" and not spec.vehicle:
            name = f"validator.{index}.vehicle"
            yield _wrong(written, "GATE_CONFIG_MISSING", "validator", index, name=name)
        if spec.device == "gate" and spec.vehicle:
            name = f"validator.{index}.vehicle"
            yield _wrong(written, "GATE_CONFIG_UNKNOWN", "validator", index, "vehicle", name=name)
        if spec.device in ("handheld", "machine") and spec.relay is not None:
            yield _wrong(written, "GATE_NO_DOOR", "validator", index, "relay", device=spec.device)


def _readers(written: Written, _network: CityNetwork) -> Iterator[Refusal]:
    for index, spec in enumerate(written.config.validator):
        sides = sides_of(spec) if spec.role == "both" and not is_one_head(spec) else ("",)
        for number, reader in enumerate(spec.readers):
            where = ("validator", index, "readers", number)
            if reader.side not in sides:
                yield _wrong(written, "GATE_SIDE", *where, sides=", ".join(sides) or "-")
            address = reader.address if isinstance(reader, ScannerTcp | CardTcp) else None
            if address is not None and isinstance(parse_address(address), Refusal):
                yield _wrong(written, "READER_ADDRESS", *where, text=address)
        relay = spec.relay
        if isinstance(relay, TcpRelaySpec) and isinstance(parse_address(relay.address), Refusal):
            yield _wrong(written, "READER_ADDRESS", "validator", index, "relay", text=relay.address)


def _shared(written: Written, _network: CityNetwork) -> Iterator[Refusal]:
    """No two readers of one piece of hardware."""
    seen: set[str] = set()
    for index, spec in enumerate(written.config.validator):
        for number, reader in enumerate(spec.readers):
            for name in _hardware(reader):
                if name in seen:
                    where = ("validator", index, "readers", number)
                    yield _wrong(written, "GATE_TWICE", *where, what=name)
                seen.add(name)


def _hardware(reader: ReaderSpec) -> Iterator[str]:
    match reader:
        case ScannerTcp() | CardTcp():
            yield reader.address
        case ScannerSerial() | ScannerKeyboard():
            yield reader.path
        case CardPcsc():
            yield f"PC/SC {reader.name}"
        case Simulated() if reader.port:
            yield f"port {reader.port}"
        case _:
            return


def _screen(written: Written, _network: CityNetwork) -> Iterator[Refusal]:
    screen = written.config.screen
    if screen is None:
        for index, spec in enumerate(written.config.validator):
            for number, reader in enumerate(spec.readers):
                if isinstance(reader, Camera):
                    where = ("validator", index, "readers", number)
                    yield _wrong(written, "GATE_CONFIG_MISSING", *where, name="screen")
        return
    for index, host in enumerate(screen.hosts):
        if not _HOST.fullmatch(host):
            yield _wrong(
                written, "GATE_HOST", "screen", "hosts", index, text=host
            )  # fmt: skip
    for index, address in enumerate(screen.staff):
        if not _is_ip(address):
            yield _wrong(written, "GATE_STAFF_ADDRESS", "screen", "staff", index, text=address)
    if not _HOST.fullmatch(screen.address):
        yield _wrong(written, "GATE_HOST", "screen", "address", text=screen.address)


def _is_ip(text: str) -> bool:
    """Whether it is an IP address, written as one that asks is told of."""
    try:
        return str(ip_address(text)) == text
    except ValueError:
        return False


def _replay(written: Written, _network: CityNetwork) -> Iterator[Refusal]:
    spec = written.config.replay
    if spec is None:
        return
    if spec.station is None and spec.city is None:
        yield _wrong(written, "GATE_CONFIG_MISSING", "replay", name="replay.station")
    for name, one in (("station", spec.station), ("city", spec.city)):
        if one is not None and not _is_numeric(one.address):
            yield _wrong(
                written, "GATE_REGISTER_ADDRESS", "replay", name, "address", text=one.address
            )  # fmt: skip


def _is_numeric(address: str) -> bool:
    """Whether it is an IPv4 address and a port: a name would have to be looked up while somebody
    waits at the lane."""
    found = parse_address(address)
    try:
        return not isinstance(found, Refusal) and bool(IPv4Address(found[0]))
    except AddressValueError:
        return False


def _keys(written: Written, _network: CityNetwork) -> Iterator[Refusal]:
    keys = written.config.keys
    readers = [reader for spec in written.config.validator for reader in spec.readers]
    needed = [] if keys.device else ["site", "city"]
    if any(isinstance(reader, SCANNERS) for reader in readers):
        needed += ["code_roots", "code_issuers"]
    if any(isinstance(reader, CARD_READERS) for reader in readers):
        needed += ["cards", "cards_passphrase"]
    if written.config.replay is not None:
        needed.append("registers")
    for name in ("site", "city"):
        if keys.device and getattr(keys, name):
            yield _wrong(written, "GATE_CONFIG_UNKNOWN", "keys", name, name=f"keys.{name}")
    for name in needed:
        if not getattr(keys, name):
            yield _wrong(written, "GATE_CONFIG_MISSING", "keys", name=f"keys.{name}")
