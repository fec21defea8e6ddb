"""The message of a call to a vendor: how they are reached, what is recorded of them; and the question for the case."""

from datetime import datetime
from urllib.parse import quote

from bot.domain.escalation.vendors import Vendor, shown_hours
from bot.domain.text.durations import between, show_duration
from bot.services.escalation.view import EscalationView
from bot.services.vendors.calls import VendorView
from bot.slack.blocks.escalation.message import ACKNOWLEDGE
from bot.slack.blocks.limits import LONGEST_URL, actions, button, context, literal, quoted, section, when
from bot.slack.blocks.message import Message

FIXED, FORM = "vendor_fixed", "vendor_form"
LINKS = 10
"""Further addresses that are shown; the rest stand in the configuration."""


def ledger(view: EscalationView, of: VendorView) -> Message:
    name = f"vendor *{literal(of.vendor.name, limit=200)}*"
    if view.was_only_recorded:
        at = f" at {when(view.paged_at, '{date_short_pretty} {time}')}" if view.paged_at else ", time not known"
        line = f":mega: Recorded: {name} called{at}"
    elif of.is_to_be_told and view.is_open:
        since = f", since {when(view.paged_at)}" if view.paged_at else ""
        line = f":mega: Somebody has to call {name} now: the policy has come to them{since}"
    else:
        line = f":mega: {name} told {when(view.paged_at)}" if view.paged_at else f":mega: {name} told"
    text = f"{line}\n{quoted(view.reason, view.names)}" if view.reason else line
    blocks = [section(text)]
    if reached := _reached(of.vendor):
        blocks.append(section(reached))
    blocks.append(context(" · ".join(_state(view, of))))
    if buttons := _buttons(view, of):
        blocks.append(actions(*buttons))
    return Message(f"{line}. {literal(view.reason, view.names, 500)}" if view.reason else line, blocks)


def _buttons(view: EscalationView, of: VendorView) -> list[dict[str, object]]:
    if view.is_called_off:
        return []
    value, buttons = str(of.escalation_id), []
    if not of.has_answered and not of.is_fixed and view.is_open:
        buttons.append(button("They answered", ACKNOWLEDGE, value, style="primary"))
    if not of.is_fixed and view.is_open:
        buttons.append(button("They fixed it", FIXED, value))
    return [*buttons, button("Case, times…", FORM, value)]


def _reached(vendor: Vendor) -> str:
    """How to reach their support: a line each, as far as the configuration says."""
    links = [("Open a case", vendor.url), *vendor.links[:LINKS]]
    linked = [f"<{_address(url)}|{_label(name)}>" for name, url in links if url and len(url) <= LONGEST_URL]
    lines = [
        f":telephone_receiver: {literal(vendor.phone, limit=100)}" if vendor.phone else "",
        f":email: {literal(vendor.contact, limit=300)}" if vendor.contact else "",
        f":link: {' · '.join(linked)}" if linked else "",
        f":page_facing_up: {literal(vendor.contract, limit=300)}" if vendor.contract else "",
        f":clock9: {shown_hours(vendor.hours)} ({vendor.zone.key})" if vendor.hours else "",
    ]
    return "\n".join(line for line in lines if line)


def _address(url: str) -> str:
    """What ends a link in Slack's markup is written in percent: `|`, `>` and `<`."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]").replace("&", "&amp;")


def _label(name: str) -> str:
    return literal(name, limit=80).replace("|", " ")


def _state(view: EscalationView, of: VendorView) -> list[str]:
    parts = []
    if view.is_called_off:
        return ["called off"]
    if of.is_outside:
        again = f", they answer again {when(of.opens_at, '{date_short_pretty} {time}')}" if of.opens_at else ""
        called = "it is outside" if of.is_to_be_told else "called outside"
        parts.append(f":warning: {called} their hours{again}")
    if of.case:
        parts.append(f"case *{literal(of.case, limit=200)}*")
    elif view.is_open and not of.is_fixed:
        parts.append("no case reference yet")
    parts += [_answered(view, of), *([_fixed(of)] if of.is_fixed else [])]
    return [part for part in parts if part]


def _answered(view: EscalationView, of: VendorView) -> str:
    if of.has_answered:
        noted = f", noted by <@{of.noted_by}>" if of.noted_by else ""
        return f":white_check_mark: first answer {_time(of.answered_at, of.answered_about)}{_waited(of)}{noted}"
    if of.is_fixed:
        return ""
    return "waiting for their first answer" if view.is_open else "no answer was recorded"


def _fixed(of: VendorView) -> str:
    return f":wrench: fixed by them {_time(of.fixed_at, of.fixed_about)}"


def _time(at: datetime | None, is_about: bool) -> str:
    if at is None:
        return "at a time nobody knows"
    return f"{'about ' if is_about else ''}{when(at)}"


def _waited(of: VendorView) -> str:
    if of.told_at is None or of.answered_at is None or of.answered_at <= of.told_at:
        return ""
    return f" after {show_duration(between(of.told_at, of.answered_at))}"


def case_question(of: VendorView) -> Message:
    """Quietly, in one message: asked again it is edited, and once there is an answer it says so."""
    name = f"*{literal(of.vendor.name, limit=200)}*"
    if of.case:
        text = f":white_check_mark: The case at {name} is *{literal(of.case, limit=200)}*."
        return Message(text, [context(text)])
    if not of.is_asked_for:
        text = f"The case reference of {name} is not asked for any more."
        return Message(text, [context(text)])
    since = f" They were told {when(of.told_at)}." if of.told_at else ""
    again = f" Asked {of.asked} times, last {when(of.asked_at)}." if of.asked > 1 and of.asked_at else ""
    text = f":ticket: Which case reference did {name} give?{since}{again}"
    hint = "The next who calls them needs it. A button, or `/incident vendor NAME case:REFERENCE`."
    given = button("Enter it", FORM, str(of.escalation_id))
    return Message(text, [section(text), context(hint), actions(given)])
