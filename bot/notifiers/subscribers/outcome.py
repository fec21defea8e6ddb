"""Results of one attempt to tell one subscriber."""

import re
from enum import StrEnum


class Result(StrEnum):
    """
    Result of one attempt.

    `AGAIN`: worth another try. `ENDED`: the address does not exist any more, and the subscription ends. `FAILED`: this
    notice is not delivered, the next one may be.
    """

    SENT = "sent"
    AGAIN = "again"
    ENDED = "ended"
    FAILED = "failed"


ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
"""Enhanced status code of a permanent failure: RFC 3463."""
GONE_CODES = frozenset({550, 551, 553})
"""Replies about the mailbox, where the server sends no enhanced code."""
GONE_DETAILS = frozenset({("1", "1"), ("1", "2"), ("1", "3"), ("1", "6"), ("1", "10"), ("2", "1")})
"""There is no such mailbox or domain, it moved, or it was closed."""


def read_refusal(code: int, text: str) -> Result:
    """
    Classify a server's reply about a recipient.

    Only an address that does not exist ends a subscription. A refusal by policy, such as a relay that is not allowed,
    says nothing about the address.
    """
    if not 500 <= code < 600:
        return Result.AGAIN
    found = ENHANCED.search(text)
    is_gone = found.groups() in GONE_DETAILS if found else code in GONE_CODES
    return Result.ENDED if is_gone else Result.FAILED
