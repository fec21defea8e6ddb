"""
Encryption and signatures with `DOGWATCH_SECRET_KEY`.

Links and operator requests are signed. Addresses of contact methods are encrypted by AES-256-GCM with a key of their
own. Their owner is authenticated too: a ciphertext in another person's row cannot be decrypted.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pydantic import SecretStr

from bot.config import Settings
from bot.domain.errors import UserError
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    from cryptography import exceptions
    from cryptography.hazmat.primitives.ciphers import aead
else:
    exceptions = LazyModule("cryptography.exceptions")
    aead = LazyModule("cryptography.hazmat.primitives.ciphers.aead")

VERSION = "v1."
"""Prefix of a ciphertext, for a change of the algorithm."""
NONCE_BYTES = 12
NO_KEY = "Addresses cannot be stored without a secret key. An operator must set DOGWATCH_SECRET_KEY."
ACKNOWLEDGE_LINK_LIFETIME = timedelta(days=1)
LOGIN_LINK_LIFETIME = timedelta(minutes=10)
OPERATOR_CLOCK_SKEW = timedelta(minutes=1)
"""Accepted difference between the clocks of the signer and of the bot."""


class CannotDecrypt(Exception):
    """The text was encrypted with another key or for another purpose, or it was changed."""


def ensure_secret_key(settings: Settings) -> Settings:
    """
    Return the settings with a secret key.

    It is the operator's, or one that is created once beside the SQLite file. With PostgreSQL, where replicas have to
    share it, the configuration requires one.
    """
    path = settings.sqlite_path
    if settings.secret_key is not None or path is None:
        return settings
    return settings.model_copy(update={"secret_key": SecretStr(_load_or_create_key(path))})


def _load_or_create_key(database: Path) -> str:
    path = database.with_name(f"{database.name}.key")
    if path.exists():
        return path.read_text().strip()
    if not path.parent.is_dir():
        raise UserError(f"DATABASE_URL: there is no folder {path.parent}. Create it, or correct the path.")
    key = secrets.token_hex(32)
    path.touch(mode=0o600)
    path.write_text(key)
    return key


def _secret(settings: Settings) -> bytes:
    """The key of a running bot, which always has one."""
    return settings.secret_key.get_secret_value().encode() if settings.secret_key else b""


# Encryption


def encrypt_text(settings: Settings, text: str, *, about: str) -> str:
    """Encrypt a text for an owner and purpose, `about`. Raises UserError without a key."""
    if settings.secret_key is None:
        raise UserError(NO_KEY)
    nonce = secrets.token_bytes(NONCE_BYTES)
    ciphertext = nonce + aead.AESGCM(_address_key(settings)).encrypt(nonce, text.encode(), about.encode())
    return VERSION + base64.urlsafe_b64encode(ciphertext).decode()


def decrypt_text(settings: Settings, ciphertext: str, *, about: str) -> str:
    """Decrypt what `encrypt_text` returned. Raises CannotDecrypt."""
    if settings.secret_key is None or not ciphertext.startswith(VERSION):
        raise CannotDecrypt
    try:
        raw = base64.urlsafe_b64decode(ciphertext.removeprefix(VERSION))
        return (
            aead.AESGCM(_address_key(settings)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about.encode()).decode()
        )
    except (exceptions.InvalidTag, ValueError, binascii.Error) as problem:
        raise CannotDecrypt from problem


def _address_key(settings: Settings) -> bytes:
    return hmac.digest(_secret(settings), b"addresses of pages", "sha256")


def address_key(settings: Settings, text: str) -> str:
    """A keyed hash by which an address is found, and which tells nobody the address."""
    return _sign(settings, f"subscriber {text}")


# Signatures


def _sign(settings: Settings, statement: str) -> str:
    return hmac.new(_secret(settings), statement.encode(), hashlib.sha256).hexdigest()


def _is_equal(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode(errors="replace"))


def _is_timestamp(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 12


def incident_page_key(settings: Settings, reference: str, generation: int = 0) -> str:
    """
    Return the key for an incident's page, which gives access to that incident alone.

    `generation` is the number of the share link: the key of an earlier one is still ours, but no longer accepted.
    """
    if generation == 0:
        return _sign(settings, f"incident page {reference}")[:32]
    return f"{generation}.{_sign(settings, f'incident page {reference} link {generation}')[:32]}"


def verify_incident_page_key(settings: Settings, reference: str, given: str) -> int | None:
    """Return the number of the share link of an untrusted key; None if it is forged."""
    number = given.partition(".")[0] if "." in given else "0"
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    return int(number) if _is_equal(incident_page_key(settings, reference, int(number)), given) else None


def incident_page_link(settings: Settings, reference: str, generation: int | None = 0) -> str:
    """
    Return the link to the bot's page of an incident; each statement on it has an anchor.

    `generation`: the number of its share link; None if that was ended, then the reader has to sign in.
    """
    page = f"{settings.base_url}/incidents/{reference}"
    return page if generation is None else f"{page}?key={incident_page_key(settings, reference, generation)}"


def outbox_key(settings: Settings, until: int) -> str:
    """Return the key in a link to the operators' page. `until`: seconds since 1970."""
    return _sign(settings, f"outbox page until {until}")[:32]


def is_outbox_key(settings: Settings, until: str, given: str, now: datetime) -> bool:
    """Return whether a link to the operators' page is valid. `until` and `given` are untrusted."""
    return _is_timestamp(until) and _is_equal(outbox_key(settings, int(until)), given) and now.timestamp() <= int(until)


def outbox_path(settings: Settings, until: int) -> str:
    return f"/outbox?{urlencode({'until': until, 'key': outbox_key(settings, until)})}"


def operator_signature(settings: Settings, at: int, body: bytes) -> str:
    """Sign an operator's command to the running bot. `at`: seconds since 1970."""
    return _sign(settings, f"order {at} {hashlib.sha256(body).hexdigest()}")


def is_operator_request(settings: Settings, at: str, body: bytes, given: str, now: datetime) -> bool:
    """Return whether a request was signed with our key within the last minute."""
    if not _is_timestamp(at) or not _is_equal(operator_signature(settings, int(at), body), given):
        return False
    return abs(now.timestamp() - int(at)) <= OPERATOR_CLOCK_SKEW.total_seconds()


def acknowledge_link(settings: Settings, page_id: int, queued_at: datetime) -> str:
    """Return the one-time link that acknowledges a page in the paged person's name."""
    until = int((queued_at + ACKNOWLEDGE_LINK_LIFETIME).timestamp())
    return f"{settings.base_url}/ack/{_acknowledge_token(settings, page_id, until)}"


def _acknowledge_token(settings: Settings, page_id: int, until: int) -> str:
    return f"{page_id}.{until}.{_sign(settings, f'acknowledge page {page_id} until {until}')[:32]}"


def verify_acknowledge_token(settings: Settings, token: str, now: datetime) -> int | None:
    """Return the page of an untrusted token; None if it is forged or expired."""
    page_id, _, rest = token.partition(".")
    until = rest.partition(".")[0]
    if not all(each.isascii() and each.isdecimal() and len(each) < 18 for each in (page_id, until)):
        return None
    is_ours = _is_equal(_acknowledge_token(settings, int(page_id), int(until)), token)
    return int(page_id) if is_ours and now.timestamp() <= int(until) else None


def login_link(settings: Settings, user_id: str, now: datetime) -> str:
    """Return a link that signs a person in to the pages, once."""
    until, nonce = int((now + LOGIN_LINK_LIFETIME).timestamp()), secrets.token_hex(16)
    return f"{settings.base_url}/sign-in/link/{_login_token(settings, user_id, until, nonce)}"


def _login_token(settings: Settings, user_id: str, until: int, nonce: str) -> str:
    return f"{user_id}.{until}.{nonce}.{_sign(settings, f'sign in {user_id} until {until} nonce {nonce}')}"


def verify_login_token(settings: Settings, token: str, now: datetime) -> tuple[str, str] | None:
    """Return user id and nonce of an untrusted token; None if it is forged or expired."""
    user_id, _, rest = token.partition(".")
    until, _, rest = rest.partition(".")
    if not _is_timestamp(until):
        return None
    nonce = rest.partition(".")[0]
    is_ours = _is_equal(_login_token(settings, user_id, int(until), nonce), token)
    return (user_id, nonce) if is_ours and now.timestamp() <= int(until) else None


def form_token(settings: Settings, session_digest: str) -> str:
    """Return the token that every form of a session sends back."""
    return _sign(settings, f"form of session {session_digest}")[:32]


def is_form_token(settings: Settings, session_digest: str, given: str) -> bool:
    return _is_equal(form_token(settings, session_digest), given)


def subscriber_webhook_secret(settings: Settings, leave_key: str) -> str:
    """Return the secret that signs the notices to one webhook. It is not stored."""
    return _sign(settings, f"notices to webhook {leave_key}")
