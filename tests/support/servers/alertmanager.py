"""A real Alertmanager, Debian's, with one receiver: a webhook, or Dogwatch in place of a paging service."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.support.requests.notifications import stamp
from tests.support.servers import requirements as needs
from tests.support.servers.ports import free_port

START_SECONDS = 20
CONFIG = """
route:
  receiver: dogwatch
  group_by: [alertname, service]
  group_wait: 200ms
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: dogwatch
"""
WEBHOOK = """
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          authorization:
            type: Bearer
            credentials_file: {token_file}
"""
PAGERDUTY = """
    pagerduty_configs:
      - url: {url}
        routing_key: {token}
        description: '{{{{ .CommonAnnotations.summary }}}}'
"""
OPSGENIE = """
    opsgenie_configs:
      - api_url: {url}
        api_key: {token}
        message: '{{{{ .CommonAnnotations.summary }}}}'
"""


class Alertmanager:
    """`async with Alertmanager(folder, url, token)`: runs on a free port until the block ends."""

    def __init__(self, folder: Path, url: str, token: str, receiver: str = WEBHOOK) -> None:
        self._program = needs.program("prometheus-alertmanager", package="prometheus-alertmanager")
        self._folder = folder / "alertmanager"
        self._folder.mkdir()
        self._log = self._folder / "log"
        (self._folder / "token").write_text(token)
        config = CONFIG.rstrip() + receiver.format(url=url, token=token, token_file=self._folder / "token")
        (self._folder / "alertmanager.yml").write_text(config)
        self.url = f"http://127.0.0.1:{free_port()}"

    async def __aenter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                self._program,
                f"--config.file={self._folder / 'alertmanager.yml'}",
                f"--storage.path={self._folder / 'data'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--cluster.listen-address=",
                "--log.level=debug",
                stdout=log,
                stderr=log,
            )
        self._http = aiohttp.ClientSession(self.url)
        await self._ready()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()

    async def _ready(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            while True:
                assert self._process.returncode is None, self.log
                try:
                    async with self._http.get("/-/ready") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)

    @property
    def log(self) -> str:
        """The log so far."""
        return self._log.read_text(errors="replace")

    async def is_told(
        self, labels: dict[str, str], *, summary: str, began: datetime, ended: datetime | None = None, link: str
    ) -> None:
        """Post an alert as Prometheus does, firing or ended."""
        alert: dict[str, Any] = {
            "labels": labels,
            "annotations": {"summary": summary},
            "startsAt": stamp(began),
            "generatorURL": link,
        }
        if ended is not None:
            alert["endsAt"] = stamp(ended)
        async with self._http.post("/api/v2/alerts", json=[alert]) as answer:
            assert answer.status == 200, await answer.text()
