"""Message about missing scopes and plan features."""

from collections.abc import Sequence

from bot.domain.slack_app.missing_permissions import MissingPermission
from bot.slack.blocks.limits import section
from bot.slack.blocks.message import Message

NO_SCOPES = "Dogwatch is missing permissions in this workspace."
NOT_OFFERED = "This workspace does not offer all features that Dogwatch uses."
LINES = 12
"""Lines of one paragraph."""
DEGRADED = "Incidents still work, with fewer features."
STOPPED = "*Incidents do not work until this is fixed.*"
SCOPES_REMEDY = (
    "To fix it: paste the output of `dogwatch manifest` into the app's settings under *App Manifest*, save, and "
    "install the app again."
)
PLAN_REMEDY = "It depends on the workspace's plan, or an admin can enable it."
NOTICE_ONCE = "This message comes once. `dogwatch doctor` shows the current state."


def missing_permissions_message(found: Sequence[MissingPermission]) -> Message:
    """One message for everything that is missing."""
    scopes = [each for each in found if each.is_scope]
    others = [each for each in found if not each.is_scope]
    parts = [*_paragraphs(NO_SCOPES, scopes, SCOPES_REMEDY), *_paragraphs(NOT_OFFERED, others, PLAN_REMEDY)]
    stops = any(each.permission.is_required for each in scopes)
    return Message(
        NO_SCOPES if scopes else NOT_OFFERED,
        [*map(section, parts), section(f"{STOPPED if stops else DEGRADED} {NOTICE_ONCE}")],
    )


def _paragraphs(title: str, found: Sequence[MissingPermission], remedy: str) -> list[str]:
    """Paragraphs that each fit into one section."""
    lines = [_lack_line(each) for each in found]
    parts = [lines[first : first + LINES] for first in range(0, len(lines), LINES)]
    return [f"*{title}*", *("\n".join(each) for each in parts), remedy] if found else []


def _lack_line(lack: MissingPermission) -> str:
    name = f"`{lack.permission.scope}`" if lack.is_scope else f"`{lack.error_code}`"
    return f"• {name} ({lack.permission.purpose}): {lack.permission.without}"
