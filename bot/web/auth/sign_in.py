"""Sign in by a one-time link, and sign out."""

from collections.abc import Sequence

from aiohttp import web
from structlog import get_logger

from bot.config.crypto import verify_login_token
from bot.domain.errors import UserError
from bot.runtime.clock import Clock
from bot.services.web_pages.sessions import find_link_name, use_login_link
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.shared import web_sessions
from bot.web.auth.attempts import FailedAttempts
from bot.web.auth.local_paths import HOME, local_path, site_root
from bot.web.auth.page_sessions import FormRefused, PageSessions
from bot.web.auth.provider_sign_in import SignInProvider
from bot.web.body_limits import DATABASE_UNAVAILABLE
from bot.web.pages.layout import render_page, render_problem

NO_LINK = "This link is wrong or has expired. `dogwatch login-link` prints a new one, valid for 10 minutes."
TOO_MANY = "Too many wrong links came from your address, or for this person. Try again in a minute."

log = get_logger(__name__)


class SignInRoutes:
    """`/sign-in`, `/sign-in/link/{token}` and `/sign-out`. Links age in real time."""

    def __init__(
        self,
        sessions: PageSessions,
        database: Database,
        clock: Clock,
        attempts: FailedAttempts,
        providers: Sequence[SignInProvider],
    ) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock
        self._attempts = attempts
        self._providers = providers

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sign-in", self.show_sign_in),
            web.get("/sign-in/link/{token}", self.show_link),
            web.post("/sign-in/link/{token}", self.submit_link),
            web.post("/sign-out", self.sign_out),
        ]

    async def show_sign_in(self, request: web.Request) -> web.Response:
        following = local_path(request.query.get("next", HOME))
        try:
            viewer = await self._sessions.find_viewer(request)
        except DatabaseUnavailable:
            return render_problem(self._sessions, 503, DATABASE_UNAVAILABLE)
        if viewer is not None:
            return self._redirect(following)
        settings = self._sessions.settings
        providers = [(each.way, each.name(settings)) for each in self._providers if each.find_client(settings)]
        return render_page(self._sessions, "sign_in", {"following": following, "providers": providers})

    async def show_link(self, request: web.Request) -> web.Response:
        """Ask before signing in: programs that fetch a link for its preview must not use it up."""
        found = self._verify(request)
        if isinstance(found, web.Response):
            return found
        try:
            name = await self._database.read(find_link_name, found[0], self._clock.now())
        except UserError as problem:
            return render_problem(self._sessions, 403, problem.message)
        except DatabaseUnavailable:
            return render_problem(self._sessions, 503, DATABASE_UNAVAILABLE)
        return render_page(self._sessions, "login_link", {"name": name, "path": request.path})

    async def submit_link(self, request: web.Request) -> web.Response:
        found = self._verify(request)
        if isinstance(found, web.Response):
            return found
        user_id, nonce = found
        before = self._sessions.read_token(request)
        try:
            await self._sessions.read_form(request)
            token = await self._database.run(use_login_link, user_id, nonce, self._clock.now(), replaced=before)
        except UserError as problem:
            log.warning("login link refused", user=user_id, reason=problem.message)
            if not self._attempts.record(request.remote, user_id):
                return self._refuse_many(request, user_id)
            return render_problem(self._sessions, 403, problem.message)
        except DatabaseUnavailable:
            return render_problem(self._sessions, 503, DATABASE_UNAVAILABLE)
        log.info("person signed in", user=user_id, way="login link")
        response = self._redirect(HOME)
        self._sessions.start_session(response, token)
        return response

    def _verify(self, request: web.Request) -> tuple[str, str] | web.Response:
        """User id and nonce of the link, or the refusal."""
        token = request.match_info["token"]
        found = verify_login_token(self._sessions.settings, token, self._clock.real_now())
        if found is not None:
            return found
        claimed = token.partition(".")[0]
        if not self._attempts.record(request.remote, claimed):
            return self._refuse_many(request, claimed)
        return render_problem(self._sessions, 404, NO_LINK)

    def _refuse_many(self, request: web.Request, user_id: str) -> web.Response:
        log.warning("sign-in attempts limited", address=request.remote, user=user_id[:40])
        return render_problem(self._sessions, 429, TOO_MANY)

    async def sign_out(self, request: web.Request) -> web.Response:
        viewer = None
        try:
            viewer = await self._sessions.find_viewer(request)
            if viewer is not None:
                await self._sessions.read_form(request, viewer)
                await self._database.run(web_sessions.delete_session, viewer.digest)
        except FormRefused as problem:
            return render_problem(self._sessions, problem.status, problem.message, viewer=viewer)
        except DatabaseUnavailable:
            return render_problem(self._sessions, 503, DATABASE_UNAVAILABLE)
        response = self._redirect("/sign-in")
        self._sessions.delete_cookie(response)
        return response

    def _redirect(self, path: str) -> web.Response:
        return web.Response(status=303, headers={"Location": f"{site_root(self._sessions.settings)}{path}"})
