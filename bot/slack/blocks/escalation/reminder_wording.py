"""What each reminder is about, in a few words: for its message, also once it is struck, and for App Home."""

from collections.abc import Mapping

from bot.domain.reminders.rules import Nudge

SHORT: Mapping[Nudge, str] = {
    Nudge.NOBODY_LEADS: "Nobody leads this incident",
    Nudge.UPDATE_DUE: "A word on where it stands is due",
    Nudge.NOTHING_RECORDED: "Nothing was recorded for a while",
    Nudge.TRIAGE: "It has been in triage for a while",
    Nudge.TASK_OVERDUE: "A task is overdue",
    Nudge.POSTMORTEM_DUE: "The postmortem is due",
}
