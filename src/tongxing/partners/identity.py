"""What a city asks of whoever knows which name belongs to which identity number."""

from typing import Protocol

from tongxing.kernel.reasons import Refusal


class IdentityChecker(Protocol):
    """Compares a name and an identity number. Does not raise for what the partner does."""

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal:
        """Whether the two belong together.

        False also where the authority has no such number, or says that the two cannot be a name
        and a number. `out_id` is ours, for our own records. Refuses with a code that begins with
        PARTNER_: nothing is known then.
        """
        ...
