"""Lines on timeline entries: notes, impact, cause and public updates."""

from datetime import datetime

from bot.domain.terms import UpdateState
from bot.services.views.event import EventView
from bot.slack.blocks.incidents.channel_lines.parts import happened_text, person_text, with_text
from bot.slack.blocks.limits import literal, slack_datetime
from bot.slack.blocks.message import Message


def update_line(view: EventView) -> Message:
    state = view.details.public or ""
    languages = view.details.public_languages or ((view.language,) if view.language else ())
    headline = "The postmortem is published" if state == UpdateState.POSTMORTEM else f"The public was told: {state}"
    suffix = f" ({literal(', '.join(languages), limit=100)})" if languages else ""
    at = "" if view.happened_at == view.recorded_at else f" · {happened_text(view)}"
    return with_text(
        f":loudspeaker: *{literal(headline, limit=100)}*{suffix}{at}, recorded by {person_text(view, view.author)}",
        view,
    )


def note_line(view: EventView) -> Message:
    kind = view.kinds[0] if view.kinds else "note"
    at = "" if view.happened_at == view.recorded_at else f" · {happened_text(view)}"
    line = f":writing_hand: {person_text(view, view.author)} logged ({kind}{at})"
    return with_text(line, view)


def impact_line(view: EventView) -> Message:
    users = view.details.affected_users
    figure = f" ({users.in_english()})" if users else ""
    ends = {"started": view.details.started, "ended": view.details.ended}
    window = "".join(f" · {name} {slack_datetime(datetime.fromisoformat(str(at)))}" for name, at in ends.items() if at)
    line = f":chart_with_downwards_trend: *Impact*{figure}{window}, stated by {person_text(view, view.author)}"
    return with_text(line, view)


def cause_line(view: EventView) -> Message:
    return with_text(f":dart: *Cause*, stated by {person_text(view, view.author)}", view)
