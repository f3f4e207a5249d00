"""The keys with which the cities of a run speak to its hub over the exchange API."""

from tongxing.city import acquirer_member, issuer_member
from tongxing.hub.exchange import MemberKey, MemberKeys
from tongxing.messages import SigningKey
from tongxing.simulation.keys import signing_key
from tongxing.simulation.scenario import Scenario

_FOR_EVER_S = 1 << 33


def key_id_of(city: str) -> str:
    """The name of a city's key at the hub of its run."""
    return f"{city}/simulated"


def city_key(seed: int, city: str) -> SigningKey:
    """A city's own key."""
    return signing_key(seed, acquirer_member(city))


def member_keys(seed: int, scenario: Scenario) -> MemberKeys:
    """The public keys of all cities of a run; only those with gates present rides."""
    acquiring = {city.code for city in scenario.cities}
    keys = []
    for code in scenario.members:
        acquirers = (acquirer_member(code),) if code in acquiring else ()
        members = (*acquirers, issuer_member(code))
        public = city_key(seed, code).private.public_key()
        keys.append(MemberKey(key_id_of(code), members, public, 0, _FOR_EVER_S))
    return MemberKeys(keys)
