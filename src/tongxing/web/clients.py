"""Who counts as one client where limits are kept: an address, or the network of one household."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_HOUSEHOLD_BITS = 64
"""The part of an IPv6 address that a provider gives out; whoever has it makes up the rest at will
(RFC 6177, RFC 8981)."""


def client_key(host: str) -> str:
    """What stands for the client at an address: IPv4 whole, also inside IPv6 (::ffff:192.0.2.7),
    IPv6 by its /64 network; anything else as it is."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _HOUSEHOLD_BITS), strict=False))
