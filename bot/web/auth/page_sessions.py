"""The cookie of a signed-in browser, and the check of the forms that it sends."""

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from bot.config import Settings
from bot.config.crypto import form_token, is_form_token
from bot.config.reloading import Configuration
from bot.domain.errors import UserError
from bot.domain.text.normalize import make_storable
from bot.runtime.clock import Clock
from bot.services.web_pages.sessions import SESSION_LIFETIME, Viewer, find_viewer
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.shared import web_sessions
from bot.web.auth.local_paths import site_origin
from bot.web.body_limits import MAX_FORM_BYTES, READ_SECONDS, TooLarge, TooSlow, Unreadable, read_body

COOKIE = "dogwatch-session"
FORM_TOKEN = "form_token"  # noqa: S105  the field's name
SUBMISSION = "submission"
"""Field that identifies a form as it was opened."""
MAX_SUBMISSION = 64
MAX_FIELDS = 40
GO_BACK = "Go back: what you entered is still there."


class FormRefused(UserError):
    """
    The form came from another site, from a session that ended, or cannot be read.

    `status` is the answer's; a browser keeps what was entered, and its back button shows it.
    """

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


class PageSessions:
    """Reads and sets the session's cookie, and reads forms."""

    def __init__(self, database: Database, configuration: Configuration, clock: Clock) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock

    @property
    def settings(self) -> Settings:
        return self._configuration.current

    def read_token(self, request: web.Request) -> str | None:
        return request.cookies.get(cookie_name(self.settings, COOKIE))

    async def find_viewer(self, request: web.Request) -> Viewer | None:
        """The signed-in person; None if there is none. Raises DatabaseUnavailable."""
        token = self.read_token(request)
        if token is None:
            return None
        now = self._clock.now()
        viewer = await self._database.read(find_viewer, token, now)
        if viewer is not None and viewer.is_due:
            try:
                await self._database.run(web_sessions.mark_seen, viewer.digest, now)
            except DatabaseUnavailable:
                return viewer  # reading works: the next request marks it
        return viewer

    def start_session(self, response: web.Response, token: str) -> None:
        """Put the new session's token into the response's cookie."""
        set_cookie(self.settings, response, COOKIE, token, seconds=int(SESSION_LIFETIME.total_seconds()))

    def delete_cookie(self, response: web.Response) -> None:
        set_cookie(self.settings, response, COOKIE, "", seconds=0)

    def form_token(self, viewer: Viewer) -> str:
        return form_token(self.settings, viewer.digest)

    async def read_form(
        self, request: web.Request, viewer: Viewer | None = None, *, max_bytes: int = MAX_FORM_BYTES
    ) -> dict[str, str]:
        """
        Fields of a form of ours; of one sent by `viewer`, its token is checked.

        Without a viewer the caller checks a secret of its own. Raises FormRefused.
        """
        if request.headers.get("Origin") != site_origin(self.settings):
            raise FormRefused(f"The form came from another address. Open {self.settings.base_url} and try again.")
        try:
            body = (await read_body(request, max_bytes)).decode()
            fields = parse_form(body, MAX_FIELDS)
        except TooLarge as problem:
            raise FormRefused(
                f"The form has more than {max_bytes // 1024} KB. {GO_BACK} Shorten it, and send it again.", 413
            ) from problem
        except TooSlow as problem:
            raise FormRefused(
                f"The form did not arrive within {READ_SECONDS:.0f} seconds. {GO_BACK} Send it again.", 408
            ) from problem
        except (Unreadable, ValueError) as problem:
            raise FormRefused("The form cannot be read. Open the page again.", 400) from problem
        if viewer is not None and not is_form_token(self.settings, viewer.digest, fields.get(FORM_TOKEN, "")):
            raise FormRefused("The form is of a session that ended. Open the page again.")
        return fields


def parse_form(body: str, max_fields: int) -> dict[str, str]:
    """Parse a form's fields, without characters that no database stores. Raises ValueError."""
    pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=max_fields)
    return {make_storable(name): make_storable(value) for name, value in pairs}


def form_digest(fields: Mapping[str, str], *place: str) -> str:
    """Identify a form at a `place` and what was entered: sent twice, it is carried out once."""
    opened = fields.get(SUBMISSION, "")[:MAX_SUBMISSION]
    entered = "\0".join(
        f"{name}={value}" for name, value in sorted(fields.items()) if name not in {FORM_TOKEN, SUBMISSION}
    )
    return hashlib.sha256("\0".join((opened, *place, entered)).encode(errors="replace")).hexdigest()[:32]


def cookie_name(settings: Settings, name: str) -> str:
    """With TLS the name begins with `__Host-`: no other host of the domain can set the cookie."""
    return f"__Host-{name}" if is_https(settings) else name


def is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


def set_cookie(settings: Settings, response: web.Response, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie that scripts cannot read; `seconds` 0 deletes it."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="Lax",
    )
