"""`/admin/settings`: the configuration in force; `/admin/tokens`: secrets and their use."""

from collections.abc import Iterator
from typing import Any

from aiohttp import web

from bot.config import Settings
from bot.config.environment import find_variables
from bot.config.values import NOT_SET, ValueOrigin, list_values
from bot.services.web_pages.sessions import Viewer
from bot.sources import SOURCES
from bot.web.auth.page_sessions import PageSessions
from bot.web.pages.layout import render_page
from bot.web.pages.operations.operation_deps import PAGES, OperationDeps, admins_only
from bot.web.pages.operations.outbox_link import configuration_status
from bot.web.secret_usage import SecretUse

SETTINGS_PATH, TOKENS_PATH = "/admin/settings", "/admin/tokens"
SLACK = "slack"


class SettingRoutes:
    def __init__(self, sessions: PageSessions, deps: OperationDeps) -> None:
        self._sessions = sessions
        self._deps = deps

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(SETTINGS_PATH, admins_only(self._sessions, self.show_settings)),
            web.get(TOKENS_PATH, admins_only(self._sessions, self.show_tokens)),
        ]

    async def show_settings(self, request: web.Request, viewer: Viewer) -> web.Response:
        """With `changed` the values that are not defaults."""
        only_changed = "changed" in request.query
        found = list_values(self._sessions.settings)
        values = {
            "pages": PAGES,
            "only_changed": only_changed,
            "total": len(found),
            "values": [
                (each.key, each.text, each.origin.value)
                for each in found
                if not only_changed or each.origin is not ValueOrigin.DEFAULT
            ],
            **configuration_status(self._deps.configuration),
        }
        return render_page(self._sessions, "operations/settings", values, viewer=viewer, current=SETTINGS_PATH)

    async def show_tokens(self, _request: web.Request, viewer: Viewer) -> web.Response:
        settings, uses = self._sessions.settings, self._deps.usage.last_uses()
        senders = (SLACK, *SOURCES, *settings.alerts.sources)
        values = {
            "pages": PAGES,
            "senders": [_sender_values(settings, sender, uses) for sender in senders],
            "secrets": list(_secret_values(settings)),
        }
        return render_page(self._sessions, "operations/tokens", values, viewer=viewer, current=TOKENS_PATH)


def _sender_values(settings: Settings, sender: str, uses: list[SecretUse]) -> dict[str, Any]:
    """The valid secrets of a sender by number, with the last use of each."""
    if sender == SLACK:
        label, total = "Slack, by signing secret", len(settings.signing_secrets)
    else:
        credentials = settings.credentials(sender)
        has_secrets = bool(credentials.secrets)
        total = len(credentials.secrets if has_secrets else credentials.tokens)
        is_own = settings.own_alert_token(sender) is not None
        way = "by signature" if has_secrets else "by its own token" if is_own else "by the common token"
        label = f"Alerts from {sender}, {way}"
    last = {use.number: use.at for use in uses if use.sender == sender}
    return {
        "label": label,
        "tokens": [
            (number, f"{last[number]:%Y-%m-%d %H:%M:%S} UTC" if number in last else "")
            for number in range(1, total + 1)
        ],
    }


def _secret_values(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name and origin of each secret that is set."""
    secret = {each.name for each in find_variables(settings.set_variables) if each.secret}
    for each in list_values(settings):
        if each.key in secret and each.text != NOT_SET:
            yield each.key, each.origin.value
