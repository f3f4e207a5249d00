"""Which line a device speaks over: chosen by the address that it keeps."""

from pathlib import Path

from tongxing.broker import NOBODY, BrokerAddress, Login, is_broker, parse_address
from tongxing.gate.link import Link
from tongxing.gate.mqtt import MqttLine
from tongxing.kernel.reasons import Refusal

DeviceLine = Link | MqttLine


def line_to(address: str, ca: Path | None = None, login: Login = NOBODY) -> DeviceLine | Refusal:
    """The line to a city at ``https://host:port`` or, over a broker, ``mqtts://host:port/500000``.

    Nothing is connected yet. Refuses UPLINK_ADDRESS for any other, and BROKER_ADDRESS.
    """
    if is_broker(address):
        broker = broker_of(address)
        return broker if isinstance(broker, Refusal) else MqttLine(broker, login, ca)
    if not address.lower().startswith(("https://", "http://")):
        return Refusal("UPLINK_ADDRESS", address[:100])
    return Link(address, ca)


def broker_of(address: str) -> BrokerAddress | Refusal:
    """The broker at an address that names its city. Refuses BROKER_ADDRESS."""
    found = parse_address(address)
    if isinstance(found, Refusal) or found.city:
        return found
    return Refusal("BROKER_ADDRESS", address[:100])
