"""What every part of this room works with: the office, the channels, the numbers, whom to tell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tongxing.city.money.terms import MoneyTerms, money_terms
from tongxing.city.office import Office
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import PaymentChannel

Tell = Callable[[Cursor, str, str, Mapping[str, object], int], None]
"""Leave a passenger a notice: cursor, account, kind of notice, its values, when."""

_ID_MAX = 255


def tell_nobody(
    cursor: Cursor, account: str, kind: str, values: Mapping[str, object], now_s: int
) -> None:
    """For houses without passengers' pages."""


@dataclass(frozen=True, slots=True)
class Till:
    """One city's till. `channels` are the payment partners by the name that orders carry."""

    office: Office
    channels: Mapping[str, PaymentChannel]
    tell: Tell = tell_nobody
    terms_of: Callable[[str, int], MoneyTerms] = field(default=money_terms)

    @property
    def city(self) -> str:
        """The division code of the city."""
        return self.office.code

    def terms(self, now_s: int) -> MoneyTerms:
        """The numbers that hold now."""
        return self.terms_of(self.city, now_s)

    def channel(self, name: str) -> PaymentChannel | Refusal:
        """A payment partner. Refuses CHANNEL_UNKNOWN."""
        return self.channels.get(name) or Refusal("CHANNEL_UNKNOWN", name[:_ID_MAX])


def request_id_objection(request_id: str) -> Refusal | None:
    """REQUEST_ID_INVALID for an id that is not 1 to 255 visible ASCII characters."""
    if 1 <= len(request_id) <= _ID_MAX and all("!" <= one <= "~" for one in request_id):
        return None
    return Refusal("REQUEST_ID_INVALID")
