"""Look up the target of an escalation from what was typed."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean, offer_closest
from bot.domain.escalation import Target
from bot.domain.terms import TargetKind
from bot.lazy_dataclass import dataclass
from bot.services.oncall.policies import expand_team, find_policy
from bot.services.vendors.lookup import find_vendor
from bot.services.workspace.people import refuse_bot
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class EscalationTarget:
    """Target of an escalation, with members as far as the configuration or Slack names them."""

    kind: TargetKind
    id: str
    name: str
    members: tuple[str, ...] = ()
    usergroups: tuple[str, ...] = ()

    @property
    def as_target(self) -> Target:
        return Target(self.kind, self.id, self.members, self.usergroups)


def find_target(
    session: Session, settings: Settings, team_id: str, kind: TargetKind, name: str, target_id: str | None
) -> EscalationTarget:
    """
    Find the target that was typed.

    A bare `@word` is a team of the configuration, or else a person's handle. Raises UserError with the closest match,
    and for a bot.
    """
    match kind:
        case TargetKind.PERSON if target_id:
            return _person(session, team_id, target_id)
        case TargetKind.GROUP if target_id:
            return EscalationTarget(kind, target_id, name, usergroups=(target_id,))
        case TargetKind.VENDOR:
            vendor = find_vendor(settings, name, settings.incidents.zone)
            return EscalationTarget(kind, vendor.key, vendor.name)
        case TargetKind.POLICY:
            found = find_policy(settings, name)
            return EscalationTarget(kind, found.name, found.name)
        case TargetKind.SCHEDULE:
            return _schedule(settings, name)
    team = _team(settings, name)
    if team is not None:
        return team
    person = people.find_by_handle(session, team_id, name)
    if person is not None:
        return _person(session, team_id, person.user_id)
    raise UserError(
        f"I do not know `@{name}`.{did_you_mean(name, list(settings.teams))} Escalate to a person or user group that "
        "Slack completes after `@`, to a team of dogwatch.toml, or to `policy:NAME`, `schedule:NAME` or `vendor:NAME`.",
        mistake=name,
        offers=offer_closest(name, list(settings.teams)),
    )


def _person(session: Session, team_id: str, user_id: str) -> EscalationTarget:
    refuse_bot(session, team_id, user_id)
    return EscalationTarget(TargetKind.PERSON, user_id, user_id, members=(user_id,))


def _team(settings: Settings, name: str) -> EscalationTarget | None:
    key = {each.casefold(): each for each in settings.teams}.get(name.casefold())
    if key is None:
        return None
    target = expand_team(settings, Target(TargetKind.TEAM, key))
    return EscalationTarget(TargetKind.TEAM, key, key, members=target.people, usergroups=target.groups)


def _schedule(settings: Settings, name: str) -> EscalationTarget:
    key = {each.casefold(): each for each in settings.schedules}.get(name.casefold())
    if key is None:
        guess = did_you_mean(name, list(settings.schedules))
        raise UserError(
            f"There is no schedule called `{name}`.{guess}",
            mistake=name,
            offers=offer_closest(name, list(settings.schedules)),
        )
    return EscalationTarget(TargetKind.SCHEDULE, key, key)
