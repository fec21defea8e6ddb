"""Mistakes that only show when two places are compared: names that lead nowhere, words with two meanings."""

from collections.abc import Iterator

from bot.config.check_paging import means_doubts, means_mistakes
from bot.config.check_policies import policy_doubts, policy_mistakes
from bot.config.check_schedules import schedule_doubts, schedule_mistakes
from bot.config.problems import Place
from bot.config.sections import OwnHoursSection, is_user_id
from bot.config.settings import Settings
from bot.domain.alerts.routing import RouteAction
from bot.domain.errors import did_you_mean
from bot.domain.incidents.requirements import Demand
from bot.domain.terms import Severity, Status
from bot.domain.timeline.marks import normalise_emoji

SAME_TIME = 'Work ends when it begins. For the whole day write from = "00:00" and to = "24:00".'

Dangling = tuple[Place, str, object]


def dangling(settings: Settings) -> Iterator[Dangling]:
    """Each such mistake: where, what is wrong with the remedy, and the value."""
    yield from _services(settings)
    yield from _templates(settings)
    yield from _routes(settings)
    yield from _words(settings)
    yield from _status_words(settings)
    yield from _role_words(settings)
    yield from _demands(settings)
    yield from _reactions(settings)
    yield from _alert_words(settings)
    yield from _working_hours(settings)
    yield from policy_mistakes(settings)
    yield from means_mistakes(settings)
    yield from schedule_mistakes(settings)
    yield from _database(settings)


def doubtful(settings: Settings) -> Iterator[Dangling]:
    """What is right and yet hardly meant, in the same form."""
    for later, route in enumerate(settings.routes):
        for earlier, other in enumerate(settings.routes[:later]):
            if set(other.match) <= set(route.match):
                message = (
                    f"This route never decides: routes[{earlier}] comes first and takes whatever fits here. "
                    "Put this one before it, or take one of the two out."
                )
                yield ("routes", later), message, None
                break
    for index, route in enumerate(settings.routes):
        if route.triage is not None and route.action is not RouteAction.OPEN:
            message = f"A route that says {route.action} opens nothing, so triage decides nothing here. Take it out."
            yield ("routes", index, "triage"), message, route.triage
    yield from policy_doubts(settings)
    yield from means_doubts(settings)
    yield from schedule_doubts(settings)
    for name, team in settings.teams.items():
        if not team.members and team.usergroup is None:
            message = "Nobody is in this team, so nobody is called. Give it members, or a usergroup."
            yield ("teams", name), message, None


def _services(settings: Settings) -> Iterator[Dangling]:
    teams = list(settings.teams)
    for name, service in settings.services.items():
        if service.team is not None and service.team not in teams:
            yield ("services", name, "team"), _no_such("team", service.team, teams), service.team
        for index, who in enumerate(service.people):
            if who not in teams and not is_user_id(who):
                message = _no_such("team", who, teams) + " A person is given by user id, like U0123456789."
                yield ("services", name, "people", index), message, who


def _templates(settings: Settings) -> Iterator[Dangling]:
    for folder in settings.template_folders:
        if not folder.is_dir():
            message = f"There is no folder {folder}. Make it, and put your templates into postmortem/ in it."
            yield ("postmortem", "templates"), message, settings.postmortem.templates
    places: list[tuple[Place, str | None]] = [(("incidents", "template"), settings.incidents.template)]
    places += [(("services", name, "template"), each.template) for name, each in settings.services.items()]
    known = settings.template_names
    for place, name in places:
        if name is not None and name not in known:
            message = f"There is no such template.{did_you_mean(name, known)} Use one of {', '.join(known)}."
            yield place, message, name


def _routes(settings: Settings) -> Iterator[Dangling]:
    services = list(settings.services)
    for index, route in enumerate(settings.routes):
        # Without any [services] a route may name what it likes: the name is shown and nothing else hangs on it.
        if route.service is not None and services and route.service not in services:
            yield ("routes", index, "service"), _no_such("service", route.service, services), route.service


def _no_such(what: str, name: str, known: list[str]) -> str:
    return f"There is no {what} of this name.{did_you_mean(name, known)} Add [{what}s.{name}], or mend the name."


def _words(settings: Settings) -> Iterator[Dangling]:
    """What is shown counts too: a severity without a label of its own is shown by its fixed name."""
    owner: dict[str, Severity] = {}
    for severity in Severity:
        section = settings.severities.get(severity)
        shown = section.label if section and section.label else severity.value
        for word in (shown, *(section.words if section else ())):
            taken = owner.setdefault(word.strip().casefold(), severity)
            if taken is not severity:
                message = f'"{word}" is a word for {taken} already. Give each severity its own words.'
                where = severity if section else taken
                yield ("severities", where.value), message, word


def _status_words(settings: Settings) -> Iterator[Dangling]:
    owner = {status.value: status for status in Status}
    for status, section in settings.statuses.items():
        for word in filter(None, (section.label, *section.words)):
            taken = owner.setdefault(word.strip().casefold(), status)
            if taken is not status:
                message = f'"{word}" is a word for the status {taken} already. Give each status its own words.'
                yield ("statuses", status.value), message, word


def _demands(settings: Settings) -> Iterator[Dangling]:
    known = [*settings.role_table, *Demand]
    asking: list[tuple[str, str, tuple[str, ...]]] = [
        *(("severities", each.value, section.demands) for each, section in settings.severities.items()),
        *(("statuses", each.value, section.demands) for each, section in settings.statuses.items()),
    ]
    for table, name, demands in asking:
        for index, demand in enumerate(demands):
            if demand not in known:
                message = f"This cannot be asked for.{did_you_mean(demand, known)} Use one of {', '.join(known)}."
                yield (table, name, "demands", index), message, demand


def _role_words(settings: Settings) -> Iterator[Dangling]:
    owner = {name: name for name in settings.role_table}
    for name, section in settings.roles.items():
        for word in filter(None, (section.label, *section.words)):
            taken = owner.setdefault(word.strip().casefold(), name)
            if taken != name:
                message = f'"{word}" is a word for the role {taken} already. Give each role its own words.'
                yield ("roles", name), message, word


def _alert_words(settings: Settings) -> Iterator[Dangling]:
    seen: dict[str, str] = {}
    for word, severity in settings.alerts.severities.items():
        first = seen.setdefault(word.strip().casefold(), word)
        if first != word:
            message = f"Keep one: it stands here as `{first}` too: upper and lower case mean the same."
            yield ("alerts", "severities", word), message, severity.value


def _reactions(settings: Settings) -> Iterator[Dangling]:
    seen: dict[str, str] = {}
    for written, kind in settings.own_reactions.items():
        first = seen.setdefault(normalise_emoji(written), written)
        if first != written:
            message = f"This is the same emoji as `{first}`, which stands here too. Keep one of the two."
            yield ("reactions", written), message, kind
    if settings.incidents.confirm_emoji in settings.reactions:
        message = "This emoji is a mark in the table of reactions, so the bot cannot confirm with it. Choose another."
        yield ("incidents", "confirm_emoji"), message, settings.incidents.confirm_emoji


def _working_hours(settings: Settings) -> Iterator[Dangling]:
    places: list[tuple[Place, OwnHoursSection | None]] = []
    places += [(("services", name, "working_hours"), each.working_hours) for name, each in settings.services.items()]
    places += [(("teams", name, "working_hours"), each.working_hours) for name, each in settings.teams.items()]
    common = settings.working_hours
    if common is not None and common.opens == common.closes:
        yield ("working_hours", "to"), SAME_TIME, common.closes
    for place, own in places:
        if own is not None and (own.opens or own.closes):
            told = settings.with_own_hours(own)
            if told.opens == told.closes:
                yield place, SAME_TIME, told.closes
    for name, vendor in settings.vendors.items():
        if vendor.hours is not None and vendor.hours.opens == vendor.hours.closes:
            yield ("vendors", name, "hours", "to"), SAME_TIME, vendor.hours.closes


def _database(settings: Settings) -> Iterator[Dangling]:
    if settings.sqlite_path is None and settings.secret_key is None:
        message = "It is needed with PostgreSQL. Make one with `openssl rand -hex 32`; each replica gets the same."
        yield ("secret_key",), message, None
