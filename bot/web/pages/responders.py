"""All pages for responders, which have sessions in common."""

from aiohttp import web

from bot.config.reloading import Configuration
from bot.runtime.clock import Clock
from bot.store.database.session import Database
from bot.web.auth.attempts import FailedAttempts
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.sign_in import SignInRoutes


def routes(database: Database, configuration: Configuration, clock: Clock) -> list[web.RouteDef]:
    sessions, attempts = PageSessions(database, configuration, clock), FailedAttempts()
    return SignInRoutes(sessions, database, clock, attempts).routes()
