"""Lines on the postmortem's document: approved, published and reopened."""

from bot.services.views.event import EventView
from bot.slack.blocks.incidents.channel_lines.parts import actor_text, int_value, with_text
from bot.slack.blocks.limits import context, link, literal
from bot.slack.blocks.message import Message, plain_message

PUBLIC_STEP = "Next, for the status page: {form}, or `/incident postmortem public` for a preview here."


def postmortem_approved_line(view: EventView) -> Message:
    return plain_message(f":white_check_mark: {actor_text(view)} approved the postmortem.")


def postmortem_published_line(view: EventView) -> Message:
    """The summary, with the page and the digest; where there is a status page, the next step."""
    page, version = str(view.values.get("page")), int_value(view.values.get("version"))
    line = f":memo: {actor_text(view)} published {link(page, 'the postmortem')} of {view.reference}"
    message = with_text(line, view)
    digest = literal(str(view.values.get("digest")), limit=100)
    notes = [context(f"Version {version} · SHA-256 `{digest}`")]
    if form := str(view.values.get("public_form") or ""):
        notes.append(context(PUBLIC_STEP.format(form=link(form, "preview and publish it"))))
    return Message(message.text, [*message.blocks, *notes])


def postmortem_reopened_line(view: EventView) -> Message:
    return plain_message(
        f":leftwards_arrow_with_hook: {actor_text(view)} reopened the postmortem. It can be edited again. "
        "The published version stays on its page."
    )
