"""The Slack app's manifest, for Socket Mode or for HTTP."""

import json
from pathlib import Path
from typing import Any

import yaml

from bot.domain.errors import UserError
from bot.domain.resources import resource_path

FILE = "slack-manifest.yaml"
EVENTS_PATH = "/slack/events"


def manifest_path() -> Path:
    return resource_path(FILE)


def read_manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(manifest_path().read_text(encoding="utf-8"))
    return found


def for_http(manifest: dict[str, Any], public_url: str) -> dict[str, Any]:
    """
    Return the manifest without Socket Mode: Slack calls the bot at `public_url`.

    Raises UserError if it is not an https:// address.
    """
    if not public_url.startswith("https://"):
        raise UserError(
            f"{public_url} is not an https:// address, and Slack calls no other. Put a proxy with TLS in front."
        )
    url = public_url.rstrip("/").removesuffix(EVENTS_PATH) + EVENTS_PATH
    features, settings = manifest["features"], manifest["settings"]
    commands = [{**command, "url": url} for command in features["slash_commands"]]
    return {
        **manifest,
        "features": {**features, "slash_commands": commands},
        "settings": {
            **settings,
            "event_subscriptions": {"request_url": url, **settings["event_subscriptions"]},
            "interactivity": {**settings["interactivity"], "request_url": url, "message_menu_options_url": url},
            "socket_mode_enabled": False,
        },
    }


def render_manifest(public_url: str | None, *, as_json: bool = False) -> str:
    """Return the manifest as text, for Socket Mode if `public_url` is None. Raises UserError."""
    if public_url is None and not as_json:
        return manifest_path().read_text(encoding="utf-8")
    manifest = read_manifest()
    if public_url is not None:
        manifest = for_http(manifest, public_url)
    if as_json:
        return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=120)
