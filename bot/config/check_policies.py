"""What is wrong, or hardly meant, between `[policies.NAME]` and the tables that it names, or that name it."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.config.problems import Place
from bot.config.sections import NO_POLICY
from bot.config.settings import Settings
from bot.domain.errors import did_you_mean
from bot.domain.escalation import Target
from bot.domain.terms import Severity, TargetKind

Found = Iterator[tuple[Place, str, object]]
"""Each: where, what is wrong with the remedy, and the value."""


def policy_mistakes(settings: Settings) -> Found:
    if NO_POLICY in settings.policies:
        message = f'"{NO_POLICY}" says that no policy starts, so none can have this name. Give it another.'
        yield ("policies", NO_POLICY), message, None
    for place, target in _targets(settings):
        known = _known(settings, target.kind)
        if target.kind == TargetKind.SERVICE:
            yield from _unknown_service(settings, place, target.name)
        elif known is not None and target.name not in known:
            table = f"{target.kind}s.{target.name}"
            guess = did_you_mean(target.name, known)
            message = f"There is no {target.kind} of this name.{guess} Add [{table}], or mend the name."
            yield place, message, str(target)
    for place, name in _chosen(settings):
        if name != NO_POLICY and name not in settings.policies:
            guess = did_you_mean(name, [*settings.policies, NO_POLICY])
            message = f'There is no policy of this name.{guess} Add [policies.{name}], or write "{NO_POLICY}".'
            yield place, message, name


def _unknown_service(settings: Settings, place: Place, means: str) -> Found:
    kind, _, name = means.partition(":")
    known = list(getattr(settings.paging, kind).services)
    if name not in known:
        guess = did_you_mean(name, known)
        yield place, f"There is no service of this name.{guess} Add it to services in [paging.{kind}].", means


def policy_doubts(settings: Settings) -> Found:
    for name, policy in settings.policies.items():
        for index, level in enumerate(policy.levels):
            if all(each.kind == TargetKind.VENDOR for each in level.targets):
                message = "Nobody of yours is paged in this level: add who sees to it that the vendor is called."
                yield ("policies", name, "levels", index, "targets"), message, None
    yield from _never_by_alerts(settings)
    for place, target in _targets(settings):
        team = settings.teams.get(target.name) if target.kind == TargetKind.TEAM else None
        if team is not None and not team.members and team.usergroup is None:
            yield place, "Nobody is in this team, so nobody is paged by it.", str(target)


def _never_by_alerts(settings: Settings) -> Found:
    """Policies that only begin at severities that no alert gives: at night nobody types a severity."""
    if settings.alert_token is None and not settings.alert_tokens:
        return
    default = settings.incidents.default_severity
    mapped = {*settings.alerts.severities.values(), *(each.severity for each in settings.routes)}
    of_services = {each.severity or default for each in settings.services.values()}
    if settings.incidents.policy in {None, NO_POLICY}:
        general = {severity: each.policy for severity, each in settings.severities.items()}
        for wanted in _unreached(general, mapped | of_services | {default}):
            yield ("severities", wanted[0].value, "policy"), _never(settings, wanted), None
    for name, service in settings.services.items():
        for wanted in _unreached(service.policy or {}, mapped | {service.severity or default}):
            yield ("services", name, "policy"), _never(settings, wanted), None


def _unreached(chosen: Mapping[Severity, str | None], given: Collection[Severity | None]) -> Iterator[list[Severity]]:
    """The severities at which a policy begins, if alerts give none of them."""
    wanted = [severity for severity in Severity if chosen.get(severity) not in {None, NO_POLICY}]
    if wanted and not set(wanted) & set(given):
        yield wanted


def _never(settings: Settings, wanted: Sequence[Severity]) -> str:
    named = " or ".join(map(settings.severity_label, wanted))
    return (
        f"No alert opens an incident of {named} here, so alerts page nobody by it. Say "
        f'what their label `severity` means, like critical = "{wanted[0].value}" under [alerts.severities], or '
        "give a route a severity."
    )


def _targets(settings: Settings) -> Iterator[tuple[Place, Target]]:
    for name, policy in settings.policies.items():
        for index, level in enumerate(policy.levels):
            for number, target in enumerate(level.targets):
                yield ("policies", name, "levels", index, "targets", number), target
        for number, target in enumerate(policy.at_end.page):
            yield ("policies", name, "at_end", "page", number), target


def _known(settings: Settings, kind: TargetKind) -> list[str] | None:
    """The names that there are of a kind; None: Slack knows them."""
    match kind:
        case TargetKind.TEAM:
            return list(settings.teams)
        case TargetKind.VENDOR:
            return list(settings.vendors)
        case TargetKind.SCHEDULE:
            return list(settings.schedules)
        case _:
            return None


def _chosen(settings: Settings) -> Iterator[tuple[Place, str]]:
    """Every place that says which policy starts by itself."""
    if settings.incidents.policy is not None:
        yield ("incidents", "policy"), settings.incidents.policy
    for severity, section in settings.severities.items():
        if section.policy is not None:
            yield ("severities", severity.value, "policy"), section.policy
    for name, service in settings.services.items():
        chosen = service.policy or {}
        if len(set(chosen.values())) == 1:  # one name, said of all severities
            yield ("services", name, "policy"), next(iter(chosen.values()))
        else:
            yield from ((("services", name, "policy", each.value), policy) for each, policy in chosen.items())
