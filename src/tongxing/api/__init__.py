"""A city's interface for devices, over HTTP or MQTT: sealed messages in, sealed answers out.

The protocol stands in docs/device-protocol.md, so that another vendor's gate can speak it.
"""

from tongxing.api.app import create_device_app
from tongxing.api.desks import DeviceDesks
from tongxing.api.interface import Interface
from tongxing.api.letterbox import Letterbox

__all__ = ["DeviceDesks", "Interface", "Letterbox", "create_device_app"]
