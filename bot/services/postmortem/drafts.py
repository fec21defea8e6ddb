"""Postmortem drafts: written from the record, kept version by version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.model import BlockKind
from bot.domain.postmortem.assemble import Draft, assemble
from bot.services import outbox as tell
from bot.services.postmortem import findings
from bot.services.postmortem import load_record as record
from bot.services.postmortem import templates as forms
from bot.store.incidents import incidents, postmortems, timeline
from bot.store.incidents.postmortems import Postmortem
from bot.store.shared import audit
from bot.templating.render import one_after_the_other


@dataclass(frozen=True, slots=True)
class Made:
    """A draft, ready to be read. `comment` goes beside the file."""

    incident_id: int
    reference: str
    title: str
    template: str
    languages: tuple[str, ...]
    documents: Mapping[str, str]
    """Markdown, by language."""
    draft: Draft
    problem: str | None = None
    """Why it has not the form that was asked for, in words for the channel."""
    problem_details: str | None = None
    """The same for the operator, with the path of the template."""

    @property
    def markdown(self) -> str:
        """All languages, one after the other."""
        return one_after_the_other(self.documents.values())

    @property
    def document_title(self) -> str:
        """As `title`, in the language that comes first."""
        first = self.draft.documents[0]
        words = first.words
        return f"{words['postmortem']} {self.reference}{words['colon']} {first.title.text}"

    @property
    def filename(self) -> str:
        return f"postmortem-{self.reference}.md"

    @property
    def comment(self) -> str:
        return (
            f"Postmortem draft of {self.reference}, written from the record as it stands. "
            "After changes, `/incident postmortem` writes it anew." + (f"\n{self.problem}" if self.problem else "")
        )


def draft(
    session: Session,
    settings: Settings,
    incident_id: int,
    *,
    template: str | None = None,
    languages: Sequence[str] | None = None,
) -> Made:
    """
    The draft of an incident as its record stands now. What is None is the incident's own choice.

    With a template that is broken or gone it has another form, and says so in `problem`. It may take a while (see
    `bot.templating.subprocess_render`): a running bot uses `assembled`, and writes it in a thread.
    """
    return assembled(session, settings, incident_id, template=template, languages=languages).write(settings)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A draft that has yet to be put into the form `wanted`. It needs no database any more."""

    incident_id: int
    reference: str
    title: str
    wanted: str
    draft: Draft

    def write(self, settings: Settings) -> Made:
        written = forms.write(settings, self.draft, self.wanted)
        return Made(
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


def assembled(
    session: Session,
    settings: Settings,
    incident_id: int,
    *,
    template: str | None = None,
    languages: Sequence[str] | None = None,
) -> Unwritten:
    """What was recorded, arranged. What is None is the incident's own choice."""
    row = incidents.get(session, incident_id)
    whole = record.load(session, settings, incident_id)
    return Unwritten(
        incident_id=incident_id,
        reference=row.reference,
        title=f"Postmortem {row.reference}: {row.title}",
        wanted=template or row.template,
        draft=assemble(whole, languages=languages, findings=findings.of_record(settings, whole)),
    )


def keep(session: Session, made: Made, *, at: datetime, by: str | None, file_id: str | None = None) -> Postmortem:
    """
    Store a version of the draft, block by block. `file_id` is the file that it was posted as.

    Words that were deleted or redacted while the draft was on its way are taken out, and it is posted anew.
    """
    incident = incidents.lock(session, made.incident_id)
    version = Postmortem(
        incident_id=made.incident_id,
        version=postmortems.next_version(session, made.incident_id),
        template=made.template,
        languages=list(made.languages),
        blocks=_blocks_of(made.draft),
        made_by=by,
        made_at=at,
        file_id=file_id,
    )
    session.add(version)
    if _forget_what_went(session, version) and file_id is not None:
        tell.delete_file(session, incident, at, file_id)
        tell.post_draft(
            session, incident, at, template=made.template, languages=list(made.languages), asked_by=by, went=True
        )
    audit.note(
        session,
        at=at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=by,
        what=f"wrote postmortem draft {version.version}",
        origin="command" if by else "system",
    )
    return version


def _forget_what_went(session: Session, version: Postmortem) -> bool:
    """Whether the version quotes entries that have no words any more. It quotes them no longer."""
    session.flush()
    gone = {f"entry-{each.key}" for each in timeline.without_words(session, version.incident_id)}
    quoted = {
        ref
        for block in version.blocks
        for ref in gone.intersection(block["refs"])
        if block["kind"] == BlockKind.ENTRY and block["generated"]["text"]
    }
    for ref in quoted:
        postmortems.forget_source(session, version.incident_id, ref)
    return bool(quoted)


def _blocks_of(assembled: Draft) -> list[dict[str, Any]]:
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
