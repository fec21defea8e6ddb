"""A world with the proofs of the reference data, and its clock for signatures."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiohttp
from sqlmodel import select

from bot.app import Dogwatch
from bot.runtime.clock import ManualClock
from bot.sandbox.server import Sandbox
from bot.store.alerts.alerts import Alert
from bot.web.webhooks.sns_client import SnsClient
from tests.support.servers.amazon_sns import AmazonSns
from tests.support.servers.requirements import conformance_data
from tests.support.worlds.world import ANSWERED_WITHIN, TOKEN, World

TOPIC = "arn:aws:sns:eu-west-1:123456789012:dogwatch-alarms"
CONFIG = f"""
[alerts.sns]
topics = ["{TOPIC}"]
"""
SECRETS = {
    "DOGWATCH_ALERT_SECRET_GRAFANA": "dogwatch-example-grafana-hmac",
    "DOGWATCH_ALERT_SECRET_PAGERDUTY": "dogwatch-example-pagerduty-1 "
    "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK",
    "DOGWATCH_ALERT_SECRET_SENTRY": "dogwatch-example-sentry-client-secret",
    "DOGWATCH_ALERT_SECRET_CHECKLY": "dogwatch-example-checkly",
}
HONEYCOMB = {"DOGWATCH_ALERT_TOKEN_HONEYCOMB": "dogwatch-example-honeycomb"}


class SignatureClock(ManualClock):
    """`signed_at`: the time for the age of signatures; None: the machine's."""

    signed_at: datetime | None = None

    def real_now(self) -> datetime:
        return self.signed_at or super().real_now()


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    body: Any


class SenderWorld(World):
    """Its Amazon serves the certificate of the reference data. `is_signed`: the secrets are set."""

    def __init__(self, database_url: str, folder: Path, *, is_signed: bool = True, **options: Any) -> None:
        self._secrets = SECRETS if is_signed else {}
        super().__init__(database_url, folder, **{"config": CONFIG, **options})
        self.clock: SignatureClock = SignatureClock(self.clock.now())
        self.sandbox = Sandbox(clock=self.clock, answer_seconds=ANSWERED_WITHIN)
        self.amazon = AmazonSns((conformance_data() / "alerts" / "sns-signing-cert.pem").read_bytes())

    async def __aenter__(self) -> Self:
        await self.amazon.__aenter__()
        return await super().__aenter__()

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self.amazon.__aexit__()

    def new_bot(self) -> Dogwatch:
        return Dogwatch(self.settings(), clock=self.clock, sns=SnsClient(self.amazon.url))

    def environment(self) -> dict[str, str]:
        return super().environment() | HONEYCOMB | self._secrets

    async def sends(
        self, path: str, body: bytes = b"", headers: dict[str, str] | None = None, *, method: str = "POST"
    ) -> Response:
        """One request to `/alerts/{path}`."""
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, f"{self.url}/alerts/{path}", data=body, headers=headers) as got,
        ):
            content = await got.json() if got.content_type == "application/json" else await got.text()
            response = Response(got.status, dict(got.headers), content)
        await self.settle()
        return response

    async def alerts(self) -> dict[tuple[str, str], str]:
        """State of the newest row of each alert, by source and fingerprint."""

        def read(session: Any) -> dict[tuple[str, str], str]:
            rows = session.exec(select(Alert).order_by(Alert.id)).all()
            return {(row.source, row.fingerprint): row.status for row in rows}

        return await self.bot.database.read(read)

    async def rows(self) -> dict[str, list[str]]:
        """State of each row, by source."""

        def read(session: Any) -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            for row in session.exec(select(Alert).order_by(Alert.id)):
                found.setdefault(row.source, []).append(row.status)
            return found

        return await self.bot.database.read(read)


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
