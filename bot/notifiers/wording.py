"""Text of a page: short for a text message, full for a service, values for mail templates."""

from collections.abc import Iterator
from typing import Any

from bot.domain.text.normalize import to_one_line
from bot.services.paging.content import EscalationText, PageText

MIN_HEADLINE = 40
"""Characters of a headline that are kept even where the text gets longer than its limit."""


def headline(page: PageText, limit: int) -> str:
    """`INC-7 SEV1 checkout is down`, or the number of incidents and their references."""
    if not page.is_several:
        return to_one_line(page.first.headline, limit)
    return to_one_line(
        f"{len(page.calls)} incidents need you: {', '.join(each.reference for each in page.calls)}", limit
    )


def short_text(page: PageText, limit: int) -> str:
    """
    Headline and acknowledge link, for a text message.

    Links are never cut. Of several incidents, those that do not fit are only counted.
    """
    if not page.is_several:
        end = f" Answer: {page.first.acknowledge_url}"
        return to_one_line(page.first.headline, max(limit - len(end), MIN_HEADLINE)) + end
    lines = [f"{len(page.calls)} incidents need {page.name}."]
    for left, call in zip(range(len(page.calls), 0, -1), page.calls, strict=True):
        line = f"{to_one_line(call.headline, MIN_HEADLINE)}: {call.acknowledge_url}"
        if sum(map(len, lines)) + len(line) + 20 > limit and len(lines) > 1:
            return "\n".join([*lines, f"And {left} more: see Slack."])
        lines.append(line)
    return "\n".join(lines)


def full_text(page: PageText) -> str:
    """All details, for the description field of a paging service."""
    return "\n\n".join("\n".join(_call_lines(call)) for call in page.calls)


def _call_lines(call: EscalationText) -> Iterator[str]:
    yield call.headline
    if call.reason:
        yield f"Why: {call.reason}"
    yield f"{call.origin_text}."
    yield f"Status: {call.status_label}"
    if call.page_url:
        yield f"Record: {call.page_url}"


def template_values(page: PageText) -> dict[str, Any]:
    """Values of `mail/page.txt.j2` and `mail/page.html.j2`."""
    return {
        "name": page.name,
        "team": page.team_name,
        "headline": headline(page, 200),
        "is_test": page.is_test,
        "calls": [
            {
                "reference": call.reference,
                "title": to_one_line(call.title, 300) or "A private incident",
                "severity": call.severity_label,
                "status": call.status_label,
                "reason": call.reason,
                "asked": call.origin_text,
                "acknowledge_url": call.acknowledge_url,
                "page_url": call.page_url,
                "channel_url": call.channel_url,
                "is_drill": call.is_drill,
            }
            for call in page.calls
        ],
    }
