"""Names of a city's parties at the hub: one issuer and one acquirer per city."""


def issuer_member(city: str) -> str:
    """The member id of the card company that issues in `city` (a six-digit division code)."""
    return f"ISS-{city}"


def acquirer_member(city: str) -> str:
    """The member id of the party that presents the rides of `city`."""
    return f"ACQ-{city}"
