"""Addresses that may be fetched: HTTPS and public ones, unless the operator allows others."""

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.domain.text.network_address import is_public, read_ip
from bot.lazy_dataclass import dataclass

PRIVATE = "its host is a private address, which is not allowed"


class RefusedAddress(OSError):
    """
    The address may not be fetched.

    The message continues "could not be read:" and never contains the address.
    """


@dataclass(frozen=True, slots=True)
class AddressRules:
    """
    Exceptions that the operator made.

    `hosts`: those that may be asked, in lower case; None: any.
    """

    allows_http: bool = False
    allows_private: bool = False
    hosts: frozenset[str] | None = None


def check_address(address: str, rules: AddressRules) -> None:
    """
    Raise RefusedAddress for a URL that may not be fetched, as far as the URL itself shows.

    Raises ValueError for one that cannot be read.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and rules.allows_http):
        raise RefusedAddress(f"it is at {parts.scheme or 'nowhere'}://, and only https:// is allowed")
    if rules.hosts is not None and (parts.hostname or "") not in rules.hosts:
        raise RefusedAddress("its host is not one of the allowed ones")
    if rules.allows_private:
        return
    stated = read_ip(URL(address).raw_host or "")  # as it is fetched: other digits and dots are those of an address
    if stated is not None and not is_public(stated):
        raise RefusedAddress(PRIVATE)


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
        public = [each for each in found if (address := read_ip(each["host"])) and is_public(address)]
        if not public:
            raise RefusedAddress(PRIVATE)
        return public

    async def close(self) -> None:
        await self._inner.close()
