"""Lines of a drill."""

from bot.services.views.event import EventView
from bot.slack.blocks.incidents.channel_lines.parts import actor_text
from bot.slack.blocks.limits import formatted, literal, quoted, section
from bot.slack.blocks.message import Message, plain_message


def drill_started_line(view: EventView) -> Message:
    script = literal(str(view.values.get("script")), limit=100)
    return plain_message(
        f":performing_arts: *This is a drill*, started by {actor_text(view)} after {script}. Events appear "
        "here one by one, marked as practice. Respond as you would in an incident, with messages and `/incident`. "
        "Nobody outside this channel is paged. End it with `/incident resolve` or `/incident cancel WHY`."
    )


def practice_line(view: EventView) -> Message:
    what, is_over = view.values.get("what"), view.values.get("over")
    sign = {"alert": "white_circle" if is_over else "rotating_light", "vendor": "satellite_antenna"}.get(
        str(what), "speech_balloon"
    )
    noun = {"alert": "an alert has ended" if is_over else "an alert", "vendor": "a vendor's status page"}.get(
        str(what), "somebody writes"
    )
    text = str(view.values.get("text") or view.text)
    return Message(
        f"Practice: {formatted(text, view.names, 1_000)}",
        [section(f":{sign}: *Practice*, {noun}:\n{quoted(text, view.names)}")],
    )


def drill_finished_line(_view: EventView) -> Message:
    return plain_message(
        ":performing_arts: The drill has no more events. Finish your practice, then end it with `/incident resolve`. "
        "The draft that follows is practice too."
    )
