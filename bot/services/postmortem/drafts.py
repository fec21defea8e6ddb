"""Postmortem drafts: written from the record, stored version by version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.model import BlockKind
from bot.domain.postmortem import Draft, build_draft
from bot.services import outbox
from bot.services.outbox.payloads import DraftPayload
from bot.services.postmortem.findings import find_in_record
from bot.services.postmortem.load_record import load_record
from bot.services.postmortem.templates import render_draft
from bot.store.incidents import incidents, postmortems, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.slack_messages import SlackView, find_ts
from bot.store.shared import audit
from bot.templating.render import join_documents


@dataclass(frozen=True, slots=True)
class WrittenDraft:
    """A draft as Markdown. `comment` goes beside the file."""

    incident_id: int
    reference: str
    title: str
    template: str
    languages: tuple[str, ...]
    documents: Mapping[str, str]
    """Markdown, by language."""
    draft: Draft
    problem: str | None = None
    """Why the requested template was not used, for the channel."""
    problem_details: str | None = None
    """The same for the operator, with the template's path."""

    @property
    def markdown(self) -> str:
        """All languages, one after the other."""
        return join_documents(self.documents.values())

    @property
    def document_title(self) -> str:
        """The title in the first language."""
        first = self.draft.documents[0]
        words = first.words
        return f"{words['postmortem']} {self.reference}{words['colon']} {first.title.text}"

    @property
    def filename(self) -> str:
        return f"postmortem-{self.reference}.md"

    @property
    def comment(self) -> str:
        return (
            f"Postmortem draft of {self.reference}. "
            "After changes, `/incident postmortem` writes a new one in its place."
            + (f"\n{self.problem}" if self.problem else "")
        )


def write_draft(
    session: Session,
    settings: Settings,
    incident_id: int,
    *,
    template: str | None = None,
    languages: Sequence[str] | None = None,
) -> WrittenDraft:
    """
    Write an incident's draft. None follows from the incident.

    With a broken or missing template `problem` says so and another template is used. Slow (see
    `bot.templating.subprocess_render`): a running bot uses `assemble_draft` and writes it in a thread.
    """
    return assemble_draft(session, settings, incident_id, template=template, languages=languages).write(settings)


@dataclass(frozen=True, slots=True)
class AssembledDraft:
    """A draft before rendering in the template `wanted`. It needs no database."""

    incident_id: int
    reference: str
    title: str
    wanted: str
    draft: Draft

    def write(self, settings: Settings) -> WrittenDraft:
        written = render_draft(settings, self.draft, self.wanted)
        return WrittenDraft(
            incident_id=self.incident_id,
            reference=self.reference,
            title=self.title,
            template=written.template,
            languages=tuple(document.language for document in self.draft.documents),
            documents=written.documents,
            draft=self.draft,
            problem=written.problem,
            problem_details=written.details,
        )


def assemble_draft(
    session: Session,
    settings: Settings,
    incident_id: int,
    *,
    template: str | None = None,
    languages: Sequence[str] | None = None,
) -> AssembledDraft:
    """Arrange the record. None follows from the incident."""
    row = incidents.get(session, incident_id)
    record = load_record(session, settings, incident_id)
    return AssembledDraft(
        incident_id=incident_id,
        reference=row.reference,
        title=f"Postmortem {row.reference}: {row.title}",
        wanted=template or row.template,
        draft=build_draft(record, languages=languages, findings=find_in_record(settings, record)),
    )


def save_draft(
    session: Session, made: WrittenDraft, *, at: datetime, by: str | None, file_id: str | None = None
) -> Postmortem:
    """
    Store a version of the draft, block by block. `file_id` is the file it was posted as.

    An earlier file of the same template and languages is deleted: its version stays in the record. Text that was
    deleted or redacted meanwhile is cleared, and the draft is posted again.
    """
    incident = incidents.lock(session, made.incident_id)
    version = Postmortem(
        incident_id=made.incident_id,
        version=postmortems.next_version(session, made.incident_id),
        template=made.template,
        languages=list(made.languages),
        blocks=_block_rows(made.draft),
        created_by=by,
        created_at=at,
        file_id=file_id,
    )
    if file_id is not None:
        _delete_replaced_files(session, incident, version, at)
    session.add(version)
    if _clear_removed_texts(session, version) and file_id is not None:
        outbox.delete_file(session, incident, at, file_id)
        outbox.post_draft(session, incident, at, DraftPayload(made.template, tuple(made.languages), by, went=True))
    audit.record(
        session,
        at=at,
        team_id=incident.team_id,
        incident_id=incident.key,
        user_id=by,
        action=f"wrote postmortem draft {version.version}",
        origin="command" if by else "system",
    )
    return version


def find_draft_thread(session: Session, incident_id: int) -> str | None:
    """The ts of the message of the resolve, in whose thread drafts go once an incident is over."""
    if incidents.get(session, incident_id).is_open:
        return None
    return find_ts(session, incident_id, SlackView.RESOLUTION)


def _delete_replaced_files(session: Session, incident: Incident, version: Postmortem, at: datetime) -> None:
    for earlier in postmortems.find_by_incident(session, version.incident_id):
        is_same = earlier.template == version.template and earlier.languages == version.languages
        if is_same and earlier.file_id and earlier.file_id != version.file_id:
            outbox.delete_file(session, incident, at, earlier.file_id)


def _clear_removed_texts(session: Session, version: Postmortem) -> bool:
    """Clear quotes of entries without text. True if there were any."""
    session.flush()
    gone = {f"entry-{each.key}" for each in timeline.find_cleared(session, version.incident_id)}
    quoted = {
        ref
        for block in version.blocks
        for ref in gone.intersection(block["refs"])
        if block["kind"] == BlockKind.ENTRY and block["generated"]["text"]
    }
    for ref in quoted:
        postmortems.clear_source(session, version.incident_id, ref)
    return bool(quoted)


def _block_rows(assembled: Draft) -> list[dict[str, Any]]:
    return [
        {
            "section": block.section,
            "source": block.key,
            "language": block.language,
            "kind": block.kind.value,
            "refs": [source.ref for source in block.sources],
            "generated": {"text": block.text, "time": block.time, "label": block.label, "by": block.by},
        }
        for block in assembled.blocks()
    ]
