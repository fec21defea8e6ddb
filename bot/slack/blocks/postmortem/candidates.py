"""Form to choose the messages that belong on the timeline."""

from bot.command.forms.choices import Choice
from bot.domain.timeline.candidates import ChannelMessage
from bot.domain.times import format_time
from bot.services.channel.candidates import CandidatesView
from bot.slack.blocks.inputs import MAX_OPTION_TEXT, checkboxes_field, modal
from bot.slack.blocks.limits import Block, View, context, one_line, replace_mentions
from bot.slack.blocks.modals import INCIDENT

CHOOSE, CHOOSE_FORM = "choose_messages", "choose_messages_modal"
CHOOSE_LABEL = "Choose messages"
FIELD = "messages_"
"""Beginning of the names of the fields: each holds as many boxes as Slack allows."""
BOXES = 10
MAX_AUTHOR = 25


def choose_messages_form(view: CandidatesView) -> View:
    """A box for each likely message, ten in a field."""
    groups = [view.candidates[first : first + BOXES] for first in range(0, len(view.candidates), BOXES)]
    fields = [_group_field(view, number, group) for number, group in enumerate(groups)]
    intro = (
        f"{view.recorded:,} of {view.total:,} messages are on the timeline. These are the likeliest of the others. "
        "Tick those that matter: they become notes, with their own time. Change the kind later in `/incident timeline`."
    )
    return modal(CHOOSE_FORM, CHOOSE_LABEL, "Add", [context(intro), *fields], {INCIDENT: view.incident_id})


def _group_field(view: CandidatesView, number: int, group: tuple[ChannelMessage, ...]) -> Block:
    first, last = (format_time(each.at, view.zone, with_zone=False) for each in (group[0], group[-1]))
    choices = [_message_choice(view, each) for each in group]
    label = f"{first} to {last}" if len(group) > 1 else first
    return checkboxes_field(f"{FIELD}{number}", label, choices)


def _message_choice(view: CandidatesView, message: ChannelMessage) -> Choice:
    """Time, author and first words; the description has the rest."""
    names = view.names or {}
    author = one_line(replace_mentions(names.get(message.author) or message.author), MAX_AUTHOR) or "unknown"
    clock = format_time(message.at, view.zone, with_date=False, with_zone=False)
    words = one_line(replace_mentions(message.text, names), 2 * MAX_OPTION_TEXT) or "a file"
    head = f"{clock} {author}: "
    room = MAX_OPTION_TEXT - len(head)
    if len(words) <= room:
        return Choice(message_value(message), head + words)
    cut_at = words.rfind(" ", room // 2, room + 1)
    first = words[: cut_at if cut_at > 0 else room]
    return Choice(message_value(message), head + first, words[len(first) :].strip())


def message_value(message: ChannelMessage) -> str:
    return f"{message.channel_id}:{message.ts}"


def parse_message_values(text: str) -> list[tuple[str, str]]:
    """Channel and ts of the ticked boxes of a field, which `input_value` joins by commas."""
    pairs = (each.partition(":") for each in text.split(",") if each)
    return [(channel, ts) for channel, _, ts in pairs]
