"""IP addresses of the internet, and those of private networks."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as an IPv6 network without IPv4 sees them: the last four bytes."""


def read_ip(host: str) -> IPAddress | None:
    """The IP address that a host is; None for a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_public(address: IPAddress) -> bool:
    """Return whether an address belongs to the internet, and each one that it contains."""
    return all(each.is_global and not each.is_multicast for each in _contained_addresses(address))


def _contained_addresses(address: IPAddress) -> list[IPAddress]:
    """
    The address, and those inside it: 6to4, Teredo, NAT64.

    One that maps an IPv4 address stands for that alone.
    """
    if isinstance(address, IPv4Address):
        return [address]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    found: list[IPAddress] = [each for each in inner if each is not None]
    return found if address.ipv4_mapped else [address, *found]
