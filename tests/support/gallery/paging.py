"""Examples of the gallery: contact methods, mutes, and page bundles."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.services.escalation.page_bundles import BundledPage, BundleView
from bot.services.paging.addresses import ContactMethodOffer
from bot.services.paging.contacts import ContactLine, ContactSettingsView
from bot.services.paging.page_tests import MethodResult, PageTestView
from bot.slack.blocks import direct
from bot.slack.blocks.escalation.contact_settings import contact_settings_message, page_test_message
from bot.slack.blocks.escalation.page_bundle import page_bundle_message
from bot.slack.blocks.message import Message

AT = datetime(2026, 3, 2, 14, 4, tzinfo=UTC)
TOLD = {
    "muted": {"by": "U0ONCALL", "until": "2026-03-03T08:00:00+00:00", "text": "On a plane"},
    "unmuted": {"by": "U0ONCALL"},
    "maintenance begins": {
        "service": "checkout",
        "title": "Faster checkout",
        "starts_at": "2026-03-03T22:00:00+00:00",
        "ends_at": "2026-03-04T02:00:00+00:00",
    },
}
DEFAULT = ContactSettingsView((ContactLine(None, "Slack", "", timedelta(0)),), True, None, "", True, True)
OWN = ContactSettingsView(
    (
        ContactLine(1, "Slack", "", timedelta(0)),
        ContactLine(2, "E-mail", "o…@example.com", timedelta(minutes=2)),
        ContactLine(3, "Text message", "…78", timedelta(minutes=5), "the service refused the number", AT),
    ),
    False,
    AT + timedelta(hours=8),
    "asleep after the night",
    True,
)
TESTED = PageTestView(
    (
        MethodResult(1, "Slack", "", "sent", AT, None),
        MethodResult(2, "E-mail", "o…@example.com", "sent", AT, AT),
        MethodResult(3, "Text message", "…78", "the service refused the number", None, None),
        MethodResult(4, "Webhook", "example.com", "", None, None),
    )
)
OFFERS = (
    ContactMethodOffer("slack", "Slack"),
    ContactMethodOffer("email", "E-mail", "E-mail address", "you@example.com"),
)


def _page(number: int, *, is_waiting: bool = True) -> BundledPage:
    return BundledPage(
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


def paging_messages() -> Iterator[tuple[str, Message]]:
    yield from ((f"told directly: {event}", direct.direct_message(event, values)) for event, values in TOLD.items())
    yield "pages: of a storm", page_bundle_message(STORM)
    yield "pages: of a storm that is over", page_bundle_message(OVER)
    yield "how you are paged: the defaults", contact_settings_message(DEFAULT)
    yield "how you are paged", contact_settings_message(OWN)
    yield "test of your pages", page_test_message(TESTED)
