"""People and user groups that a scenario needs in the sandbox's workspace."""

import re
from collections.abc import Iterator

from bot.sandbox.server import Sandbox
from bot.scenario.model import Acknowledgement, Scenario, SlashCommand, Step

ESCALATE_COMMAND = re.compile(
    r"/incident\s+(?:escalate|page)\b.*?(?<!\S)@(?P<handle>[A-Za-z0-9][\w.-]*)", re.IGNORECASE | re.DOTALL
)
GROUP_SIZE = 3
"""Members of a group for which nobody acknowledges."""


def people_of(scenario: Scenario) -> list[str]:
    """Return the handles of everybody who acts, sorted."""
    return sorted({str(who) for step in scenario.steps if (who := getattr(step.action, "who", None))})


def add_people(scenario: Scenario, sandbox: Sandbox) -> None:
    for handle in people_of(scenario):
        if sandbox.workspace.user_by_handle(handle) is None:
            sandbox.add_user(handle, tz=scenario.zone.key)


def add_usergroups(scenario: Scenario, sandbox: Sandbox) -> None:
    """Create a user group for each escalation target `@name` that is not a person."""
    workspace = sandbox.workspace
    for step, handle in _escalation_targets(scenario):
        if workspace.user_by_handle(handle) is None and workspace.usergroup_by_handle(handle) is None:
            sandbox.add_usergroup(handle, _group_members(scenario, handle, step))


def _escalation_targets(scenario: Scenario) -> Iterator[tuple[Step, str]]:
    for step in scenario.steps:
        if isinstance(step.action, SlashCommand) and (found := ESCALATE_COMMAND.match(step.action.text)):
            yield step, found["handle"]


def _group_members(scenario: Scenario, group: str, escalation: Step) -> list[str]:
    """Return those who acknowledge for the group, else some of the scenario's other people."""
    actions = [step.action for step in scenario.steps]
    answering = [each.who for each in actions if isinstance(each, Acknowledgement) and each.target == group]
    asking = getattr(escalation.action, "who", "")
    others = [handle for handle in people_of(scenario) if handle != asking]
    return list(dict.fromkeys(answering)) or others[:GROUP_SIZE] or [asking]
