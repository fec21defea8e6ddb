"""A person's contact methods in their order, the form that adds one, and the test of all."""

from datetime import timedelta
from typing import Any

from bot.command.forms.choices import Choice
from bot.services.paging.addresses import ContactMethodOffer
from bot.services.paging.contacts import ADDRESS, DELAY, MEANS, ContactLine, ContactSettingsView
from bot.services.paging.page_tests import MethodResult, PageTestView
from bot.slack.blocks.inputs import modal, select_field, text_field
from bot.slack.blocks.limits import (
    NO_VALUE,
    Block,
    Blocks,
    actions,
    button,
    context,
    formatted_line,
    literal,
    one_line,
    overflow_menu,
    section,
    slack_datetime,
    slack_time,
)
from bot.slack.blocks.message import Message

ADD, TEST, MENU, ADD_FORM = "pages_add", "pages_test", "pages_menu", "pages_add_form"
CONFIRM = "pages_test_arrived"
DELAYS = (0, 2, 5, 10)
"""Minutes that the menu of a contact method offers; the form takes any other."""
REMOVE = "remove"
NIGHT = (
    ":zzz: Slack does not notify you while notifications are paused, often at night by default. No app can change "
    "that. Add another contact method, or check *Preferences*, *Notifications* in Slack."
)


def contact_settings_message(view: ContactSettingsView) -> Message:
    return Message("How you are paged", [section("*How you are paged*"), *contact_settings_blocks(view)])


def contact_settings_blocks(view: ContactSettingsView) -> Blocks:
    """Contact methods with their menus and buttons, for a reply and for App Home."""
    note = (
        "You are using the team's default. Add or change a method to set your own."
        if view.is_default
        else "Each is used after its delay, until you answer. If one fails, the next follows at once."
    )
    lines = [_method_block(line) for line in view.lines]
    buttons = [button("Test my pages", TEST, NO_VALUE)]
    if view.can_add:
        buttons.insert(0, button("Add contact method", ADD, NO_VALUE))
    night = [context(NIGHT)] if view.has_only_slack else []
    return [*_muted_blocks(view), *lines, actions(*buttons), *night, context(note)]


def _muted_blocks(view: ContactSettingsView) -> Blocks:
    if view.muted_until is None:
        return []
    why = f": {formatted_line(view.muted_why, length=150)}" if view.muted_why else ""
    until = slack_datetime(view.muted_until)
    return [section(f":mute: *You are not paged until {until}*{why}. `/incident unmute` ends it.")]


def _method_block(line: ContactLine) -> Block:
    where = f" {literal(line.shown, limit=100)}" if line.shown else ""
    text = f"*{literal(line.label, limit=80)}*{where} · {_delay_text(line.delay)}"
    if line.problem:
        at = f" {slack_datetime(line.failed_at)}" if line.failed_at else ""
        text += f"\n:warning: It failed{at}: {literal(one_line(line.problem, 200))}"
    if line.contact_id is None:
        return section(text)
    return section(text, accessory=_method_menu(line.contact_id))


def _delay_text(delay: timedelta) -> str:
    minutes = int(delay.total_seconds()) // 60
    return f"after {minutes} min" if minutes else "at once"


def _method_menu(contact_id: int) -> Block:
    choices = [(f"After {minutes} min" if minutes else "Page at once", f"{contact_id}:{minutes}") for minutes in DELAYS]
    return overflow_menu(MENU, [*choices, ("Remove", f"{contact_id}:{REMOVE}")])


def contact_method_form(offers: tuple[ContactMethodOffer, ...]) -> dict[str, Any]:
    """`offers`: contact methods that the configuration enables."""
    formats = [f"{each.label}: {each.asks}, like {each.hint}" for each in offers if each.asks]
    fields = [
        select_field(MEANS, "Method", [Choice(each.method, each.label) for each in offers], is_optional=False),
        text_field(ADDRESS, "Address", hint=". ".join(formats) if formats else "None of these needs one."),
        text_field(DELAY, "Delay in minutes", initial="0", hint="0: at once. Nothing is sent after you answer."),
    ]
    return modal(ADD_FORM, "Add contact method", "Add", fields, {})


def page_test_message(view: PageTestView) -> Message:
    """Results of a test, edited in place as they arrive."""
    head = ":test_tube: *Test of your pages.* Nothing is wrong, and nobody else is paged."
    rows = [_test_result(each) for each in view.results]
    last = context("Press *It arrived* beside each test that you received. Fix the others now, not at 3 a.m.")
    return Message("Test of your pages: nothing is wrong.", [section(head), *rows, last])


def _test_result(each: MethodResult) -> Block:
    where = f" {literal(each.shown, limit=100)}" if each.shown else ""
    name = f"*{literal(each.label, limit=80)}*{where}"
    if each.confirmed_at is not None:
        return section(f":white_check_mark: {name} · arrived, confirmed {slack_time(each.confirmed_at)}")
    if each.outcome == "":
        return section(f":hourglass_flowing_sand: {name} · on its way")
    if each.sent_at is None:
        return section(f":x: {name} · {literal(one_line(each.outcome, 300))}")
    arrived = button("It arrived", CONFIRM, str(each.test_id))
    return section(f":outbox_tray: {name} · sent {slack_time(each.sent_at)}", accessory=arrived)
