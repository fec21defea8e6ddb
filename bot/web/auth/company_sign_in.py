"""Sign in at a provider of the company's own, by OpenID Connect."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.config import Settings
from bot.runtime.clock import Clock
from bot.services.web_pages.provider_sign_in import UNKNOWN_ADDRESS, find_linked_user, find_team, sign_in_with_provider
from bot.services.workspace.access import NotPermitted
from bot.store.database.session import Database
from bot.web.auth.identity_tokens import read_company_identity
from bot.web.auth.openid import Client
from bot.web.auth.provider_sign_in import SignInProvider
from bot.web.auth.slack_sign_in import EnsureKnown

WAY = "company"
SCOPES = "openid email"

FindByEmail = Callable[[str], Awaitable[str | None]]


def company_provider(
    database: Database, clock: Clock, ensure_known: EnsureKnown, find_by_email: FindByEmail
) -> SignInProvider:
    """
    The company's provider.

    `find_by_email` asks Slack for the user id of an address, or raises LookupUnavailable. That is needed the first
    time: then the provider's own id of the person is linked, and Slack may be away.
    """

    async def sign_in(claims: Mapping[str, Any], replaced: str | None) -> tuple[str, str]:
        identity = read_company_identity(claims)
        key = (identity.issuer, identity.subject)
        user_id = await database.read(find_linked_user, *key) or await find_by_email(identity.email)
        if user_id is None:
            raise NotPermitted(UNKNOWN_ADDRESS)
        await ensure_known(await database.read(find_team), user_id)
        return user_id, await database.run(sign_in_with_provider, key, user_id, clock.now(), replaced=replaced)

    return SignInProvider(WAY, company_name, company_client, sign_in)


def company_name(settings: Settings) -> str:
    return settings.oidc_name


def company_client(settings: Settings) -> Client | None:
    """None if there is no such provider."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
        return None
    secret = settings.oidc_client_secret.get_secret_value()
    return Client(
        settings.oidc_issuer, settings.oidc_client_id, secret, f"{settings.base_url}/sign-in/{WAY}/callback", SCOPES
    )
