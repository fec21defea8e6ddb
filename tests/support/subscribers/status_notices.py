"""Publications on the status page as channels see them: an update, a correction that is long, maintenance."""

from dataclasses import replace

from bot.services.status_page.notice_text import NoticeText

UPDATE = NoticeText(
    language="en",
    page_title="Harbour status",
    title="Card payments fail <!channel>",
    label="Investigating",
    text="Some card payments fail. We are looking into it & report here.",
    text_language="en",
    note="",
    reason="",
    at="Mar 2, 2026, 15:02 CET",
    period=(),
    components=(("Online payments", "Partial outage"), ("In-store payments", "Operational")),
    url="https://status.example.com/en/incidents/4fd2a1c09b7e.html",
)
STATUS_NOTICES = {
    "update": UPDATE,
    "long correction": replace(UPDATE, reason="Correction", text="Words. " * 714, note="Available in French only."),
    "maintenance": replace(
        UPDATE,
        label="Scheduled",
        title="Faster checkout",
        reason="Reminder",
        period=("Mar 2, 2026, 18:00 CET", "Mar 2, 2026, 19:00 CET"),
        components=(("Online payments", ""),),
    ),
}
