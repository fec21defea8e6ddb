"""All pages for responders, which have sessions in common."""

from aiohttp import web

from bot.config.reloading import Configuration
from bot.runtime.clock import Clock
from bot.store.database.session import Database
from bot.web.auth.attempts import FailedAttempts
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import FindPrivate, PrivateAccess
from bot.web.auth.sign_in import SignInRoutes
from bot.web.auth.slack_sign_in import EnsureKnown, SlackSignIn
from bot.web.pages.now import NowRoutes
from bot.web.pages.responder_incident import IncidentRoutes


def routes(
    database: Database, configuration: Configuration, clock: Clock, ensure_known: EnsureKnown, find_private: FindPrivate
) -> list[web.RouteDef]:
    """
    Routes of all pages behind the sign-in, and of the sign-in.

    `ensure_known` looks up a person's profile in Slack, `find_private` their private incidents.
    """
    sessions, attempts = PageSessions(database, configuration, clock), FailedAttempts()
    access = PrivateAccess(find_private)
    return [
        *SignInRoutes(sessions, database, clock, attempts).routes(),
        *NowRoutes(sessions, access, database, clock).routes(),
        *IncidentRoutes(sessions, access, database).routes(),
        *SlackSignIn(sessions, database, clock, attempts, ensure_known).routes(),
    ]
