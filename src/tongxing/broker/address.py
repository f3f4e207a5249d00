"""Where a broker is, as people write it: ``mqtts://host:8883/500000``."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from tongxing.kernel.reasons import Refusal

_PORTS = {"mqtts": 8_883, "mqtt": 1_883}
_HERE = ("127.0.0.1", "::1", "localhost")
_CITY = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker, and the city (six digits) that is spoken to there; "" where it goes unsaid.
    Without TLS only this machine is meant."""

    host: str
    port: int
    is_tls: bool
    city: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def is_broker(address: str) -> bool:
    """Whether an address means a broker at all."""
    return address.lower().startswith(("mqtts:", "mqtt:"))


def parse_address(address: str) -> BrokerAddress | Refusal:
    """The broker at an address. Refuses BROKER_ADDRESS, also for one that leaves this machine
    without TLS and for one with a name or password in it."""
    try:
        found = urlsplit(address)
        port = found.port or _PORTS[found.scheme]
    except (KeyError, ValueError):
        return Refusal("BROKER_ADDRESS", address[:_SHOWN])
    host, city = found.hostname or "", found.path.strip("/")
    is_tls = found.scheme == "mqtts"
    fits = host and (is_tls or host in _HERE) and (not city or _CITY.fullmatch(city))
    if not fits or _has_more(found):
        return Refusal("BROKER_ADDRESS", _without_secrets(found))
    return BrokerAddress(host, port, is_tls, city)


def _has_more(found: SplitResult) -> bool:
    return bool(found.username or found.password or found.query or found.fragment)


def _without_secrets(found: SplitResult) -> str:
    return f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path}"[:_SHOWN]
