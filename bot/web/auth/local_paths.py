"""Paths of our own site: where to go after signing in, and the origin that forms come from."""

from urllib.parse import quote, urlsplit

from bot.config import Settings

HOME = "/"
MAX_PATH = 1000


def local_path(given: str) -> str:
    r"""
    The untrusted path if it leads to our own site, else the first page.

    A browser takes `//host` and `/\host` for another site, and drops tabs and line ends.
    """
    is_plain = given.isprintable() and len(given) <= MAX_PATH and "\\" not in given
    return given if is_plain and given.startswith("/") and not given.startswith("//") else HOME


def site_origin(settings: Settings) -> str:
    """Scheme, host and port, as browsers send them in `Origin`."""
    parts = urlsplit(settings.base_url)
    port = "" if parts.port in {None, {"http": 80, "https": 443}.get(parts.scheme)} else f":{parts.port}"
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def site_root(settings: Settings) -> str:
    """The path below which a proxy serves Dogwatch, without a slash at its end; usually empty."""
    return urlsplit(settings.base_url).path


def sign_in_path(settings: Settings, following: str) -> str:
    """The page that says how to sign in, and leads to `following` afterwards."""
    return f"{site_root(settings)}/sign-in?next={quote(following, safe='/')}"
