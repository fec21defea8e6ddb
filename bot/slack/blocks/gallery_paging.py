"""Fixtures of the gallery: what people are told of being paged, and of not being paged."""

TOLD = {
    "muted": {"by": "U0ONCALL", "until": "2026-03-03T08:00:00+00:00", "text": "On a plane"},
    "unmuted": {"by": "U0ONCALL"},
}
