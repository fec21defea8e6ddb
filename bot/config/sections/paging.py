"""`[paging]`: how people are paged."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.config.sections import Section, Word
from bot.config.sections.paging_services import (
    AppriseSection,
    EmailSection,
    OpsgenieSection,
    PagerDutySection,
    WebhookSection,
)
from bot.domain.errors import UserError
from bot.domain.paging.contact_rules import read_way


def _way(value: str) -> str:
    try:
        read_way(value)
    except UserError as problem:
        raise ValueError(problem.message) from None
    return value


WayText = Annotated[Word, AfterValidator(_way)]


class PagingSection(Section):
    """
    `[paging]`: by what people are paged, beside Slack, and how.

    `default` is for those who set nothing themselves. More than `bundle_after` pages to one person by one means within
    a minute go out as one.
    """

    default: Annotated[tuple[WayText, ...], Field(min_length=1, max_length=8, strict=False)] = ("slack",)
    bundle_after: Annotated[int, Field(ge=1, le=100)] = 3
    mute_others: Literal["anyone", "team", "nobody"] = "anyone"
    email: EmailSection = EmailSection()
    pagerduty: PagerDutySection = PagerDutySection()
    opsgenie: OpsgenieSection = OpsgenieSection()
    webhook: WebhookSection = WebhookSection()
    apprise: AppriseSection = AppriseSection()
