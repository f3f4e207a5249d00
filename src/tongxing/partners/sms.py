"""What a city asks of whoever sends its short messages.

A message has a template that the operator registered and values for it; what it says is the
template's, never ours. Short messages cannot be sent twice to the same effect, so nothing here is
ever repeated by itself: who sent and did not hear back decides.
"""

from collections.abc import Mapping
from typing import Protocol

from tongxing.kernel.reasons import Refusal


class SmsSender(Protocol):
    """Sends short messages. Does not raise for what the network or the partner does."""

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str
    ) -> Refusal | None:
        """Send the template, by our name of it, to one phone (11 digits); None: it was accepted.

        `out_id` is ours and names the message in the partner's reports. Refuses with a code that
        begins with SMS_ or PARTNER_; PARTNER_NO_ANSWER alone leaves open whether it was sent.
        """
        ...
