"""`[paging]`: how people are paged."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.config.sections import Section
from bot.config.sections.fields import ListOf, Word
from bot.config.sections.paging_services import (
    AppriseSection,
    EmailSection,
    NtfySection,
    OpsgenieSection,
    PagerDutySection,
    WebhookSection,
)
from bot.domain.errors import UserError
from bot.domain.paging import contact_rules


def _check_contact_method(value: str) -> str:
    try:
        contact_rules.parse_contact_rule(value)
    except UserError as problem:
        raise ValueError(problem.message) from None
    return value


class PagingSection(Section):
    """
    `[paging]`: how people are paged, beside Slack.

    `default` is for people without own contact methods. More than `bundle_after` pages to one person by one
    contact method within a minute go out as one.
    """

    default: Annotated[
        ListOf[Annotated[Word, AfterValidator(_check_contact_method)]], Field(min_length=1, max_length=8)
    ] = ("slack",)
    bundle_after: Annotated[int, Field(ge=1, le=100)] = 3
    mute_others: Literal["anyone", "team", "nobody"] = "anyone"
    email: EmailSection = EmailSection()
    ntfy: NtfySection = NtfySection()
    pagerduty: PagerDutySection = PagerDutySection()
    opsgenie: OpsgenieSection = OpsgenieSection()
    webhook: WebhookSection = WebhookSection()
    apprise: AppriseSection = AppriseSection()
