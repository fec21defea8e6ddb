"""Routes whose modules are loaded by the first request for one of them."""

import asyncio
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.web import UrlDispatcher
from yarl import URL

Match = tuple[web.UrlMappingMatchInfo | None, set[str]]


class LazyPages(web.AbstractResource):
    """
    A resource that stands for all routes of `build`.

    Register it last: it is asked about each path that no other resource has. `module` is imported in a thread, so that
    the requests in progress do not wait, then `build` is called.
    """

    def __init__(self, module: str, build: Callable[[], list[web.RouteDef]]) -> None:
        super().__init__()
        self._module = module
        self._build = build
        self._router: UrlDispatcher | None = None
        self._loading = asyncio.Lock()

    async def resolve(self, request: web.Request) -> Match:
        async with self._loading:
            if self._router is None:
                await asyncio.to_thread(import_module, self._module)
        found = await self._find_router().resolve(request)
        problem = found.http_exception
        if problem is None:
            return found, set()
        return None, problem.allowed_methods if isinstance(problem, web.HTTPMethodNotAllowed) else set()

    def _find_router(self) -> UrlDispatcher:
        if self._router is None:
            self._router = UrlDispatcher()
            self._router.add_routes(self._build())
        return self._router

    @property
    def canonical(self) -> str:
        return "/"

    def raw_match(self, path: str) -> bool:
        return path == self.canonical

    def get_info(self) -> Any:
        return {"path": self.canonical}

    def url_for(self, **_parts: str) -> URL:
        return URL(self.canonical)

    def add_prefix(self, prefix: str) -> NoReturn:
        raise RuntimeError(f"the pages have no prefix, and take none: {prefix}")

    def __len__(self) -> int:
        return len(self._find_router().routes())

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(self._find_router().routes())
