"""Examples of the gallery: reminders in each state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.reminders import ReminderKind
from bot.domain.timeline.emoji import DEFAULT_REACTIONS
from bot.services.escalation.ack_timeout import AckTimeoutView
from bot.services.reminders.view import ReminderView, ReminderViewState

AT = datetime(2026, 3, 2, 14, 40, tzinfo=UTC)
ONE = ReminderView(
    reminder_id=3,
    what=ReminderKind.NOBODY_LEADS,
    state=ReminderViewState.STANDS,
    incident_id=7,
    reference="INC-7",
    title="Checkout is down",
    is_direct=False,
    channel_id="C0INC7",
    message_ts=None,
    former=None,
    count=1,
    asked_at=AT,
    since=AT - timedelta(minutes=30),
    lead="U0ONCALL",
    item_id=2,
    number=2,
    due="2026-03-01",
    text="Review the integration code with <@U0DBA>",
    names={"U0DBA": "Database administrator"},
    reactions=DEFAULT_REACTIONS,
)
REMINDERS = {
    **{what.value: replace(ONE, what=what) for what in ReminderKind},
    "asked again": replace(ONE, count=3),
    "task, directly": replace(ONE, what=ReminderKind.TASK_OVERDUE, is_direct=True, count=2),
    "postmortem, without a lead": replace(ONE, what=ReminderKind.POSTMORTEM_DUE, lead=None),
    "postmortem, in review": replace(
        ONE, what=ReminderKind.POSTMORTEM_DUE, due="2026-03-06", reviewers=("Database administrator", "@database")
    ),
    "put off": replace(ONE, state=ReminderViewState.PUT_OFF, until=AT + timedelta(hours=1), by="U0ONCALL"),
    "off": replace(ONE, what=ReminderKind.UPDATE_DUE, state=ReminderViewState.OFF, by="U0ONCALL"),
    "over": replace(ONE, state=ReminderViewState.OVER, over_at=AT + timedelta(minutes=5)),
    "task, over": replace(
        ONE, what=ReminderKind.TASK_OVERDUE, state=ReminderViewState.OVER, over_at=AT + timedelta(minutes=5)
    ),
}
ACK_TIMEOUT = AckTimeoutView(
    1, "INC-7", "Checkout is down", "C0INC7", AT - timedelta(minutes=20), AT + timedelta(minutes=5), {}
)
