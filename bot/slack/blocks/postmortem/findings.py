"""What to check in the record of an incident that is over: one message, edited as the record changes."""

from bot.services.postmortem.findings import FindingsView, Found, Place
from bot.services.views.messages import LISTED
from bot.slack.blocks.limits import context, link, listed, literal, one_line, section
from bot.slack.blocks.message import Message, plain

PLACES = 4
"""How many places a line links to; the text says how many there are."""


def findings(view: FindingsView) -> Message:
    """One line for each finding, with links to what it is about. It asks for nothing and blocks nothing."""
    if not view.found:
        return plain(f":white_check_mark: Nothing is left to check in the record of {view.reference}.")
    count = len(view.found)
    head = f"{count} thing{'' if count == 1 else 's'} to check in the record of {view.reference}"
    lines = [f":mag_right: *{head}*", *(_line(each) for each in view.found[:LISTED])]
    if count > LISTED:
        lines.append(f"and {count - LISTED} more, which stand in the draft")
    how = "Advice only. Put an entry right with `/incident timeline`; `/incident postmortem` writes the draft anew."
    return Message(head, [section(listed(lines)), context(how)])


def _line(found: Found) -> str:
    places = [_place(each) for each in found.places[:PLACES]]
    more = " …" if len(found.places) > PLACES else ""
    return f"• {literal(one_line(found.text, 400))} {', '.join(places)}{more}".rstrip()


def _place(place: Place) -> str:
    label = literal(place.label, limit=40)
    return link(place.link, label) if place.link else label
