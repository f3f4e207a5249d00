"""The hub's interface for its members, over HTTPS: files in, letters out, every message signed.

The contract stands in docs/exchange-api.md, so that another vendor's city can speak it.
"""

from tongxing.hub_api.app import create_hub_app
from tongxing.hub_api.desks import HubDesks, HubLimits

__all__ = ["HubDesks", "HubLimits", "create_hub_app"]
