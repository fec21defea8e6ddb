"""
Slack's rate limits as gates of the outbox.

Source: docs.slack.dev/apis/web-api/rate-limits.
"""

from datetime import timedelta

from bot.store.outbox import Rate

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls per minute and method, by tier."""

TIER = {
    "conversations.create": 2,
    "conversations.setTopic": 2,
    "conversations.archive": 2,
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
RESERVED = {"conversations.create": 1}
"""Calls per minute kept free for calls without a gate: a post may create the announcement channel first."""
POSTS_PER_MINUTE, POSTS_AT_ONCE = 240, 60
"""
`chat.postMessage` has a special tier: one per second and channel, several hundred per minute and workspace. These
values allow at most 300 in any minute.
"""
POST_MESSAGE, PUBLISH_HOME = "chat.postMessage", "views.publish"
CHANNEL_SPACING = timedelta(seconds=1.03)
"""Time between two posts into one channel: a second, and some jitter of the network. See also `pacing`."""

HOME_SPACING, HOMES_AT_ONCE = timedelta(seconds=3), 2
"""
Time between two updates of one person's App Home, after the first two. This is our own limit.

Home lists what is open: in a busy hour it changes several times a second, and each change replaces the one before.
"""


def gate_name(method: str, channel: str | None = None) -> str:
    return f"{method}:{channel}" if channel else method


def call_rates(method: str, destination: str | None = None) -> tuple[Rate, ...]:
    """
    Return the gates that a call has to pass.

    `destination`: the channel of a post, or the person of an App Home.

    A method's gate allows its tier's calls per minute as one burst, so that an incident is set up without waiting.
    Posts have a gate per workspace and one per channel, App Home one per person, too.
    """
    if method == POST_MESSAGE:
        workspace_rate = Rate(gate_name(POST_MESSAGE), timedelta(minutes=1) / POSTS_PER_MINUTE, burst=POSTS_AT_ONCE)
        if destination is None:
            return (workspace_rate,)
        return (workspace_rate, Rate(gate_name(POST_MESSAGE, destination), CHANNEL_SPACING))
    tier = TIER.get(method)
    if tier is None:
        return ()
    budget = PER_MINUTE[tier] - RESERVED.get(method, 0)
    rate = Rate(gate_name(method), timedelta(minutes=1) / budget, burst=budget, a_minute=budget)
    if method == PUBLISH_HOME and destination is not None:
        return (rate, Rate(gate_name(method, destination), HOME_SPACING, burst=HOMES_AT_ONCE))
    return (rate,)
