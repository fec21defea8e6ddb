"""Fixtures of the gallery: how people are paged, what they are told of it, and several pages in one message."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.services.escalation.page_bundles import BundleView
from bot.services.escalation.page_bundles import Line as Page
from bot.services.paging.addresses import Offer
from bot.services.paging.contacts import Line, PagesView
from bot.services.paging.test_pages import Tested, TestView
from bot.slack.blocks import direct
from bot.slack.blocks.escalation import contact_settings as pages
from bot.slack.blocks.escalation import page_bundle as bundle
from bot.slack.blocks.message import Message

AT = datetime(2026, 3, 2, 14, 4, tzinfo=UTC)
TOLD = {
    "muted": {"by": "U0ONCALL", "until": "2026-03-03T08:00:00+00:00", "text": "On a plane"},
    "unmuted": {"by": "U0ONCALL"},
}
DEFAULT = PagesView((Line(None, "Slack", "", timedelta(0)),), True, None, "", True, True)
OWN = PagesView(
    (
        Line(1, "Slack", "", timedelta(0)),
        Line(2, "E-mail", "o…@example.com", timedelta(minutes=2)),
        Line(3, "Text message", "…78", timedelta(minutes=5), "the service refused the number", AT),
    ),
    False,
    AT + timedelta(hours=8),
    "asleep after the night",
    True,
)
TESTED = TestView(
    (
        Tested(1, "Slack", "", "sent", AT, None),
        Tested(2, "E-mail", "o…@example.com", "sent", AT, AT),
        Tested(3, "Text message", "…78", "the service refused the number", None, None),
        Tested(4, "Webhook", "example.com", "", None, None),
    )
)
OFFERS = (Offer("slack", "Slack"), Offer("email", "E-mail", "E-mail address", "you@example.com"))


def _page(number: int, *, is_waiting: bool = True) -> Page:
    return Page(
        number,
        f"INC-{number}",
        "Checkout is down",
        "SEV2",
        2,
        "Orders are lost",
        f"C0INC{number}",
        is_waiting,
        None if is_waiting else "U0DBA",
    )


STORM = BundleView([_page(number, is_waiting=number > 2) for number in range(1, 60)], {})
OVER = BundleView([_page(number, is_waiting=False) for number in range(1, 4)], {})


def messages() -> Iterator[tuple[str, Message]]:
    yield from ((f"told directly: {event}", direct.told(event, values)) for event, values in TOLD.items())
    yield "pages: of a storm", bundle.bundle(STORM)
    yield "pages: of a storm that is over", bundle.bundle(OVER)
    yield "how you are paged: the defaults", pages.shown(DEFAULT)
    yield "how you are paged", pages.shown(OWN)
    yield "test of your pages", pages.tested(TESTED)
