"""
Paging services as real servers: mail with TLS, PagerDuty, Opsgenie, ntfy, a webhook receiver.

Each is as strict as its documentation, keeps what it took, and can be told to fail, to hang or to lose its answer.
"""

import asyncio
import json
import re
import ssl
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "dogwatch", "the password of the mail server"


def certificate(folder: Path, *names: str, valid_for: timedelta = timedelta(days=1)) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for these names: its file, and the server's TLS context. Negative: it has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + valid_for)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    return cert_file, context


class MailServer:
    """`refuses`: replies to RCPT or DATA, by command; `hangs` and `loses_answer` concern DATA."""

    def __init__(self, tls: ssl.SSLContext, *, security: str = "starttls") -> None:
        self.took: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.was_secured: list[bool] = []
        self.refuses: dict[str, str] = {}
        self.hangs = False
        self.loses_answer = False
        self.port = 0
        self._tls = tls
        self._security = security
        self._go_on = asyncio.Event()
        self._sessions: set[asyncio.Transport] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._new, "127.0.0.1", self.port, ssl=self._tls if self._security == "tls" else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._go_on.set()
        self._server.close()
        await self._server.wait_closed()

    def _new(self) -> SMTP:
        is_starttls = self._security == "starttls"  # the library warns of a login without TLS of its own
        return SMTP(
            self,
            hostname="localhost",
            authenticator=self._check,
            enable_SMTPUTF8=False,
            auth_required=is_starttls,
            auth_require_tls=is_starttls,
            tls_context=self._tls if is_starttls else None,
            require_starttls=is_starttls,
        )

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if "RCPT" in self.refuses:
            return self.refuses["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.refuses:
            return self.refuses["DATA"]
        if self.hangs:
            await self._go_on.wait()
            return "451 later"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.took.append(message)
        self.recipients += envelope.rcpt_tos
        self.was_secured.append(session.ssl is not None or self._security == "tls")
        if self.loses_answer:
            server.transport.abort()
        return "250 taken"


class Service(ABC):
    """HTTP service. `answers`: a status, `hang`, or `lose` (take it, then drop the connection)."""

    def __init__(self) -> None:
        self.answers: list[int | str] = []
        self.headers: dict[str, str] = {}
        self.mistakes: list[str] = []
        self.calls = 0
        self.port = 0
        self._go_on = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._go_on.set()
        await self._runner.cleanup()
        assert self.mistakes == []

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        body = await request.read()
        answer = self.answers.pop(0) if self.answers else None
        if answer == "hang":
            await self._go_on.wait()
        if isinstance(answer, int):
            return web.Response(status=answer, headers=self.headers)
        try:
            response = await self.take(request, body)
        except (AssertionError, KeyError, TypeError, ValueError) as problem:
            self.mistakes.append(repr(problem))
            return web.json_response({"status": "invalid"}, status=400)
        if answer == "lose":
            assert request.transport is not None
            request.transport.abort()
        return response

    @abstractmethod
    async def take(self, request: web.Request, body: bytes) -> web.Response: ...


class PagerDuty(Service):
    """Events API v2 for one integration key; `alerts` by dedup_key."""

    KEY = "0123456789abcdef0123456789abcdef"

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, dict[str, Any]] = {}
        self.events: list[str] = []

    async def take(self, request: web.Request, body: bytes) -> web.Response:
        assert (request.method, request.path) == ("POST", "/v2/enqueue"), request.path
        told = json.loads(body)
        assert told["routing_key"] == self.KEY, "the routing key"
        action, key = told["event_action"], told["dedup_key"]
        assert action in {"trigger", "acknowledge", "resolve"}
        assert isinstance(key, str)
        assert 0 < len(key) <= 255
        self.events.append(action)
        if action == "trigger":
            payload = told["payload"]
            assert 0 < len(payload["summary"]) <= 1024
            assert payload["source"]
            assert payload["severity"] in {"critical", "warning", "error", "info"}
            assert datetime.fromisoformat(payload["timestamp"]).tzinfo is not None
            assert set(payload) <= {
                "summary",
                "source",
                "severity",
                "timestamp",
                "component",
                "group",
                "class",
                "custom_details",
            }
            assert all(set(link) == {"href", "text"} and link["href"].startswith("http") for link in told["links"])
            self.alerts.setdefault(key, {"state": "triggered", **told})
        elif key in self.alerts:
            self.alerts[key]["state"] = f"{action}d"
        return web.json_response({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)


class Opsgenie(Service):
    """The alert API, for one key; what it has stands in `alerts` by alias."""

    KEY = "11111111-2222-3333-4444-555555555555"

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, dict[str, Any]] = {}
        self.acts: list[str] = []

    async def take(self, request: web.Request, body: bytes) -> web.Response:
        assert request.method == "POST"
        assert request.headers["Authorization"] == f"GenieKey {self.KEY}", "the key"
        assert request.headers["Content-Type"] == "application/json"
        told = json.loads(body)
        parts = request.path.strip("/").split("/")
        assert parts[:2] == ["v2", "alerts"], request.path
        if len(parts) == 2:
            assert 0 < len(told["message"]) <= 130
            assert 0 < len(told["alias"]) <= 512
            assert len(told["description"]) <= 15_000
            assert told["priority"] in {"P1", "P2", "P3", "P4", "P5"}
            assert all(isinstance(each, str) for each in told["details"].values())
            self.alerts.setdefault(told["alias"], {"state": "open", **told})
            self.acts.append("create")
        else:
            assert request.query["identifierType"] == "alias"
            assert parts[3] in {"acknowledge", "close"}
            self.acts.append(parts[3])
            if parts[2] in self.alerts:
                self.alerts[parts[2]]["state"] = {"acknowledge": "acked", "close": "closed"}[parts[3]]
        return web.json_response({"result": "Request will be processed", "took": 0.1, "requestId": "r"}, status=202)


class Ntfy(Service):
    """A server that takes JSON, for one access token; `topics` has what each topic was told."""

    TOKEN = "tk_0123456789abcdefghijklmnopqrs"
    FIELDS = frozenset(
        {"topic", "message", "title", "tags", "priority", "actions", "click", "attach", "markdown", "icon", "filename"}
        | {"delay", "email", "call"}
    )
    HTTP_FIELDS = frozenset({"action", "label", "url", "method", "headers", "body", "clear"})

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[str, list[dict[str, Any]]] = {}

    async def take(self, request: web.Request, body: bytes) -> web.Response:
        assert (request.method, request.path) == ("POST", "/"), request.path
        if request.headers.get("Authorization") != f"Bearer {self.TOKEN}":
            return web.json_response({"code": 40301, "http": 403, "error": "forbidden"}, status=403)
        told = json.loads(body)
        assert set(told) <= self.FIELDS, set(told) - self.FIELDS
        assert re.fullmatch(r"[-_A-Za-z0-9]{1,64}", told["topic"])
        assert 0 < len(told["message"].encode()) <= 4096
        assert told["priority"] in {1, 2, 3, 4, 5}
        assert len(told["actions"]) <= 3
        for each in told["actions"]:
            fields = self.HTTP_FIELDS if each["action"] == "http" else {"action", "label", "url", "clear"}
            assert each["action"] in {"view", "http"}
            assert {"action", "label", "url"} <= set(each) <= fields
        self.topics.setdefault(told["topic"], []).append(told)
        return web.json_response({"id": "sPs71M8A2T", "time": 1795332695, "event": "message", "topic": told["topic"]})


class Receiver(Service):
    """Receiver of signed webhooks, which runs the example code of `docs/oncall/contact-methods.md`."""

    def __init__(self, check: Any) -> None:
        super().__init__()
        self.took: list[dict[str, Any]] = []
        self._check = check

    async def take(self, request: web.Request, body: bytes) -> web.Response:
        assert self._check(request.headers, body), "the signature"
        self.took.append(json.loads(body))
        return web.Response()
