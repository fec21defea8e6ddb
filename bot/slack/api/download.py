"""Download of files from Slack, with the bot's token and a limit."""

from urllib.parse import urlsplit

import aiohttp

from bot.slack.api.errors import RateLimited, SlackApiError, Unreachable, retry_after

SLACK_DOMAINS = (".slack.com", ".slack-gov.com")
"""Domains of Slack's hosts for files: commercial, and GovSlack."""
METHOD = "download"
CHUNK_BYTES = 65_536


class ForeignAddress(Exception):
    """The address is not Slack's: the token must not go there."""


def require_slack_address(url: str, api_url: str) -> None:
    """Raise ForeignAddress unless the file is at Slack by HTTPS, or at the host of `api_url`."""
    try:
        address, api = urlsplit(url), urlsplit(api_url)
        is_api_host = (address.scheme, address.hostname, address.port) == (api.scheme, api.hostname, api.port)
        is_slack = address.scheme == "https" and (address.hostname or "").endswith(SLACK_DOMAINS)
    except ValueError as problem:
        raise ForeignAddress from problem
    if not (is_api_host or (is_slack and address.port in {None, 443})):
        raise ForeignAddress


async def download_file(session: aiohttp.ClientSession, url: str, token: str, limit: int) -> bytes | None:
    """
    Read a file; None if it has more than `limit` bytes.

    Redirects are not followed: they would take the token along. Raises SlackApiError if Slack refuses, RateLimited or
    Unreachable.
    """
    content = bytearray()
    try:
        async with session.get(url, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False) as response:
            if response.status == 429:
                raise RateLimited(METHOD, retry_after(response.headers))
            if response.status >= 500:
                raise Unreachable(METHOD, f"HTTP {response.status}", maybe_done=False)
            if response.status != 200:
                raise SlackApiError(METHOD, "file_not_found", {})
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                content += chunk
                if len(content) > limit:
                    return None
    except aiohttp.ClientError as problem:
        raise Unreachable(METHOD, f"the connection broke ({type(problem).__name__})", maybe_done=False) from problem
    except TimeoutError as problem:
        raise Unreachable(METHOD, "no answer in time", maybe_done=False) from problem
    return bytes(content)
