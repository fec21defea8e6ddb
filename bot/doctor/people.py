"""Check the people and user groups of the configuration in Slack."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.config import Settings
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.domain.terms import TargetKind
from bot.slack.api.client import Gateway
from bot.slack.api.errors import SlackApiError

MAX_PEOPLE = 100
"""People looked up one by one: Slack allows about a hundred such calls a minute."""


async def check_people(settings: Settings, gateway: Gateway) -> list[CheckResult]:
    """Check every person and user group in the configuration. Raises SlackError."""
    wanted = settings.configured_people()
    if not wanted.users and not wanted.usergroups:
        return [ok("people", "none in the configuration")]
    problems = await _check_users(settings, gateway, wanted.users[:MAX_PEOPLE])
    problems += await _check_groups(gateway, wanted.usergroups)
    left = len(wanted.users) - MAX_PEOPLE
    more = f"; {left} more not checked" if left > 0 else ""
    text = f"{len(wanted.users)} and {len(wanted.usergroups)} user groups found in Slack{more}"
    return problems or [ok("people", text)]


async def _check_users(settings: Settings, gateway: Gateway, users: Iterable[str]) -> list[CheckResult]:
    results = []
    for user in users:
        try:
            person = (await gateway.call("users.info", user=user))["user"]
        except SlackApiError as problem:
            if problem.error not in {"user_not_found", "user_not_visible", "users_not_found"}:
                raise
            text = f"Slack does not know {user}{_paged_by(settings, user)}"
            results.append(failed("people", text, "Correct the id in dogwatch.toml."))
            continue
        results += _person_results(user, person, _paged_by(settings, user))
    return results


def _person_results(user: str, person: Mapping[str, Any], paged_by: str) -> Iterator[CheckResult]:
    """Results for a person who cannot be paged or cannot acknowledge."""
    name = str((person.get("profile") or {}).get("display_name") or person.get("real_name") or user)
    report = failed if paged_by else warning
    if person.get("deleted"):
        yield report("people", f"{name} ({user}) is deactivated{paged_by}", "Remove them from dogwatch.toml.")
    elif person.get("is_bot"):
        yield report("people", f"{name} ({user}) is an app{paged_by}", "Use a person instead.")
    elif paged_by and (person.get("is_restricted") or person.get("is_ultra_restricted")):
        text = f"{name} ({user}) is a guest and cannot acknowledge pages{paged_by}"
        yield failed("people", text, "Use a member of the workspace instead.")


def _paged_by(settings: Settings, user: str) -> str:
    """Schedules and policies that page them, as the end of a sentence; empty if none does."""
    pagers = [f"the schedule {name}" for name, each in settings.schedules.items() if user in each.user_ids]
    for name, policy in settings.policies.items():
        named = {person for each in policy.every_target for person in each.people}
        teams = [each.name for each in policy.every_target if each.kind == TargetKind.TEAM]
        if user in named.union(*(settings.teams[team].members for team in teams)):
            pagers.append(f"the policy {name}")
    return f", but paged by {' and '.join(pagers)}" if pagers else ""


async def _check_groups(gateway: Gateway, groups: Sequence[str]) -> list[CheckResult]:
    if not groups:
        return []
    listed = (await gateway.call("usergroups.list", include_users=True, include_disabled=True))["usergroups"]
    known = {str(each["id"]): each for each in listed}
    results = []
    for group in groups:
        if group not in known:
            results.append(
                failed("people", f"Slack does not know the user group {group}", "Correct it in dogwatch.toml.")
            )
        elif known[group].get("date_delete"):
            text = f"the user group @{known[group].get('handle')} ({group}) is disabled"
            results.append(warning("people", text, "Enable it in Slack, or remove it from dogwatch.toml."))
        elif not known[group].get("users"):
            text = f"the user group @{known[group].get('handle')} ({group}) is empty"
            results.append(warning("people", text, "Add members in Slack. It pages nobody."))
    return results
