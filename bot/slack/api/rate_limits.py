"""How often Slack may be called: its tiers, as gates of the outbox. Source: docs.slack.dev/apis/web-api/rate-limits."""

from datetime import timedelta

from bot.store.outbox import Rate

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute and method that each tier grants."""

TIER = {
    "conversations.create": 2,
    "conversations.setTopic": 2,
    "conversations.list": 2,
    "pins.add": 2,
    "reactions.remove": 2,
    "conversations.invite": 3,
    "conversations.history": 3,
    "conversations.replies": 3,
    "conversations.open": 3,
    "chat.update": 3,
    "chat.delete": 3,
    "files.delete": 3,
    "reactions.add": 3,
    "bookmarks.list": 3,
    "canvases.create": 2,
    "users.info": 4,
    "chat.postEphemeral": 4,
    "views.publish": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
}
LEFT_OVER = {"conversations.create": 1}
"""Calls a minute that are left for what no gate sees: the channel of announcements is made on the way to a post."""
POSTS_PER_MINUTE, POSTS_AT_ONCE = 240, 60
"""
`chat.postMessage` has a special tier: one a second and channel, several hundred a minute and workspace. With these it
is at most 300 in any minute.
"""
POST = "chat.postMessage"
SPACING = timedelta(seconds=1.03)
"""Between two posts into one channel: a second, and what connections add or take. See `pacing`, too."""


def gate_of(method: str, channel: str | None = None) -> str:
    return f"{method}:{channel}" if channel else method


def rates(method: str, channel: str | None = None) -> tuple[Rate, ...]:
    """
    The gates that a call has to pass: a tier's number in any minute, at once if need be, never more.

    So one incident is set up without waiting, and a storm gets as many channels as Slack grants. Posts go one a second
    and channel.
    """
    if method == POST:
        of_workspace = Rate(gate_of(POST), timedelta(minutes=1) / POSTS_PER_MINUTE, burst=POSTS_AT_ONCE)
        if channel is None:
            return (of_workspace,)
        return (of_workspace, Rate(gate_of(POST, channel), SPACING))
    tier = TIER.get(method)
    if tier is None:
        return ()
    budget = PER_MINUTE[tier] - LEFT_OVER.get(method, 0)
    return (Rate(gate_of(method), timedelta(minutes=1) / budget, burst=budget, a_minute=budget),)
