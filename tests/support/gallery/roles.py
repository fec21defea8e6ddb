"""Examples of the gallery: role holders and briefings."""

from datetime import UTC, datetime

from bot.domain.incidents.roles import DEFAULT_ROLES
from bot.services.incidents.role_briefing import RoleBriefingView
from bot.services.incidents.roles import RoleHolder
from tests.support.gallery.catchup import CATCHUPS

SINCE = datetime(2026, 3, 2, 14, 4, tzinfo=UTC)
ROLE_HOLDERS = (RoleHolder(DEFAULT_ROLES[0], "U0ONCALL", SINCE), *(RoleHolder(each) for each in DEFAULT_ROLES[1:]))
BRIEFINGS = {
    "lead": RoleBriefingView(
        3, DEFAULT_ROLES[0], None, None, "", is_over=False, channel_id="C0INC7", catchup=CATCHUPS["open"]
    ),
    "handed over": RoleBriefingView(
        4,
        DEFAULT_ROLES[2],
        "U0ONCALL",
        "U0DBA",
        "The logs since 14:00 are not read yet",
        is_over=False,
        channel_id="C0INC7",
        catchup=CATCHUPS["open"],
    ),
    "over": RoleBriefingView(
        5, DEFAULT_ROLES[1], "U0ONCALL", None, "", is_over=True, channel_id=None, catchup=CATCHUPS["open"]
    ),
}
