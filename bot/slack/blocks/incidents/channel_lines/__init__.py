"""Lines posted into the incident channel, one wording for each event."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.services.views.event import EventView
from bot.slack.blocks.incidents.channel_lines.alerts import (
    alerts_line,
    alerts_over_line,
    flapping_line,
    maintenance_line,
    more_alerts_line,
    quiet_alerts_line,
    repeated_alerts_line,
    storm_elsewhere_line,
    storm_line,
)
from bot.slack.blocks.incidents.channel_lines.changes import change_posted_line
from bot.slack.blocks.incidents.channel_lines.drills import drill_finished_line, drill_started_line, practice_line
from bot.slack.blocks.incidents.channel_lines.entries import cause_line, impact_line, note_line, update_line
from bot.slack.blocks.incidents.channel_lines.escalations import (
    all_declined_line,
    answered_line,
    level_empty_line,
    level_line,
    only_looking_line,
    reminder_line,
    unacknowledged_line,
    unanswered_elsewhere_line,
    unanswered_line,
)
from bot.slack.blocks.incidents.channel_lines.lifecycle import (
    archive_soon_line,
    archived_line,
    cancelled_line,
    canvas_left_line,
    details_line,
    merged_in_line,
    merged_line,
    new_channel_line,
    no_channel_line,
    reopened_line,
    severity_line,
    status_line,
)
from bot.slack.blocks.incidents.channel_lines.postmortem import (
    postmortem_approved_line,
    postmortem_published_line,
    postmortem_reopened_line,
)
from bot.slack.blocks.incidents.channel_lines.roles import (
    handover_line,
    lead_line,
    role_given_up_line,
    role_line,
    role_passed_on_line,
    role_taken_line,
)
from bot.slack.blocks.incidents.channel_lines.status_page import (
    update_approved_line,
    update_declined_line,
    update_unapproved_line,
)
from bot.slack.blocks.limits import literal_with_mentions
from bot.slack.blocks.message import Message, plain_message, with_page_mark

LINE_BUILDERS: Mapping[str, Callable[[EventView], Message]] = {
    "severity": severity_line,
    "status": status_line,
    "reopened": reopened_line,
    "lead": lead_line,
    "role": role_line,
    "handed over": handover_line,
    "role given up": role_given_up_line,
    "role passed on": role_passed_on_line,
    "role taken": role_taken_line,
    "cancelled": cancelled_line,
    "maintenance": maintenance_line,
    "drill began": drill_started_line,
    "practice": practice_line,
    "drill told": drill_finished_line,
    "merged": merged_line,
    "goes on here": new_channel_line,
    "took in": merged_in_line,
    "details": details_line,
    "update": update_line,
    "note": note_line,
    "impact": impact_line,
    "cause": cause_line,
    "change": change_posted_line,
    "alerts": alerts_line,
    "more alerts": more_alerts_line,
    "alerts repeated": repeated_alerts_line,
    "alerts flap": flapping_line,
    "alerts quiet": quiet_alerts_line,
    "alerts over": alerts_over_line,
    "storm": storm_line,
    "storm elsewhere": storm_elsewhere_line,
    "reminder": reminder_line,
    "unanswered": unanswered_line,
    "all declined": all_declined_line,
    "level": level_line,
    "level empty": level_empty_line,
    "answered": answered_line,
    "unacknowledged": unacknowledged_line,
    "unanswered elsewhere": unanswered_elsewhere_line,
    "only looking": only_looking_line,
    "no channel": no_channel_line,
    "archived": archived_line,
    "archive soon": archive_soon_line,
    "canvas left": canvas_left_line,
    "postmortem approved": postmortem_approved_line,
    "postmortem published": postmortem_published_line,
    "postmortem reopened": postmortem_reopened_line,
    "update approved": update_approved_line,
    "update declined": update_declined_line,
    "update unapproved": update_unapproved_line,
}


def channel_line(view: EventView) -> Message:
    """Message of an event. Raises KeyError for an event without a wording, which is a defect."""
    return with_page_mark(LINE_BUILDERS[view.event](view), _page_time(view))


def _page_time(view: EventView) -> datetime | None:
    given = view.values.get("page_at")
    at = datetime.fromisoformat(str(given)) if given else None
    return at or (view.recorded_at if view.details.from_page else None)


def redacted_message() -> Message:
    """Replacement of a message of the bot whose text was redacted."""
    return plain_message(":no_entry_sign: _Redacted. The timeline shows the author and the reason._")


def hidden_message(reference: str) -> Message:
    """Replacement of a direct message, for a person who may not see its incident any more."""
    return plain_message(f":lock: *{reference}* is private now. Its channel shows it to its members only.")


def ephemeral_text(event: str, values: Mapping[str, object]) -> str:
    """Text of an ephemeral message. Raises KeyError for an unknown event."""
    if event == "own message":
        return (
            f"That is one of my own messages, so :{values.get('emoji')}: logs nothing. "
            "React to what people wrote, or type `/incident note`."
        )
    if event == "merged":
        into = values.get("into")
        return (
            f"This incident was merged into {into}, so :{values.get('emoji')}: logs nothing. To log the message there, "
            f"use its shortcut *Add to timeline*, or type `/incident note {into} …`."
        )
    if event == "answer refused":
        return f"{literal_with_mentions(str(values.get('text', '')))} Your reaction changed nothing."
    if event == "redacted":
        still = values.get("still")
        left = "\n".join(f"• {each}" for each in still) if isinstance(still, list) else ""
        return f"Redacted. What is left for a person to do:\n{left}"
    raise KeyError(event)
