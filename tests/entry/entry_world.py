"""Small things that entry tests are made of: the policy of 2022, places, attesters, providers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tongxing.entry import (
    Answer,
    Asker,
    Attestation,
    HolderAnswer,
    Lane,
    Medium,
    Place,
    Policy,
    Result,
    answer_entry,
    holder_of,
    judged,
    policies,
    sign_attestation,
)
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal

POLICY: Policy = policies()[0]
DAY = date(2022, 5, 30)
NOON_S = at(DAY, 12)
NUMBER = "3105170000000000017"
HOLDER_KEY = b"a key that gates and attester share"
HOLDER = holder_of(HOLDER_KEY, POLICY.city, NUMBER)
KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
ATTESTERS = {"bj-1": KEY.public_key()}

KEY_STATION = Place(mode="rail", properties=frozenset({"key_station"}))
OTHER_STATION = Place(mode="rail", stations=frozenset({"xidan"}))
BUS_14 = Place(mode="bus", lines=frozenset({"14"}))
CARD = Medium("card")
SENIOR = Medium("card", "elder")
UNLINKED = HolderAnswer(False, None)


def word(passed: bool, now_s: int = NOON_S, life_s: int = 3600, **changes: object) -> Attestation:
    """What an attester says of the holder."""
    fields = {"city": POLICY.city, "holder": HOLDER, **changes}
    return Attestation(**fields, passed=passed, issued_s=now_s, expires_s=now_s + life_s)


def known(passed: bool, now_s: int = NOON_S) -> HolderAnswer:
    """A linked holder with a yes or no."""
    return HolderAnswer(True, word(passed, now_s))


def ask(
    holder: HolderAnswer,
    place: Place = KEY_STATION,
    medium: Medium = CARD,
    lane: Lane | None = None,
    now_s: int = NOON_S,
    policy: Policy | None = POLICY,
) -> Answer:
    """A tap at noon of 30 May 2022, unless said otherwise."""
    return answer_entry(policy, place, medium, holder, lane or Lane(), now_s)


def sampled(days: int, now_s: int = NOON_S, good: bool = True) -> Result:
    """A result whose sample was taken so many days ago, at the same time of day."""
    return Result(now_s - days * DAY_S, good)


@dataclass
class FakeProvider:
    """An attester behind a wire that can break; it counts who asked."""

    now_s: int = NOON_S
    results: dict[str, Result | None] = field(default_factory=dict)
    fault: Callable[[], bytes | Refusal] | None = None
    asked: int = 0

    def __call__(self, holder: str, budget_ms: int, now_s: int) -> bytes | Refusal | None:
        self.asked += 1
        assert budget_ms == 300
        if self.fault is not None:
            return self.fault()
        if holder not in self.results:
            return None
        told = judged(POLICY, self.results[holder], self.now_s)
        said = Attestation(POLICY.city, holder, told.passed, self.now_s, told.expires_s)
        return sign_attestation(said, "bj-1", KEY)


def asker(provider: FakeProvider) -> Asker:
    return Asker(POLICY, provider, ATTESTERS, HOLDER_KEY)
