"""The page in words: short for a phone's screen, in full for a mail, and the values of the mail's templates."""

from collections.abc import Iterator
from typing import Any

from bot.domain.text.normalize import one_line
from bot.services.paging.content import CallText, PageText

SHORTEST_WORDS = 40


def headline(page: PageText, limit: int) -> str:
    """What somebody reads first: `INC-7 SEV1 checkout is down`, or how many there are."""
    if not page.is_several:
        return one_line(page.first.headline, limit)
    return one_line(f"{len(page.calls)} incidents need you: {', '.join(each.reference for each in page.calls)}", limit)


def short(page: PageText, limit: int) -> str:
    """
    For a text message: the headline, and where to answer. The addresses are never cut; of a storm's calls those are
    left out that do not fit, and it says how many.
    """
    if not page.is_several:
        end = f" Answer: {page.first.acknowledge_url}"
        return one_line(page.first.headline, max(limit - len(end), SHORTEST_WORDS)) + end
    lines = [f"{len(page.calls)} incidents need {page.name}."]
    for left, call in zip(range(len(page.calls), 0, -1), page.calls, strict=True):
        line = f"{one_line(call.headline, SHORTEST_WORDS)}: {call.acknowledge_url}"
        if sum(map(len, lines)) + len(line) + 20 > limit and len(lines) > 1:
            return "\n".join([*lines, f"And {left} more: see Slack."])
        lines.append(line)
    return "\n".join(lines)


def full(page: PageText) -> str:
    """Everything that a service shows below its headline."""
    return "\n\n".join("\n".join(_lines(call)) for call in page.calls)


def _lines(call: CallText) -> Iterator[str]:
    yield call.headline
    if call.reason:
        yield f"Why: {call.reason}"
    yield f"{call.asked}."
    yield f"Status: {call.status_label}"
    if call.page_url:
        yield f"The record: {call.page_url}"


def values_of(page: PageText) -> dict[str, Any]:
    """For the templates of mail."""
    return {
        "name": page.name,
        "team": page.team_name,
        "headline": headline(page, 200),
        "is_test": page.is_test,
        "calls": [
            {
                "reference": call.reference,
                "title": one_line(call.title, 300) or "A private incident",
                "severity": call.severity_label,
                "status": call.status_label,
                "reason": call.reason,
                "asked": call.asked,
                "acknowledge_url": call.acknowledge_url,
                "page_url": call.page_url,
                "channel_url": call.channel_url,
                "is_drill": call.is_drill,
            }
            for call in page.calls
        ],
    }
