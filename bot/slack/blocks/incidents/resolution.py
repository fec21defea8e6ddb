"""Message of a resolve: its author, the draft, what is missing and what to check."""

from bot.services.views.resolution import ResolutionView
from bot.slack.blocks.alerts.card import reopen_button
from bot.slack.blocks.limits import Blocks, actions, context, link, literal, section, with_quote
from bot.slack.blocks.message import Message, with_page_mark
from bot.slack.blocks.postmortem.block_form import edit_button
from bot.slack.blocks.postmortem.findings import findings_message
from bot.slack.blocks.postmortem.missing_facts import missing_facts_message


def resolution_message(view: ResolutionView, draft_link: str | None = None) -> Message:
    """Posted at the resolve and edited since; after a reopening only who resolved it is left."""
    line = f":white_check_mark: *Resolved* by {_author_text(view)}"
    blocks: Blocks = [section(with_quote(line, view.text, view.names))]
    text = f"{line} {literal(view.text, view.names, 1_000)}".strip()
    blocks = with_page_mark(Message(line, blocks), view.page_at).blocks
    if not view.is_over:
        return Message(text, [*blocks, context(f"{view.reference} was reopened since.")])
    if view.firing:
        text = f"{text} {literal(view.firing, limit=600)}"
        reopen = reopen_button(view.missing.incident_id)
        blocks.append(section(f":rotating_light: {literal(view.firing, limit=600)}", accessory=reopen))
    blocks.append(context(_draft_text(view, draft_link)))
    blocks.append(actions(edit_button(view.missing.incident_id)))
    blocks += missing_facts_message(view.missing).blocks
    if view.findings.found:
        blocks += findings_message(view.findings).blocks
    return Message(text, blocks)


def _author_text(view: ResolutionView) -> str:
    """By name, because a mention would notify them of their own action."""
    if view.author is None:
        return "Dogwatch"
    name = view.names.get(view.author)
    return f"*{literal(name, limit=100)}*" if name else f"<@{view.author}>"


def _draft_text(view: ResolutionView, draft_link: str | None) -> str:
    if view.draft_file is None:
        return ":memo: The postmortem draft follows in this thread."
    label = link(draft_link, "Postmortem draft") if draft_link else "Postmortem draft"
    return f":memo: {label}, in this thread."
