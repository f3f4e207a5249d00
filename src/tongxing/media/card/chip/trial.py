"""Cards for trying things: made under the published test keys, which protect nothing.

For tests, the demo and the simulation. A card of the real world never comes from here, and vaults
of the real world refuse the keys of these.
"""

from collections.abc import Mapping
from datetime import date

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip.image import Switches
from tongxing.media.card.chip.names import CITY_UNION, T_UNION
from tongxing.media.card.chip.profile import CardKeyUse, CardProfile, algorithm_of
from tongxing.media.keys import KEY_USES, KeyUse
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.software import SoftwareVault

_ORGANISATION = bytes.fromhex("9901")
"""No organisation has it."""
_INDEXES = (0x01, 0x41)
_KEPT_UP: tuple[CardKeyUse, ...] = ("UK", "IK", "DRPK")
_STARTS, _EXPIRES = date(2026, 1, 1), date(2036, 12, 31)


def trial_issuer(city: str) -> bytes:
    """The id of an issuer that does not exist, in a city by its region code of four digits."""
    return _ORGANISATION + bytes.fromhex(city) + b"\xff" * 4


ISSUER = trial_issuer("6900")


def trial_keys(
    issuer_factor: bytes, card_factor: bytes, aid: bytes = T_UNION
) -> Mapping[tuple[CardKeyUse, int], bytes]:
    """Card keys under the test masters, index 01 and 41. Factors are 8 bytes, issuer and card.

    The keys for authentication and PINs are those of maintenance: the test masters have no others.
    """
    vault = SoftwareVault(simulated_masters())
    keys: dict[tuple[CardKeyUse, int], bytes] = {}
    for index in _INDEXES:
        algorithm = algorithm_of(aid, index)
        for use in KEY_USES:
            keys[use, index] = _key(vault, use, algorithm, (issuer_factor, card_factor))
        keys.update({(use, index): keys["DAMK", index] for use in _KEPT_UP})
    return keys


def trial_profile(
    number: str,
    *,
    issuer_id: bytes = ISSUER,
    aid: bytes = T_UNION,
    balance_fen: int = 0,
    switches: Switches | None = None,
) -> CardProfile:
    """A T-Union card under the test keys; `number` has 19 digits. Change it with `replace`."""
    return CardProfile(
        number=number,
        issuer_id=issuer_id,
        aid=aid,
        keys=trial_keys(issuer_id, bytes.fromhex(number[3:]), aid),
        starts=_STARTS,
        expires=_EXPIRES,
        balance_fen=balance_fen,
        switches=switches or Switches(),
    )


def city_union_trial(
    number: str, *, city: str = "4000", balance_fen: int = 0, switches: Switches | None = None
) -> CardProfile:
    """A City Union card under the test keys; `number` has 16 digits, `city` is a postal code."""
    city_factor = bytes.fromhex(city) + b"\xff" + bytes(5)
    return CardProfile(
        number=number,
        issuer_id=bytes(8),
        scheme="city_union",
        city=city,
        keys=trial_keys(city_factor, bytes.fromhex(number), CITY_UNION),
        starts=_STARTS,
        expires=_EXPIRES,
        balance_fen=balance_fen,
        security_code=bytes.fromhex("850102030401020304"),
        pin=bytes.fromhex("123456"),
        switches=switches or Switches(code_in_mac1=True),
    )


def _key(vault: SoftwareVault, use: KeyUse, algorithm: int, factors: tuple[bytes, ...]) -> bytes:
    key = vault.card_key(use, algorithm, 1, factors)
    if isinstance(key, Refusal):
        raise ValueError("the test masters lack a key")
    return key
