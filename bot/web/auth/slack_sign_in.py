"""Sign in with Slack."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.config import Settings
from bot.runtime.clock import Clock
from bot.services.web_pages.sessions import check_team, sign_in_with_slack
from bot.store.database.session import Database
from bot.web.auth.identity_tokens import read_slack_identity
from bot.web.auth.openid import Client, issuer_of
from bot.web.auth.provider_sign_in import SignInProvider

WAY = "slack"
SCOPES = "openid profile"

EnsureKnown = Callable[[str, str], Awaitable[None]]


def slack_provider(database: Database, clock: Clock, ensure_known: EnsureKnown) -> SignInProvider:
    """`ensure_known(team_id, user_id)` looks up a profile that is not stored."""

    async def sign_in(claims: Mapping[str, Any], replaced: str | None) -> tuple[str, str]:
        identity = read_slack_identity(claims)
        team_id = await database.read(check_team, identity.team_ids)
        await ensure_known(team_id, identity.user_id)
        token = await database.run(
            sign_in_with_slack, identity.user_id, identity.team_ids, clock.now(), replaced=replaced
        )
        return identity.user_id, token

    return SignInProvider(WAY, lambda _settings: "Slack", slack_client, sign_in)


def slack_client(settings: Settings) -> Client | None:
    """None if Sign in with Slack is not set up."""
    if settings.slack_client_id is None or settings.slack_client_secret is None:
        return None
    secret = settings.slack_client_secret.get_secret_value()
    callback = f"{settings.base_url}/sign-in/{WAY}/callback"
    return Client(issuer_of(settings.slack_api_url), settings.slack_client_id, secret, callback, SCOPES)
