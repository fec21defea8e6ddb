"""People's identities at the company's sign-in provider."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, col

from bot.store.database.tables import StoredRow


class SignInIdentity(StoredRow, table=True):
    """
    A person's account at the provider.

    `issuer` and `subject` never name anybody else, as OpenID Connect promises; an e-mail address may.
    """

    __tablename__ = "sign_in_identity"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    team_id: str
    user_id: str = Field(index=True)
    linked_at: datetime


def get(session: Session, issuer: str, subject: str) -> SignInIdentity | None:
    return session.get(SignInIdentity, (issuer, subject))


def insert(session: Session, row: SignInIdentity) -> None:
    session.add(row)


def delete_of_person(session: Session, team_id: str, user_id: str) -> None:
    is_theirs = (col(SignInIdentity.team_id) == team_id, col(SignInIdentity.user_id) == user_id)
    session.execute(delete(SignInIdentity).where(*is_theirs))
