"""Policies for escalations: configured ones, and the ad-hoc policy of a single target."""

from collections.abc import Collection
from datetime import timedelta

from bot.config import Settings
from bot.config.sections.fields import NO_POLICY
from bot.config.sections.policies import PolicySection
from bot.domain.errors import UserError, did_you_mean, offer_closest
from bot.domain.escalation import AtEnd, Level, Need, Policy, Target
from bot.domain.terms import Severity, TargetKind


def find_policy(settings: Settings, name: str) -> Policy:
    """
    The configured policy with its teams expanded, as stored with an escalation.

    Raises UserError with the closest match.
    """
    known = {each.casefold(): each for each in settings.policies}
    found = known.get(name.casefold())
    if found is None:
        guess = did_you_mean(name, list(settings.policies))
        remedy = guess or (" dogwatch.toml has none: see `[policies.NAME]`." if not settings.policies else "")
        raise UserError(
            f"There is no escalation policy called `{name}`.{remedy}",
            mistake=name,
            offers=offer_closest(name, list(settings.policies)),
        )
    return _build_policy(settings, found, settings.policies[found])


def _build_policy(settings: Settings, name: str, section: PolicySection) -> Policy:
    levels = tuple(
        Level(_expand_teams(settings, each.targets), timedelta(minutes=each.wait), Need(each.acknowledge))
        for each in section.levels
    )
    at_end = AtEnd(section.at_end.announce, _expand_teams(settings, section.at_end.page))
    return Policy(name, levels, section.repeat, at_end)


def _expand_teams(settings: Settings, targets: Collection[Target]) -> tuple[Target, ...]:
    return tuple(expand_team(settings, each) for each in targets)


def expand_team(settings: Settings, target: Target) -> Target:
    """Expand a team to its members; other targets stay unchanged."""
    team = settings.teams.get(target.name) if target.kind == TargetKind.TEAM else None
    if team is None:
        return target
    return Target(target.kind, target.name, tuple(team.members), (team.usergroup,) if team.usergroup else ())


def ad_hoc_policy(settings: Settings, target: Target) -> Policy:
    """One level, repeated as configured under `[escalation]`."""
    wait = timedelta(minutes=settings.escalation.remind_after_minutes)
    return Policy("", (Level((target,), wait),), repeat=settings.escalation.remind_times)


def configured_policy(settings: Settings, severity: Severity, services: Collection[str]) -> str | None:
    """
    Name of the policy that starts with an incident; None if there is none.

    The most specific setting counts: of the first service that has one for this severity, of the severity, of all.
    """
    known = [settings.services[each] for each in services if each in settings.services]
    of_services = [(each.policy or {}).get(severity) for each in known]
    section = settings.severities.get(severity)
    settings_by_scope = [*of_services, section.policy if section else None, settings.incidents.policy]
    name = next((each for each in settings_by_scope if each is not None), NO_POLICY)
    return None if name == NO_POLICY else name
