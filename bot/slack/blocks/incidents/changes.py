"""Recent changes on an incident's card, each with a button that records it as the cause."""

from datetime import timedelta

from bot.domain.changes.change import SHOWN_CHANGES, Change
from bot.domain.changes.events import ChangeStatus
from bot.domain.text.durations import format_duration
from bot.services.views.card import CardView
from bot.slack.blocks.limits import Blocks, button, is_linkable, link, literal, section, slack_datetime

IS_CAUSE = "change_is_cause"
TITLE, DETAILS, ADDRESS = 80, 100, 200
"""Characters of a change's title, of its details, and of the address of its link: the card as a whole has a limit."""
STATES = {ChangeStatus.STARTED: "running", ChangeStatus.FAILED: "failed"}


def change_blocks(view: CardView) -> Blocks:
    """*Changed lately* with at most three lines; nothing if nothing was changed."""
    return [
        section(
            ("*Changed lately:* " if number == 0 else "") + change_line(view, change),
            accessory=button("This is the cause", IS_CAUSE, f"{view.incident_id}.{change.change_id}"),
        )
        for number, change in enumerate(view.recent_changes[:SHOWN_CHANGES])
    ]


def change_line(view: CardView, change: Change) -> str:
    """The change with its link, its distance from the first error, and its details."""
    title = literal(change.title, view.names, TITLE)
    shown = (
        link(change.link, title) if change.link and len(change.link) <= ADDRESS and is_linkable(change.link) else title
    )
    before = view.times.started_at - change.began_at
    told = f"{format_duration(before)} before the first error" if before >= timedelta(minutes=1) else "just before it"
    details = (
        ", ".join(change.services),
        change.version if change.version not in change.title else "",
        change.environment,
        STATES.get(change.status, ""),
        f"by {change.author}" if change.author else "",
    )
    rest = literal(" · ".join(filter(None, details)), view.names, DETAILS)
    return f"{shown} at {slack_datetime(change.began_at)}, {told}{f' · {rest}' if rest else ''}"
