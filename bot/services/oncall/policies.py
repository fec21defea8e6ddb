"""Which policy an escalation follows: one of the configuration, or the reminders of an ad-hoc call."""

from collections.abc import Collection
from datetime import timedelta

from bot.config import Settings
from bot.config.sections import NO_POLICY
from bot.config.sections.policies import PolicySection
from bot.domain.errors import UserError, did_you_mean
from bot.domain.escalation import AtEnd, Level, Need, Policy, Target
from bot.domain.terms import Severity, TargetKind


def named(settings: Settings, name: str) -> Policy:
    """
    The policy as the configuration has it now, with who is in its teams: what an escalation keeps.

    Raises UserError, with the nearest that exists.
    """
    known = {each.casefold(): each for each in settings.policies}
    found = known.get(name.casefold())
    if found is None:
        guess = did_you_mean(name, list(settings.policies))
        remedy = guess or (" dogwatch.toml has none: see `[policies.NAME]`." if not settings.policies else "")
        raise UserError(f"There is no escalation policy called `{name}`.{remedy}")
    return _made(settings, found, settings.policies[found])


def _made(settings: Settings, name: str, section: PolicySection) -> Policy:
    levels = tuple(
        Level(_known(settings, each.targets), timedelta(minutes=each.wait), Need(each.acknowledge))
        for each in section.levels
    )
    at_end = AtEnd(section.at_end.announce, _known(settings, section.at_end.page))
    return Policy(name, levels, section.repeat, at_end)


def _known(settings: Settings, targets: Collection[Target]) -> tuple[Target, ...]:
    return tuple(with_people(settings, each) for each in targets)


def with_people(settings: Settings, target: Target) -> Target:
    """A team as it is now; everything else is what it was."""
    team = settings.teams.get(target.name) if target.kind == TargetKind.TEAM else None
    if team is None:
        return target
    return Target(target.kind, target.name, tuple(team.members), (team.usergroup,) if team.usergroup else ())


def of_reminders(settings: Settings, target: Target) -> Policy:
    """An ad-hoc call: one level, as often as `[escalation]` says."""
    wait = timedelta(minutes=settings.escalation.remind_after_minutes)
    return Policy("", (Level((target,), wait),), repeat=settings.escalation.remind_times)


def chosen(settings: Settings, severity: Severity, services: Collection[str]) -> str | None:
    """
    The policy that starts by itself. The most specific word holds: of the first service that says something for this
    severity, else of the severity, else of all incidents. None where none starts.
    """
    known = [settings.services[each] for each in services if each in settings.services]
    of_services = [(each.policy or {}).get(severity) for each in known]
    section = settings.severities.get(severity)
    said = [*of_services, section.policy if section else None, settings.incidents.policy]
    name = next((each for each in said if each is not None), NO_POLICY)
    return None if name == NO_POLICY else name
