"""A city's dealings with its hub: files there, letters back, over whatever line.

`dealing` says what is sent and what is booked, `line` what a line must be able to do, `http_line`
is the one over HTTPS (docs/exchange-api.md). A hub in the same process has a line of its own.
`registers` is the same for registers, kept by `register_book`.
"""

from tongxing.city.hub_line.dealing import Dealt, HubDealings
from tongxing.city.hub_line.http_line import HttpLine, HubAddress
from tongxing.city.hub_line.line import HubLine
from tongxing.city.hub_line.register_book import RegisterBook
from tongxing.city.hub_line.registers import RegisterDealings
from tongxing.city.hub_line.trust import HubTrust

__all__ = [
    "Dealt",
    "HttpLine",
    "HubAddress",
    "HubDealings",
    "HubLine",
    "HubTrust",
    "RegisterBook",
    "RegisterDealings",
]
