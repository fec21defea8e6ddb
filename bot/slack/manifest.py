"""The Slack app's manifest, ready to be pasted: for Socket Mode, or with the addresses at which Slack calls the bot."""

import json
from pathlib import Path
from typing import Any

import yaml

import bot
from bot.domain.errors import UserError

FILE = "slack-manifest.yaml"
EVENTS_PATH = "/slack/events"


def manifest_path() -> Path:
    """Beside `bot/` in a checkout, inside it in an installed wheel."""
    package = Path(bot.__file__).parent
    beside, inside = package.parent / FILE, package / FILE
    return beside if beside.exists() else inside


def read_manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(manifest_path().read_text(encoding="utf-8"))
    return found


def for_http(manifest: dict[str, Any], public_url: str) -> dict[str, Any]:
    """
    The same app without Socket Mode: Slack calls the bot at `public_url`.

    Raises UserError for an address that Slack does not call.
    """
    if not public_url.startswith("https://"):
        raise UserError(
            f"Slack calls https:// addresses only, and {public_url} is none. Put a proxy with TLS in front."
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


def shown(public_url: str | None, *, as_json: bool = False) -> str:
    """The manifest as text; `public_url` None: for Socket Mode. Raises UserError for an address that cannot be."""
    if public_url is None and not as_json:
        return manifest_path().read_text(encoding="utf-8")
    manifest = read_manifest()
    if public_url is not None:
        manifest = for_http(manifest, public_url)
    if as_json:
        return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=120)
