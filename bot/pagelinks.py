"""The key by which Dogwatch signs links to its own pages."""

import hashlib
import hmac
import secrets
from pathlib import Path

from pydantic import SecretStr

from bot.config import Settings
from bot.domain.errors import UserError


def with_secret_key(settings: Settings) -> Settings:
    """
    The settings with a secret key: the operator's, or one that is made once and kept beside the SQLite file.

    With PostgreSQL the configuration demands one, because replicas have to share it.
    """
    path = settings.sqlite_path
    if settings.secret_key is not None or path is None:
        return settings
    return settings.model_copy(update={"secret_key": SecretStr(_key_beside(path))})


def _key_beside(database: Path) -> str:
    kept = database.with_name(f"{database.name}.key")
    if kept.exists():
        return kept.read_text().strip()
    if not kept.parent.is_dir():
        raise UserError(f"DATABASE_URL: there is no folder {kept.parent}. Make it, or mend the path.")
    key = secrets.token_hex(32)
    kept.touch(mode=0o600)
    kept.write_text(key)
    return key


def page_key(settings: Settings, reference: str) -> str:
    """What has to stand in a link to an incident's page: who has the link may read that incident and no other."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return hmac.new(secret.encode(), f"incident page {reference}".encode(), hashlib.sha256).hexdigest()[:32]


def is_page_key(settings: Settings, reference: str, given: str) -> bool:
    return hmac.compare_digest(page_key(settings, reference).encode(), given.encode())


def page_link(settings: Settings, reference: str) -> str:
    """Dogwatch's own page of an incident, for whoever holds the link; each statement has an anchor on it."""
    return f"{settings.base_url}/incidents/{reference}?key={page_key(settings, reference)}"
