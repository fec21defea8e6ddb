"""Sign in with Slack."""

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.crypto import CannotDecrypt, decrypt_text, encrypt_text
from bot.domain.errors import UserError
from bot.runtime.clock import Clock
from bot.services.web_pages.sessions import check_team, sign_in_with_slack
from bot.store.database.session import Database, DatabaseUnavailable
from bot.web.auth.attempts import FailedAttempts
from bot.web.auth.identity_tokens import InvalidToken, SlackIdentity
from bot.web.auth.local_paths import HOME, local_path, site_root
from bot.web.auth.openid import Attempt, Client, OpenIdClient, ProviderUnavailable, issuer_of
from bot.web.auth.page_sessions import PageSessions, cookie_name, set_cookie
from bot.web.body_limits import DATABASE_UNAVAILABLE
from bot.web.pages.layout import render_problem

ATTEMPT_COOKIE = "dogwatch-sign-in"
ATTEMPT_LIFETIME = timedelta(minutes=10)
ABOUT = "attempt to sign in"
CALLBACK = "/sign-in/slack/callback"

NOT_OFFERED = "Sign in with Slack is not set up here. Ask an operator for a link by `dogwatch login-link`."
UNAVAILABLE = "Slack does not respond. Try again, or ask an operator for a link by `dogwatch login-link`."
NOT_YOURS = "This attempt to sign in is unknown or too old. Start again on the page Sign in."
NOT_PROVEN = "Slack did not confirm who you are. Start again on the page Sign in."
TOO_MANY = "Too many failed attempts came from your address. Try again in a minute."

log = get_logger(__name__)

EnsureKnown = Callable[[str, str], Awaitable[None]]


class SlackSignIn:
    """
    `/sign-in/slack` and its callback.

    `ensure_known(team_id, user_id)` looks up a profile that is not stored. Tokens age in real time.
    """

    def __init__(
        self,
        sessions: PageSessions,
        database: Database,
        clock: Clock,
        attempts: FailedAttempts,
        ensure_known: EnsureKnown,
    ) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock
        self._attempts = attempts
        self._ensure_known = ensure_known
        self._openid = OpenIdClient()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/sign-in/slack", self.start), web.get(CALLBACK, self.finish)]

    async def start(self, request: web.Request) -> web.Response:
        """Send the person to Slack."""
        settings, now = self._sessions.settings, self._clock.real_now()
        client = slack_client(settings)
        if client is None:
            return render_problem(self._sessions, 404, NOT_OFFERED)
        attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
        try:
            url = await self._openid.authorization_url(client, attempt, now)
        except ProviderUnavailable as problem:
            log.warning("sign-in unavailable", problem=str(problem))
            return render_problem(self._sessions, 503, UNAVAILABLE)
        response = web.Response(status=303, headers={"Location": url})
        sealed = _seal_attempt(settings, attempt, local_path(request.query.get("next", HOME)), now)
        set_cookie(settings, response, ATTEMPT_COOKIE, sealed, seconds=int(ATTEMPT_LIFETIME.total_seconds()))
        return response

    async def finish(self, request: web.Request) -> web.Response:
        """Slack's answer, brought by the person's browser."""
        response = await self._finish(request)
        set_cookie(self._sessions.settings, response, ATTEMPT_COOKIE, "", seconds=0)
        return response

    async def _finish(self, request: web.Request) -> web.Response:
        settings = self._sessions.settings
        client = slack_client(settings)
        if client is None:
            return render_problem(self._sessions, 404, NOT_OFFERED)
        opened = _open_attempt(settings, request, self._clock.real_now())
        if opened is None:
            return self._refuse(request, NOT_YOURS, "state is unknown")
        attempt, following = opened
        if "code" not in request.query:
            return self._refuse(request, NOT_PROVEN, str(request.query.get("error", "no code"))[:100])
        try:
            identity = await self._openid.identify(client, attempt, request.query["code"], self._clock.real_now())
            token = await self._start_session(request, identity)
        except ProviderUnavailable as problem:
            log.warning("sign-in unavailable", problem=str(problem))
            return render_problem(self._sessions, 503, UNAVAILABLE)
        except InvalidToken as problem:
            return self._refuse(request, NOT_PROVEN, str(problem))
        except UserError as problem:
            return self._refuse(request, problem.message, problem.message)
        except DatabaseUnavailable:
            return render_problem(self._sessions, 503, DATABASE_UNAVAILABLE)
        log.info("person signed in", user=identity.user_id, way="slack")
        response = web.Response(status=303, headers={"Location": f"{site_root(settings)}{following}"})
        self._sessions.start_session(response, token)
        return response

    async def _start_session(self, request: web.Request, identity: SlackIdentity) -> str:
        """Raises UserError and DatabaseUnavailable."""
        before = self._sessions.read_token(request)
        team_id = await self._database.read(check_team, identity.team_ids)
        await self._ensure_known(team_id, identity.user_id)
        return await self._database.run(
            sign_in_with_slack, identity.user_id, identity.team_ids, self._clock.now(), replaced=before
        )

    def _refuse(self, request: web.Request, message: str, reason: str) -> web.Response:
        log.warning("sign-in refused", reason=reason)
        if not self._attempts.record(request.remote):
            return render_problem(self._sessions, 429, TOO_MANY)
        return render_problem(self._sessions, 403, message)


def slack_client(settings: Settings) -> Client | None:
    """None if Sign in with Slack is not set up."""
    if settings.slack_client_id is None or settings.slack_client_secret is None:
        return None
    secret = settings.slack_client_secret.get_secret_value()
    return Client(issuer_of(settings.slack_api_url), settings.slack_client_id, secret, f"{settings.base_url}{CALLBACK}")


def _seal_attempt(settings: Settings, attempt: Attempt, following: str, now: datetime) -> str:
    until = (now + ATTEMPT_LIFETIME).timestamp()
    values = [attempt.state, attempt.nonce, attempt.verifier, following, until]
    return encrypt_text(settings, json.dumps(values), about=ABOUT)


def _open_attempt(settings: Settings, request: web.Request, now: datetime) -> tuple[Attempt, str] | None:
    """The browser's attempt, and where it leads; None unless the request has its state."""
    try:
        sealed = request.cookies.get(cookie_name(settings, ATTEMPT_COOKIE), "")
        state, nonce, verifier, following, until = json.loads(decrypt_text(settings, sealed, about=ABOUT))
    except (CannotDecrypt, ValueError):
        return None
    is_ours = hmac.compare_digest(state.encode(), request.query.get("state", "").encode(errors="replace"))
    return (Attempt(state, nonce, verifier), following) if is_ours and now.timestamp() <= until else None
