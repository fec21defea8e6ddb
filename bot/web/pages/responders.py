"""All pages for responders, which have sessions in common."""

from aiohttp import web

from bot.config.reloading import Configuration
from bot.runtime.clock import Clock
from bot.store.database.session import Database
from bot.web.auth.attempts import FailedAttempts
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.sign_in import SignInRoutes
from bot.web.auth.slack_sign_in import EnsureKnown, SlackSignIn


def routes(
    database: Database, configuration: Configuration, clock: Clock, ensure_known: EnsureKnown
) -> list[web.RouteDef]:
    """`ensure_known` looks up a person's profile in Slack."""
    sessions, attempts = PageSessions(database, configuration, clock), FailedAttempts()
    return [
        *SignInRoutes(sessions, database, clock, attempts).routes(),
        *SlackSignIn(sessions, database, clock, attempts, ensure_known).routes(),
    ]
