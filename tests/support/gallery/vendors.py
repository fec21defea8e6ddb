"""Examples of the gallery: an escalation to a vendor in each state."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.escalation.vendors import Vendor
from bot.domain.oncall.working_hours import DAYS, WorkingHours
from bot.services.escalation.vendor_view import VendorView
from bot.slack.blocks.escalation import vendors
from bot.slack.blocks.message import Message
from tests.support.gallery.escalations import PAGED_AT, VENDOR, change_escalation

PARIS = ZoneInfo("Europe/Paris")
KNOWN = Vendor(
    "payment-gateway",
    "Payment gateway",
    PARIS,
    url="https://support.example/new?product=1&priority=2",
    contact="support@payments.example",
    phone="+33 1 00 00 00 00",
    contract="gold: an answer within 30 min",
    links=(("status", "https://status.payments.example"), ("forum | all", "https://forum.payments.example/?q=<a|b>")),
    hours=WorkingHours(frozenset(DAYS[:5]), 9 * 60, 18 * 60, PARIS),
)
TOLD = VendorView(
    escalation_id=1,
    incident_id=7,
    vendor=KNOWN,
    told_at=PAGED_AT,
    is_outside_hours=False,
    opens_at=None,
    case="",
    has_answered=False,
    answered_at=None,
    answered_about=False,
    noted_by=None,
    is_fixed=False,
    fixed_at=None,
    fixed_about=False,
    asked=0,
    asked_at=None,
    is_asked_for=True,
    case_message_ts=None,
)
OUTSIDE = replace(TOLD, is_outside_hours=True, opens_at=PAGED_AT + timedelta(hours=18))
UNKNOWN = replace(TOLD, vendor=Vendor("stranger", "stranger", PARIS), is_asked_for=False)
ANSWERED = replace(
    TOLD, case="CS-123", has_answered=True, answered_at=PAGED_AT + timedelta(minutes=25), noted_by="U0ONCALL"
)
FIXED = replace(ANSWERED, is_fixed=True, fixed_at=PAGED_AT + timedelta(minutes=53), fixed_about=True)
WHENEVER = replace(ANSWERED, answered_at=None, is_fixed=True)
OVER = change_escalation(VENDOR, is_open=False)
ASKED = replace(TOLD, asked=1, asked_at=PAGED_AT + timedelta(minutes=15), case_message_ts="1.2")


def vendor_messages() -> Iterator[tuple[str, Message]]:
    yield "vendor: told", vendors.vendor_message(VENDOR, TOLD)
    yield "vendor: outside their hours", vendors.vendor_message(VENDOR, OUTSIDE)
    yield "vendor: only the name is known", vendors.vendor_message(VENDOR, UNKNOWN)
    yield "vendor: answered", vendors.vendor_message(VENDOR, ANSWERED)
    yield "vendor: fixed", vendors.vendor_message(VENDOR, FIXED)
    yield "vendor: at times nobody knows", vendors.vendor_message(VENDOR, WHENEVER)
    yield (
        "vendor: recorded later",
        vendors.vendor_message(change_escalation(VENDOR, was_only_recorded=True, paged_at=None), ANSWERED),
    )
    yield "vendor: silent at the end", vendors.vendor_message(OVER, replace(TOLD, is_asked_for=False))
    yield "vendor: the policy came to them", vendors.vendor_message(VENDOR, replace(TOLD, is_to_be_told=True))
    yield "vendor: called off", vendors.vendor_message(change_escalation(VENDOR, is_called_off=True), TOLD)
    yield "case: asked for", vendors.case_question_message(ASKED)
    yield "case: asked for again", vendors.case_question_message(replace(ASKED, asked=3))
    yield "case: given", vendors.case_question_message(replace(ASKED, case="CS-123"))
    yield "case: not needed", vendors.case_question_message(replace(ASKED, is_asked_for=False))
