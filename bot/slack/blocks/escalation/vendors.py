"""Message of an escalation to a vendor, and the question for its case reference."""

from datetime import datetime
from urllib.parse import quote

from bot.domain.escalation.vendors import Vendor, format_hours
from bot.domain.text.durations import duration_between, format_duration
from bot.services.escalation.vendor_view import VendorView
from bot.services.escalation.view import EscalationView
from bot.slack.blocks.escalation.controls import ACKNOWLEDGE
from bot.slack.blocks.limits import (
    MAX_URL,
    actions,
    button,
    context,
    formatted,
    literal,
    section,
    slack_datetime,
    slack_time,
    with_quote,
)
from bot.slack.blocks.message import Message

FIXED, FORM = "vendor_fixed", "vendor_form"
LINKS = 10
"""Further addresses that are shown."""


def vendor_message(view: EscalationView, of: VendorView) -> Message:
    name = f"vendor *{literal(of.vendor.name, limit=200)}*"
    if view.was_only_recorded:
        at = f" at {slack_datetime(view.paged_at)}" if view.paged_at else ", time not known"
        line = f":mega: Recorded: {name} called{at}"
    elif of.is_to_be_told and view.incident.is_open:
        since = f", since {slack_time(view.paged_at)}" if view.paged_at else ""
        line = f":mega: Call {name} now: the policy has reached them{since}"
    else:
        line = f":mega: {name} notified {slack_time(view.paged_at)}" if view.paged_at else f":mega: {name} notified"
    blocks = [section(with_quote(line, view.reason, view.names))]
    if contact := _contact_lines(of.vendor):
        blocks.append(section(contact))
    blocks.append(context(" · ".join(_state_parts(view, of))))
    if buttons := _buttons(view, of):
        blocks.append(actions(*buttons))
    return Message(f"{line}. {formatted(view.reason, view.names, 500)}" if view.reason else line, blocks)


def _buttons(view: EscalationView, of: VendorView) -> list[dict[str, object]]:
    if view.is_called_off:
        return []
    value, buttons = str(of.escalation_id), []
    if not of.has_answered and not of.is_fixed and view.incident.is_open:
        buttons.append(button("They answered", ACKNOWLEDGE, value, style="primary"))
    if not of.is_fixed and view.incident.is_open:
        buttons.append(button("They fixed it", FIXED, value))
    return [*buttons, button("Case, times…", FORM, value)]


def _contact_lines(vendor: Vendor) -> str:
    """Contact data of the configuration, one line each."""
    links = [("Open a case", vendor.url), *vendor.links[:LINKS]]
    linked = [f"<{_link_address(url)}|{_link_label(name)}>" for name, url in links if url and len(url) <= MAX_URL]
    lines = [
        f":telephone_receiver: {literal(vendor.phone, limit=100)}" if vendor.phone else "",
        f":email: {literal(vendor.contact, limit=300)}" if vendor.contact else "",
        f":link: {' · '.join(linked)}" if linked else "",
        f":page_facing_up: {literal(vendor.contract, limit=300)}" if vendor.contract else "",
        f":clock9: {format_hours(vendor.hours)} ({vendor.zone.key})" if vendor.hours else "",
    ]
    return "\n".join(line for line in lines if line)


def _link_address(url: str) -> str:
    """Percent-encode the characters that end a link in Slack's markup: `|`, `>` and `<`."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]").replace("&", "&amp;")


def _link_label(name: str) -> str:
    return literal(name, limit=80).replace("|", " ")


def _state_parts(view: EscalationView, of: VendorView) -> list[str]:
    parts = []
    if view.is_called_off:
        return ["called off"]
    if of.is_outside_hours:
        again = f", they answer again {slack_datetime(of.opens_at)}" if of.opens_at else ""
        called = "it is outside" if of.is_to_be_told else "called outside"
        parts.append(f":warning: {called} their hours{again}")
    if of.case:
        parts.append(f"case *{literal(of.case, limit=200)}*")
    elif view.incident.is_open and not of.is_fixed:
        parts.append("no case reference yet")
    parts += [_first_answer(view, of), *([_fix_text(of)] if of.is_fixed else [])]
    return [part for part in parts if part]


def _first_answer(view: EscalationView, of: VendorView) -> str:
    if of.has_answered:
        noted = f", noted by <@{of.noted_by}>" if of.noted_by else ""
        return (
            f":white_check_mark: first answer {_time_text(of.answered_at, of.answered_about)}{_waiting_time(of)}{noted}"
        )
    if of.is_fixed:
        return ""
    return "waiting for their first answer" if view.incident.is_open else "no answer was recorded"


def _fix_text(of: VendorView) -> str:
    return f":wrench: fixed by them {_time_text(of.fixed_at, of.fixed_about)}"


def _time_text(at: datetime | None, is_about: bool) -> str:
    if at is None:
        return "at an unknown time"
    return f"{'about ' if is_about else ''}{slack_time(at)}"


def _waiting_time(of: VendorView) -> str:
    if of.told_at is None or of.answered_at is None or of.answered_at <= of.told_at:
        return ""
    return f" after {format_duration(duration_between(of.told_at, of.answered_at))}"


def case_question_message(of: VendorView) -> Message:
    """Ask for the case reference, or show it; edited in place."""
    name = f"*{literal(of.vendor.name, limit=200)}*"
    if of.case:
        text = f":white_check_mark: The case at {name} is *{literal(of.case, limit=200)}*."
        return Message(text, [context(text)])
    if not of.is_asked_for:
        text = f"The case reference of {name} is no longer asked for."
        return Message(text, [context(text)])
    since = f" They were notified {slack_time(of.told_at)}." if of.told_at else ""
    again = f" Asked {of.asked} times, last {slack_time(of.asked_at)}." if of.asked > 1 and of.asked_at else ""
    text = f":ticket: Which case reference did {name} give?{since}{again}"
    hint = "The next caller needs it. Press the button, or type `/incident vendor NAME case:REFERENCE`."
    given = button("Enter it", FORM, str(of.escalation_id))
    return Message(text, [section(text), context(hint), actions(given)])
