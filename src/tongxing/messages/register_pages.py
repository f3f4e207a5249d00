"""What hub and member tell one another about registers, beside these themselves.

Bodies of the exchange API (docs/exchange-api.md). They are not sealed: the HTTP message that brings
them is signed. The registers are, by whoever gave them (`messages/registers.py`).
"""

import msgspec
from msgspec import Struct


class KeptRegister(Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a register that the hub has, for ever the same bytes. Its `number` is unique at
    the hub and higher than those of all that came before."""

    number: int
    kind: str
    owner: str
    version: int
    published_s: int
    bytes: int
    sha256: str


class RegisterPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest versions that a member may see and that came after a number, oldest first; `last`
    is the highest number that there is for it."""

    member: str
    last: int
    registers: list[KeptRegister]


KEPT_REGISTERS = msgspec.json.Decoder(KeptRegister)
REGISTER_PAGES = msgspec.json.Decoder(RegisterPage)
