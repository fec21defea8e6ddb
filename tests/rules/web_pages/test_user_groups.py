"""User groups are asked of Slack seldom, and pages do without them while it does not answer."""

from bot.services.workspace.user_groups import UserGroup
from bot.web.pages.postmortem.user_groups import KEPT_SECONDS, RETRY_SECONDS, UserGroupList

DATABASE = UserGroup("S0DATABASE", "database", "Database team")


class Asked:
    """Answers with what is set, or fails; `times` counts."""

    def __init__(self, answer: list[UserGroup] | None) -> None:
        self.answer = answer
        self.times = 0

    async def __call__(self) -> list[UserGroup]:
        self.times += 1
        if self.answer is None:
            raise TimeoutError
        return self.answer


async def test_an_answer_is_kept_and_survives_a_failure() -> None:
    now, slack = [0.0], Asked([DATABASE])
    groups = UserGroupList(slack, lambda: now[0])

    assert [await groups.find_groups(), await groups.find_groups(), slack.times] == [[DATABASE], [DATABASE], 1]
    slack.answer = None
    now[0] = KEPT_SECONDS
    assert [await groups.find_groups(), slack.times] == [[DATABASE], 2]
    slack.answer = []
    now[0] += RETRY_SECONDS
    assert [await groups.find_groups(), slack.times] == [[], 3]


async def test_without_an_answer_there_are_none_and_slack_is_not_asked_at_each_page() -> None:
    slack = Asked(None)
    groups = UserGroupList(slack, lambda: 0.0)

    assert [list(await groups.find_groups()), list(await groups.find_groups()), slack.times] == [[], [], 1]
