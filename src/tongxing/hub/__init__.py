"""The clearing house: admits records, splits them by operator, nets windows, settles.

It believes nothing that is not signed and admitted, and changes nothing afterwards: corrections are
further records. It never imports a city or a gate; what it gets and gives are messages.
"""

from tongxing.hub.closing import WindowClosing
from tongxing.hub.ground import Ground, NetworkGround
from tongxing.hub.members import Member, MemberCity, members_of
from tongxing.hub.proofs import prove_hub
from tongxing.hub.rulebook import Rulebook, load_rulebook
from tongxing.hub.service import Confirmation, Hub
from tongxing.hub.settlement import Payment
from tongxing.hub.store import HubStore
from tongxing.hub.windows import window_of

__all__ = [
    "Confirmation",
    "Ground",
    "Hub",
    "HubStore",
    "Member",
    "MemberCity",
    "NetworkGround",
    "Payment",
    "Rulebook",
    "WindowClosing",
    "load_rulebook",
    "members_of",
    "prove_hub",
    "window_of",
]
