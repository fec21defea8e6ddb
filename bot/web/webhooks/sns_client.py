"""Client of Amazon SNS: fetch its certificates, and confirm a subscription."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

SECONDS = 5.0
"""Amazon gives up after 15 seconds."""
MAX_BYTES = 64 * 1024
"""A certificate has about 2,000 bytes."""
MAX_CERTIFICATES = 16
"""Certificates that are kept. Amazon changes its own about once a year, in each region."""
MAX_CONCURRENT = 4


class SnsUnreachable(Exception):
    """The message continues "cannot be reached:"."""


class SnsClient:
    """`origin` replaces scheme and host of each address, for tests."""

    def __init__(self, origin: str | None = None) -> None:
        self._origin = origin
        self._certificates: dict[str, bytes] = {}
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def fetch_certificate(self, address: str, folder: Path | None) -> bytes:
        """
        The certificate at a checked address, once; from the folder if there is one.

        Raises SnsUnreachable.
        """
        if address not in self._certificates:
            found = await _read_file(folder, address) if folder else await self._get(address)
            while len(self._certificates) >= MAX_CERTIFICATES:
                del self._certificates[next(iter(self._certificates))]
            self._certificates[address] = found
        return self._certificates[address]

    async def confirm_subscription(self, address: str) -> None:
        """Fetch the checked address of a subscription. Raises SnsUnreachable."""
        await self._get(address)

    async def _get(self, address: str) -> bytes:
        parts = urlsplit(address)
        target = f"{self._origin}{parts.path}?{parts.query}" if self._origin else address
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._slots,
                aiohttp.ClientSession() as session,
                session.get(target, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise SnsUnreachable(f"it answered {answer.status}")
                return await _read_limited(answer)
        except TimeoutError:
            raise SnsUnreachable(f"no answer within {SECONDS:g} seconds") from None
        except (aiohttp.ClientError, OSError) as problem:
            raise SnsUnreachable(type(problem).__name__) from None


async def _read_limited(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(8192):
        body += chunk
        if len(body) > MAX_BYTES:
            raise SnsUnreachable("the answer is too long")
    return bytes(body)


async def _read_file(folder: Path, address: str) -> bytes:
    """The file of the certificate's own name: the name was checked with the address."""
    name = Path(urlsplit(address).path).name
    try:
        return await asyncio.to_thread((folder / name).read_bytes)
    except OSError as problem:
        raise SnsUnreachable(f"the file {name} cannot be read ({problem.strerror})") from None
