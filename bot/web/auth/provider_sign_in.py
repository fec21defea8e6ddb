"""Sign in at an OpenID Connect provider."""

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.crypto import CannotDecrypt, decrypt_text, encrypt_text
from bot.domain.errors import LookupUnavailable, UserError
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.store.database.session import DatabaseUnavailable
from bot.web.auth.attempts import FailedAttempts
from bot.web.auth.identity_tokens import InvalidToken
from bot.web.auth.local_paths import HOME, local_path, site_root
from bot.web.auth.openid import Attempt, Client, OpenIdClient, ProviderUnavailable
from bot.web.auth.page_sessions import PageSessions, cookie_name, set_cookie
from bot.web.body_limits import DATABASE_UNAVAILABLE
from bot.web.pages.layout import render_problem

ATTEMPT_COOKIE = "dogwatch-sign-in"
ATTEMPT_LIFETIME = timedelta(minutes=10)

NOT_OFFERED = "This way to sign in is not set up here. Ask an operator for a link by `dogwatch login-link`."
UNAVAILABLE = "{name} does not respond. Try again, or ask an operator for a link by `dogwatch login-link`."
NO_LOOKUP = (
    "Slack does not respond, and your first sign-in needs it. Try again, or ask an operator for a link by "
    "`dogwatch login-link`."
)
NOT_YOURS = "This attempt to sign in is unknown or too old. Start again on the page Sign in."
NOT_PROVEN = "{name} did not confirm who you are. Start again on the page Sign in."
TOO_MANY = "Too many failed attempts came from your address, or for this person. Try again in a minute."

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignInProvider:
    """
    A provider, and what to make of the people whom it names.

    `way` is the part of the path, and the word in the audit. `find_client` returns None if it is not set up.
    `sign_in(claims, replaced)` starts a session: it returns user id and token, and raises InvalidToken, UserError,
    DatabaseUnavailable or LookupUnavailable. `replaced` is the token of the browser's session so far.
    """

    way: str
    name: Callable[[Settings], str]
    find_client: Callable[[Settings], Client | None]
    sign_in: Callable[[Mapping[str, Any], str | None], Awaitable[tuple[str, str]]]


class ProviderSignIn:
    """`/sign-in/{way}` and its callback. Tokens age in real time."""

    def __init__(
        self, provider: SignInProvider, sessions: PageSessions, clock: Clock, attempts: FailedAttempts
    ) -> None:
        self._provider = provider
        self._sessions = sessions
        self._clock = clock
        self._attempts = attempts
        self._openid = OpenIdClient()

    def routes(self) -> list[web.RouteDef]:
        path = f"/sign-in/{self._provider.way}"
        return [web.get(path, self.start), web.get(f"{path}/callback", self.finish)]

    async def start(self, request: web.Request) -> web.Response:
        """Send the person to the provider."""
        settings, now = self._sessions.settings, self._clock.real_now()
        client = self._provider.find_client(settings)
        if client is None:
            return render_problem(self._sessions, 404, NOT_OFFERED)
        attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
        try:
            url = await self._openid.authorization_url(client, attempt, now)
        except ProviderUnavailable as problem:
            return self._answer_unavailable(problem)
        response = web.Response(status=303, headers={"Location": url})
        sealed = self._seal(settings, attempt, local_path(request.query.get("next", HOME)), now)
        set_cookie(settings, response, ATTEMPT_COOKIE, sealed, seconds=int(ATTEMPT_LIFETIME.total_seconds()))
        return response

    async def finish(self, request: web.Request) -> web.Response:
        """The provider's answer, brought by the person's browser."""
        response = await self._finish(request)
        set_cookie(self._sessions.settings, response, ATTEMPT_COOKIE, "", seconds=0)
        return response

    async def _finish(self, request: web.Request) -> web.Response:
        settings = self._sessions.settings
        client = self._provider.find_client(settings)
        if client is None:
            return render_problem(self._sessions, 404, NOT_OFFERED)
        opened = self._open(settings, request, self._clock.real_now())
        if opened is None:
            return self._refuse(request, NOT_YOURS, "state is unknown")
        attempt, following = opened
        if "code" not in request.query:
            return self._refuse(request, self._word(NOT_PROVEN), str(request.query.get("error", "no code"))[:100])
        try:
            claims = await self._openid.identify(client, attempt, request.query["code"], self._clock.real_now())
            user_id, token = await self._provider.sign_in(claims, self._sessions.read_token(request))
        except ProviderUnavailable as problem:
            return self._answer_unavailable(problem)
        except LookupUnavailable:
            return render_problem(self._sessions, 503, NO_LOOKUP)
        except InvalidToken as problem:
            return self._refuse(request, self._word(NOT_PROVEN), str(problem))
        except UserError as problem:
            return self._refuse(request, problem.message, problem.message, str(claims.get("sub")))
        except DatabaseUnavailable:
            return render_problem(self._sessions, 503, DATABASE_UNAVAILABLE)
        log.info("person signed in", user=user_id, way=self._provider.way)
        response = web.Response(status=303, headers={"Location": f"{site_root(settings)}{following}"})
        self._sessions.start_session(response, token)
        return response

    def _word(self, message: str) -> str:
        name = self._provider.name(self._sessions.settings)
        return message.format(name=f"{name[:1].upper()}{name[1:]}")

    def _answer_unavailable(self, problem: Exception) -> web.Response:
        log.warning("sign-in unavailable", way=self._provider.way, problem=str(problem))
        return render_problem(self._sessions, 503, self._word(UNAVAILABLE))

    def _refuse(self, request: web.Request, message: str, reason: str, person: str | None = None) -> web.Response:
        log.warning("sign-in refused", reason=reason)
        if not self._attempts.record(request.remote, person):
            return render_problem(self._sessions, 429, TOO_MANY)
        return render_problem(self._sessions, 403, message)

    def _seal(self, settings: Settings, attempt: Attempt, following: str, now: datetime) -> str:
        until = (now + ATTEMPT_LIFETIME).timestamp()
        values = [attempt.state, attempt.nonce, attempt.verifier, following, until]
        return encrypt_text(settings, json.dumps(values), about=self._about)

    def _open(self, settings: Settings, request: web.Request, now: datetime) -> tuple[Attempt, str] | None:
        """The browser's attempt, and where it leads; None unless the request has its state."""
        try:
            sealed = request.cookies.get(cookie_name(settings, ATTEMPT_COOKIE), "")
            state, nonce, verifier, following, until = json.loads(decrypt_text(settings, sealed, about=self._about))
        except (CannotDecrypt, ValueError):
            return None
        is_ours = hmac.compare_digest(state.encode(), request.query.get("state", "").encode(errors="replace"))
        return (Attempt(state, nonce, verifier), following) if is_ours and now.timestamp() <= until else None

    @property
    def _about(self) -> str:
        """An attempt at one provider is none at another: RFC 9700, 4.4 (mix-up)."""
        return f"attempt to sign in with {self._provider.way}"
