"""Examples of the gallery: an escalation to a vendor in each state."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.escalation.vendors import Vendor
from bot.domain.oncall.working_hours import DAYS, WorkingHours
from bot.domain.vendor_status.news import NewsKind
from bot.services.escalation.vendor_view import VendorView
from bot.services.outbox.payloads import VendorReplyPayload
from bot.services.vendors.notice_view import VendorNoticeView
from bot.slack.blocks.escalation import vendor_notices, vendors
from bot.slack.blocks.message import Message
from bot.store.vendors import NoticeState
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

REPORTED = VendorNoticeView(
    notice_id=3,
    state=NoticeState.ASKED,
    vendor="Payment gateway",
    title="EU payments <fail> for some merchants",
    link="https://status.payments.example/incidents/1",
    vendor_state="investigating",
    level="major",
    components=("EU payments", "Refunds"),
    text="We are looking into failed payments. <!channel> Next update in 30 minutes.",
    is_open=True,
    is_gone=False,
    first_word_at=PAGED_AT + timedelta(minutes=31),
    resolved_at=None,
    services=("checkout",),
    incident_reference="INC-7",
    first_error_at=PAGED_AT,
    is_incident_open=True,
    channel_id="C0INC7",
)
TOLD_TO_ALL = replace(
    REPORTED,
    state=NoticeState.TOLD,
    incident_reference=None,
    first_error_at=None,
    is_incident_open=False,
    channel_id="C0INCIDENTS",
)
OVER_AT = PAGED_AT + timedelta(minutes=73)
LINKED = replace(REPORTED, state=NoticeState.LINKED, decided_by="U0ONCALL", decided_at=PAGED_AT + timedelta(minutes=40))
RESOLVED = replace(LINKED, vendor_state="resolved", is_open=False, resolved_at=OVER_AT, text="long words " * 400)
NEWS = VendorReplyPayload(
    3,
    NewsKind.UPDATE.value,
    state="identified",
    text="The cause is a certificate.",
    title="EU payments fail",
    at=PAGED_AT + timedelta(minutes=45),
)


def notice_messages() -> Iterator[tuple[str, Message]]:
    """A vendor's incident in each state, and each kind of news."""
    yield "vendor's incident: in the incidents channel", vendor_notices.vendor_notice_message(TOLD_TO_ALL)
    yield "vendor's incident: is it them?", vendor_notices.vendor_notice_message(REPORTED)
    yield "vendor's incident: linked", vendor_notices.vendor_notice_message(LINKED)
    yield (
        "vendor's incident: it opened ours",
        vendor_notices.vendor_notice_message(replace(LINKED, decided_by=None, has_opened=True)),
    )
    yield "vendor's incident: resolved", vendor_notices.vendor_notice_message(RESOLVED)
    yield (
        "vendor's incident: not them",
        vendor_notices.vendor_notice_message(replace(LINKED, state=NoticeState.DECLINED)),
    )
    yield (
        "vendor's incident: gone, nothing else known",
        vendor_notices.vendor_notice_message(
            replace(TOLD_TO_ALL, is_gone=True, is_open=False, link=None, level="", components=(), services=(), text="")
        ),
    )
    for kind in vendor_notices.WORDS:
        changed = replace(NEWS, news=kind.value, was="minor", became="critical", written_at=OVER_AT)
        yield f"vendor's news: {kind}", vendor_notices.vendor_reply_message(changed)
    yield "vendor's news: long", vendor_notices.vendor_reply_message(replace(NEWS, text="long words " * 400))


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
    yield from notice_messages()
    yield "case: not needed", vendors.case_question_message(replace(ASKED, is_asked_for=False))
