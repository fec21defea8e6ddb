"""
What Slack has to be told, as outbox rows: the lanes and their urgency, in one place.

Nothing here is worded: an event row holds values, a view row names what to show. `bot.slack` finds the words when it
sends. `kinds` says how urgent each kind is; the others put rows by what they are about.
"""

from bot.services.outbox.app_home import HOME_OPEN, show_home, show_homes
from bot.services.outbox.direct import brief, direct, learn_person, notice, tell_person
from bot.services.outbox.escalation import (
    ask_for_sign,
    page,
    page_bundle,
    page_by_means,
    show_escalation,
    show_page_test,
    show_pages,
    show_way_in,
    stand_down_all,
    test_by_means,
)
from bot.services.outbox.incident import (
    card_target,
    check_again,
    confirm,
    delete_file,
    fetch_message,
    invite,
    invite_all_of,
    look,
    pin_card,
    post_draft,
    say,
    say_to_all,
    set_up,
    show_alerts,
    show_announcement,
    show_bookmarks,
    show_canvas,
    show_card,
    show_followups,
    show_nudge,
    show_questions,
    show_topic,
    show_vendor_case,
    unsay,
    whisper,
)
from bot.services.outbox.kinds import URGENCIES, What, urgency_of
from bot.services.outbox.reminder_timer import LOOK_AT_NUDGES, look_at_nudges, nothing_comes_due, nudges_timer
from bot.services.outbox.shifts import draw_shifts, duty_changed, forget_drawn, shift_changed

__all__ = [
    "HOME_OPEN", "LOOK_AT_NUDGES", "URGENCIES", "What", "ask_for_sign", "brief", "card_target", "check_again",
    "confirm", "delete_file", "direct", "draw_shifts", "duty_changed", "fetch_message", "forget_drawn", "invite",
    "invite_all_of", "learn_person", "look", "look_at_nudges", "nothing_comes_due", "notice", "nudges_timer", "page",
    "page_bundle", "page_by_means", "pin_card", "post_draft", "say", "say_to_all", "set_up", "shift_changed",
    "show_alerts", "show_announcement", "show_bookmarks", "show_canvas", "show_card", "show_escalation",
    "show_followups", "show_home", "show_homes", "show_nudge", "show_page_test", "show_pages", "show_questions",
    "show_topic", "show_vendor_case", "show_way_in", "stand_down_all", "tell_person", "test_by_means", "unsay",
    "urgency_of", "whisper",
]  # fmt: skip
