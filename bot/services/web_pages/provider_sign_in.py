"""Sign in a person whom the company's provider names."""

from datetime import datetime

from sqlmodel import Session

from bot.services.web_pages.sessions import sign_in
from bot.services.workspace.access import NotPermitted
from bot.store.incidents import installations
from bot.store.shared import people, sign_in_identities
from bot.store.shared.sign_in_identities import SignInIdentity

UNKNOWN_ADDRESS = (
    "Slack knows nobody by the e-mail address of this account. Use the same address in both, "
    "or ask an operator for a link by `dogwatch login-link`."
)


def find_linked_user(session: Session, issuer: str, subject: str) -> str | None:
    """The user id in Slack; None at the person's first time."""
    found = sign_in_identities.get(session, issuer, subject)
    return found.user_id if found else None


def find_team(session: Session) -> str:
    """Our workspace. Raises NotPermitted before the first connection to Slack."""
    installation = installations.find_installation(session)
    if installation is None:
        raise NotPermitted("Dogwatch has not reached Slack yet. Try again after its first connection.")
    return installation.team_id


def sign_in_with_provider(
    session: Session, identity: tuple[str, str], user_id: str, at: datetime, *, replaced: str | None = None
) -> str:
    """
    Start a session, and link the identity (issuer, subject) with the person the first time.

    Raises UserError for anybody but members of the workspace.
    """
    team_id, (issuer, subject) = find_team(session), identity
    person = people.get(session, team_id, user_id)
    if person is None or person.profile_fetched_at is None:
        raise NotPermitted("Slack did not send your profile. Try again in a minute.")
    token = sign_in(session, user_id, at, way="company", replaced=replaced)
    if sign_in_identities.get(session, issuer, subject) is None:
        linked = SignInIdentity(issuer=issuer, subject=subject, team_id=team_id, user_id=user_id, linked_at=at)
        sign_in_identities.insert(session, linked)
    return token
