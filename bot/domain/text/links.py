"""Links to Slack, and web addresses."""

from urllib.parse import SplitResult, urlsplit


def message_link(workspace_url: str, channel_id: str, ts: str, thread_ts: str | None = None) -> str:
    """
    The permalink of a message, without asking Slack.

    `https://team.slack.com/archives/C1/p1700000000000100`. `workspace_url` is `url` of `auth.test`. A reply needs its
    thread's ts to open in the thread.
    """
    link = f"{channel_link(workspace_url, channel_id)}/p{ts.replace('.', '')}"
    if thread_ts and thread_ts != ts:
        link += f"?thread_ts={thread_ts}&cid={channel_id}"
    return link


def channel_link(workspace_url: str, channel_id: str) -> str:
    return f"{workspace_url.rstrip('/')}/archives/{channel_id}"


def split_url(address: str) -> SplitResult | None:
    """The parts of a typed web address; None where it cannot be one, like `https://[abc`."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # parsed on access; raises ValueError
    except ValueError:
        return None
    return parts
