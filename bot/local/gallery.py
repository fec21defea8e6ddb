"""All that the bot can say, for the page: with the pictures in it that Slack would hold as files."""

from base64 import b64encode
from typing import Any

from bot.config import Settings
from bot.export import schedule_image as shifts
from bot.slack.gallery.gallery import exhibits
from bot.slack.gallery.oncall import PICTURE, ROSTER


def gallery(settings: Settings) -> list[dict[str, Any]]:
    """`name`, `kind` and `payload` of each."""
    drawn = b64encode(shifts.picture(ROSTER)).decode()
    pictures = {PICTURE: f"data:image/png;base64,{drawn}"}
    return [
        {"name": each.name, "kind": each.kind, "payload": _shown(each.payload, pictures)} for each in exhibits(settings)
    ]


def _shown(part: Any, pictures: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_shown(each, pictures) for each in part]
    if not isinstance(part, dict):
        return part
    held = part.get("slack_file", {}).get("id")
    if held in pictures:
        return {**{key: value for key, value in part.items() if key != "slack_file"}, "image_url": pictures[held]}
    return {key: _shown(value, pictures) for key, value in part.items()}
