"""
What people keep with Dogwatch that nobody else may read, sealed by the secret key: the addresses of their pages.

AES-256-GCM with a key made of `DOGWATCH_SECRET_KEY` for this purpose alone. Whose address it is belongs to the seal: a
sealed text that is put into another person's row does not open there.
"""

import base64
import binascii
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.config import Settings
from bot.domain.errors import UserError

FORM = "v1."
"""How a sealed text begins: another way of sealing gets another number."""
NONCE = 12
"""Bytes, as GCM wants it: made by chance for each text."""
NO_KEY = "Dogwatch has no secret key, so addresses cannot be kept. An operator sets DOGWATCH_SECRET_KEY."


class CannotOpen(Exception):
    """The text was sealed with another key, for another purpose, or it was changed."""


def seal(settings: Settings, text: str, *, about: str) -> str:
    """
    The text as only this key opens it. `about`: whose it is and what for; the same has to be said to open it.

    Raises UserError without a key.
    """
    if settings.secret_key is None:
        raise UserError(NO_KEY)
    nonce = secrets.token_bytes(NONCE)
    sealed = nonce + AESGCM(_key(settings)).encrypt(nonce, text.encode(), about.encode())
    return FORM + base64.urlsafe_b64encode(sealed).decode()


def opened(settings: Settings, sealed: str, *, about: str) -> str:
    """Raises CannotOpen."""
    if settings.secret_key is None or not sealed.startswith(FORM):
        raise CannotOpen
    try:
        raw = base64.urlsafe_b64decode(sealed.removeprefix(FORM))
        return AESGCM(_key(settings)).decrypt(raw[:NONCE], raw[NONCE:], about.encode()).decode()
    except (InvalidTag, ValueError, binascii.Error) as problem:
        raise CannotOpen from problem


def _key(settings: Settings) -> bytes:
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return hmac.digest(secret.encode(), b"addresses of pages", "sha256")
