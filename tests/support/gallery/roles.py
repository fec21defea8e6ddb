"""Examples of the gallery: role holders, briefings, and requests to review a postmortem."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.drafting.document.publication import PostmortemState
from bot.domain.incidents.roles import DEFAULT_ROLES
from bot.services.incidents.role_briefing import RoleBriefingView
from bot.services.incidents.roles import RoleHolder
from bot.services.postmortem.document.comments import CommentThreadView, CommentView
from bot.services.postmortem.document.review import ReviewRequestView
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
ASKED = ReviewRequestView(
    review_id=3,
    reference="INC-7",
    title="Checkout is down",
    asked_by="U0ONCALL",
    due="2026-03-06",
    page_url="https://dogwatch.example/incidents/INC-7/postmortem",
    state=PostmortemState.IN_REVIEW,
    is_private=False,
    channel_id="C0INC7",
)
REVIEWS = {
    "asked": ASKED,
    "without a date": replace(ASKED, due=None),
    "published": replace(ASKED, state=PostmortemState.PUBLISHED),
}
COMMENT_THREAD = CommentThreadView(
    "INC-7", "cause", "en", "https://dogwatch.example/incidents/INC-7/postmortem/block?block=cause", "C0INC7", None
)
COMMENT = CommentView(
    "Database administrator", "Was it the pool, <@U0DBA>?", {"U0DBA": "Database administrator"}, "C0INC7", "1.2", None
)
