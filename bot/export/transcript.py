"""The transcript of an incident's channel, as an appendix of its draft and in its JSON."""

from datetime import datetime

from bot.domain.drafting.entries import with_names
from bot.domain.drafting.localized_times import Clock
from bot.domain.drafting.markdown import MARK
from bot.domain.languages import language as language_of
from bot.domain.record.model import Incident
from bot.domain.record.transcript import Said, Transcript, threads
from bot.domain.text.markdown_escape import escape, link


def transcript_markdown(transcript: Transcript, incident: Incident, *, language: str) -> str:
    """Who wrote what when, in the incident's zone: answers are indented below the message that they answer."""
    writer = _Writer(transcript, incident, language)
    words = writer.language.words
    heading = f"# {escape(words['transcript'])}"
    channel = f"\n\n#{escape(transcript.channel)} ({', '.join(writer.clock.labels)})" if transcript.channel else ""
    lines = [
        line
        for said, answers in threads(transcript.messages)
        for line in [writer.line(said, ""), *(writer.line(each, "  ") for each in answers)]
    ]
    lines = lines or [f"*{words['transcript_empty']}*"]
    return "\n".join([f"{heading}{channel}", "", *writer.gone(transcript), *lines, ""])


class _Writer:
    def __init__(self, transcript: Transcript, incident: Incident, language: str) -> None:
        self.people = transcript.people
        self.language = language_of(language)
        instants: list[datetime] = [said.at for said in transcript.messages]
        first = min([incident.started.at, *instants])
        self.clock = Clock(self.language, incident.zone, first, instants)

    def gone(self, transcript: Transcript) -> list[str]:
        """What the retention rule has deleted, before what it has left."""
        if transcript.forgotten_to is None:
            return []
        until = self.clock.full(transcript.forgotten_to)
        return [f"*{escape(self.language.say('transcript_forgotten', until=until))}*", ""]

    def line(self, said: Said, indent: str) -> str:
        by = with_names(f"<@{said.author}>", self.people).removeprefix("@") if said.author else ""
        parts = [f"**{self.clock.short(said.at)}**", *([f"{escape(by)}:"] if by else [])]
        text = escape(with_names(said.text, self.people), indent=f"{indent}  ")
        parts += [text] if text else []
        parts += [f"*{escape(word)}*" for word in self._remarks(said)]
        parts += [mark] if (mark := link(said.link, MARK)) else []
        return f"{indent}- {' '.join(parts)}"

    def _remarks(self, said: Said) -> list[str]:
        words = self.language.words
        if said.is_deleted:
            return [words["message_deleted"]]
        if said.is_redacted:
            return [words["message_redacted"]]
        remarks = [self.language.say("files", names=", ".join(said.files))] if said.files else []
        return [*remarks, *([f"({words['message_edited']})"] if said.is_edited else [])]
