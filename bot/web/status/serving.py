"""Serve the files of the status page from memory: below `/status`, and on a public port."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from aiohttp import web
from multidict import CIMultiDict

from bot.domain.languages import base_language
from bot.web.admission import retry_later
from bot.web.body_limits import error_response
from bot.web.headers import prepare_headers
from bot.web.status.site import FROM_ABOVE, FROM_INSIDE, INDEX, SUBSCRIBE, Site
from bot.web.status.site_file import IDENTITY, SiteFile, rank_encodings

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "public, max-age=10, stale-while-revalidate=20, stale-if-error=3600",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "X-Robots-Tag": "all",
    }
)
"""Everything is public: caches and other sites may have it."""
ENTRANCE, FOLDER = "/status", "/status/"
STATUS_ROUTES = frozenset({"/status", "/status/{path}"})
"""Served also while the process starts, from the files of the last run."""
NOT_READY = "The status page is not ready. Try again in a moment."
NO_PAGE = "There is no such page. Go to the first page of the status page."


class StatusFiles:
    """
    `find_site` returns what is shown now; None: there is no page, or it was never rendered.

    `find_form_target`: the source to which the form may post, in the words of the policy.
    """

    def __init__(
        self,
        find_site: Callable[[], Site | None],
        is_configured: Callable[[], bool],
        find_form_target: Callable[[], str],
    ) -> None:
        self._find_site = find_site
        self._is_configured = is_configured
        self._find_form_target = find_form_target

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/status/{path:.*}", self.serve_file), web.get("/status", self.serve_entrance)]

    def public_routes(self) -> list[web.RouteDef]:
        """Those of the public port: the same, and the first page at its root."""
        return [*self.routes(), web.get("/{path:.*}", self.serve_file)]

    def find_file(self, request: web.BaseRequest) -> web.Response | None:
        """The file of a request below `/status`; None: a route has to answer."""
        path = request.rel_url.raw_path
        if path.startswith(FOLDER):
            return self._find_at(request, path[len(FOLDER) :])
        site = self._find_site() if path == ENTRANCE else None
        return None if site is None else _find_entrance(request, site, FROM_ABOVE)

    def find_public_file(self, request: web.BaseRequest) -> web.Response | None:
        """The same on the public port, which has the page at its root, too."""
        found = self.find_file(request)
        return found if found is not None else self._find_at(request, request.rel_url.raw_path[1:])

    def _find_at(self, request: web.BaseRequest, path: str) -> web.Response | None:
        site = self._find_site()
        if site is None:
            return None
        if not path:
            return _find_entrance(request, site, FROM_INSIDE)
        file = _find_named(site, path)
        return None if file is None or file.name.endswith(SUBSCRIBE) else respond(request, file)

    async def serve_entrance(self, request: web.Request) -> web.StreamResponse:
        """The first page at `/status`, in the reader's language."""
        site = self._find_site()
        return self._refuse() if site is None else _respond_with_entrance(request, site, FROM_ABOVE)

    async def serve_file(self, request: web.Request) -> web.StreamResponse:
        site, path = self._find_site(), request.match_info["path"]
        if site is None:
            return self._refuse()
        if not path:
            return _respond_with_entrance(request, site, FROM_INSIDE)
        file = _find_named(site, path)
        if file is not None:
            answer = respond(request, file)
            if file.name.endswith(SUBSCRIBE):
                target = f"form-action {self._find_form_target()}"
                answer.headers["Content-Security-Policy"] = POLICY.replace("form-action 'none'", target)
            return answer
        if f"{path}/{INDEX}" in site.files:
            return web.Response(status=308, headers={"Location": f"{path.rpartition('/')[2]}/"})
        return error_response(404, NO_PAGE)

    def _refuse(self) -> web.Response:
        if not self._is_configured():
            return error_response(404, "There is no status page.")
        return retry_later(503, NOT_READY)


def _find_named(site: Site, path: str) -> SiteFile | None:
    name = f"{path}{INDEX}" if path.endswith("/") else path
    return site.files.get(name) or site.files.get(f"{name}.html")


def _find_entrance(request: web.BaseRequest, site: Site, root: str) -> web.Response | None:
    """
    The first page in the reader's language.

    None for files of an earlier run, which have it at one address only.
    """
    file = site.entrances.get((choose_language(request, site.languages), root))
    return None if file is None else respond(request, file, varies=True)


def _respond_with_entrance(request: web.Request, site: Site, root: str) -> web.Response:
    found = _find_entrance(request, site, root)
    if found is not None:
        return found
    return web.Response(status=307, headers={"Location": f"{root}{choose_language(request, site.languages)}/"})


def choose_language(request: web.BaseRequest, languages: tuple[str, ...]) -> str:
    """The reader's first language that the page has; else the page's first one."""
    wanted = []
    for part in request.headers.get("Accept-Language", "")[:500].split(","):
        code, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), base_language(code)))
        except ValueError:
            continue
    accepted = (code for quality, code in sorted(wanted, key=lambda each: -each[0]) if quality > 0)
    return next((code for code in accepted if code in languages), languages[0])


def respond(request: web.BaseRequest, file: SiteFile, *, varies: bool = False) -> web.Response:
    """The file as the client takes it, or 304 if it has it."""
    encodings = rank_encodings(request.headers.get("Accept-Encoding", ""))
    encoding = next((each for each in encodings if each in file.packed), IDENTITY)
    headers = file.headers.get((encoding, varies))
    if headers is None:
        headers = file.headers[encoding, varies] = _prepare_headers(file, encoding, varies=varies)
    if _has_tag(request.headers.get("If-None-Match", ""), headers["ETag"]):
        kept = {name: value for name, value in headers.items() if name not in {"Content-Type", "Content-Encoding"}}
        return web.Response(status=304, headers=kept)
    return web.Response(body=file.packed.get(encoding, file.body), headers=headers)


def _prepare_headers(file: SiteFile, encoding: str, *, varies: bool) -> CIMultiDict[str]:
    """Everything that is the same in each answer with this file."""
    own = {
        **HEADERS,
        "ETag": f'"{file.etag}"' if encoding == IDENTITY else f'"{file.etag}-{encoding}"',
        "Vary": "Accept-Encoding, Accept-Language" if varies else "Accept-Encoding",
        "Content-Type": file.content_type,
    }
    return prepare_headers(own if encoding == IDENTITY else {**own, "Content-Encoding": encoding})


def _has_tag(sent: str, etag: str) -> bool:
    if not sent:
        return False
    known = [each.strip().removeprefix("W/") for each in sent.split(",")]
    return etag in known or sent.strip() == "*"
