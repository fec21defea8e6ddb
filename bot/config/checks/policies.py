"""Checks between `[policies.NAME]` and the tables that it names, or that name it."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.config.problems import Conflict, KeyPath
from bot.config.sections.fields import NO_POLICY
from bot.config.settings import Settings
from bot.domain.errors import did_you_mean
from bot.domain.escalation import Target
from bot.domain.terms import Severity, TargetKind


def find_policy_conflicts(settings: Settings) -> Iterator[Conflict]:
    if NO_POLICY in settings.policies:
        message = f'"{NO_POLICY}" means that no policy starts. Use another name.'
        yield ("policies", NO_POLICY), message, None
    tables: Mapping[TargetKind, Mapping[str, object]] = {
        TargetKind.TEAM: settings.teams,
        TargetKind.VENDOR: settings.vendors,
        TargetKind.SCHEDULE: settings.schedules,
    }
    for path, target in _targets(settings):
        table = tables.get(target.kind)  # None: only Slack knows the names
        if target.kind == TargetKind.SERVICE:
            yield from _find_unknown_service(settings, path, target.name)
        elif table is not None and target.name not in table:
            guess = did_you_mean(target.name, list(table))
            message = (
                f"There is no {target.kind} of this name.{guess} Add [{target.kind}s.{target.name}], "
                "or correct the name."
            )
            yield path, message, str(target)
    for path, name in _policy_choices(settings):
        if name != NO_POLICY and name not in settings.policies:
            guess = did_you_mean(name, [*settings.policies, NO_POLICY])
            message = f'There is no policy of this name.{guess} Add [policies.{name}], or write "{NO_POLICY}".'
            yield path, message, name


def _find_unknown_service(settings: Settings, path: KeyPath, service: str) -> Iterator[Conflict]:
    kind, _, name = service.partition(":")
    known = list(getattr(settings.paging, kind).services)
    if name not in known:
        guess = did_you_mean(name, known)
        yield path, f"There is no service of this name.{guess} Add it to services in [paging.{kind}].", service


def find_policy_doubts(settings: Settings) -> Iterator[Conflict]:
    for name, policy in settings.policies.items():
        for index, level in enumerate(policy.levels):
            if all(each.kind == TargetKind.VENDOR for each in level.targets):
                message = "This level pages only the vendor. Add a person who makes sure that the vendor is called."
                yield ("policies", name, "levels", index, "targets"), message, None
    yield from _find_unreachable_policies(settings)
    for path, target in _targets(settings):
        team = settings.teams.get(target.name) if target.kind == TargetKind.TEAM else None
        if team is not None and not team.members and team.usergroup is None:
            yield path, "This team is empty, so it pages nobody. Add members or a usergroup.", str(target)


def _find_unreachable_policies(settings: Settings) -> Iterator[Conflict]:
    """Find policies that start only at severities that no alert has."""
    if not settings.alert_sources:
        return
    default = settings.incidents.default_severity
    mapped = {*settings.alerts.severities.values(), *(each.severity for each in settings.routes)}
    mapped |= {*settings.alert_defaults.default_words.values()}
    of_services = {each.severity or default for each in settings.services.values()}
    if settings.incidents.policy in {None, NO_POLICY}:
        general = {severity: each.policy for severity, each in settings.severities.items()}
        if wanted := _unreached_severities(general, mapped | of_services | {default}):
            yield ("severities", wanted[0].value, "policy"), _unreachable_message(settings, wanted), None
    for name, service in settings.services.items():
        if wanted := _unreached_severities(service.policy or {}, mapped | {service.severity or default}):
            yield ("services", name, "policy"), _unreachable_message(settings, wanted), None


def _unreached_severities(
    policies: Mapping[Severity, str | None], given: Collection[Severity | None]
) -> Sequence[Severity]:
    """Return the severities at which a policy starts; none if alerts have one of them."""
    wanted = [severity for severity in Severity if policies.get(severity) not in {None, NO_POLICY}]
    return [] if set(wanted) & set(given) else wanted


def _unreachable_message(settings: Settings, wanted: Sequence[Severity]) -> str:
    labels = " or ".join(map(settings.severity_label, wanted))
    return (
        f"No alert opens an incident of {labels} here, so no alert starts this policy. Map the label `severity`, like "
        f'critical = "{wanted[0].value}" under [alerts.severities], or give a route a severity.'
    )


def _targets(settings: Settings) -> Iterator[tuple[KeyPath, Target]]:
    for name, policy in settings.policies.items():
        for index, level in enumerate(policy.levels):
            for number, target in enumerate(level.targets):
                yield ("policies", name, "levels", index, "targets", number), target
        for number, target in enumerate(policy.at_end.page):
            yield ("policies", name, "at_end", "page", number), target


def _policy_choices(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Yield every key that names the policy to start, and its value."""
    if settings.incidents.policy is not None:
        yield ("incidents", "policy"), settings.incidents.policy
    for severity, section in settings.severities.items():
        if section.policy is not None:
            yield ("severities", severity.value, "policy"), section.policy
    for name, service in settings.services.items():
        chosen = service.policy or {}
        if len(set(chosen.values())) == 1:  # one name for all severities
            yield ("services", name, "policy"), next(iter(chosen.values()))
        else:
            yield from ((("services", name, "policy", each.value), policy) for each, policy in chosen.items())
