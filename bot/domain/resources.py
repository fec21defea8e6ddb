"""Files that ship with the bot."""

from pathlib import Path

import bot


def resource_path(name: str) -> Path:
    """The path of a folder such as `templates`: in the package, or beside it in a checkout."""
    package = Path(bot.__file__).parent
    inside, beside = package / name, package.parent / name
    return inside if inside.exists() else beside
