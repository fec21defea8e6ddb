"""Line on a change of a marked service."""

from datetime import datetime

from bot.domain.changes.events import ChangeStatus
from bot.services.views.event import EventView
from bot.slack.blocks.incidents.changes import ADDRESS, DETAILS, STATES, TITLE
from bot.slack.blocks.limits import is_linkable, link, literal, slack_datetime
from bot.slack.blocks.message import Message, plain_message


def change_posted_line(view: EventView) -> Message:
    values, url = view.values, str(view.values.get("link") or "")
    title = literal(str(values.get("title")), limit=TITLE)
    shown = link(url, title) if url and len(url) <= ADDRESS and is_linkable(url) else title
    found = values.get("details")
    details = [str(each) for each in found if each] if isinstance(found, list) else []
    state = STATES.get(ChangeStatus(str(values.get("status"))), "")
    rest = literal(" · ".join(filter(None, (*details, state))), limit=DETAILS)
    at = slack_datetime(datetime.fromisoformat(str(values.get("began_at"))))
    kind = str(values.get("change_kind")).capitalize()
    return plain_message(f":package: *{kind}:* {shown} at {at}{f' · {rest}' if rest else ''}")
