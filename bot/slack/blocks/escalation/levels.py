"""Levels of an escalation: the present one with its page attempts, and the earlier ones."""

from collections.abc import Sequence

from bot.domain.paging.contact_methods import contact_method_label
from bot.domain.text.durations import format_duration
from bot.services.escalation.view import Attempt, EscalationView, PagedLevelView, PagedPersonView
from bot.slack.blocks.limits import join_lines, literal, one_line, slack_time
from bot.store.escalation.pages import SENT

PEOPLE, EARLIER, NAMED = 12, 8, 5
"""People of the present level, earlier levels, and other targets that are named."""
ROOM = 2_400
"""Characters of the people of the present level, and of the earlier levels."""
PENDING = ""
"""Outcome of a page that is not sent yet."""
BECAUSE = {
    "nobody left": ", as everybody in the previous level declined",
    "cannot go on": ", as it was handed back",
    "silent": " again, as there was no response after the acknowledgement",
}


def present_level(view: EscalationView) -> str:
    """Present level with each person's page attempts; empty before the first page."""
    if not view.paged:
        return ""
    newest = view.paged[-1]
    lines, room = [], ROOM
    for each in newest.people[:PEOPLE]:
        line = f"• {_person_line(view, each)}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    if more := len(newest.people) - len(lines):
        lines.append(f"and {more} more")
    others = [f"• <!subteam^{each}> mentioned here" for each in newest.groups[:NAMED]]
    others += [f"• vendor *{literal(one_line(each, 80))}*" for each in newest.vendors[:NAMED]]
    others += [f"• :warning: {literal(one_line(each, 80))}: nobody to page" for each in newest.missing[:NAMED]]
    return join_lines([_level_heading(view, newest), *lines, *others])


def _level_heading(view: EscalationView, paged: PagedLevelView) -> str:
    """Name and time of a level, with the reason if it was not simply due."""
    name = f"Level {paged.level}" if view.progress.is_stepwise else "Paged"
    if paged.because == "end" or paged.level > view.progress.levels:
        name = "At the end of the policy"
    why = BECAUSE.get(paged.because, "")
    late = f" · :warning: {format_duration(paged.late)} late" if paged.late else ""
    missed = "level" if paged.passed_over == 1 else "levels"
    passed = f", {paged.passed_over} earlier {missed} skipped" if paged.passed_over else ""
    return f"*{name}*, {slack_time(paged.at)}{why}{late}{passed}"


def mention(who: str) -> str:
    """Mention of a person; a service is named by its contact method."""
    return f"*{literal(contact_method_label(who))}*" if ":" in who else f"<@{who}>"


def _person_line(view: EscalationView, one: PagedPersonView) -> str:
    tried = ", ".join(_attempt_text(each) for each in one.attempts[-4:])
    if ":" in one.user_id:  # a service's label is its contact method
        tried = tried.replace(f"{literal(contact_method_label(one.user_id))} ", "")
    result = ""
    if one.acknowledged_at:
        result = f" · :white_check_mark: {slack_time(one.acknowledged_at)}"
    elif one.has_declined:
        result = " · cannot"
    return f"{person_markup(view, one.user_id)} {tried}{result}".rstrip()


def _attempt_text(each: Attempt) -> str:
    if each.skipped is not None:
        return f"not paged: {literal(one_line(each.skipped, 80))}"
    method = literal(one_line(each.method, 40))
    if each.outcome == SENT:
        return f"{method} {slack_time(each.at)}"
    if each.outcome == PENDING:
        return f"then {method} {slack_time(each.at)}" if each.is_due_later else f"{method} on its way"
    return f":warning: {method} failed {slack_time(each.at)} ({literal(one_line(each.outcome, 60))})"


def earlier_levels(view: EscalationView) -> str:
    """One line for each of the newest earlier levels; for reminders only their times."""
    before = view.paged[:-1]
    if not before:
        return ""
    if not view.progress.is_stepwise:
        times = [slack_time(each.at) for each in before[-EARLIER:]]
        more = f" and {len(before) - EARLIER} times before that" if len(before) > EARLIER else ""
        return f"Also paged {', '.join(times)}{more}"
    lines = [_earlier_level_line(each) for each in reversed(before[-EARLIER:])]
    earlier = [f"and {len(before) - EARLIER} before"] if len(before) > EARLIER else []
    return join_lines([*lines, *earlier], ROOM - 500)


def _earlier_level_line(paged: PagedLevelView) -> str:
    cannot = [each.user_id for each in paged.people if each.has_declined]
    answered = [each.user_id for each in paged.people if each.acknowledged_at]
    others = [each for each in paged.people if each.user_id not in {*cannot, *answered}]
    silent = [each.user_id for each in others if each.has_timed_out]
    unpaged = [each.user_id for each in others if each.is_skipped]
    unreached = [each.user_id for each in others if each.has_failed and not each.has_timed_out]
    none = [each.user_id for each in others if each.user_id not in {*silent, *unpaged, *unreached}]
    results = (
        (answered, "answered"),
        (silent, "acknowledged, then no response"),
        (cannot, "cannot"),
        (none, "no answer"),
        (unpaged, "not paged"),
        (unreached, "not reached"),
    )
    parts = [f"{_few_mentions(people)} {result}" for people, result in results if people]
    parts += [f"<!subteam^{each}> no answer" for each in paged.groups[:3]]
    parts += [f"vendor *{literal(one_line(each, 60))}*" for each in paged.vendors[:3]]
    parts += [f"{literal(one_line(each, 60))}: nobody to page" for each in paged.missing[:3]]
    return f"Level {paged.level}, {slack_time(paged.at)}: {'; '.join(parts) or 'nobody to page'}"


def _few_mentions(people: Sequence[str]) -> str:
    named = ", ".join(map(mention, people[:3]))
    return f"{named} and {len(people) - 3} more" if len(people) > 3 else named


def person_markup(view: EscalationView, user_id: str) -> str:
    """Mention of a person, or their name if they are left out: a mention would notify them."""
    if user_id not in view.left_out:
        return mention(user_id)
    return f"*{literal(view.names.get(user_id) or 'somebody who is not paged', limit=100)}*"


def mention_list(people: Sequence[str]) -> str:
    named = " ".join(map(mention, people[:PEOPLE]))
    return f"{named} and {len(people) - PEOPLE} more" if len(people) > PEOPLE else named
