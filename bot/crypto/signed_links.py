"""The key by which Dogwatch signs links to its own pages."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from pydantic import SecretStr

from bot.config import Settings
from bot.domain.errors import UserError

ANSWERS_LIVE = timedelta(days=1)
"""How long the link in a page acknowledges."""
ORDERS_LIVE = timedelta(minutes=1)
"""How far the clock of who signs an order may be from that of who carries it out."""


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
    return _signed(settings, f"incident page {reference}")[:32]


def _signed(settings: Settings, words: str) -> str:
    """With the settings of a running bot, which always have a key; those without one have no pages either."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return hmac.new(secret.encode(), words.encode(), hashlib.sha256).hexdigest()


def is_page_key(settings: Settings, reference: str, given: str) -> bool:
    return hmac.compare_digest(page_key(settings, reference).encode(), given.encode())


def page_link(settings: Settings, reference: str) -> str:
    """Dogwatch's own page of an incident, for whoever holds the link; each statement has an anchor on it."""
    return f"{settings.base_url}/incidents/{reference}?key={page_key(settings, reference)}"


def outbox_key(settings: Settings, until: int) -> str:
    """What has to stand in a link to the operators' page. `until`: seconds since 1970."""
    return _signed(settings, f"outbox page until {until}")[:32]


def is_outbox_key(settings: Settings, until: str, given: str, now: datetime) -> bool:
    """Whether a link to the operators' page is ours and has not run out. Both parts come from strangers."""
    if not (until.isascii() and until.isdecimal() and len(until) < 12):
        return False
    is_ours = hmac.compare_digest(outbox_key(settings, int(until)).encode(), given.encode(errors="replace"))
    return is_ours and now.timestamp() <= int(until)


def outbox_path(settings: Settings, until: int) -> str:
    return f"/outbox?{urlencode({'until': until, 'key': outbox_key(settings, until)})}"


def order_signature(settings: Settings, at: int, body: bytes) -> str:
    """What a command of the operator's signs, so that the running bot carries it out. `at`: seconds since 1970."""
    return _signed(settings, f"order {at} {hashlib.sha256(body).hexdigest()}")


def is_order(settings: Settings, at: str, body: bytes, given: str, now: datetime) -> bool:
    """Whether an order was signed with our key within the last minute."""
    if not (at.isascii() and at.isdecimal() and len(at) < 12):
        return False
    is_ours = hmac.compare_digest(order_signature(settings, int(at), body).encode(), given.encode(errors="replace"))
    return is_ours and abs(now.timestamp() - int(at)) <= ORDERS_LIVE.total_seconds()


def acknowledge_link(settings: Settings, page_id: int, queued_at: datetime) -> str:
    """The one-time link of a page: whoever has it answers in the name of who was paged, for a day."""
    until = int((queued_at + ANSWERS_LIVE).timestamp())
    return f"{settings.base_url}/ack/{_acknowledge_token(settings, page_id, until)}"


def _acknowledge_token(settings: Settings, page_id: int, until: int) -> str:
    return f"{page_id}.{until}.{_signed(settings, f'acknowledge page {page_id} until {until}')[:32]}"


def page_to_acknowledge(settings: Settings, token: str, now: datetime) -> int | None:
    """The page whose link this is; None for one that is forged or has run out. It comes from strangers."""
    page_id, _, rest = token.partition(".")
    until = rest.partition(".")[0]
    if not all(each.isascii() and each.isdecimal() and len(each) < 18 for each in (page_id, until)):
        return None
    right = _acknowledge_token(settings, int(page_id), int(until))
    is_ours = hmac.compare_digest(right.encode(), token.encode(errors="replace"))
    return int(page_id) if is_ours and now.timestamp() <= int(until) else None
