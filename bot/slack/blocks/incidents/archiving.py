"""Messages about an open incident whose channel is archived or lost."""

from bot.slack.blocks.limits import actions, button, literal, section
from bot.slack.blocks.message import Message, plain_message

GO_ON = "go_on_elsewhere"


def channel_archived_message(
    incident_id: int, reference: str, channel_name: str, *, is_reopened: bool = True
) -> Message:
    """Instructions to open the channel for Dogwatch, and a button for a new one."""
    name = f"#{literal(channel_name, limit=100)}" if channel_name else "its channel"
    again = " again" if is_reopened else ""
    text = (
        f"{reference} is open{again}, but Dogwatch cannot write in {name}: it is archived or deleted, or Dogwatch was "
        "removed from it. Either\n"
        f"• continue there: open {name} in Slack. If it is archived, click its name at the top, then Settings, then "
        "*Unarchive channel*; people of a public channel have to join it again. Invite Dogwatch with `/invite` and "
        "write something. Or\n"
        "• continue in a new channel: it is linked, the record continues, and participants are invited."
    )
    return Message(text, [section(text), actions(button("Open a new channel", GO_ON, str(incident_id)))])


def new_channel_message(reference: str) -> Message:
    return plain_message(
        f":white_check_mark: {reference} continues in a new channel, which opens now. You are invited."
    )
