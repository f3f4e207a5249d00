"""How much one account can cost its city while a gate is out of contact: bounded, and published.

A gate that hears nothing cannot know that an account has been denied. So it counts, account by
account, the rides begun since the city was last heard, and lets in fewer the longer it lasts. Who
is inside is always let out. `max_loss_fen` is the bound that follows. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tongxing.deciding.facts import ENDING_ROLES, Role
from tongxing.deciding.token import MediumToken
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class OfflineRules:
    """An operator's limits; times in seconds.

    `quota` says how many rides an account may begin at a site since it last heard from its city,
    by how long that is ago: from each age on, so many. `unpaid_fen` is what an account may owe
    before the city denies it, `deny_lag_s` how long a denial takes to reach a gate in contact,
    `min_trip_s` the shortest ride, `max_fare_fen` the dearest.
    """

    quota: tuple[tuple[int, int], ...] = ((0, 10), (DAY_S, 6), (3 * DAY_S, 3))
    unpaid_fen: int = 20_00
    deny_lag_s: int = 60
    min_trip_s: int = 60
    max_fare_fen: int = 10_00

    def __post_init__(self) -> None:
        ages = [age_s for age_s, _ in self.quota]
        uses = [count for _, count in self.quota]
        if ages[:1] != [0] or ages != sorted(set(ages)) or uses != sorted(uses, reverse=True):
            raise ValueError("a quota begins at age 0 and never grows with it")

    def quota_at(self, age_s: int) -> int:
        """How many rides since the last contact, that long ago."""
        return [count for since_s, count in self.quota if since_s <= max(age_s, 0)][-1]


def max_loss_fen(rules: OfflineRules, out_of_contact_s: int, sites: int = 1) -> int:
    """The most one account can cost beyond what it has paid.

    In contact: what it may owe, and the rides that fit into the time a denial takes. Out of
    contact: the quota of each of the `sites` that are cut off besides.
    """
    rides = -(-rules.deny_lag_s // rules.min_trip_s)
    if out_of_contact_s > rules.deny_lag_s:
        rides += sites * rules.quota_at(0)
    return rules.unpaid_fen + rides * rules.max_fare_fen


@dataclass
class OfflineLimits:
    """What one site knows of accounts' rides since it last heard from its city."""

    rules: OfflineRules
    last_contact_s: int
    _begun: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._begun)

    def refusal(self, token: MediumToken, role: Role, now_s: int) -> Refusal | None:
        """Why this account may not begin a ride here before the city has been heard again:
        GATE_OFFLINE_QUOTA."""
        if token.funding != "account" or role in ENDING_ROLES:
            return None
        age_s = now_s - self.last_contact_s
        if self._begun.get(token.medium_no, 0) < self.rules.quota_at(age_s):
            return None
        return Refusal("GATE_OFFLINE_QUOTA")

    def note(self, token: MediumToken, role: Role) -> None:
        """A lane has opened."""
        if token.funding == "account" and role not in ENDING_ROLES:
            self.count(token.medium_no)

    def count(self, medium_no: str) -> None:
        """An account has begun a ride since the city was last heard."""
        self._begun[medium_no] = self._begun.get(medium_no, 0) + 1

    def contact(self, now_s: int, not_taken: Mapping[str, int] | None = None) -> None:
        """The city was heard, its newest deny list is in force and it has taken all there was:
        count anew. `not_taken` are the rides, by account, that it was told and refused to take as
        they are: they cost it what rides out of contact do, so they count on."""
        self.last_contact_s = now_s
        self._begun = dict(not_taken or {})
