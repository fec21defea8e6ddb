"""Slack's tokens: their kinds by prefix, and which of them a connection to Slack takes."""

NOT_SET = (
    "SLACK_BOT_TOKEN is not set. To try Dogwatch without Slack run `dogwatch sandbox`; to install it see the README."
)
_FIND_BOT = "The bot token (xoxb-…) is in the app's settings under OAuth & Permissions, once the app is installed."
NO_BOT = f"SLACK_APP_TOKEN is set and SLACK_BOT_TOKEN is not: Socket Mode needs both. {_FIND_BOT}"
NO_BOT_OVER_HTTP = f"SLACK_SIGNING_SECRET is set and SLACK_BOT_TOKEN is not: it takes both. {_FIND_BOT}"
NO_CONNECTION = (
    "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET to receive Slack's requests over HTTP. Both are in "
    "the app's settings under Basic Information."
)

KINDS = (
    ("xoxe", "a token that Slack rotates (xoxe), which ends after twelve hours"),
    ("xapp-", "an app-level token (xapp-)"),
    ("xoxb-", "a bot token (xoxb-)"),
    ("xoxp-", "a user's token (xoxp-)"),
    ("xoxa-", "a workspace app's token (xoxa-), a kind that Slack has given up"),
    ("xoxc-", "a browser session's token (xoxc-)"),
    ("xoxd-", "a browser session's cookie (xoxd-)"),
)
VARIABLES = {"xapp-": "SLACK_APP_TOKEN", "xoxb-": "SLACK_BOT_TOKEN"}


def token_kind(value: str) -> str | None:
    """Return the prefix of a Slack token; None for any other text."""
    return next((start for start, _ in KINDS if value.startswith(start)), None)


def wrong_bot_token(value: str) -> str | None:
    """Return why this cannot be the bot's token; None if it can."""
    return _wrong_kind(value, "xoxb-", "Here goes the bot token, xoxb-…, of OAuth & Permissions.")


def wrong_app_token(value: str) -> str | None:
    return _wrong_kind(value, "xapp-", "Make an app-level token with connections:write; it begins with xapp-.")


def wrong_signing_secret(value: str) -> str | None:
    return _wrong_kind(value, None, "Here goes the Signing Secret of Basic Information: 32 characters, 0-9 and a-f.")


def _wrong_kind(value: str, right: str | None, wanted: str) -> str | None:
    kind = token_kind(value)
    if kind is None or kind == right:
        return None
    if kind == "xoxe":
        wanted = f"Switch token rotation off in the app's settings. {wanted}"
    place = f" It belongs in {VARIABLES[kind]}." if kind in VARIABLES else ""
    return f"This is {dict(KINDS)[kind]}.{place} {wanted}"


def find_token_problem(*, bot: bool, app: bool, signing: bool) -> str | None:
    """Return which token is missing, with the remedy; None if the bot can connect."""
    if not bot:
        return NO_BOT if app else NO_BOT_OVER_HTTP if signing else NOT_SET
    return None if app or signing else NO_CONNECTION
