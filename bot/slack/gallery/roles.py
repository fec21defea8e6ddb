"""Fixtures of the gallery: who has which role, and what whoever gets one reads."""

from datetime import UTC, datetime

from bot.domain.incidents.roles import DEFAULTS
from bot.services.incidents.role_briefing import BriefingView
from bot.services.incidents.roles import Held
from bot.slack.gallery.catchup import CATCHUPS

SINCE = datetime(2026, 3, 2, 14, 4, tzinfo=UTC)
HELD = (Held(DEFAULTS[0], "U0ONCALL", SINCE), *(Held(each) for each in DEFAULTS[1:]))
BRIEFINGS = {
    "lead": BriefingView(3, DEFAULTS[0], None, None, "", is_over=False, channel_id="C0INC7", catchup=CATCHUPS["open"]),
    "handed over": BriefingView(
        4,
        DEFAULTS[2],
        "U0ONCALL",
        "U0DBA",
        "The logs since 14:00 are not read yet",
        is_over=False,
        channel_id="C0INC7",
        catchup=CATCHUPS["open"],
    ),
    "over": BriefingView(5, DEFAULTS[1], "U0ONCALL", None, "", is_over=True, channel_id=None, catchup=CATCHUPS["open"]),
}
