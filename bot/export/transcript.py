"""The transcript of an incident's channel as Markdown."""

from datetime import datetime

from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.languages import get_language
from bot.domain.record.model import Incident
from bot.domain.record.transcript import Transcript, TranscriptMessage, group_threads
from bot.domain.text.markdown_escape import escape_markdown, markdown_link
from bot.domain.text.mentions import resolve_mentions
from bot.domain.text.mrkdwn.markdown import INDENT, join_markdown, render_markdown

SOURCE_MARK = "↗"
"""The text of a link to a message."""


def transcript_markdown(transcript: Transcript, incident: Incident, *, language: str) -> str:
    """One list item a message, in the incident's zone; replies are indented."""
    writer = _Writer(transcript, incident, language)
    words = writer.language.words
    heading = f"# {escape_markdown(words['transcript'])}"
    channel = (
        f"\n\n#{escape_markdown(transcript.channel)} ({', '.join(writer.clock.labels)})" if transcript.channel else ""
    )
    lines = [
        line
        for message, replies in group_threads(transcript.messages)
        for line in [writer.message(message, ""), *(writer.message(each, "  ") for each in replies)]
    ]
    lines = lines or [f"*{words['transcript_empty']}*"]
    return "\n".join([f"{heading}{channel}", "", *writer.deletion_note(transcript), *lines, ""])


class _Writer:
    def __init__(self, transcript: Transcript, incident: Incident, language: str) -> None:
        self.people = transcript.people
        self.language = get_language(language)
        instants: list[datetime] = [each.at for each in transcript.messages]
        first = min([incident.started.at, *instants])
        self.clock = TimeFormatter(self.language, incident.zone, first, instants)

    def deletion_note(self, transcript: Transcript) -> list[str]:
        """Note about messages that retention deleted; empty if none."""
        if transcript.purged_to is None:
            return []
        until = self.clock.format_full(transcript.purged_to)
        return [f"*{escape_markdown(self.language.format_message('transcript_forgotten', until=until))}*", ""]

    def message(self, message: TranscriptMessage, indent: str) -> str:
        by = resolve_mentions(f"<@{message.author}>", self.people).removeprefix("@") if message.author else ""
        parts = [f"**{self.clock.format_short(message.at)}**", *([f"{escape_markdown(by)}:"] if by else [])]
        text = render_markdown(resolve_mentions(message.text, self.people), indent=f"{indent}{INDENT}")
        parts += [text] if text else []
        parts += [f"*{escape_markdown(word)}*" for word in self._remarks(message)]
        parts += [mark] if (mark := markdown_link(message.link, SOURCE_MARK)) else []
        return f"{indent}- {join_markdown(parts, indent=f'{indent}{INDENT}')}"

    def _remarks(self, message: TranscriptMessage) -> list[str]:
        words = self.language.words
        if message.is_deleted:
            return [words["message_deleted"]]
        if message.is_redacted:
            return [words["message_redacted"]]
        remarks = [self.language.format_message("files", names=", ".join(message.files))] if message.files else []
        return [*remarks, *([f"({words['message_edited']})"] if message.is_edited else [])]
