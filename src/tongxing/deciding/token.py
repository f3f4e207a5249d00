"""What a reader reads from a medium, as one value: it stands in for card files and code bytes.

A purse card carries its own money, its open ride and its fare counters, because a gate decides
without a network. A code or an account card carries none of these: the city keeps them. The gate
never changes a token; it hands back another one, so that the write to the medium is a visible step.
"""

from datetime import date

from msgspec import Struct

from tongxing.fares import FareState
from tongxing.messages.taps import Funding, MediumKind
from tongxing.network.legacy import Trust

NO_FARE_STATE = FareState()


class OpenEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The entry record of a ride that has begun and not ended: where, when, under which tariff."""

    city: str
    station: str
    line: str
    mode: str
    place: str
    time_s: int
    tariff: str
    vehicle: str = ""


class MediumToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One medium as a reader sees it.

    `trust` is what the reader could prove of it: "legacy_untrusted" for an M1 card, which holds no
    key that anybody still trusts, "proven" for everything else (`network.legacy`).
    `issuer` is the six-digit division code of the issuing city. `expires` is the last day on which
    the medium is good. `code_issued_s` and `code_expires_s` bound one display of a code. The fields
    of a purse (`balance_fen`, `counter`, `open_entry`, `fare_states`) mean something only when
    `funding` is "purse"; `counter` is the number of the newest debit, and `fare_states` holds the
    fare counters of each city in which the card has ridden.
    """

    scheme: str
    medium_no: str
    medium_kind: MediumKind
    issuer: str
    product: str
    funding: Funding
    trust: Trust = "proven"
    enabled: bool = True
    expires: date = date.max
    code_issued_s: int = 0
    code_expires_s: int = 0
    balance_fen: int = 0
    counter: int = 0
    open_entry: OpenEntry | None = None
    fare_states: dict[str, FareState] = {}

    def fare_state(self, city: str) -> FareState:
        """The fare counters of this medium in one city."""
        return self.fare_states.get(city, NO_FARE_STATE)
