"""
Serve the gallery: `python -m tests.support.gallery [--port N]`, until Ctrl-C.

The sandbox's page renders it, with the people of the sandbox's workspace. No bot runs, and nothing is sent anywhere.
"""

import argparse
import asyncio
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.config import Settings, load
from bot.export.image import schedule_image
from bot.sandbox.page.http import SAFE, Page
from bot.sandbox.server import Sandbox
from tests.support.gallery.exhibits import exhibits
from tests.support.gallery.oncall import PICTURE, ROSTER

STATIC = Path(__file__).parent / "page"


class GalleryPage(Page):
    """The sandbox's page, with the gallery at `/gallery`."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        super().__init__(sandbox)
        self.settings = settings

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/gallery", self.gallery),
            web.get("/gallery/exhibits", self.exhibits),
            web.static("/gallery", STATIC),
            *super().routes(),
        ]

    async def gallery(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "gallery.html", headers=SAFE)

    async def exhibits(self, _request: web.Request) -> web.Response:
        """`name`, `kind` and `payload` of each, with the schedule image embedded."""
        image = b64encode(schedule_image.render_image(ROSTER)).decode()
        images = {PICTURE: f"data:image/png;base64,{image}"}
        found = [
            {"name": each.name, "kind": each.kind, "payload": _with_images(each.payload, images)}
            for each in exhibits(self.settings)
        ]
        return web.json_response(found)


def _with_images(part: Any, images: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_with_images(each, images) for each in part]
    if not isinstance(part, dict):
        return part
    file_id = part.get("slack_file", {}).get("id")
    if file_id in images:
        return {**{key: value for key, value in part.items() if key != "slack_file"}, "image_url": images[file_id]}
    return {key: _with_images(value, images) for key, value in part.items()}


async def serve(port: int) -> None:
    sandbox = Sandbox()
    sandbox.page = GalleryPage(sandbox, load(os.environ))
    await sandbox.start(port)
    print(f"Open {sandbox.base_url}/gallery", flush=True)  # noqa: T201 - the address, for whoever starts it
    try:
        await asyncio.Event().wait()
    finally:
        await sandbox.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.gallery", description="Serve the gallery.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
