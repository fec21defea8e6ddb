"""Examples of the gallery: role holders, briefings, requests for reviews and approvals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.drafting.document.publication import PostmortemState
from bot.domain.incidents.roles import DEFAULT_ROLES
from bot.domain.terms import UpdateState
from bot.services.incidents.role_briefing import RoleBriefingView
from bot.services.incidents.roles import RoleHolder
from bot.services.postmortem.document.comments import CommentThreadView, CommentView
from bot.services.postmortem.document.review import ReviewRequestView
from bot.services.status_page.approval_view import ApprovalRequestView, PublicWords
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
PUBLIC = ApprovalRequestView(
    request_id=3,
    reference="INC-7",
    title="Checkout is down",
    is_private=False,
    author="U0ONCALL",
    requested_at=SINCE,
    page_url="https://dogwatch.example/incidents/INC-7/publish",
    state=UpdateState.INVESTIGATING,
    words=(
        PublicWords("English", "Payments fail", "Some card payments fail. We are looking into it."),
        PublicWords("French", "Des paiements échouent", "Des paiements par carte échouent."),
    ),
    missing=("Italian",),
    components=(("Online payments", "Partial outage"),),
)
LONG = "Each word of it <@U0DBA> & more. " * 160
APPROVALS = {
    "one": PUBLIC,
    "dated": replace(
        PUBLIC, stated_at=SINCE - timedelta(hours=1), impact=(SINCE - timedelta(hours=2), SINCE), missing=()
    ),
    "longest": replace(PUBLIC, words=tuple(PublicWords(f"Language {number}", "T" * 300, LONG) for number in range(6))),
    "postmortem": replace(PUBLIC, state=UpdateState.POSTMORTEM, words=(PublicWords("English", "Payments fail", ""),)),
    "published": replace(PUBLIC, standing="<@U0DBA> approved this update at 14:45, and it is published."),
    "overtaken": replace(
        PUBLIC, standing="INC-7 was resolved meanwhile. Nothing was published. Prepare the update again."
    ),
}
