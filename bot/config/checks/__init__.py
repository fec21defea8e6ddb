"""Checks between tables: unknown names, ambiguous words, and doubtful settings."""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from bot.config.checks.adapters import find_adapter_doubts
from bot.config.checks.paging import find_paging_conflicts, find_paging_doubts
from bot.config.checks.policies import find_policy_conflicts, find_policy_doubts
from bot.config.checks.schedules import find_schedule_conflicts, find_schedule_doubts
from bot.config.checks.status_page import find_status_page_conflicts, find_status_page_doubts
from bot.config.checks.vendors import find_vendor_conflicts, find_vendor_doubts
from bot.config.problems import Conflict, KeyPath
from bot.config.sections import OwnHoursSection
from bot.config.sections.alerts import RouteSection
from bot.config.sections.fields import is_user_id
from bot.config.settings import Settings
from bot.domain.alerts.routing import Matcher, RouteAction
from bot.domain.errors import did_you_mean
from bot.domain.incidents import bridge
from bot.domain.incidents.requirements import Requirement
from bot.domain.terms import Severity, Status
from bot.domain.timeline.emoji import normalise_emoji
from bot.domain.vendor_status.routing import ANY_VENDOR

SAME_TIME = 'Work ends when it begins. For the whole day write from = "00:00" and to = "24:00".'


def find_conflicts(settings: Settings) -> Iterator[Conflict]:
    """Yield the errors that show only when two places are compared."""
    checks = (
        _find_service_conflicts,
        _find_template_conflicts,
        _find_folder_conflicts,
        _find_image_conflicts,
        _find_route_conflicts,
        _find_severity_word_conflicts,
        _find_status_word_conflicts,
        _find_role_word_conflicts,
        _find_unknown_demands,
        _find_reaction_conflicts,
        _find_alert_word_conflicts,
        _find_hours_conflicts,
        find_policy_conflicts,
        find_paging_conflicts,
        find_schedule_conflicts,
        find_environment_conflicts,
        find_status_page_conflicts,
        find_vendor_conflicts,
    )
    return chain.from_iterable(check(settings) for check in checks)


def find_environment_conflicts(settings: Settings) -> Iterator[Conflict]:
    """Yield those between variables of the environment, which need no file."""
    yield from _find_database_conflicts(settings)
    yield from _find_sign_in_conflicts(settings)


def find_doubts(settings: Settings) -> Iterator[Conflict]:
    """Yield warnings: valid settings that are probably not intended."""
    yield from _find_route_doubts(settings)
    yield from find_adapter_doubts(settings)
    yield from find_policy_doubts(settings)
    yield from find_paging_doubts(settings)
    yield from find_schedule_doubts(settings)
    yield from find_status_page_doubts(settings)
    yield from find_vendor_doubts(settings)
    if settings.incidents.bridge is not None and bridge.RANDOM not in settings.incidents.bridge:
        message = f"The link is predictable, so private incidents get no call. Add {bridge.RANDOM} to change that."
        yield ("incidents", "bridge"), message, settings.incidents.bridge
    for name, team in settings.teams.items():
        if not team.members and team.usergroup is None:
            message = "This team is empty, so it invites and pages nobody. Add members or a usergroup."
            yield ("teams", name), message, None


def _find_route_doubts(settings: Settings) -> Iterator[Conflict]:
    by_matcher: dict[Matcher | None, list[int]] = {}  # a route that covers another one has no matcher that it lacks
    for later, route in enumerate(settings.routes):
        for earlier in sorted(number for each in {None, *route.match} for number in by_matcher.get(each, ())):
            other = settings.routes[earlier]
            is_always = other.days is None and other.hours is None
            same_times = (other.days, other.hours, other.zone) == (route.days, route.hours, route.zone)
            if set(other.match) <= set(route.match) and (is_always or same_times) and _covers(other, route):
                subject = "incidents" if route.vendors else "alerts"
                message = (
                    f"This route has no effect: routes[{earlier}] matches the same {subject} first. Move "
                    "this one before it, or remove one of them."
                )
                yield ("routes", later), message, None
                break
        by_matcher.setdefault(route.match[0] if route.match else None, []).append(later)
    for index, route in enumerate(settings.routes):
        if route.triage is not None and route.action is not RouteAction.OPEN:
            message = f"A route with action {route.action} opens no incidents, so triage has no effect. Remove it."
            yield ("routes", index, "triage"), message, route.triage


def _covers(earlier: RouteSection, later: RouteSection) -> bool:
    """Whether both are for alerts, or the earlier one for all vendors of the later one."""
    if not earlier.vendors or not later.vendors:
        return bool(earlier.vendors) is bool(later.vendors)
    return ANY_VENDOR in earlier.vendors or set(later.vendors) <= set(earlier.vendors)


def _find_service_conflicts(settings: Settings) -> Iterator[Conflict]:
    teams = list(settings.teams)
    for name, service in settings.services.items():
        if service.team is not None and service.team not in teams:
            yield ("services", name, "team"), _unknown_name("team", service.team, teams), service.team
        for index, person in enumerate(service.people):
            if person not in teams and not is_user_id(person):
                message = _unknown_name("team", person, teams) + " A person is given by user id, like U0123456789."
                yield ("services", name, "people", index), message, person
    yield from _find_alias_conflicts(settings)


def _find_alias_conflicts(settings: Settings) -> Iterator[Conflict]:
    """A name of a change stands for one service."""
    owners = {name.casefold(): name for name in settings.services}
    for name, service in settings.services.items():
        for index, alias in enumerate(service.aliases):
            owner = owners.setdefault(alias.casefold(), name)
            if owner != name:
                yield ("services", name, "aliases", index), f"This is a name of the service {owner} already.", alias


def _find_template_conflicts(settings: Settings) -> Iterator[Conflict]:
    for folder in settings.template_folders:
        if not folder.is_dir():
            message = f"There is no folder {folder}. Create it, with your templates in its folder postmortem/."
            yield ("postmortem", "templates"), message, settings.postmortem.templates
    paths: list[tuple[KeyPath, str | None]] = [(("incidents", "template"), settings.incidents.template)]
    paths += [(("services", name, "template"), each.template) for name, each in settings.services.items()]
    known = settings.template_names
    for path, name in paths:
        if name is not None and name not in known:
            message = f"There is no such template.{did_you_mean(name, known)} Use one of {', '.join(known)}."
            yield path, message, name


def _find_folder_conflicts(settings: Settings) -> Iterator[Conflict]:
    named, folder = settings.files.folder, settings.kept_files_folder
    if named is None or folder is None or not settings.files.keep:
        return
    if not folder.is_dir():
        yield ("files", "folder"), f"There is no folder {folder}. Create it, or correct the path.", named
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        message = f"The folder {folder} cannot be written. Give it to the user that runs Dogwatch, or set keep = false."
        yield ("files", "folder"), message, named


def _find_image_conflicts(settings: Settings) -> Iterator[Conflict]:
    section = settings.alerts.keep_images
    if section.hosts and not settings.files.keep:
        message = "Graphs are kept with the files, and [files] keep is false. Set it to true, or remove the hosts."
        yield ("alerts", "keep_images", "hosts"), message, ", ".join(section.hosts)


def _find_route_conflicts(settings: Settings) -> Iterator[Conflict]:
    services = list(settings.services)
    for index, route in enumerate(settings.routes):
        # Without [services] a route may name any service: the name is only displayed.
        if route.service is not None and services and route.service not in services:
            yield ("routes", index, "service"), _unknown_name("service", route.service, services), route.service


def _unknown_name(what: str, name: str, known: list[str]) -> str:
    return f"There is no {what} of this name.{did_you_mean(name, known)} Add [{what}s.{name}], or correct the name."


def _find_severity_word_conflicts(settings: Settings) -> Iterator[Conflict]:
    """Compare words and displayed labels. A severity without a label displays its fixed name."""
    owner: dict[str, Severity] = {}
    for severity in Severity:
        section = settings.severities.get(severity)
        label = section.label if section and section.label else severity.value
        for word in (label, *(section.words if section else ())):
            taken = owner.setdefault(word.strip().casefold(), severity)
            if taken is not severity:
                message = f'"{word}" is already a word for {taken}. Use different words for each severity.'
                changed = severity if section else taken
                yield ("severities", changed.value), message, word


def _find_status_word_conflicts(settings: Settings) -> Iterator[Conflict]:
    words = ((status.value, (each.label, *each.words)) for status, each in settings.statuses.items())
    return _find_word_conflicts("status", "statuses", {status.value: status.value for status in Status}, words)


def _find_role_word_conflicts(settings: Settings) -> Iterator[Conflict]:
    words = ((name, (each.label, *each.words)) for name, each in settings.roles.items())
    return _find_word_conflicts("role", "roles", {name: name for name in settings.role_table}, words)


def _find_word_conflicts(
    what: str, table: str, owner: dict[str, str], words: Iterable[tuple[str, tuple[str | None, ...]]]
) -> Iterator[Conflict]:
    """`owner`: the names that words already belong to."""
    for name, own in words:
        for word in filter(None, own):
            taken = owner.setdefault(word.strip().casefold(), name)
            if taken != name:
                message = f'"{word}" is already a word for the {what} {taken}. Use different words for each {what}.'
                yield (table, name), message, word


def _find_unknown_demands(settings: Settings) -> Iterator[Conflict]:
    known = [*settings.role_table, *Requirement]
    sections: list[tuple[str, str, tuple[str, ...]]] = [
        *(("severities", each.value, section.demands) for each, section in settings.severities.items()),
        *(("statuses", each.value, section.demands) for each, section in settings.statuses.items()),
    ]
    for table, name, demands in sections:
        for index, demand in enumerate(demands):
            if demand not in known:
                message = f"There is no such requirement.{did_you_mean(demand, known)} Use one of {', '.join(known)}."
                yield (table, name, "demands", index), message, demand


def _find_alert_word_conflicts(settings: Settings) -> Iterator[Conflict]:
    seen: dict[str, str] = {}
    for word, severity in settings.alerts.severities.items():
        first = seen.setdefault(word.strip().casefold(), word)
        if first != word:
            message = f"`{first}` is the same word: case does not matter. Keep one of them."
            yield ("alerts", "severities", word), message, severity.value


def _find_reaction_conflicts(settings: Settings) -> Iterator[Conflict]:
    seen: dict[str, str] = {}
    for emoji, kind in settings.own_reactions.items():
        first = seen.setdefault(normalise_emoji(emoji), emoji)
        if first != emoji:
            message = f"`{first}` is the same emoji. Keep one of them."
            yield ("reactions", emoji), message, kind
    if settings.incidents.confirm_emoji in settings.reactions:
        message = "This emoji is in the table of reactions, so the bot cannot confirm with it. Choose another."
        yield ("incidents", "confirm_emoji"), message, settings.incidents.confirm_emoji


def _find_hours_conflicts(settings: Settings) -> Iterator[Conflict]:
    paths: list[tuple[KeyPath, OwnHoursSection | None]] = []
    paths += [(("services", name, "working_hours"), each.working_hours) for name, each in settings.services.items()]
    paths += [(("teams", name, "working_hours"), each.working_hours) for name, each in settings.teams.items()]
    common = settings.working_hours
    if common is not None and common.opens == common.closes:
        yield ("working_hours", "to"), SAME_TIME, common.closes
    for path, own in paths:
        if own is not None and (own.opens or own.closes):
            merged = settings.merge_hours(own)
            if merged.opens == merged.closes:
                yield path, SAME_TIME, merged.closes
    for name, vendor in settings.vendors.items():
        if vendor.hours is not None and vendor.hours.opens == vendor.hours.closes:
            yield ("vendors", name, "hours", "to"), SAME_TIME, vendor.hours.closes


def _find_database_conflicts(settings: Settings) -> Iterator[Conflict]:
    if settings.sqlite_path is None and settings.secret_key is None:
        message = "PostgreSQL needs a secret key. Create one with `openssl rand -hex 32`, the same for all replicas."
        yield ("secret_key",), message, None


def _find_sign_in_conflicts(settings: Settings) -> Iterator[Conflict]:
    yield from _find_missing(
        {"slack_client_id": settings.slack_client_id, "slack_client_secret": settings.slack_client_secret},
        "Sign in with Slack needs both the client id and the client secret. Set this one, too, or neither.",
    )
    yield from _find_missing(
        {
            "oidc_issuer": settings.oidc_issuer,
            "oidc_client_id": settings.oidc_client_id,
            "oidc_client_secret": settings.oidc_client_secret,
        },
        "A sign-in provider needs its issuer, a client id and a client secret. Set this one, too, or none of them.",
    )


def _find_missing(values: Mapping[str, object], message: str) -> Iterator[Conflict]:
    """A conflict at each missing value, if others of the group are set."""
    missing = [name for name, value in values.items() if value is None]
    if 0 < len(missing) < len(values):
        yield from (((name,), message, None) for name in missing)
