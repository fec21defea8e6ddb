"""Message with the findings in a resolved incident's record."""

from bot.services.postmortem.findings import FindingPlace, FindingsView, FindingText
from bot.services.views.lists import MAX_LISTED
from bot.slack.blocks.limits import context, formatted_line, join_lines, link, literal, section
from bot.slack.blocks.message import Message

PLACES = 4
"""Places that a line links to."""


def findings_message(view: FindingsView) -> Message:
    """One line for each finding, with links to its places. There is at least one."""
    count = len(view.found)
    head = f"{count} thing{'' if count == 1 else 's'} to check in the record of {view.reference}"
    lines = [f":mag_right: *{head}*", *(_finding_line(each) for each in view.found[:MAX_LISTED])]
    if count > MAX_LISTED:
        lines.append(f"and {count - MAX_LISTED} more in the draft")
    how = "Advice only. Correct an entry with `/incident timeline`, then regenerate the draft."
    return Message(head, [section(join_lines(lines)), context(how)])


def _finding_line(found: FindingText) -> str:
    places = [_place_link(each) for each in found.places[:PLACES]]
    more = " …" if len(found.places) > PLACES else ""
    return f"• {formatted_line(found.text, length=400)} {', '.join(places)}{more}".rstrip()


def _place_link(place: FindingPlace) -> str:
    label = literal(place.label, limit=40)
    return link(place.link, label) if place.link else label
