"""What a gate and a city share of MQTT v5: where a broker is, who one is there, topics, a session.

A broker carries sealed messages and is believed in nothing: what it acknowledges is no receipt.
The protocol stands in docs/device-protocol.md.
"""

from tongxing.broker.address import BrokerAddress, is_broker, parse_address
from tongxing.broker.login import NOBODY, Login, read_login
from tongxing.broker.session import Hears, Session, open_session

__all__ = [
    "NOBODY",
    "BrokerAddress",
    "Hears",
    "Login",
    "Session",
    "is_broker",
    "open_session",
    "parse_address",
    "read_login",
]
