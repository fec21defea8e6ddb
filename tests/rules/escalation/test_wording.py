"""Wording of e-mail pages, page bundles and vendor messages."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.domain.terms import Severity
from bot.services.escalation.page_bundles import BundledPage, BundleView
from bot.services.paging.content import EscalationText
from bot.slack.blocks.escalation import vendors
from bot.slack.blocks.escalation.page_bundle import page_bundle_message
from tests.support.gallery.escalations import VENDOR
from tests.support.gallery.vendors import OUTSIDE
from tests.support.worlds.world import rendered

CALL = EscalationText(
    page_id=1,
    escalation_id=1,
    reference="INC-1",
    title="checkout is down",
    severity=Severity.SEV1,
    severity_label="SEV1",
    status_label="investigating",
    target="payments",
    reason="",
    asked_by="oncall",
    level="level 2 of 3",
    paged_at=datetime(2026, 3, 2, 14, 9, tzinfo=UTC),
    zone=ZoneInfo("UTC"),
    acknowledge_url="https://dogwatch.example.test/ack/1.2.3",
    page_url=None,
    channel_url=None,
    is_drill=False,
)
LINE = BundledPage(1, "INC-1", "checkout is down", "SEV1", 1, "", None, is_waiting=True)


def test_who_asked_is_a_person_or_a_policy_by_its_name() -> None:
    by_itself = replace(CALL, asked_by=None, is_policy=True)

    assert CALL.origin_text == "Asked by oncall for payments, level 2 of 3, at 14:09 UTC"
    assert (
        replace(CALL, is_policy=True).origin_text
        == "Asked by oncall for the policy payments, level 2 of 3, at 14:09 UTC"
    )
    assert by_itself.origin_text == "Asked by the policy payments, level 2 of 3, at 14:09 UTC"


def test_one_incident_of_a_storm_is_not_several_at_once() -> None:
    one = rendered({"blocks": page_bundle_message(BundleView([LINE], {})).blocks})
    two = rendered({"blocks": page_bundle_message(BundleView([LINE, replace(LINE, page_id=2)], {})).blocks})

    assert "You are needed in *1 incident*." in one
    assert "You are needed in *2 incidents* at once. The worst are first." in two


def test_a_vendor_whom_nobody_called_yet_was_not_called_outside_their_hours() -> None:
    called = rendered({"blocks": vendors.vendor_message(VENDOR, OUTSIDE).blocks})
    to_be_told = rendered({"blocks": vendors.vendor_message(VENDOR, replace(OUTSIDE, is_to_be_told=True)).blocks})

    assert "called outside their hours" in called
    assert "it is outside their hours" in to_be_told
