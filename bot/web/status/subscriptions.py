"""
Subscribe to the status page, confirm, and leave: pages without a session.

Nobody is signed in here, so a forged request can do nothing that the visitor could not do: it asks for a mail, or names
the secret of a link. Opening a link changes nothing, because mail scanners open links, too.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.sections.status_page import StatusPageSection
from bot.domain.languages import Language, get_language
from bot.domain.status_page.subscribers import SignUpProblem, SignUpRefused
from bot.domain.text.normalize import make_storable
from bot.runtime.clock import Clock
from bot.services.status_page.subscriptions import check_sign_up, confirm_sign_up, leave, read_token, sign_up
from bot.store.database.session import Database, DatabaseUnavailable
from bot.templating.render import render_template
from bot.web.admission import LimitExceeded
from bot.web.auth.attempts import network_of
from bot.web.body_limits import TooLarge, TooSlow, Unreadable, error_response
from bot.web.headers import FORM_HEADERS
from bot.web.status.serving import choose_language
from bot.web.unproven import read_unproven_body

log = get_logger(__name__)

MAX_BODY_BYTES = 16 * 1024
MAX_FIELDS = 200
LINK_ROOT = "../../"
"""From the address of a link to the folder of the page."""
NO_PAGE = "The status page takes no subscriptions."
SEND_FORM = "Send the form of the status page."


def find_form_target(settings: Settings) -> str:
    """The source to which the form posts, for the policy of its page."""
    own = settings.status.subscribers.url if settings.status else None
    if own is None:
        return "'self'"
    parts = urlsplit(own)
    return f"{parts.scheme}://{parts.netloc}"


class SubscriptionPages:
    def __init__(self, database: Database, settings: Callable[[], Settings], clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def routes(self, root: str) -> list[web.RouteDef]:
        """The routes below `root`: `/status`, or nothing on the public port."""
        confirm, leaving = f"{root}/subscribe/confirm/{{token}}", f"{root}/subscribe/leave/{{token}}"
        return [
            web.post(f"{root}/subscribe", self.submit_form),
            web.get(confirm, self.show_confirmation),
            web.post(confirm, self.confirm),
            web.get(leaving, self.show_leaving),
            web.post(leaving, self.leave),
        ]

    async def submit_form(self, request: web.Request) -> web.Response:
        """Take the form. The answer is the same for every address."""
        settings = self._settings()
        page = settings.status
        if page is None or not page.subscribers.email:
            return error_response(404, NO_PAGE)
        try:
            fields = _read_fields(await read_unproven_body(request, MAX_BODY_BYTES))
        except LimitExceeded:
            return _away(page, _language(request, page, ""), "")
        except TooSlow:
            return _away(page, _language(request, page, ""), "", status=408)
        except TooLarge:
            return error_response(413, f"The body is larger than {MAX_BODY_BYTES // 1024} KB. {SEND_FORM}")
        except (Unreadable, ValueError):
            return error_response(400, f"The body is not a form. {SEND_FORM}")
        language = _language(request, page, _first(fields, "language"))
        try:
            wanted = check_sign_up(
                settings,
                mailbox=_first(fields, "email"),
                webhook=_first(fields, "webhook"),
                language=language.code,
                components=fields.get("component", []),
            )
            network = _find_network(request, page.subscribers.proxies)
            await self._database.run(sign_up, settings, wanted, network, self._clock.now())
        except SignUpRefused as problem:
            return _refuse(page, language, "", problem.problem)
        except DatabaseUnavailable:
            return _away(page, language, "")
        return _render(page, language, "", "subscribe_check", "subscribe_check_text")

    async def show_confirmation(self, request: web.Request) -> web.Response:
        """Ask before the subscription begins: only the button confirms."""
        settings = self._settings()
        page = settings.status
        if page is None:
            return error_response(404, NO_PAGE)
        wanted = read_token(settings, request.match_info["token"], self._clock.now())
        language = _language(request, page, wanted.language if wanted else "")
        if wanted is None:
            return _expired(page, language)
        text = language.format_message("subscribe_confirm_text", title=page.title, address=wanted.address)
        button = language.words["subscribe_confirm_button"]
        return _render(page, language, LINK_ROOT, "subscribe_confirm", text=text, button=button)

    async def confirm(self, request: web.Request) -> web.Response:
        settings = self._settings()
        page = settings.status
        if page is None:
            return error_response(404, NO_PAGE)
        wanted = read_token(settings, request.match_info["token"], self._clock.now())
        language = _language(request, page, wanted.language if wanted else "")
        try:
            found = await self._database.run(confirm_sign_up, settings, request.match_info["token"], self._clock.now())
        except DatabaseUnavailable:
            return _away(page, language, LINK_ROOT)
        if found is None:
            return _expired(page, language)
        log.info("subscriber confirmed", kind=found.kind.value, language=found.language)
        leave_url = f"{LINK_ROOT}subscribe/leave/{found.leave_key}?lang={found.language}"
        more: dict[str, Any] = {"leave_url": leave_url, "secret": found.secret}
        return _render(page, language, LINK_ROOT, "subscribe_done", "subscribe_done_text", **more)

    async def show_leaving(self, request: web.Request) -> web.Response:
        """Ask before the subscription ends. The page is the same for a link that was used before."""
        page = self._settings().status
        if page is None:
            return error_response(404, NO_PAGE)
        language = _language(request, page, request.query.get("lang", ""))
        button = language.words["subscribe_leave_button"]
        return _render(page, language, LINK_ROOT, "subscribe_leave", "subscribe_leave_text", button=button)

    async def leave(self, request: web.Request) -> web.Response:
        """End a subscription: the button, or a mail program with one click (RFC 8058)."""
        page = self._settings().status
        if page is None:
            return error_response(404, NO_PAGE)
        language = _language(request, page, request.query.get("lang", ""))
        try:
            await self._database.run(leave, make_storable(request.match_info["token"]))
        except DatabaseUnavailable:
            return _away(page, language, LINK_ROOT)
        return _render(page, language, LINK_ROOT, "subscribe_left", "subscribe_left_text")


def _read_fields(body: bytes) -> Mapping[str, list[str]]:
    """Raises ValueError for a body that is no form."""
    found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    return {name: [make_storable(value) for value in values] for name, values in found.items()}


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]


def _language(request: web.Request, page: StatusPageSection, named: str) -> Language:
    """The language that a form or link names, else the reader's."""
    return get_language(named if named in page.languages else choose_language(request, page.languages))


def _find_network(request: web.Request, proxies: int) -> str:
    """The network of the visitor, behind as many proxies as the operator has."""
    listed = [each.strip() for line in request.headers.getall("X-Forwarded-For", []) for each in line.split(",")]
    behind = listed[-proxies] if 0 < proxies <= len(listed) else request.remote
    return network_of(behind)


def _refuse(page: StatusPageSection, language: Language, root: str, problem: SignUpProblem) -> web.Response:
    status = 429 if problem is SignUpProblem.TOO_MANY else 400
    text = f"subscribe_{problem}"
    return _render(page, language, root, "subscribe_refused", text, status=status, is_problem=True)


def _expired(page: StatusPageSection, language: Language) -> web.Response:
    texts = ("subscribe_expired", "subscribe_expired_text")
    return _render(page, language, LINK_ROOT, *texts, status=404, is_problem=True)


def _away(page: StatusPageSection, language: Language, root: str, *, status: int = 503) -> web.Response:
    texts = ("subscribe_away", "subscribe_away_text")
    answer = _render(page, language, root, *texts, status=status, is_problem=True)
    answer.headers["Retry-After"] = "60"
    return answer


def _render(
    page: StatusPageSection,
    language: Language,
    root: str,
    heading: str,
    message: str = "",
    *,
    status: int = 200,
    text: str = "",
    **more: Any,
) -> web.Response:
    """A page of one message. `heading` and `message` are keys of words."""
    words = language.words
    values = {
        "t": words,
        "code": language.code,
        "root": root,
        "title": page.title,
        "url": "",
        "links": tuple(page.links.items()),
        "feeds": [],
        "languages": [],
        "alternates": [],
        "as_of": "",
        "zone": "",
        "stale": "",
        "logo": "",
        "takes_subscribers": page.subscribers.email,
        "heading": words[heading],
        "texts": [words[message] if message else text],
        "button": "",
        "secret": "",
        "leave_url": "",
        "is_problem": False,
        **more,
    }
    body = render_template("status/subscription.html.j2", values)
    return web.Response(status=status, text=body, content_type="text/html", headers=FORM_HEADERS)
