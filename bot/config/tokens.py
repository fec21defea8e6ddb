"""Slack's tokens: their kinds by prefix, and those that a connection needs."""

NOT_SET = (
    "SLACK_BOT_TOKEN is not set. To install Dogwatch, see docs/start/install.md. To try it without Slack, "
    "run `dogwatch sandbox`."
)
_FIND_BOT = "Install the app, and copy the bot token (xoxb-…) from its settings under OAuth & Permissions."
NO_BOT = f"SLACK_BOT_TOKEN is missing: Socket Mode needs it and SLACK_APP_TOKEN. {_FIND_BOT}"
NO_BOT_OVER_HTTP = f"SLACK_BOT_TOKEN is missing: HTTP needs it and SLACK_SIGNING_SECRET. {_FIND_BOT}"
NO_CONNECTION = (
    "SLACK_APP_TOKEN (for Socket Mode) or SLACK_SIGNING_SECRET (for HTTP) is missing. Copy one from "
    "the app's settings under Basic Information."
)

KINDS = (
    ("xoxe", "a rotating token (xoxe), which expires after 12 hours"),
    ("xapp-", "an app-level token (xapp-)"),
    ("xoxb-", "a bot token (xoxb-)"),
    ("xoxp-", "a user's token (xoxp-)"),
    ("xoxa-", "a workspace app's token (xoxa-), which Slack no longer supports"),
    ("xoxc-", "a browser session's token (xoxc-)"),
    ("xoxd-", "a browser session's cookie (xoxd-)"),
)
VARIABLES = {"xapp-": "SLACK_APP_TOKEN", "xoxb-": "SLACK_BOT_TOKEN"}


def token_kind(value: str) -> str | None:
    """Return the prefix of a Slack token; None for any other text."""
    return next((start for start, _ in KINDS if value.startswith(start)), None)


def wrong_bot_token(value: str) -> str | None:
    """Return why this cannot be the bot's token; None if it can."""
    return _wrong_kind(value, "xoxb-", "Use the bot token (xoxb-…) from OAuth & Permissions.")


def wrong_app_token(value: str) -> str | None:
    return _wrong_kind(value, "xapp-", "Use an app-level token (xapp-…) with the scope connections:write.")


def wrong_signing_secret(value: str) -> str | None:
    return _wrong_kind(value, None, "Use the Signing Secret from Basic Information: 32 characters, 0-9 and a-f.")


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
