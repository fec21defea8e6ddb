"""What Dogwatch may not do in a workspace, told once."""

from collections.abc import Sequence

from bot.domain.slack_app.scopes import Lack
from bot.slack.blocks.limits import section
from bot.slack.blocks.message import Message

NO_SCOPES = "Dogwatch lacks permissions in this workspace."
NOT_OFFERED = "This workspace does not offer all that Dogwatch can use."
LINES = 12
LEAST = "Incidents work all the same, with less."
STOPPED = "*Incidents cannot be run until this is mended.*"
MEND_SCOPES = (
    "To mend it: paste what `dogwatch manifest` prints into the app's settings under *App Manifest*, save, and install "
    "the app again."
)
MEND_PLAN = "It comes with the workspace's plan, or an admin can switch it on."
ONCE = "This is said once; `dogwatch doctor` shows how things stand."


def lacking(found: Sequence[Lack]) -> Message:
    """One message for all that was found at the same time."""
    scopes = [each for each in found if each.is_scope]
    others = [each for each in found if not each.is_scope]
    parts = [*_part(NO_SCOPES, scopes, MEND_SCOPES), *_part(NOT_OFFERED, others, MEND_PLAN)]
    stops = any(each.permission.is_required for each in scopes)
    return Message(
        NO_SCOPES if scopes else NOT_OFFERED, [*map(section, parts), section(f"{STOPPED if stops else LEAST} {ONCE}")]
    )


def _part(title: str, found: Sequence[Lack], remedy: str) -> list[str]:
    """So many lines in one paragraph that Slack takes it whole."""
    lines = [_line(each) for each in found]
    several = [lines[first : first + LINES] for first in range(0, len(lines), LINES)]
    return [f"*{title}*", *("\n".join(each) for each in several), remedy] if found else []


def _line(lack: Lack) -> str:
    name = f"`{lack.permission.scope}`" if lack.is_scope else f"`{lack.word}`"
    return f"• {name} ({lack.permission.purpose}): {lack.permission.without}"
