"""`[paging]`: how people are paged."""

from bot.config.means import AppriseSection, EmailSection, OpsgenieSection, PagerDutySection, WebhookSection
from bot.config.sections import Section


class PagingSection(Section):
    """`[paging]`: by what else than Slack people can be paged."""

    email: EmailSection = EmailSection()
    pagerduty: PagerDutySection = PagerDutySection()
    opsgenie: OpsgenieSection = OpsgenieSection()
    webhook: WebhookSection = WebhookSection()
    apprise: AppriseSection = AppriseSection()
