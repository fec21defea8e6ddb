"""Render a public postmortem as Markdown."""

from bot.domain.drafting.public.model import PublicDocument
from bot.domain.text.markdown_escape import Markdown, escape_markdown, escape_part
from bot.domain.text.mrkdwn.markdown import INDENT
from bot.templating.render import collapse_blank_lines, render_template

TEMPLATE = "public/postmortem.md.j2"


def render_public_document(document: PublicDocument) -> str:
    """One document, with the built-in template only: those of operators arrange internal drafts."""
    words = document.words
    statements = (("impact", document.impact), ("root_cause", document.cause), ("resolution", document.resolution))
    values = {
        "document": document,
        "t": words,
        "colon": Markdown(words["colon"]),
        "statements": [(words[key], escape_markdown(text, indent="")) for key, text in statements],
        "facts": [(fact.label, _escape_after_label(fact.text)) for fact in document.facts],
        "updates": [
            (update, _escape_after_label(update.time), escape_markdown(update.text, indent=INDENT))
            for update in document.updates
        ],
    }
    return collapse_blank_lines(render_template(TEMPLATE, values))


def _escape_after_label(text: str) -> Markdown:
    """Escape a text that does not begin its line: `1. März` begins no list there."""
    return Markdown(escape_part(text))
