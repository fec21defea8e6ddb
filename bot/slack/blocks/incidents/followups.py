"""Message that lists the improvements and tasks of an incident."""

from collections.abc import Mapping

from bot.services.views.lists import FollowUp, FollowUpsView
from bot.slack.blocks.limits import Blocks, context, formatted_line, join_lines, owner_text, section
from bot.slack.blocks.message import Message

MAX_ITEMS = 20


def followups_message(view: FollowUpsView) -> Message:
    blocks: Blocks = []
    for title, items in (("Improvements", view.improvements), ("Tasks", view.tasks)):
        if not items:
            continue
        lines = [f"*{title}*", *(_followup_line(item, view.names) for item in items[-MAX_ITEMS:])]
        if len(items) > MAX_ITEMS:
            lines.insert(1, f"({len(items) - MAX_ITEMS} earlier ones are in the postmortem)")
        blocks.append(section(join_lines(lines)))
    blocks.append(
        context(
            "Add with `/incident improve` and `/incident task … @owner due:friday`; "
            "change with `/incident task #2 done`."
        )
    )
    count = len(view.improvements) + len(view.tasks)
    return Message(f"{count} follow-up{'s' * (count != 1)} noted", blocks)


def _followup_line(item: FollowUp, names: Mapping[str, str]) -> str:
    owner = f" · {owner_text(item.owner, item.owner_group)}" if item.owner else ""
    due = f" · due {item.due}" if item.due else ""
    done = ":white_check_mark: " if item.is_done else ""
    return f"{item.number}. {done}{formatted_line(item.text, names, 140)}{owner}{due}"
