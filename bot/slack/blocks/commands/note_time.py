"""Question about a note whose text begins with a time."""

from datetime import datetime

from bot.services.timeline.notes import NoteTime
from bot.slack.blocks.limits import actions, button, literal, one_line, section, slack_datetime, slack_time
from bot.slack.blocks.message import Message, plain_message

SET_TIME = "note_set_time"
MAX_TIME, LABEL_TIME = 60, 12
"""Characters of the typed time in the text and in the button."""


def note_time_question(note: NoteTime) -> Message:
    """Say which time the note has, with a button that gives it the time of its text."""
    if note.found.at is None:
        raise ValueError("a note's text names no unknown time")
    typed = literal(note.found.text, limit=MAX_TIME)
    text = (
        f"Logged in {note.reference} at {slack_time(note.entry.recorded_at)}, the time of typing. The text begins with "
        f"a time: {typed}."
    )
    value = f"{note.entry.incident_id}:{note.entry.key}:{note.found.precision.value}:{note.found.at.isoformat()}"
    label = f"Set time to {one_line(note.found.text, LABEL_TIME)}"
    return Message(text, [section(text), actions(button(label, SET_TIME, value))])


def time_set_message(found: datetime) -> Message:
    return plain_message(f":white_check_mark: The note's time is {slack_datetime(found)}.")
