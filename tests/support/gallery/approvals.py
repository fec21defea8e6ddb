"""Examples of the gallery: public updates that wait for approval."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.terms import UpdateState
from bot.services.status_page.approval_view import ApprovalRequestView, PublicWords

AT = datetime(2026, 3, 2, 14, 40, tzinfo=UTC)
ONE = ApprovalRequestView(
    request_id=3,
    reference="INC-7",
    title="Checkout is down",
    is_private=False,
    author="U0ONCALL",
    requested_at=AT,
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
    "one": ONE,
    "dated": replace(ONE, stated_at=AT - timedelta(hours=1), impact=(AT - timedelta(hours=2), AT), missing=()),
    "longest": replace(ONE, words=tuple(PublicWords(f"Language {number}", "T" * 300, LONG) for number in range(6))),
    "postmortem": replace(ONE, state=UpdateState.POSTMORTEM, words=(PublicWords("English", "Payments fail", ""),)),
    "published": replace(ONE, standing="<@U0DBA> approved this update at 14:45, and it is published."),
    "overtaken": replace(
        ONE, standing="INC-7 was resolved meanwhile. Nothing was published. Prepare the update again."
    ),
}
