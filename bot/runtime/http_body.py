"""The body of another server's answer, in whatever pieces it arrives."""

import aiohttp


async def read_beginning(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """
    At most the first `limit` bytes of the body.

    One `read` of aiohttp returns what has arrived, which may be less than there is.
    """
    body = bytearray()
    while len(body) < limit and (piece := await answer.content.read(limit - len(body))):
        body += piece
    return bytes(body)
