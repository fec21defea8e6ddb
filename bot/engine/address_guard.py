"""Addresses that may be fetched: HTTPS and public ones, unless the operator allows others."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses of translators (NAT64): the last four bytes are an IPv4 address."""


class RefusedAddress(OSError):
    """
    The address may not be fetched.

    The message continues "could not be read:" and never contains the address.
    """


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Exceptions that the operator made."""

    allows_http: bool = False
    allows_private: bool = False


def check_address(address: str, rules: AddressRules) -> None:
    """Raise RefusedAddress for a URL that may not be fetched, as far as the URL itself shows."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and rules.allows_http):
        raise RefusedAddress(f"it is at {parts.scheme or 'nowhere'}://, and only https:// is allowed")
    if rules.allows_private:
        return
    try:
        stated = ip_address((parts.hostname or "").partition("%")[0])
    except ValueError:
        return
    _check_public(stated)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether the address belongs to the internet, also as part of an IPv6 address."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _check_public(address: IPv4Address | IPv6Address) -> None:
    if not is_public(address):
        raise RefusedAddress("its host is a private address, which is not allowed")


class PublicResolver(AbstractResolver):
    """
    DNS without private addresses.

    A name that leads into the internal network is refused as it is resolved. The hosts of configured proxies are
    exempt: they are often internal, and the operator chose them.
    """

    def __init__(self) -> None:
        self._inner = ThreadedResolver()
        self._proxies = {urlsplit(each).hostname for each in getproxies().values()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if host in self._proxies:
            return found
        public = [each for each in found if is_public(ip_address(each["host"].partition("%")[0]))]
        if not public:
            raise RefusedAddress("its host is a private address, which is not allowed")
        return public

    async def close(self) -> None:
        await self._inner.close()
