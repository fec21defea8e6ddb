"""Finding people of the workspace by what other tools know of them."""

from bot.slack.api.client import Gateway, Refused

NOBODY = "users_not_found"
STRANGE = "invalid_arguments"
"""Slack's word for what it does not take for an address."""


async def find_by_mail(gateway: Gateway, mail: str) -> str | None:
    """The id of the person who has this address; None if nobody here has, or nobody any more. Raises SlackError."""
    try:
        user = (await gateway.call("users.lookupByEmail", email=mail))["user"]
    except Refused as problem:
        if problem.error in {NOBODY, STRANGE}:
            return None
        raise
    return None if user.get("deleted") or user.get("is_bot") else str(user["id"])
