"""What the app may not do, or the workspace does not have: kept, and told once."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlmodel import Session

from bot.domain.slack_app.scopes import MISSING_SCOPE, Lack, missing
from bot.services import outbox as tell
from bot.store.incidents import incidents
from bot.store.shared import missing_permissions as notices
from bot.store.shared.missing_permissions import Notice


def lacks(session: Session, found: Iterable[Lack], at: datetime) -> list[Lack]:
    """Keep what is lacking and have it told. Returns what nobody knew of; nothing before the workspace is known."""
    known = incidents.installation(session)
    if known is None:
        return []
    team_id = known.team_id
    new = [
        each
        for each in found
        if notices.put(session, Notice(team_id=team_id, key=each.key, first_seen_at=at, detail=each.word))
    ]
    if new:
        tell.notice(session, team_id, at, [each.key for each in new])
    return new


def granted(session: Session, scopes: Collection[str], at: datetime) -> list[Lack]:
    """
    What the app may do now, at a start: a permission that it was given meanwhile is forgotten as lacking.

    Returns what nobody knew of.
    """
    known = incidents.installation(session)
    lacking = [Lack(each) for each in missing(scopes)]
    if known is not None:
        still = {each.key for each in lacking}
        kept = [each.key for each in notices.standing(session, known.team_id)]
        gone = [key for key in kept if key.startswith(f"{MISSING_SCOPE}:") and key not in still]
        notices.forget(session, known.team_id, gone)
    return lacks(session, lacking, at)


def standing(session: Session) -> list[Lack]:
    """All that is lacking as far as is known, the oldest first."""
    known = incidents.installation(session)
    return _lacks(notices.standing(session, known.team_id)) if known else []


def untold(session: Session, team_id: str, keys: Collection[str]) -> list[Lack]:
    """Those of `keys` that still hold and that nobody was told of."""
    return _lacks(each for each in notices.standing(session, team_id) if each.key in keys and each.told_at is None)


def told(session: Session, team_id: str, keys: Collection[str], at: datetime) -> None:
    notices.were_told(session, team_id, keys, at)


def _lacks(found: Iterable[Notice]) -> list[Lack]:
    return [lack for each in found if (lack := Lack.of(each.key, each.detail)) is not None]
