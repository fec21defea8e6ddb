"""How somebody is paged: their means in the order in which they come, what can be changed, and a test of all."""

from datetime import timedelta
from typing import Any

from bot.services.paging.addresses import Offer
from bot.services.paging.contacts import ADDRESS, DELAY, MEANS, Line, PagesView
from bot.services.paging.test_pages import Tested, TestView
from bot.slack.blocks.inputs import Choice, modal, plain, select_field, text_field
from bot.slack.blocks.limits import Block, Blocks, actions, button, context, literal, one_line, section, when
from bot.slack.blocks.message import Message

ADD, TEST, MENU, ADD_FORM = "pages_add", "pages_test", "pages_menu", "pages_add_form"
CONFIRM = "pages_test_arrived"
NOBODYS = "0"
DELAYS = (0, 2, 5, 10)
"""Minutes that the menu beside a means offers; any other is typed when it is added."""
REMOVE = "remove"
NIGHT = (
    ":zzz: Slack makes no sound while its notifications are paused, which many have set for every night, and no app "
    "can change that. Add another means, or look at *Preferences*, *Notifications* in Slack."
)
DATE = "{date_short_pretty} {time}"


def shown(view: PagesView) -> Message:
    return Message("How you are paged", [section("*How you are paged*"), *blocks(view)])


def blocks(view: PagesView) -> Blocks:
    """The list with its menus and buttons: in an answer, and in App Home."""
    told = (
        "This is what holds for everybody who has set nothing. Change or add something, and it is yours."
        if view.is_default
        else "Each comes so long after the first, unless you have answered. If one fails, the next goes at once."
    )
    lines = [_line(line) for line in view.lines]
    buttons = [button("Test my pages", TEST, NOBODYS)]
    if view.can_add:
        buttons.insert(0, button("Add a means", ADD, NOBODYS))
    night = [context(NIGHT)] if view.has_only_slack else []
    return [*_muted(view), *lines, actions(*buttons), *night, context(told)]


def _muted(view: PagesView) -> Blocks:
    if view.muted_until is None:
        return []
    why = f": {literal(one_line(view.muted_why, 150))}" if view.muted_why else ""
    until = when(view.muted_until, DATE)
    return [section(f":mute: *You are not paged until {until}*{why}. `/incident unmute` ends it.")]


def _line(line: Line) -> Block:
    where = f" {literal(line.shown, limit=100)}" if line.shown else ""
    text = f"*{literal(line.label, limit=80)}*{where} · {_delay(line.delay)}"
    if line.problem:
        at = f" {when(line.failed_at, DATE)}" if line.failed_at else ""
        text += f"\n:warning: It failed{at}: {literal(one_line(line.problem, 200))}"
    if line.contact_id is None:
        return section(text)
    return section(text, accessory=_menu(line.contact_id))


def _delay(delay: timedelta) -> str:
    minutes = int(delay.total_seconds()) // 60
    return f"after {minutes} min" if minutes else "at once"


def _menu(contact_id: int) -> Block:
    choices = [(f"{contact_id}:{minutes}", f"After {minutes} min" if minutes else "Page at once") for minutes in DELAYS]
    options = [*choices, (f"{contact_id}:{REMOVE}", "Remove")]
    return {
        "type": "overflow",
        "action_id": MENU,
        "options": [{"text": plain(text), "value": value} for value, text in options],
    }


def add_form(offers: tuple[Offer, ...]) -> dict[str, Any]:
    """`offers`: what is set up here."""
    asked = [f"{each.label}: {each.asks}, like {each.hint}" for each in offers if each.asks]
    fields = [
        select_field(MEANS, "By what?", [Choice(each.means, each.label) for each in offers], is_optional=False),
        text_field(ADDRESS, "Address", hint=". ".join(asked) if asked else "None of these needs one."),
        text_field(DELAY, "After how many minutes?", initial="0", hint="0: at once. None comes after you answer."),
    ]
    return modal(ADD_FORM, "Add a means", "Add", fields, {})


def tested(view: TestView) -> Message:
    """What came of a test, edited in place as it becomes known."""
    head = ":test_tube: *Test of your pages.* Nothing is wrong, and nobody else is paged."
    rows = [_tested(each) for each in view.results]
    last = context("Press *It arrived* beside each that you got. What never arrives is better known now than at 3 a.m.")
    return Message("Test of your pages: nothing is wrong.", [section(head), *rows, last])


def _tested(each: Tested) -> Block:
    where = f" {literal(each.shown, limit=100)}" if each.shown else ""
    name = f"*{literal(each.label, limit=80)}*{where}"
    if each.confirmed_at is not None:
        return section(f":white_check_mark: {name} · arrived, as you said {when(each.confirmed_at)}")
    if each.outcome == "":
        return section(f":hourglass_flowing_sand: {name} · on its way")
    if each.sent_at is None:
        return section(f":x: {name} · {literal(one_line(each.outcome, 300))}")
    arrived = button("It arrived", CONFIRM, str(each.test_id))
    return section(f":outbox_tray: {name} · sent {when(each.sent_at)}", accessory=arrived)
