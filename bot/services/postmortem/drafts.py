"""Postmortem drafts: written from the record, stored version by version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.blocks import DocumentBlock
from bot.domain.drafting.document.sections import EARLIER_REFS
from bot.domain.drafting.overview.people_roles import RoleNames
from bot.domain.languages import get_language
from bot.domain.postmortem import Draft, build_draft
from bot.domain.record.model import Record
from bot.export.transcript import transcript_markdown
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.services import outbox
from bot.services.channel.transcript_export import load_transcript
from bot.services.outbox.payloads import DraftPayload
from bot.services.postmortem.findings import find_in_record
from bot.services.postmortem.load_record import load_record
from bot.services.postmortem.templates import render_draft
from bot.store.database.tables import SerializedJson, serialize_list
from bot.store.incidents import incidents, postmortems
from bot.store.incidents.document import blocks
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.slack_messages import SlackView, find_ts
from bot.store.shared import audit, people
from bot.store.upkeep import text_locations
from bot.templating.render import join_documents

if TYPE_CHECKING:
    from bot.export.image import plot_image
else:
    plot_image = LazyModule("bot.export.image.plot_image")


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
    record: Record
    """The record that it was written from; people have the names that the draft shows."""
    problem: str | None = None
    """Why the requested template was not used, for the channel."""
    problem_details: str | None = None
    """The same for the operator, with the template's path."""
    removals: str = ""
    """`mark_removals` of the record it was written from."""
    transcript: str = ""
    """Appendix of the file, as Markdown; empty if it was not asked for."""

    @property
    def markdown(self) -> str:
        """All languages, one after the other."""
        return join_documents(self.documents.values())

    @property
    def file_text(self) -> str:
        """All languages, then the appendix."""
        return join_documents([*self.documents.values(), *([self.transcript] if self.transcript else [])])

    @property
    def document_title(self) -> str:
        """The title in the first language."""
        first = self.draft.documents[0]
        words = first.words
        return f"{words['postmortem']} {self.reference}{words['colon']} {first.title.text}"

    @property
    def filename(self) -> str:
        return f"postmortem-{self.reference}.md"

    def draw_picture(self, settings: Settings) -> "plot_image.PlotImage":
        """The incident's picture in the first language."""
        return plot_image.render_plot_image(self.record, self.languages[0], settings.oncall.font)

    @property
    def comment(self) -> str:
        return (
            f"Postmortem draft of {self.reference}. "
            "After changes, `/incident postmortem` writes a new one in its place."
            + (f"\n{self.problem}" if self.problem else "")
        )

    def finish(self, settings: Settings) -> "FinishedDraft":
        """Everything that is posted and stored. Slow: a running bot calls it in a thread."""
        return FinishedDraft(
            incident_id=self.incident_id,
            reference=self.reference,
            title=self.title,
            filename=self.filename,
            comment=self.comment,
            content=self.file_text.encode(),
            picture=self.draw_picture(settings) if settings.postmortem.picture else None,
            template=self.template,
            languages=self.languages,
            blocks=serialize_list(_block_rows(self.draft)),
            removals=self.removals,
            has_transcript=bool(self.transcript),
            problem_details=self.problem_details,
        )


@dataclass(frozen=True, slots=True)
class FinishedDraft:
    """
    The posted and stored parts of a draft.

    It waits for Slack, so it keeps nothing of the record.
    """

    incident_id: int
    reference: str
    title: str
    filename: str
    comment: str
    content: bytes
    picture: "plot_image.PlotImage | None"
    template: str
    languages: tuple[str, ...]
    blocks: SerializedJson
    """A list as in `Postmortem.blocks`."""
    removals: str
    has_transcript: bool
    problem_details: str | None


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
class PostedDraft:
    """Slack's ids of a draft's file and of the picture beside it."""

    file_id: str | None = None
    picture_id: str | None = None


NOT_POSTED = PostedDraft()


@dataclass(frozen=True, slots=True)
class AssembledDraft:
    """A draft before rendering in the template `wanted`. It needs no database."""

    incident_id: int
    reference: str
    title: str
    wanted: str
    draft: Draft
    removals: str
    record: Record
    transcript: str = ""

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
            removals=self.removals,
            transcript=self.transcript,
            record=self.record,
        )


def assemble_draft(
    session: Session,
    settings: Settings,
    incident_id: int,
    *,
    template: str | None = None,
    languages: Sequence[str] | None = None,
    with_transcript: bool = False,
) -> AssembledDraft:
    """Arrange the record and its appendix. None follows from the incident."""
    row = incidents.get(session, incident_id)
    record, edits = load_edited_record(session, settings, incident_id)
    with_roles = settings.postmortem.people == "roles"
    draft = build_incident_draft(settings, record, languages=languages, edits=edits)
    appendix, language = "", draft.documents[0].language
    if with_roles:
        record = replace(record, people=RoleNames(record.roles, get_language(language)))
    if with_transcript:
        kept = load_transcript(session, incident_id)
        if with_roles:
            kept = replace(kept, people=record.people)
        appendix = transcript_markdown(kept, record.incident, language=language)
    return AssembledDraft(
        incident_id=incident_id,
        reference=row.reference,
        title=f"Postmortem {row.reference}: {row.title}",
        wanted=template or row.template,
        draft=draft,
        removals=text_locations.mark_removals(session, row, with_transcript=with_transcript),
        record=record,
        transcript=appendix,
    )


def load_edited_record(
    session: Session, settings: Settings, incident_id: int
) -> tuple[Record, Sequence[DocumentBlock]]:
    """The record with the names of those who edited its draft, and the blocks that they touched."""
    record, edits = load_record(session, settings, incident_id), blocks.find_blocks(session, incident_id)
    editors = {each.by for each in edits if each.by} - record.people.keys()
    if editors:
        team_id = incidents.get(session, incident_id).team_id
        record = replace(record, people={**record.people, **people.find_names(session, team_id, editors)})
    return record, edits


def build_incident_draft(
    settings: Settings, record: Record, *, languages: Sequence[str] | None = None, edits: Sequence[DocumentBlock] = ()
) -> Draft:
    """The draft with findings, as the settings ask for it."""
    return build_draft(
        record,
        languages=languages,
        findings=find_in_record(settings, record),
        with_roles=settings.postmortem.people == "roles",
        edits=edits,
    )


def is_overtaken(session: Session, incident_id: int, removals: str, *, with_transcript: bool = False) -> bool:
    """
    Return whether text was redacted or deleted since the record of a draft was read.

    `removals`: `mark_removals` of the file that Slack has. Such a draft must not be stored.
    """
    incident = incidents.lock(session, incident_id)
    return removals != text_locations.mark_removals(session, incident, with_transcript=with_transcript)


def discard_draft(
    session: Session, made: FinishedDraft, payload: DraftPayload, posted: PostedDraft, at: datetime
) -> None:
    """Delete the files of a draft that was overtaken by a redaction, and post a new one."""
    incident = incidents.get(session, made.incident_id)
    for file_id in filter(None, (posted.file_id, posted.picture_id)):
        outbox.delete_file(session, incident, at, file_id)
    outbox.post_draft(session, incident, at, replace(payload, went=True))


def save_draft(
    session: Session, made: FinishedDraft, *, at: datetime, by: str | None, posted: PostedDraft = NOT_POSTED
) -> None:
    """
    Store a version of the draft, block by block.

    An earlier file of the same template and languages is deleted: its version stays in the record.
    """
    incident = incidents.lock(session, made.incident_id)
    version = Postmortem(
        incident_id=made.incident_id,
        version=postmortems.next_version(session, made.incident_id),
        template=made.template,
        languages=list(made.languages),
        blocks=cast("Any", made.blocks),
        created_by=by,
        created_at=at,
        file_id=posted.file_id,
        picture_id=posted.picture_id,
        has_transcript=made.has_transcript,
    )
    if posted.file_id is not None:
        delete_replaced_files(session, incident, version, at)
    session.add(version)
    audit.record(
        session,
        at=at,
        team_id=incident.team_id,
        incident_id=incident.key,
        user_id=by,
        action=f"wrote postmortem draft {version.version}",
        origin="command" if by else "system",
    )
    session.flush()
    session.expire(version, ["blocks"])  # they are read as a list again


def find_draft_thread(session: Session, incident_id: int) -> str | None:
    """The ts of the message of the resolve, in whose thread drafts go once an incident is over."""
    if incidents.get(session, incident_id).is_open:
        return None
    return find_ts(session, incident_id, SlackView.RESOLUTION)


def delete_replaced_files(session: Session, incident: Incident, version: Postmortem, at: datetime) -> None:
    """Delete the files of earlier versions in the same form and languages, and earlier pictures."""
    for earlier in postmortems.find_posted(session, version.incident_id):
        is_same = (earlier.state, earlier.template, earlier.languages) == (
            version.state,
            version.template,
            version.languages,
        )
        if is_same and earlier.file_id and earlier.file_id != version.file_id:
            outbox.delete_file(session, incident, at, earlier.file_id)
        if (is_same or version.picture_id) and earlier.picture_id and earlier.picture_id != version.picture_id:
            outbox.delete_file(session, incident, at, earlier.picture_id)


def _block_rows(assembled: Draft) -> Iterator[dict[str, Any]]:
    for block in assembled.blocks():
        yield {
            "section": block.section,
            "source": block.key,
            "language": block.language,
            "kind": block.kind.value,
            "refs": [*(source.ref for source in block.sources), *block.details.get(EARLIER_REFS, "").split()],
            "generated": {"text": block.text, "time": block.time, "label": block.label, "by": block.by},
        }
